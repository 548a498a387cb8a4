/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gandiva: time slices and introspection. Every task is let in at once, at that cluster of its
 * reach which is least loaded, as long as the requests let in there do not exceed its capacity more
 * than so many times. In every slice the members of a cluster run in the order of their turns, as
 * many as fit; who does not fit is passed over, and at the end of a slice whoever ran goes to the
 * back, so that nobody waits longer than the others take. The paper's remedies follow:
 *     migration    a member that finds no room in this slice moves to a cluster that has some
 *     packing      one that finds none anywhere shares the allocation of another that asks for the
 *                  same, drawn at random among those that share with nobody. In later slices it
 *                  comes back to that one rather than take a turn of its own, until nobody else
 *                  lacks room. If the two together are measured slower than one after the other,
 *                  they part, and no two of their types are tried again
 *     grow-shrink  where everybody runs, what is left is dealt out in steps of a request, up to the
 *                  maximum, and taken back at the next arrival
 * Only tasks whose types tell their stages can share at all; the times themselves are not looked
 * at.
 *
 * Good: answers at once, needs no knowledge at all, and short tasks finish among long ones. Bad:
 * equal tasks all finish late (it is processor sharing); every turn is a preemption; growing is
 * blind, so tasks hold what does nothing for them.
 *
 * Class I0, and the measured pace of what it has packed.
 *
 * Errors of known implementations that are not made here: only sizes that are powers of two
 * (Tiresias' port aborts on others; sizes share a cluster here, without node sets per size); a
 * utilisation that is used before it is known (its third branch); unlimited over-subscription,
 * which makes memory and switches without bound; pairs from a generator without a seed (Gavel's
 * port).
 *
 * Source: Xiao et al., "Gandiva", OSDI'18, sections 3 and 4 (no code by its authors is public);
 * slices and queues as in Rivendile/Muri 4e69a78, simulator/cluster.py, pairs as in
 * stanford-futuredata/gavel c4fa400, policies/gandiva.py, read for facts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "core/policy.h"
#include "policy/registry.h"
#include "policy/request.h"
#include "policy/rounds.h"
#include "policy/strangers.h"
#include "policy/target.h"

struct member {
    int32_t cluster; /* that let it in; -1: none has */
    int32_t asks;    /* its request: index into gandiva.asked */
    int32_t partner; /* with whom it was packed last, or -1; not when they were slower together */
    int32_t type;
    double share; /* dominant, of its cluster */
    bool runs;    /* in this slice, by the last plan */
    bool packs;   /* and shares its allocation */
    bool stands;  /* it is running as the slice begins */
    bool pairs;   /* its type can share */
    bool joins;   /* and can be sent back from where it runs to share elsewhere */
    bool roams;   /* it reaches more than one cluster */
};

struct gandiva {
    struct requests requests;
    struct targets targets;
    double slice_s, slice_end_s, most_load;
    bool grows, packs;
    struct rng rng;
    struct id_set bad;            /* pairs of types that are slower together: see pair_of() */
    VECTOR(struct member) member; /* by task */
    VECTOR(int32_t) live;         /* tasks that were let in and are not done, as they came */
    VECTOR(int32_t) queue;        /* the same in the order of their turns */
    VECTOR(int32_t) back;         /* those who go to its end */
    struct strangers strangers;   /* who waits and was not let in */
    int32_t waiting_members;
    double *load;                    /* by cluster: dominant shares let in */
    double *old_load;                /* the same when the strangers were last asked */
    bool *was_open;                  /* by cluster: whether it took starts then */
    bool *is_short;                  /* by cluster: some member finds no room */
    bool *is_wanted;                 /* by cluster: somebody waits who was not let in */
    int32_t shorts, wanted;          /* clusters where that is so */
    struct allocation *free;         /* by cluster: what no turn has taken */
    bool moved;                      /* a member changed its cluster since the loads were counted */
    bool one;                        /* a cluster may start one task per slot */
    bool pins;                       /* some types are not preempted: see must_stay() */
    struct id_set started;           /* clusters that have their one start of this slot */
    VECTOR(int32_t) growing;         /* targets that may grow further, by index */
    VECTOR(int32_t) rest;            /* members without a turn, in the order of theirs */
    VECTOR(int32_t) guests;          /* who has come back to a partner that has its turn */
    VECTOR(int32_t) unmeasured;      /* one of every two that have not yet run together */
    VECTOR(int32_t) lone;            /* who runs, could share and does not */
    VECTOR(int32_t) lones;           /* by request: how many of them */
    VECTOR(size_t) host;             /* those of them that one may be packed with, by place */
    VECTOR(struct allocation) asked; /* the requests that occur */
};

static const struct option_spec options[] = {
    {"round", OPTION_REAL, "0", .low = 0, .high = 1e9, .unit = "s",
     .help = "length of a time slice; 0: one slot, or 60 s in continuous time, but at least ten "
             "times what the dearest restart takes"},
    {"over", OPTION_REAL, "2", .low = 1, .high = 1e6,
     .help = "how many times its capacity a cluster lets in"},
    {"grow", OPTION_FLAG, "true", .help = "where everybody runs, deals out what is left"},
    {"pack", OPTION_FLAG, "true",
     .help = "two tasks share one allocation where there is no room for both, if their types tell "
             "their stages"},
    REQUEST_OPTION,
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct gandiva *s = state;
    size_t clusters = (size_t)setup->catalog->clusters;

    (void)err;
    requests_init(&s->requests, setup);
    s->slice_s = rounds_length(setup, 10);
    s->most_load = params_real(setup->params, "over");
    s->grows = params_flag(setup->params, "grow");
    s->packs = params_flag(setup->params, "pack") && catalog_most_company(setup->catalog) > 1;
    s->one = setup->catalog->slot_s > 0 && setup->catalog->rounds == ROUNDS_ONE;
    for (int32_t i = 0; i < setup->catalog->types; i++)
        s->pins |= !setup->catalog->type[i].preempt_keeps;
    s->moved = true;
    strangers_init(&s->strangers);
    rng_stream(&s->rng, setup->seed, "policy");
    s->targets.rigid = !s->grows;
    s->targets.fits = true;
    for (int32_t c = 0; c < setup->catalog->clusters; c++)
        s->targets.fits &= !cluster_is_split(&setup->catalog->cluster[c]);
    s->load = xcalloc(clusters, sizeof *s->load);
    s->old_load = xcalloc(clusters, sizeof *s->old_load);
    s->was_open = xcalloc(clusters, sizeof *s->was_open);
    s->is_short = xcalloc(clusters, sizeof *s->is_short);
    s->is_wanted = xcalloc(clusters, sizeof *s->is_wanted);
    s->free = xcalloc(clusters, sizeof *s->free);
    return 0;
}

static void release(void *state)
{
    struct gandiva *s = state;

    requests_release(&s->requests);
    targets_release(&s->targets);
    vector_release(&s->member);
    vector_release(&s->live);
    vector_release(&s->queue);
    vector_release(&s->back);
    strangers_release(&s->strangers);
    id_set_release(&s->started);
    id_set_release(&s->bad);
    vector_release(&s->growing);
    vector_release(&s->rest);
    vector_release(&s->lone);
    vector_release(&s->lones);
    vector_release(&s->host);
    vector_release(&s->asked);
    vector_release(&s->guests);
    vector_release(&s->unmeasured);
    free(s->load);
    free(s->old_load);
    free(s->was_open);
    free(s->is_short);
    free(s->is_wanted);
    free(s->free);
}

/* Who is let in */

static double share_on(struct gandiva *s, const struct view *view, int32_t task, int32_t cluster)
{
    return allocation_dominant_share(request_of(&s->requests, view, task),
                                     &view->catalog->cluster[cluster].capacity);
}

/* One that was sent back and that the window of its cluster does not show would only keep out the
 * one that is shown. */
static bool is_hidden(const struct view *view, const struct task *task, int32_t cluster)
{
    return view->catalog->window > 0 && task->state == TASK_WAITING &&
           view_find_slot(view, cluster, task->id) < 0;
}

static void leave_queue(struct gandiva *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->queue.count; i++)
        if (s->member.item[s->queue.item[i]].cluster >= 0)
            s->queue.item[kept++] = s->queue.item[i];
    s->queue.count = kept;
}

static void move_to(struct gandiva *s, const struct view *view, int32_t id, int32_t cluster)
{
    struct member *member = &s->member.item[id];

    if (member->cluster == cluster)
        return;
    member->cluster = cluster;
    member->share = share_on(s, view, id, cluster);
    s->moved = true;
}

/* Members of clusters that went down, and hidden ones, have to be let in anew. */
static void count_load(struct gandiva *s, const struct view *view)
{
    size_t kept = 0;

    s->waiting_members = 0;
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        s->load[c] = 0;
    for (size_t i = 0; i < s->live.count; i++) {
        int32_t id = s->live.item[i];
        const struct task *task = &view->task[id];
        struct member *member = &s->member.item[id];

        if (task->state == TASK_RUNNING)
            move_to(s, view, id, task->cluster);
        if ((task->state != TASK_RUNNING && task->state != TASK_WAITING) ||
            !view->cluster[member->cluster].up || is_hidden(view, task, member->cluster)) {
            member->cluster = -1;
            continue;
        }
        s->waiting_members += task->state == TASK_WAITING;
        s->load[member->cluster] += member->share;
        s->live.item[kept++] = id;
    }
    if (kept < s->live.count)
        leave_queue(s);
    s->live.count = kept;
}

static int32_t least_loaded(struct gandiva *s, const struct view *view, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;
    int32_t best = -1;

    for (int32_t i = 0; i < reach->count; i++) {
        int32_t cluster = reach->cluster[i];

        if (!allocation_fits(request_of(&s->requests, view, id),
                             &view->catalog->cluster[cluster].capacity) ||
            !view_may_start(view, id, cluster) ||
            s->load[cluster] + share_on(s, view, id, cluster) > s->most_load + 1e-9)
            continue;
        if (best < 0 || s->load[cluster] < s->load[best])
            best = cluster;
    }
    return best;
}

/* Index of a request, which is added if it is new. */
static int32_t find_request(struct gandiva *s, const struct allocation *amount)
{
    for (size_t k = 0; k < s->asked.count; k++)
        if (allocation_equal(&s->asked.item[k], amount))
            return (int32_t)k;
    vector_push(&s->asked, *amount);
    vector_push(&s->lones, 0);
    return (int32_t)s->asked.count - 1;
}

static void want(struct gandiva *s, const struct view *view, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;

    if (s->wanted == view->catalog->clusters)
        return;
    for (int32_t i = 0; i < reach->count; i++) {
        s->wanted += !s->is_wanted[reach->cluster[i]];
        s->is_wanted[reach->cluster[i]] = true;
    }
}

/* Whether it was. */
static bool let_in_one(struct gandiva *s, const struct view *view, int32_t id)
{
    int32_t cluster = least_loaded(s, view, id), type = view->task[id].type;
    bool pairs = catalog_may_share(view->catalog, type);

    if (cluster < 0) {
        want(s, view, id);
        return false;
    }
    s->member.item[id] =
        (struct member){.cluster = cluster,
                        .asks = find_request(s, request_of(&s->requests, view, id)),
                        .partner = -1,
                        .type = type,
                        .share = share_on(s, view, id, cluster),
                        .pairs = pairs,
                        .roams = view->task[id].reach.count > 1,
                        .joins = pairs && view->catalog->type[type].preempt_keeps};
    s->load[cluster] += s->member.item[id].share;
    vector_push(&s->live, id);
    vector_push(&s->queue, id);
    return true;
}

static void add_stranger(struct gandiva *s, const struct view *view, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;
    double least_share = HUGE_VAL;

    for (int32_t i = 0; i < reach->count; i++)
        least_share = fmin(least_share, share_on(s, view, id, reach->cluster[i]));
    strangers_add(&s->strangers, id, least_share);
}

/* New ones are among those that began to wait, by id; returns from which on they stand. Somebody
 * who is neither a member nor a stranger, or who left without a word, has all of them listed anew.
 */
static size_t list_strangers(struct gandiva *s, const struct view *view)
{
    static const struct member none = {.cluster = -1, .partner = -1};
    size_t known = s->strangers.item.count;
    int32_t first_new = (int32_t)s->member.count;

    while (s->member.count < (size_t)view->tasks)
        vector_push(&s->member, none);
    for (int32_t i = 0; i < view->arrivals; i++)
        if (view->arrived[i] >= first_new)
            add_stranger(s, view, view->arrived[i]);
    if (strangers_count(&s->strangers) + (size_t)s->waiting_members == (size_t)view->waiting)
        return known;
    strangers_clear(&s->strangers);
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting)
        if (s->member.item[id].cluster < 0)
            add_stranger(s, view, id);
    return 0;
}

/* What a newcomer may add to a cluster's load; at least as much as there really is. */
static double most_room(const struct gandiva *s, const struct view *view)
{
    double least_load = HUGE_VAL;

    for (int32_t c = 0; c < view->catalog->clusters; c++)
        if (view->cluster[c].may_start && s->load[c] < least_load)
            least_load = s->load[c];
    return s->most_load - least_load + 1e-6;
}

/* Asks those from `first` on, until there is no room for anybody; whoever is let in is a stranger
 * no more. */
static void ask_strangers(struct gandiva *s, const struct view *view, size_t first)
{
    struct strangers *strangers = &s->strangers;
    double room = most_room(s, view);
    bool shrunk = false;

    for (size_t i = first;; i++) {
        bool all_wanted = s->wanted == view->catalog->clusters;
        struct stranger stranger;

        i = strangers_next(strangers, i, all_wanted ? room : HUGE_VAL);
        if (i == strangers->item.count)
            break;
        stranger = strangers->item.item[i];
        if (stranger.least_share > room) {
            want(s, view, stranger.task);
        } else if (view->task[stranger.task].state != TASK_WAITING) {
            strangers_drop(strangers, i);
        } else if (let_in_one(s, view, stranger.task)) {
            strangers_drop(strangers, i);
            shrunk = true;
        } else if (shrunk) {
            room = most_room(s, view);
            shrunk = false;
        }
    }
    strangers_tidy(strangers);
}

static bool has_opened(const struct gandiva *s, const struct view *view)
{
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        if (view->cluster[c].may_start != s->was_open[c])
            return true;
    return false;
}

/* Whether a stranger that found no place might find one now. */
static bool has_changed(const struct gandiva *s, const struct view *view)
{
    if (view->catalog->slot_s > 0 || has_opened(s, view))
        return true;
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        if (s->load[c] != s->old_load[c])
            return true;
    return false;
}

/* Whether members and strangers are those of the last time, and all where they were. Most slices
 * end like that. */
static bool is_as_before(const struct gandiva *s, const struct view *view)
{
    if (view->catalog->slot_s > 0)
        return false;
    if (view->arrivals == 0 && view->toucheds == 0)
        return true;
    return !s->moved && s->member.count == (size_t)view->tasks &&
           s->live.count + strangers_count(&s->strangers) ==
               (size_t)(view->waiting + view->running) &&
           !has_opened(s, view);
}

/* Between arrivals and ends nobody can be let in, and who could not be before can only be where
 * the load has changed. */
static void let_in(struct gandiva *s, const struct view *view)
{
    size_t first;

    if (is_as_before(s, view))
        return;
    count_load(s, view);
    s->moved = false;
    first = list_strangers(s, view);
    if (has_changed(s, view))
        first = 0;
    for (int32_t c = 0; first == 0 && c < view->catalog->clusters; c++)
        s->is_wanted[c] = false;
    if (first == 0)
        s->wanted = 0;
    ask_strangers(s, view, first);
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        s->old_load[c] = s->load[c];
        s->was_open[c] = view->cluster[c].may_start;
    }
}

/* Pairs */

static int32_t pair_of(const struct view *view, int32_t type, int32_t other)
{
    return type < other ? type * view->catalog->types + other : other * view->catalog->types + type;
}

static bool is_bad(const struct gandiva *s, const struct view *view, const struct member *member,
                   const struct member *other)
{
    return id_set_has(&s->bad, pair_of(view, member->type, other->type));
}

static void part_bad_pairs(struct gandiva *s, const struct view *view)
{
    for (size_t i = 0; i < s->queue.count; i++) {
        struct member *member = &s->member.item[s->queue.item[i]];

        if (member->partner >= 0 && is_bad(s, view, member, &s->member.item[member->partner]))
            member->partner = -1;
    }
}

static bool are_partners(const struct gandiva *s, int32_t id, int32_t partner)
{
    return partner >= 0 && s->member.item[partner].partner == id &&
           s->member.item[id].cluster >= 0 && s->member.item[partner].cluster >= 0;
}

/* Partners who run together for the first time: below 1 in sum is slower than by turns. Returns
 * whether there is an answer, or never will be. */
static bool measure(struct gandiva *s, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id], *other;
    int32_t partner = s->member.item[id].partner;

    if (!are_partners(s, id, partner))
        return true;
    if (task->companion != partner)
        return false;
    other = &view->task[partner];
    if (task->pace + other->pace < 1 - 1e-9) {
        id_set_add(&s->bad, pair_of(view, task->type, other->type));
        part_bad_pairs(s, view);
    }
    return true;
}

static void measure_pairs(struct gandiva *s, const struct view *view)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->unmeasured.count; i++)
        if (!measure(s, view, s->unmeasured.item[i]))
            s->unmeasured.item[kept++] = s->unmeasured.item[i];
    s->unmeasured.count = kept;
}

/* Turns */

/* Looks at everybody. At the end of a slice whoever ran goes to the back, in the order in which
 * they stood. */
static void look(struct gandiva *s, const struct view *view, bool ends)
{
    size_t count = s->queue.count, kept = 0, backs = 0;
    int32_t *queue = s->queue.item, *back;

    vector_reserve(&s->back, count);
    back = s->back.item;
    for (size_t i = 0; i < count; i++) {
        int32_t id = queue[i];
        const struct task *task = &view->task[id];
        struct member *member = &s->member.item[id];
        bool stands = task->state == TASK_RUNNING;

        if (ends && stands && member->runs)
            back[backs++] = id;
        else
            queue[kept++] = id;
        member->stands = stands;
        member->runs = member->packs = false;
    }
    if (backs > 0)
        memcpy(queue + kept, back, backs * sizeof *back);
}

/* Running tasks whose progress would not survive keep their place until they are done. */
static bool must_stay(const struct view *view, const struct member *member)
{
    return member->stands && !view->catalog->type[member->type].preempt_keeps;
}

static bool may_come(const struct gandiva *s, const struct view *view, int32_t id, int32_t cluster)
{
    return view_may_start(view, id, cluster) && !(s->one && id_set_has(&s->started, cluster));
}

/* Whether a member may be on a cluster, room aside. */
static inline bool may_be_on(const struct gandiva *s, const struct view *view, int32_t id,
                             const struct member *member, int32_t cluster)
{
    return member->stands || may_come(s, view, id, cluster);
}

static bool nobody_lacks_room(const struct gandiva *s, int32_t cluster)
{
    return !s->is_short[cluster] && !s->is_wanted[cluster];
}

/* Where somebody waits who was not let in nothing will be dealt out on top. */
static inline void take_room(struct gandiva *s, const struct view *view, int32_t id,
                             const struct member *member)
{
    const struct allocation *request = &s->asked.item[member->asks];

    allocation_subtract(&s->free[member->cluster], request);
    if (s->is_wanted[member->cluster])
        targets_settle(&s->targets, view, id, member->cluster, request);
    else
        targets_add(&s->targets, id, member->cluster, request);
}

/* Gives the member a turn on the cluster, if it may run there; false if not. */
static inline bool give_turn(struct gandiva *s, const struct view *view, int32_t id,
                             struct member *member, int32_t cluster)
{
    const struct allocation *request = &s->asked.item[member->asks];

    if (!allocation_fits(request, &s->free[cluster]) || !may_be_on(s, view, id, member, cluster))
        return false;
    if (s->one && !member->stands)
        id_set_add(&s->started, cluster);
    if (member->cluster != cluster)
        move_to(s, view, id, cluster);
    member->runs = true;
    s->lones.item[member->asks] += member->pairs;
    take_room(s, view, id, member);
    return true;
}

/* Those who must stay come first. */
static void give_turns_to_pinned(struct gandiva *s, const struct view *view)
{
    for (size_t i = 0; i < s->queue.count; i++) {
        int32_t id = s->queue.item[i];
        struct member *member = &s->member.item[id];

        if (must_stay(view, member))
            give_turn(s, view, id, member, member->cluster);
    }
}

/* Coming back to partners */

/* Whether a member that does not run could share somebody's allocation on its cluster. */
static inline bool may_be_guest(const struct gandiva *s, const struct view *view, int32_t id,
                                const struct member *member)
{
    return member->joins && may_be_on(s, view, id, member, member->cluster);
}

static inline bool may_be_host(const struct member *member)
{
    return member->runs && !member->packs && member->pairs;
}

static inline bool do_match(const struct gandiva *s, const struct view *view,
                            const struct member *member, const struct member *other)
{
    return other->cluster == member->cluster && other->asks == member->asks &&
           !is_bad(s, view, member, other);
}

static inline void pack_with(struct gandiva *s, int32_t id, int32_t host)
{
    struct member *member = &s->member.item[id], *other = &s->member.item[host];

    if (s->one && !member->stands)
        id_set_add(&s->started, member->cluster);
    member->runs = member->packs = other->packs = true;
    member->partner = host;
    other->partner = id;
    s->lones.item[member->asks]--;
}

/* Whether it did. */
static inline bool return_to_partner(struct gandiva *s, const struct view *view, int32_t id,
                                     const struct member *member)
{
    if (member->partner < 0 || !may_be_host(&s->member.item[member->partner]) ||
        s->member.item[member->partner].cluster != member->cluster ||
        !may_be_guest(s, view, id, member))
        return false;
    pack_with(s, id, member->partner);
    vector_push(&s->guests, id);
    return true;
}

static void part(struct gandiva *s, struct member *member)
{
    member->packs = s->member.item[member->partner].packs = false;
    s->lones.item[member->asks] += 2;
}

/* Guests share with their partners, unless there is room for them that nobody lacks. */
static void place_guests(struct gandiva *s, const struct view *view)
{
    for (size_t i = 0; i < s->guests.count; i++) {
        int32_t id = s->guests.item[i];
        struct member *member = &s->member.item[id];

        if (nobody_lacks_room(s, member->cluster) &&
            allocation_fits(&s->asked.item[member->asks], &s->free[member->cluster])) {
            part(s, member);
            take_room(s, view, id, member);
        } else {
            targets_settle_guest(&s->targets, view, id, member->partner);
        }
    }
}

/* Returns whether any of those without a turn could have one elsewhere. */
static bool give_turns_at_home(struct gandiva *s, const struct view *view)
{
    const int32_t *queue = s->queue.item;
    size_t count = s->queue.count, rests = 0;
    bool roams = false;
    int32_t *rest;

    vector_reserve(&s->rest, count);
    rest = s->rest.item;
    for (size_t i = 0; i < count; i++) {
        struct member *member = &s->member.item[queue[i]];

        if (member->runs || return_to_partner(s, view, queue[i], member) ||
            give_turn(s, view, queue[i], member, member->cluster))
            continue;
        rest[rests++] = queue[i];
        roams |= member->roams;
    }
    s->rest.count = rests;
    return roams;
}

static bool migrate(struct gandiva *s, const struct view *view, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;
    struct member *member = &s->member.item[id];
    int32_t own = member->cluster;

    for (int32_t i = 0; i < reach->count; i++)
        if (reach->cluster[i] != own && view->cluster[reach->cluster[i]].up &&
            give_turn(s, view, id, member, reach->cluster[i]))
            return true;
    return false;
}

static void migrate_rest(struct gandiva *s, const struct view *view)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->rest.count; i++) {
        int32_t id = s->rest.item[i];

        if (!s->member.item[id].roams || !migrate(s, view, id))
            s->rest.item[kept++] = id;
    }
    s->rest.count = kept;
}

static void note_shorts(struct gandiva *s, const struct view *view)
{
    for (size_t i = 0; i < s->rest.count && s->shorts < view->catalog->clusters; i++) {
        bool *is_short = &s->is_short[s->member.item[s->rest.item[i]].cluster];

        s->shorts += !*is_short;
        *is_short = true;
    }
}

static void give_turns(struct gandiva *s, const struct view *view)
{
    if (s->pins)
        give_turns_to_pinned(s, view);
    if (give_turns_at_home(s, view))
        migrate_rest(s, view);
    note_shorts(s, view);
    place_guests(s, view);
}

/* Packing */

/* In the order of their turns. */
static void list_lone(struct gandiva *s)
{
    const int32_t *queue = s->queue.item;
    size_t count = s->queue.count, lones = 0;

    vector_reserve(&s->lone, count);
    vector_reserve(&s->host, count);
    for (size_t i = 0; i < count; i++) {
        s->lone.item[lones] = queue[i];
        lones += may_be_host(&s->member.item[queue[i]]);
    }
    s->lone.count = lones;
}

/* Lists, by their places among the lone, the hosts that the member may be packed with. */
static size_t list_hosts(struct gandiva *s, const struct view *view, const struct member *member)
{
    const int32_t *lone = s->lone.item;
    size_t lones = s->lone.count, *host = s->host.item, hosts = 0;

    for (size_t i = 0; i < lones; i++) {
        host[hosts] = i;
        hosts += do_match(s, view, member, &s->member.item[lone[i]]);
    }
    return hosts;
}

static void draw_host(struct gandiva *s, const struct view *view, int32_t id)
{
    size_t hosts = list_hosts(s, view, &s->member.item[id]), at;

    if (hosts == 0)
        return;
    at = s->host.item[rng_below(&s->rng, (uint32_t)hosts)];
    pack_with(s, id, s->lone.item[at]);
    targets_settle_guest(&s->targets, view, id, s->lone.item[at]);
    vector_push(&s->unmeasured, id);
    s->lone.count--;
    for (; at < s->lone.count; at++)
        s->lone.item[at] = s->lone.item[at + 1];
}

/* Those who found no room, with anybody of their kind who is lone. */
static void pack(struct gandiva *s, const struct view *view)
{
    bool listed = false;

    if (!s->packs)
        return;
    for (size_t i = 0; i < s->rest.count; i++) {
        int32_t id = s->rest.item[i];
        const struct member *member = &s->member.item[id];

        if (s->lones.item[member->asks] == 0 || !may_be_guest(s, view, id, member))
            continue;
        if (!listed)
            list_lone(s);
        listed = true;
        draw_host(s, view, id);
    }
}

/* Gives a target one more of its requests, as far as there is something left; false if there is
 * not. */
static bool grow_one(struct gandiva *s, const struct view *view, struct target *target)
{
    struct allocation left = view->task[target->task].max, step;

    allocation_subtract(&left, &target->amount);
    step = allocation_least(&s->asked.item[s->member.item[target->task].asks], &left);
    step = allocation_least(&step, &s->free[target->cluster]);
    if (allocation_is_zero(&step))
        return false;
    allocation_subtract(&s->free[target->cluster], &step);
    allocation_add(&target->amount, &step);
    return true;
}

static void list_growing(struct gandiva *s)
{
    vector_clear(&s->growing);
    for (size_t i = 0; i < s->targets.item.count; i++) {
        const struct target *target = &s->targets.item.item[i];

        if (nobody_lacks_room(s, target->cluster) && !s->member.item[target->task].packs)
            vector_push(&s->growing, (int32_t)i);
    }
}

/* Rounds of one more request each, until nobody takes any more. Who once found nothing will find
 * nothing later. */
static void grow(struct gandiva *s, const struct view *view)
{
    if (!s->grows || s->shorts == view->catalog->clusters || s->wanted == view->catalog->clusters)
        return;
    list_growing(s);
    while (s->growing.count > 0) {
        size_t kept = 0;

        for (size_t i = 0; i < s->growing.count; i++) {
            int32_t at = s->growing.item[i];

            if (grow_one(s, view, &s->targets.item.item[at]))
                s->growing.item[kept++] = at;
        }
        s->growing.count = kept;
    }
}

static void open_clusters(struct gandiva *s, const struct view *view)
{
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        s->free[c] = view->catalog->cluster[c].capacity;
        s->is_short[c] = false;
    }
    s->shorts = 0;
    targets_clear(&s->targets);
    id_set_clear(&s->started);
    vector_clear(&s->guests);
    for (size_t k = 0; k < s->lones.count; k++)
        s->lones.item[k] = 0;
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct gandiva *s = state;
    bool ends = view->now_s >= s->slice_end_s - 1e-6 * s->slice_s;

    if (view->round > 0)
        return;
    let_in(s, view);
    measure_pairs(s, view);
    look(s, view, ends);
    if (ends)
        s->slice_end_s = view->now_s + s->slice_s;
    open_clusters(s, view);
    give_turns(s, view);
    pack(s, view);
    grow(s, view);
    targets_plan(&s->targets, view, plan);
    if (s->shorts + s->wanted > 0)
        plan_wake(plan, s->slice_end_s);
}

const struct policy_ops policy_gandiva = {
    .name = "gandiva",
    .summary = "time slices, migration to where there is room, packing, growth into what is idle",
    .source = "Xiao et al., OSDI'18",
    .info = INFO_BLIND,
    .traits = POLICY_ELASTIC | POLICY_PREEMPTIVE | POLICY_MIGRATING,
    .options = options,
    .state_size = sizeof(struct gandiva),
    .init = init,
    .decide = decide,
    .release = release,
};
