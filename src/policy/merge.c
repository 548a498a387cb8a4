/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pair is worth is its efficiency: the sum of all stages of all its members, over the time
 * of one common iteration. It is the number of stages that are busy on average, so a matching of
 * greatest weight keeps the most of the machines busy (Zhao et al., "Multi-Resource Interleaving
 * for Deep Learning Training", SIGCOMM'22, section 4.2).
 *
 * Weights depend on types alone, of which there are few: groups whose members are of the same types
 * are of one kind, and what is matched are kinds and how many groups of each there are
 * (policy/kind_matching.c). That is remembered by kinds and numbers. A bucket of more groups than a
 * matching can take is matched piece by piece, in the order of priority.
 *
 * Which two groups make one of the pairs of two kinds says no weight. In the order of priority
 * every group that is not matched yet looks at the kinds with which its own has pairs to make,
 * takes the one with the fewest (of equals, the one whose next group stands first), and of it the
 * next group. Weights are of members in the order of their types, so that ties are ties to the last
 * digit.
 */
#include "policy/merge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "policy/kind_matching.h"

enum { TYPE_BITS = 16, TYPE_MASK = (1 << TYPE_BITS) - 1 };

static_assert((int)MAX_TYPES < 1 << TYPE_BITS, "what a group says of a type has so many bits");

/* Efficiencies are at most the number of stages; weights are whole numbers. */
static const double SCALE = 1 << 30;

void merger_init(struct merger *merger, const struct catalog *catalog, int most, bool by_waste)
{
    *merger = (struct merger){.catalog = catalog, .most = most, .by_waste = by_waste};
    periods_init(&merger->periods, catalog);
}

void merger_release(struct merger *merger)
{
    for (size_t i = 0; i < merger->bucket.count; i++)
        vector_release(&merger->bucket.item[i].group);
    vector_release(&merger->bucket);
    vector_release(&merger->pair);
    vector_release(&merger->spare);
    vector_release(&merger->tie);
    vector_release(&merger->pairs);
    vector_release(&merger->weight);
    for (size_t i = 0; merger->memo && i < MERGE_MEMOS; i++) {
        vector_release(&merger->memo[i].key);
        vector_release(&merger->memo[i].tie);
    }
    free(merger->first_bucket);
    free(merger->last_bucket);
    free(merger->memo);
    free(merger->known_union);
    free(merger->known_loss);
    periods_release(&merger->periods);
}

static void open_tables(struct merger *merger)
{
    size_t clusters = (size_t)merger->catalog->clusters;

    merger->memo = xcalloc(MERGE_MEMOS, sizeof *merger->memo);
    merger->known_union = xcalloc((size_t)1 << MERGE_UNION_BITS, sizeof *merger->known_union);
    merger->known_loss = xcalloc((size_t)1 << MERGE_LOSS_BITS, sizeof *merger->known_loss);
    merger->first_bucket = xcalloc(clusters, sizeof *merger->first_bucket);
    merger->last_bucket = xcalloc(clusters, sizeof *merger->last_bucket);
    for (size_t c = 0; c < clusters; c++)
        merger->first_bucket[c] = merger->last_bucket[c] = -1;
}

void merger_clear(struct merger *merger)
{
    if (!merger->first_bucket)
        open_tables(merger);
    for (size_t i = 0; i < merger->buckets; i++) {
        int32_t cluster = merger->bucket.item[i].cluster;

        merger->first_bucket[cluster] = merger->last_bucket[cluster] = -1;
    }
    merger->buckets = 0;
}

/* At the end of its cluster's. */
static struct merge_bucket *add_bucket(struct merger *merger, int32_t cluster)
{
    static const struct merge_bucket none;
    int32_t added = (int32_t)merger->buckets++, last = merger->last_bucket[cluster];

    if (merger->buckets > merger->bucket.count)
        vector_push(&merger->bucket, none);
    if (last >= 0)
        merger->bucket.item[last].next = added;
    else
        merger->first_bucket[cluster] = added;
    merger->last_bucket[cluster] = added;
    return &merger->bucket.item[added];
}

struct merge_bucket *merger_bucket(struct merger *merger, int32_t cluster,
                                   const struct allocation *request)
{
    struct merge_bucket *bucket;

    for (int32_t i = merger->first_bucket[cluster]; i >= 0; i = merger->bucket.item[i].next)
        if (allocation_equal(&merger->bucket.item[i].request, request))
            return &merger->bucket.item[i];
    bucket = add_bucket(merger, cluster);
    bucket->cluster = cluster;
    bucket->next = -1;
    bucket->request = *request;
    vector_clear(&bucket->group);
    return bucket;
}

/* The word for types in ascending order: the least in the lowest bits. */
static uint64_t kind_with(uint64_t kind, int32_t type)
{
    uint64_t word = (uint64_t)type + 1, below = 0;
    int shift = 0;

    for (; (kind >> shift & TYPE_MASK) != 0 && (kind >> shift & TYPE_MASK) <= word;
         shift += TYPE_BITS)
        ;
    below = kind & (((uint64_t)1 << shift) - 1);
    return below | word << shift | (kind >> shift) << shift << TYPE_BITS;
}

bool merge_may(const struct merger *merger, int32_t type)
{
    return catalog_may_share(merger->catalog, type) && merger->catalog->type[type].preempt_keeps;
}

static uint64_t mix(uint64_t hash, uint64_t more)
{
    hash = (hash ^ more) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

/* Spreads a word over a table of so many bits. */
static uint64_t place_of(uint64_t word, int bits)
{
    return word * 0x9E3779B97F4A7C15u >> (64 - bits);
}

/* Worth */

static int types_of(uint64_t kind, int32_t type[MAX_COMPANY])
{
    int members = 0;

    for (; kind > 0; kind >>= TYPE_BITS)
        type[members++] = (int32_t)(kind & TYPE_MASK) - 1;
    return members;
}

static int members_of(uint64_t kind)
{
    int members = 0;

    for (; kind > 0; kind >>= TYPE_BITS)
        members++;
    return members;
}

static double busy_time(const struct merger *merger, const int32_t type[], int members)
{
    double sum = 0;

    for (int i = 0; i < members; i++)
        for (int k = 0; k < STAGES; k++)
            sum += merger->catalog->type[type[i]].stages->time[k];
    return sum;
}

/* 0: tasks of some of these types come into no group. */
static double worth_of(struct merger *merger, uint64_t kind)
{
    int32_t type[MAX_COMPANY];
    int members = types_of(kind, type);

    for (int i = 0; i < members; i++)
        if (!merge_may(merger, type[i]))
            return 0;
    return busy_time(merger, type, members) / periods_of(&merger->periods, type, members);
}

static void unite_kinds(struct merger *merger, struct merge_union *both, uint64_t a, uint64_t b)
{
    *both = (struct merge_union){.part = {a, b}};
    if (members_of(a) + members_of(b) > merger->most)
        return;
    for (both->kind = a; b > 0; b >>= TYPE_BITS)
        both->kind = kind_with(both->kind, (int32_t)(b & TYPE_MASK) - 1);
    both->worth = worth_of(merger, both->kind);
}

/* Of groups of two kinds, once they are one. Borrowed until the next call. */
static const struct merge_union *union_of(struct merger *merger, uint64_t one, uint64_t other)
{
    uint64_t a = one < other ? one : other, b = one < other ? other : one;
    struct merge_union *known =
        &merger->known_union[place_of(a * 0xD6E8FEB86659FD93u ^ b, MERGE_UNION_BITS)];

    if (known->part[0] != a || known->part[1] != b)
        unite_kinds(merger, known, a, b);
    return known;
}

static struct merge_group united(struct merger *merger, const struct merge_group *a,
                                 const struct merge_group *b)
{
    struct merge_group both = *a;

    both.kind = union_of(merger, a->kind, b->kind)->kind;
    for (int i = 0; i < b->members; i++) {
        both.member[both.members] = b->member[i];
        both.type[both.members++] = b->type[i];
    }
    both.mate = -1;
    return both;
}

static bool work_out_loss(struct merger *merger, const struct merge_group *group)
{
    int32_t type[MAX_COMPANY];
    double apart = 0;

    for (int i = 0; i < group->members; i++) {
        type[i] = group->type[i];
        apart += merger->catalog->type[type[i]].stages->period;
    }
    return periods_of(&merger->periods, type, group->members) > apart;
}

bool merge_is_loss(struct merger *merger, const struct merge_group *group)
{
    struct merge_loss *known;
    uint64_t types = 0;

    for (int i = 0; i < group->members; i++)
        types = types << TYPE_BITS | (uint64_t)(group->type[i] + 1);
    known = &merger->known_loss[place_of(types, MERGE_LOSS_BITS)];
    if (known->types != types)
        *known = (struct merge_loss){types, work_out_loss(merger, group)};
    return known->is_loss;
}

/* Kinds */

/* Index of a kind, which is added if it is new. */
static int32_t find_kind(struct merger *merger, uint64_t kind)
{
    enum { MASK = (1 << MERGE_PLACE_BITS) - 1 };
    uint64_t at = place_of(kind, MERGE_PLACE_BITS);
    struct merge_place *place = &merger->place[at];

    for (; place->piece == merger->piece; place = &merger->place[++at & MASK])
        if (place->kind == kind)
            return place->index;
    *place = (struct merge_place){kind, merger->piece, merger->kinds};
    merger->kind[merger->kinds] = (struct merge_kind){.kind = kind, .first = -1};
    return merger->kinds++;
}

static void begin_piece(struct merger *merger)
{
    merger->kinds = 0;
    if (++merger->piece != 0)
        return;
    memset(merger->place, 0, sizeof merger->place);
    merger->piece = 1;
}

static void sort_into_kinds(struct merger *merger, const struct merge_group *group, int32_t groups)
{
    begin_piece(merger);
    for (int32_t i = 0; i < groups; i++) {
        int32_t index = find_kind(merger, group[i].kind);
        struct merge_kind *kind = &merger->kind[index];

        merger->kind_of[i] = index;
        merger->next[i] = MERGE_PIECE;
        if (kind->first < 0)
            kind->first = i;
        else
            merger->next[kind->last] = i;
        kind->last = i;
        kind->count++;
    }
}

/* The order in which kinds came says nothing; what is remembered of them has them ascending. */
static void rank_kinds(struct merger *merger, int32_t groups)
{
    for (int32_t k = 0; k < merger->kinds; k++) {
        uint64_t kind = merger->kind[k].kind;
        int32_t at = k;

        for (; at > 0 && merger->kind[merger->ranked[at - 1]].kind > kind; at--)
            merger->ranked[at] = merger->ranked[at - 1];
        merger->ranked[at] = k;
    }
    for (int32_t at = 0; at < merger->kinds; at++) {
        struct merge_kind *kind = &merger->kind[merger->ranked[at]];

        kind->rank = at;
        merger->first[at] = kind->first;
        merger->count[at] = kind->count;
        merger->key[2 * at] = kind->kind;
        merger->key[2 * at + 1] = (uint64_t)kind->count;
    }
    for (int32_t i = 0; i < groups; i++)
        merger->kind_of[i] = merger->kind[merger->kind_of[i]].rank;
}

static void weigh(struct merger *merger)
{
    size_t kinds = (size_t)merger->kinds;
    const uint64_t *kind = merger->key;

    vector_reserve(&merger->weight, kinds * kinds);
    for (size_t a = 0; a < kinds; a++)
        for (size_t b = 0; b <= a; b++)
            merger->weight.item[a * kinds + b] = merger->weight.item[b * kinds + a] =
                (int64_t)(SCALE * union_of(merger, kind[2 * b], kind[2 * a])->worth);
}

/* Matching */

/* Where the matching of these kinds is remembered, if it is. */
static struct merge_memo *find_memo(struct merger *merger)
{
    uint64_t hash = 0;

    for (int32_t i = 0; i < 2 * merger->kinds; i++)
        hash = mix(hash, merger->key[i]);
    return &merger->memo[hash % MERGE_MEMOS];
}

static bool is_remembered(const struct merger *merger, const struct merge_memo *memo)
{
    size_t words = 2 * (size_t)merger->kinds;

    return memo->key.count == words &&
           memcmp(memo->key.item, merger->key, words * sizeof *memo->key.item) == 0;
}

static void match_anew(struct merger *merger, struct merge_memo *memo)
{
    int32_t kinds = merger->kinds;
    const int32_t *pairs;

    weigh(merger);
    memo->key.count = 2 * (size_t)kinds;
    vector_reserve(&memo->key, memo->key.count);
    memcpy(memo->key.item, merger->key, memo->key.count * sizeof *memo->key.item);
    vector_reserve(&merger->pairs, (size_t)(kinds * kinds));
    kind_matching_find(kinds, merger->count, merger->weight.item, merger->pairs.item);
    vector_clear(&memo->tie);
    pairs = merger->pairs.item;
    for (int32_t a = 0; a < kinds; a++)
        for (int32_t b = a; b < kinds; b++)
            if (pairs[a * kinds + b] > 0)
                vector_push(&memo->tie,
                            ((struct merge_tie){{a, b}, {-1, -1}, pairs[a * kinds + b]}));
}

/* Every kind gets a list of its ties. */
static void tie_kinds(struct merger *merger, const struct merge_memo *memo)
{
    size_t ties = memo->tie.count;

    vector_reserve(&merger->tie, ties);
    for (int32_t a = 0; a < merger->kinds; a++)
        merger->tied[a] = -1;
    for (size_t i = 0; i < ties; i++) {
        struct merge_tie *tie = &merger->tie.item[i];

        *tie = memo->tie.item[i];
        for (int side = 0; side < 2; side++) {
            int32_t kind = tie->kind[side];

            if (side == 1 && kind == tie->kind[0])
                break;
            tie->next[side] = merger->tied[kind];
            merger->tied[kind] = (int32_t)i;
        }
    }
}

/* The tie by which this kind has the fewest pairs to make, of equals the one at whose other end the
 * next group stands first; -1: it has none. */
static int32_t find_tie(const struct merger *merger, int32_t kind)
{
    uint64_t least = UINT64_MAX;
    int32_t best = -1;

    for (int32_t i = merger->tied[kind]; i >= 0;) {
        const struct merge_tie *tie = &merger->tie.item[i];
        int side = tie->kind[0] != kind;
        uint64_t here = (uint64_t)tie->pairs << 32 | (uint32_t)merger->first[tie->kind[!side]];

        if (tie->pairs > 0 && here < least) {
            least = here;
            best = i;
        }
        i = tie->next[side];
    }
    return best;
}

static int32_t take_first(struct merger *merger, int32_t kind)
{
    int32_t group = merger->first[kind];

    merger->first[kind] = merger->next[group];
    return group;
}

/* Returns how many pairs were made. */
static int32_t deal_out(struct merger *merger, struct merge_group *group, int32_t first,
                        int32_t groups)
{
    int32_t pairs = 0;

    for (int32_t i = 0; i < groups; i++)
        group[i].mate = -1;
    for (int32_t i = 0; i < groups; i++) {
        int32_t kind = merger->kind_of[i], at, mate;
        struct merge_tie *tie;

        if (group[i].mate >= 0)
            continue;
        take_first(merger, kind);
        at = find_tie(merger, kind);
        if (at < 0)
            continue;
        tie = &merger->tie.item[at];
        tie->pairs--;
        mate = take_first(merger, tie->kind[tie->kind[0] == kind]);
        group[i].mate = first + mate;
        group[mate].mate = first + i;
        pairs++;
    }
    return pairs;
}

static int32_t match_piece(struct merger *merger, struct merge_group *group, int32_t first,
                           int32_t groups)
{
    struct merge_memo *memo;

    sort_into_kinds(merger, group, groups);
    rank_kinds(merger, groups);
    memo = find_memo(merger);
    if (!is_remembered(merger, memo))
        match_anew(merger, memo);
    tie_kinds(merger, memo);
    return deal_out(merger, group, first, groups);
}

static void match_bucket(struct merger *merger, struct merge_bucket *bucket)
{
    int32_t groups = (int32_t)bucket->group.count;

    bucket->pairs = 0;
    for (int32_t first = 0; first < groups; first += MERGE_PIECE)
        bucket->pairs += match_piece(merger, bucket->group.item + first, first,
                                     groups - first < MERGE_PIECE ? groups - first : MERGE_PIECE);
    bucket->matched = true;
}

/* What the groups of a cluster ask for. */
static void add_up(struct merger *merger, int32_t cluster)
{
    for (int r = 0; r < MAX_RESOURCES; r++)
        merger->need[r] = 0;
    for (int32_t i = merger->first_bucket[cluster]; i >= 0; i = merger->bucket.item[i].next) {
        const struct merge_bucket *bucket = &merger->bucket.item[i];

        for (int r = 0; r < MAX_RESOURCES; r++)
            merger->need[r] += (int64_t)bucket->group.count * bucket->request.amount[r];
    }
}

static bool is_too_much(const struct merger *merger, int32_t cluster)
{
    const struct allocation *capacity = &merger->catalog->cluster[cluster].capacity;

    for (int r = 0; r < merger->catalog->resources; r++)
        if (merger->need[r] > capacity->amount[r])
            return true;
    return false;
}

/* So many groups less. */
static void ask_less(struct merger *merger, const struct merge_bucket *bucket, int32_t groups)
{
    for (int r = 0; r < merger->catalog->resources; r++)
        merger->need[r] -= (int64_t)groups * bucket->request.amount[r];
}

static void match_all(struct merger *merger, int32_t cluster)
{
    for (int32_t i = merger->first_bucket[cluster]; i >= 0; i = merger->bucket.item[i].next)
        if (!merger->bucket.item[i].matched)
            match_bucket(merger, &merger->bucket.item[i]);
}

/* All pairs of all buckets */

/* Whether there is too much even when all are merged: then their order is nothing. */
static bool needs_all(struct merger *merger, int32_t cluster)
{
    int64_t need[MAX_RESOURCES];
    bool all;

    memcpy(need, merger->need, sizeof need);
    for (int32_t i = merger->first_bucket[cluster]; i >= 0; i = merger->bucket.item[i].next)
        ask_less(merger, &merger->bucket.item[i], merger->bucket.item[i].pairs);
    all = is_too_much(merger, cluster);
    memcpy(merger->need, need, sizeof need);
    return all;
}

static void merge_bucket(struct merger *merger, struct merge_bucket *bucket)
{
    merge_groups old = bucket->group;
    struct merge_group *merged;

    vector_reserve(&merger->spare, old.count);
    merged = merger->spare.item;
    for (int32_t k = 0; k < (int32_t)old.count; k++) {
        const struct merge_group *group = &old.item[k];

        if (group->mate < 0)
            *merged++ = *group;
        else if (group->mate <= k)
            *merged++ = united(merger, &old.item[group->mate], group);
    }
    merger->spare.count = (size_t)(merged - merger->spare.item);
    bucket->group = merger->spare;
    merger->spare = old;
    bucket->matched = false;
}

/* False if there are none. */
static bool merge_all_pairs(struct merger *merger, int32_t cluster)
{
    bool any = false;

    for (int32_t i = merger->first_bucket[cluster]; i >= 0; i = merger->bucket.item[i].next) {
        struct merge_bucket *bucket = &merger->bucket.item[i];

        if (bucket->pairs == 0)
            continue;
        any = true;
        ask_less(merger, bucket, bucket->pairs);
        merge_bucket(merger, bucket);
    }
    return any;
}

/* As many pairs as are needed */

static void list_pairs(struct merger *merger, int32_t cluster)
{
    vector_clear(&merger->pair);
    for (int32_t i = merger->first_bucket[cluster]; i >= 0; i = merger->bucket.item[i].next) {
        struct merge_bucket *bucket = &merger->bucket.item[i];

        for (int32_t k = 0; k < (int32_t)bucket->group.count; k++) {
            int32_t mate = bucket->group.item[k].mate;

            if (mate >= 0 && mate <= k)
                vector_push(&merger->pair, ((struct merge_pair){bucket, mate, k, 0}));
        }
    }
}

static void find_waste(struct merger *merger, int32_t cluster)
{
    const struct allocation *capacity = &merger->catalog->cluster[cluster].capacity;
    const struct merge_bucket *bucket = NULL;
    double size = 0;

    for (size_t i = 0; i < merger->pair.count; i++) {
        struct merge_pair *pair = &merger->pair.item[i];
        const struct merge_group *group = pair->bucket->group.item;

        if (pair->bucket != bucket) {
            bucket = pair->bucket;
            size = allocation_dominant_share(&bucket->request, capacity);
        }
        pair->waste =
            size *
            (1 - union_of(merger, group[pair->into].kind, group[pair->from].kind)->worth / STAGES);
    }
}

/* Ties go by where they stand. */
static int compare_pairs(const void *a, const void *b)
{
    const struct merge_pair *left = a, *right = b;

    if (left->waste != right->waste)
        return left->waste < right->waste ? -1 : 1;
    if (left->bucket != right->bucket)
        return left->bucket < right->bucket ? -1 : 1;
    return left->from - right->from;
}

/* By insertion, which is quickest as long as they are few. */
static void sort_pairs(struct merger *merger, int32_t cluster)
{
    enum { FEW = 48 };

    find_waste(merger, cluster);
    if (merger->pair.count > FEW) {
        vector_sort(&merger->pair, compare_pairs);
        return;
    }
    for (size_t i = 1; i < merger->pair.count; i++) {
        struct merge_pair pair = merger->pair.item[i];
        size_t k = i;

        for (; k > 0 && merger->pair.item[k - 1].waste > pair.waste; k--)
            merger->pair.item[k] = merger->pair.item[k - 1];
        merger->pair.item[k] = pair;
    }
}

static void strike_gone(struct merger *merger, int32_t cluster)
{
    for (int32_t i = merger->first_bucket[cluster]; i >= 0; i = merger->bucket.item[i].next) {
        struct merge_bucket *bucket = &merger->bucket.item[i];
        size_t kept = 0;

        for (size_t k = 0; !bucket->matched && k < bucket->group.count; k++)
            if (!bucket->group.item[k].gone)
                bucket->group.item[kept++] = bucket->group.item[k];
        bucket->group.count = bucket->matched ? bucket->group.count : kept;
    }
}

static bool merge_round(struct merger *merger, int32_t cluster)
{
    bool merged = false;

    match_all(merger, cluster);
    if (needs_all(merger, cluster))
        return merge_all_pairs(merger, cluster);
    list_pairs(merger, cluster);
    if (merger->by_waste)
        sort_pairs(merger, cluster);
    for (size_t i = 0; i < merger->pair.count && is_too_much(merger, cluster); i++) {
        const struct merge_pair *pair = &merger->pair.item[i];
        struct merge_group *group = pair->bucket->group.item;

        group[pair->from] = united(merger, &group[pair->into], &group[pair->from]);
        group[pair->into].gone = true;
        pair->bucket->matched = false;
        ask_less(merger, pair->bucket, 1);
        merged = true;
    }
    strike_gone(merger, cluster);
    return merged;
}

void merge_all(struct merger *merger)
{
    for (int32_t c = 0; c < merger->catalog->clusters; c++) {
        add_up(merger, c);
        for (int round = 0; round < merger->most && is_too_much(merger, c); round++)
            if (!merge_round(merger, c))
                break;
    }
}
