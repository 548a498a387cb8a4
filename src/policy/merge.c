/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pair is worth is its efficiency: the sum of all stages of all its members, over the time
 * of one common iteration. It is the number of stages that are busy on average, so a matching of
 * greatest weight keeps the most of the machines busy (Zhao et al., "Multi-Resource Interleaving
 * for Deep Learning Training", SIGCOMM'22, section 4.2).
 *
 * Weights depend on types alone, of which there are few, so each is worked out once per pair of
 * kinds, and matchings and periods are remembered: from one decision to the next most buckets stay
 * as they were. A bucket of more groups than a matching can take is matched piece by piece, in the
 * order of priority.
 */
#include "policy/merge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "policy/matching.h"

enum { PIECE = 256 };

/* Efficiencies are at most the number of stages; weights are whole numbers. */
static const double SCALE = 1 << 30;

void merger_release(struct merger *merger)
{
    for (size_t i = 0; i < merger->bucket.count; i++)
        vector_release(&merger->bucket.item[i].group);
    vector_release(&merger->bucket);
    vector_release(&merger->pair);
    vector_release(&merger->kind);
    vector_release(&merger->first);
    vector_release(&merger->kind_weight);
    vector_release(&merger->weight);
    vector_release(&merger->key);
    for (size_t i = 0; merger->memo && i < MERGE_MEMOS; i++) {
        vector_release(&merger->memo[i].key);
        vector_release(&merger->memo[i].mate);
    }
    free(merger->first_bucket);
    free(merger->last_bucket);
    free(merger->memo);
    free(merger->period);
}

static void open_clusters(struct merger *merger)
{
    size_t clusters = (size_t)merger->catalog->clusters;

    merger->first_bucket = xcalloc(clusters, sizeof *merger->first_bucket);
    merger->last_bucket = xcalloc(clusters, sizeof *merger->last_bucket);
    for (size_t c = 0; c < clusters; c++)
        merger->first_bucket[c] = merger->last_bucket[c] = -1;
}

void merger_clear(struct merger *merger)
{
    if (!merger->first_bucket)
        open_clusters(merger);
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

static struct merge_bucket *find_bucket(struct merger *merger, int32_t cluster,
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

void merger_add(struct merger *merger, int32_t cluster, const struct allocation *request,
                int32_t member, int32_t type)
{
    struct merge_group group = {.member = {member}, .type = {type}, .members = 1, .mate = -1};

    vector_push(&find_bucket(merger, cluster, request)->group, group);
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

double merge_period(struct merger *merger, const struct merge_group *group)
{
    struct merge_period *known;
    uint64_t types = 0;

    static_assert(MAX_COMPANY * 16 <= 64 && MAX_TYPES < 1 << 16, "a company's types are one word");
    for (int i = 0; i < group->members; i++)
        types = types << 16 | (uint64_t)(group->type[i] + 1);
    if (!merger->period)
        merger->period = xcalloc(MERGE_PERIODS, sizeof *merger->period);
    known = &merger->period[mix(0, types) % MERGE_PERIODS];
    if (known->types != types)
        *known = (struct merge_period){types, catalog_period(merger->catalog, group->type,
                                                             group->members)};
    return known->period;
}

double merge_periods_apart(const struct merger *merger, const struct merge_group *group)
{
    double sum = 0;

    for (int i = 0; i < group->members; i++)
        sum += merger->catalog->type[group->type[i]].stages->period;
    return sum;
}

static double busy_time(const struct merger *merger, const struct merge_group *group)
{
    double sum = 0;

    for (int i = 0; i < group->members; i++)
        for (int k = 0; k < STAGES; k++)
            sum += merger->catalog->type[group->type[i]].stages->time[k];
    return sum;
}

static struct merge_group united(const struct merge_group *a, const struct merge_group *b)
{
    struct merge_group both = *a;

    for (int i = 0; i < b->members; i++) {
        both.member[both.members] = b->member[i];
        both.type[both.members++] = b->type[i];
    }
    both.mate = -1;
    return both;
}

/* 0: they may not come together. */
static double efficiency(struct merger *merger, const struct merge_group *a,
                         const struct merge_group *b)
{
    struct merge_group both;

    if (a->members + b->members > merger->most || !merge_may(merger, a->type[0]) ||
        !merge_may(merger, b->type[0]))
        return 0;
    both = united(a, b);
    return busy_time(merger, &both) / merge_period(merger, &both);
}

static int compare_types(const void *a, const void *b)
{
    return *(const int32_t *)a - *(const int32_t *)b;
}

static bool same_types(const struct merge_group *a, const struct merge_group *b)
{
    int32_t left[MAX_COMPANY], right[MAX_COMPANY];

    if (a->members != b->members)
        return false;
    memcpy(left, a->type, sizeof left);
    memcpy(right, b->type, sizeof right);
    qsort(left, (size_t)a->members, sizeof *left, compare_types);
    qsort(right, (size_t)a->members, sizeof *right, compare_types);
    return memcmp(left, right, (size_t)a->members * sizeof *left) == 0;
}

static void sort_into_kinds(struct merger *merger, const struct merge_group *group, int32_t groups)
{
    vector_clear(&merger->kind);
    vector_clear(&merger->first);
    for (int32_t i = 0; i < groups; i++) {
        size_t k = 0;

        while (k < merger->first.count && !same_types(&group[merger->first.item[k]], &group[i]))
            k++;
        if (k == merger->first.count)
            vector_push(&merger->first, i);
        vector_push(&merger->kind, (int32_t)k);
    }
}

static void weigh(struct merger *merger, const struct merge_group *group, int32_t groups)
{
    size_t kinds;

    sort_into_kinds(merger, group, groups);
    kinds = merger->first.count;
    vector_clear(&merger->kind_weight);
    for (size_t a = 0; a < kinds; a++)
        for (size_t b = 0; b < kinds; b++)
            vector_push(&merger->kind_weight,
                        (int64_t)(SCALE * efficiency(merger, &group[merger->first.item[a]],
                                                     &group[merger->first.item[b]])));
    /* Rounding must not tell the two directions apart. */
    for (size_t a = 0; a < kinds; a++)
        for (size_t b = 0; b < a; b++)
            merger->kind_weight.item[a * kinds + b] = merger->kind_weight.item[b * kinds + a];
    vector_clear(&merger->weight);
    for (int32_t i = 0; i < groups; i++)
        for (int32_t j = 0; j < groups; j++)
            vector_push(&merger->weight,
                        i == j ? 0
                               : merger->kind_weight.item[(size_t)merger->kind.item[i] * kinds +
                                                          (size_t)merger->kind.item[j]]);
}

/* Where the matching of these groups is remembered, if it is. */
static struct merge_memo *find_memo(struct merger *merger, const struct merge_group *group,
                                    int32_t groups)
{
    uint64_t hash = 0;

    vector_clear(&merger->key);
    for (int32_t i = 0; i < groups; i++) {
        vector_push(&merger->key, group[i].members);
        for (int k = 0; k < group[i].members; k++)
            vector_push(&merger->key, group[i].type[k]);
    }
    for (size_t i = 0; i < merger->key.count; i++)
        hash = mix(hash, (uint64_t)merger->key.item[i]);
    if (!merger->memo)
        merger->memo = xcalloc(MERGE_MEMOS, sizeof *merger->memo);
    return &merger->memo[hash % MERGE_MEMOS];
}

static bool is_remembered(const struct merger *merger, const struct merge_memo *memo)
{
    return memo->key.count == merger->key.count &&
           memcmp(memo->key.item, merger->key.item, memo->key.count * sizeof *memo->key.item) == 0;
}

static void match_anew(struct merger *merger, struct merge_memo *memo,
                       const struct merge_group *group, int32_t groups)
{
    weigh(merger, group, groups);
    vector_clear(&memo->key);
    for (size_t i = 0; i < merger->key.count; i++)
        vector_push(&memo->key, merger->key.item[i]);
    vector_reserve(&memo->mate, (size_t)groups);
    memo->mate.count = (size_t)groups;
    matching_find(groups, merger->weight.item, memo->mate.item);
}

static void match_piece(struct merger *merger, struct merge_group *group, int32_t first,
                        int32_t groups)
{
    struct merge_memo *memo = find_memo(merger, group, groups);

    if (!is_remembered(merger, memo))
        match_anew(merger, memo, group, groups);
    for (int32_t i = 0; i < groups; i++)
        group[i].mate = memo->mate.item[i] < 0 ? -1 : first + memo->mate.item[i];
}

static void match_bucket(struct merger *merger, struct merge_bucket *bucket)
{
    int32_t groups = (int32_t)bucket->group.count;

    for (int32_t first = 0; first < groups; first += PIECE)
        match_piece(merger, bucket->group.item + first, first,
                    groups - first < PIECE ? groups - first : PIECE);
}

/* Whether the groups of a cluster ask for more than it has. */
static bool is_too_much(const struct merger *merger, int32_t cluster)
{
    const struct allocation *capacity = &merger->catalog->cluster[cluster].capacity;
    double need[MAX_RESOURCES] = {0};

    for (int32_t i = merger->first_bucket[cluster]; i >= 0; i = merger->bucket.item[i].next) {
        const struct merge_bucket *bucket = &merger->bucket.item[i];
        double groups = 0;

        for (size_t k = 0; k < bucket->group.count; k++)
            groups += !bucket->group.item[k].gone;
        for (int r = 0; r < merger->catalog->resources; r++)
            need[r] += groups * bucket->request.amount[r];
    }
    for (int r = 0; r < merger->catalog->resources; r++)
        if (need[r] > capacity->amount[r])
            return true;
    return false;
}

static void list_pairs(struct merger *merger, int32_t cluster)
{
    vector_clear(&merger->pair);
    for (int32_t i = merger->first_bucket[cluster]; i >= 0; i = merger->bucket.item[i].next) {
        struct merge_bucket *bucket = &merger->bucket.item[i];
        double size = allocation_dominant_share(&bucket->request,
                                                &merger->catalog->cluster[cluster].capacity);

        match_bucket(merger, bucket);
        for (int32_t k = 0; k < (int32_t)bucket->group.count; k++) {
            const struct merge_group *group = &bucket->group.item[k];
            struct merge_pair pair = {bucket, group->mate, k, 0};

            if (group->mate < 0 || group->mate > k)
                continue;
            pair.waste =
                size * (1 - efficiency(merger, &bucket->group.item[group->mate], group) / STAGES);
            vector_push(&merger->pair, pair);
        }
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

static void strike_gone(struct merger *merger, int32_t cluster)
{
    for (int32_t i = merger->first_bucket[cluster]; i >= 0; i = merger->bucket.item[i].next) {
        struct merge_bucket *bucket = &merger->bucket.item[i];
        size_t kept = 0;

        for (size_t k = 0; k < bucket->group.count; k++)
            if (!bucket->group.item[k].gone)
                bucket->group.item[kept++] = bucket->group.item[k];
        bucket->group.count = kept;
    }
}

static bool merge_round(struct merger *merger, int32_t cluster)
{
    bool merged = false;

    list_pairs(merger, cluster);
    if (merger->by_waste)
        vector_sort(&merger->pair, compare_pairs);
    for (size_t i = 0; i < merger->pair.count && is_too_much(merger, cluster); i++) {
        const struct merge_pair *pair = &merger->pair.item[i];
        struct merge_group *group = pair->bucket->group.item;

        group[pair->from] = united(&group[pair->into], &group[pair->from]);
        group[pair->into].gone = true;
        merged = true;
    }
    strike_gone(merger, cluster);
    return merged;
}

void merge_all(struct merger *merger)
{
    for (int32_t c = 0; c < merger->catalog->clusters; c++)
        for (int round = 0; round < merger->most && is_too_much(merger, c); round++)
            if (!merge_round(merger, c))
                break;
}
