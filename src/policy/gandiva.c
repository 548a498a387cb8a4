/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gandiva: time slices and introspection. Every task is let in at once, at that cluster of its
 * reach which is least loaded, as long as the requests let in there do not exceed its capacity more
 * than so many times. In every slice the members of a cluster run in the order of their turns, as
 * many as fit; who does not fit is passed over, and at the end of a slice whoever ran goes to the
 * back, so that nobody waits longer than the others take. The paper's remedies follow:
 *     migration    a member that finds no room in this slice moves to a cluster that has some
 *     packing      one that finds none anywhere shares the allocation of another that asks for the
 *                  same, of those that are left drawn at random, and comes back to it in later
 *                  slices. If the two together are measured slower than one after the other, they
 *                  are separated, and no two of their types are tried again
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

#include "base/rng.h"
#include "core/policy.h"
#include "policy/registry.h"
#include "policy/request.h"
#include "policy/rounds.h"
#include "policy/target.h"

struct member {
    int64_t turn;    /* the lower, the sooner */
    int32_t cluster; /* that let it in; -1: none has */
    int32_t partner; /* with whom it was packed last, or -1 */
    bool runs;       /* in this slice, by the last plan */
    bool packs;      /* and shares its allocation */
};

struct entrant {
    int64_t turn;
    int32_t task;
};

struct gandiva {
    struct requests requests;
    struct targets targets;
    double slice_s, slice_end_s, most_load;
    bool grows, packs;
    struct rng rng;
    struct id_set bad; /* pairs of types that are slower together: see pair_of() */
    int64_t turns;
    VECTOR(struct member) member; /* by task */
    VECTOR(struct entrant) queue; /* all members, in the order of their turns */
    VECTOR(int32_t) live;         /* tasks that were let in and are not done */
    double *load;                 /* by cluster: dominant shares let in */
    bool *is_short;               /* by cluster: some member finds no room */
    bool *is_wanted;              /* by cluster: somebody waits who was not let in */
    struct allocation *free;      /* by cluster */
    struct id_set started;        /* clusters that have their one start of this slot */
    VECTOR(int32_t) host;         /* tasks that one of them may be packed with */
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
    rng_stream(&s->rng, setup->seed, "policy");
    s->targets.rigid = !s->grows;
    s->load = xcalloc(clusters, sizeof *s->load);
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
    vector_release(&s->queue);
    vector_release(&s->live);
    id_set_release(&s->started);
    id_set_release(&s->bad);
    vector_release(&s->host);
    free(s->load);
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

/* Members of clusters that went down, and hidden ones, have to be let in anew. */
static void count_load(struct gandiva *s, const struct view *view)
{
    size_t kept = 0;

    for (int32_t c = 0; c < view->catalog->clusters; c++)
        s->load[c] = 0;
    for (size_t i = 0; i < s->live.count; i++) {
        int32_t id = s->live.item[i];
        const struct task *task = &view->task[id];
        struct member *member = &s->member.item[id];

        if (task->state == TASK_RUNNING)
            member->cluster = task->cluster;
        if ((task->state != TASK_RUNNING && task->state != TASK_WAITING) ||
            !view->cluster[member->cluster].up || is_hidden(view, task, member->cluster)) {
            member->cluster = -1;
            continue;
        }
        s->load[member->cluster] += share_on(s, view, id, member->cluster);
        s->live.item[kept++] = id;
    }
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

static void let_in_one(struct gandiva *s, const struct view *view, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;
    int32_t cluster = least_loaded(s, view, id);

    if (cluster < 0) {
        for (int32_t i = 0; i < reach->count; i++)
            s->is_wanted[reach->cluster[i]] = true;
        return;
    }
    s->member.item[id] = (struct member){++s->turns, cluster, -1, false, false};
    s->load[cluster] += share_on(s, view, id, cluster);
    vector_push(&s->live, id);
}

/* Between arrivals and ends nobody can be let in. */
static void let_in(struct gandiva *s, const struct view *view)
{
    static const struct member stranger = {.cluster = -1, .partner = -1};

    if (view->catalog->slot_s == 0 && view->arrivals == 0 && view->toucheds == 0)
        return;
    while (s->member.count < (size_t)view->tasks)
        vector_push(&s->member, stranger);
    count_load(s, view);
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        s->is_wanted[c] = false;
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting)
        if (s->member.item[id].cluster < 0)
            let_in_one(s, view, id);
}

/* Turns */

static int compare_entrants(const void *a, const void *b)
{
    const struct entrant *left = a, *right = b;

    return left->turn < right->turn ? -1 : left->turn > right->turn;
}

static void line_up(struct gandiva *s)
{
    vector_clear(&s->queue);
    for (size_t i = 0; i < s->live.count; i++)
        vector_push(&s->queue,
                    ((struct entrant){s->member.item[s->live.item[i]].turn, s->live.item[i]}));
    if (s->queue.count > 0)
        vector_sort(&s->queue, compare_entrants);
}

/* Whoever ran goes to the back, in the order in which they stood. */
static void end_slice(struct gandiva *s, const struct view *view)
{
    line_up(s);
    for (size_t i = 0; i < s->queue.count; i++) {
        struct member *member = &s->member.item[s->queue.item[i].task];

        if (view->task[s->queue.item[i].task].state == TASK_RUNNING && member->runs)
            member->turn = ++s->turns;
    }
}

/* Running tasks whose progress would not survive keep their place until they are done. */
static bool must_stay(const struct view *view, const struct task *task)
{
    return task->state == TASK_RUNNING && !view->catalog->type[task->type].preempt_keeps;
}

static bool may_run(struct gandiva *s, const struct view *view, int32_t id, int32_t cluster)
{
    bool one = view->catalog->slot_s > 0 && view->catalog->rounds == ROUNDS_ONE;

    if (!view->cluster[cluster].up ||
        !allocation_fits(request_of(&s->requests, view, id), &s->free[cluster]))
        return false;
    if (view->task[id].state == TASK_RUNNING)
        return true;
    return view_may_start(view, id, cluster) && !(one && id_set_has(&s->started, cluster));
}

static void give_turn(struct gandiva *s, const struct view *view, int32_t id, int32_t cluster)
{
    const struct allocation *request = request_of(&s->requests, view, id);
    struct member *member = &s->member.item[id];

    if (view->task[id].state != TASK_RUNNING)
        id_set_add(&s->started, cluster);
    member->cluster = cluster;
    member->runs = true;
    allocation_subtract(&s->free[cluster], request);
    targets_add(&s->targets, id, cluster, request);
}

static void migrate_or_wait(struct gandiva *s, const struct view *view, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;

    for (int32_t i = 0; i < reach->count; i++)
        if (may_run(s, view, id, reach->cluster[i])) {
            give_turn(s, view, id, reach->cluster[i]);
            return;
        }
    s->is_short[s->member.item[id].cluster] = true;
}

static void give_turns(struct gandiva *s, const struct view *view)
{
    line_up(s);
    for (int pass = 0; pass < 3; pass++)
        for (size_t i = 0; i < s->queue.count; i++) {
            int32_t id = s->queue.item[i].task;
            const struct task *task = &view->task[id];
            struct member *member = &s->member.item[id];

            if (pass == 0)
                member->runs = member->packs = false;
            if (member->runs || (pass == 0 && !must_stay(view, task)))
                continue;
            if (pass == 2)
                migrate_or_wait(s, view, id);
            else if (may_run(s, view, id, member->cluster))
                give_turn(s, view, id, member->cluster);
        }
}

/* Packing */

static int32_t pair_of(const struct view *view, int32_t task, int32_t other)
{
    int32_t a = view->task[task].type, b = view->task[other].type;

    return a < b ? a * view->catalog->types + b : b * view->catalog->types + a;
}

/* What has run together is known: below 1 in sum is slower than by turns. */
static void measure(struct gandiva *s, const struct view *view)
{
    for (size_t i = 0; s->packs && i < s->live.count; i++) {
        const struct task *task = &view->task[s->live.item[i]];

        if (task->state == TASK_RUNNING && task->companion >= 0 &&
            task->pace + view->task[task->companion].pace < 1 - 1e-9)
            id_set_add(&s->bad, pair_of(view, task->id, task->companion));
    }
}

static bool may_pack(struct gandiva *s, const struct view *view, int32_t id, int32_t host)
{
    const struct task *task = &view->task[id];
    int32_t cluster = s->member.item[id].cluster;
    struct allocation request = *request_of(&s->requests, view, id);
    bool one = view->catalog->slot_s > 0 && view->catalog->rounds == ROUNDS_ONE;

    return s->member.item[host].runs && !s->member.item[host].packs &&
           s->member.item[host].cluster == cluster &&
           allocation_equal(&request, request_of(&s->requests, view, host)) &&
           catalog_may_share(view->catalog, task->type) &&
           catalog_may_share(view->catalog, view->task[host].type) &&
           view->catalog->type[task->type].preempt_keeps &&
           !id_set_has(&s->bad, pair_of(view, id, host)) &&
           (task->state == TASK_RUNNING ||
            (view_may_start(view, id, cluster) && !(one && id_set_has(&s->started, cluster))));
}

static void pack_with(struct gandiva *s, const struct view *view, int32_t id, int32_t host)
{
    struct member *member = &s->member.item[id], *other = &s->member.item[host];

    if (view->task[id].state != TASK_RUNNING)
        id_set_add(&s->started, member->cluster);
    member->runs = member->packs = other->packs = true;
    member->partner = host;
    other->partner = id;
    targets_add_guest(&s->targets, id, host);
}

static void draw_host(struct gandiva *s, const struct view *view, int32_t id)
{
    vector_clear(&s->host);
    for (size_t i = 0; i < s->targets.item.count; i++)
        if (may_pack(s, view, id, s->targets.item.item[i].task))
            vector_push(&s->host, s->targets.item.item[i].task);
    if (s->host.count > 0)
        pack_with(s, view, id, s->host.item[rng_below(&s->rng, (uint32_t)s->host.count)]);
}

/* Those who found no room: first with whom they were packed before, then with anybody. */
static void pack(struct gandiva *s, const struct view *view)
{
    for (int pass = 0; s->packs && pass < 2; pass++)
        for (size_t i = 0; i < s->queue.count; i++) {
            int32_t id = s->queue.item[i].task, partner = s->member.item[id].partner;

            if (s->member.item[id].runs)
                continue;
            if (pass == 1)
                draw_host(s, view, id);
            else if (partner >= 0 && may_pack(s, view, id, partner))
                pack_with(s, view, id, partner);
        }
}

/* Rounds of one more request each, until nobody takes any more. */
static void grow(struct gandiva *s, const struct view *view)
{
    bool grown = s->grows;

    while (grown) {
        grown = false;
        for (size_t i = 0; i < s->targets.item.count; i++) {
            struct target *target = &s->targets.item.item[i];
            const struct task *task = &view->task[target->task];
            struct allocation left = task->max, step;

            if (s->member.item[target->task].packs)
                continue;
            allocation_subtract(&left, &target->amount);
            step = allocation_least(request_of(&s->requests, view, target->task), &left);
            step = allocation_least(&step, &s->free[target->cluster]);
            if (s->is_short[target->cluster] || allocation_is_zero(&step))
                continue;
            allocation_subtract(&s->free[target->cluster], &step);
            allocation_add(&target->amount, &step);
            grown = true;
        }
    }
}

static void open_clusters(struct gandiva *s, const struct view *view)
{
    static const struct allocation nothing;

    targets_clear(&s->targets);
    id_set_clear(&s->started);
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        s->free[c] = view->cluster[c].up ? view->catalog->cluster[c].capacity : nothing;
        s->is_short[c] = s->is_wanted[c];
    }
}

static bool takes_turns(const struct gandiva *s, const struct catalog *catalog)
{
    for (int32_t c = 0; c < catalog->clusters; c++)
        if (s->is_short[c])
            return true;
    return false;
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct gandiva *s = state;

    if (view->round > 0)
        return;
    let_in(s, view);
    measure(s, view);
    if (view->now_s >= s->slice_end_s - 1e-6 * s->slice_s) {
        end_slice(s, view);
        s->slice_end_s = view->now_s + s->slice_s;
    }
    open_clusters(s, view);
    give_turns(s, view);
    pack(s, view);
    grow(s, view);
    targets_plan(&s->targets, view, plan);
    if (takes_turns(s, view->catalog))
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
