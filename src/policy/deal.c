/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everybody who could join was let in at the last decision, so in continuous time only clusters
 * where something came free and new tasks need a look. Plans shrink first, then start, then grow.
 * On nodes an amount may find no room although the cluster has it: then it is cut to what does, and
 * a task that finds no room at all where it was let in is tried elsewhere, with its minimum.
 *
 * Who deals from nothing does so once per slot: in later rounds of it, which show what stood behind
 * the windows, everybody keeps what was dealt, or two tasks could send each other back for ever.
 */
#include "policy/deal.h"

#include "policy/place.h"

void deal_init(struct deal *deal, const struct policy_setup *setup, bool from_nothing)
{
    size_t clusters = (size_t)setup->catalog->clusters;

    *deal = (struct deal){.catalog = setup->catalog, .from_nothing = from_nothing};
    deal->minima = xcalloc(clusters, sizeof *deal->minima);
    deal->tasks = xcalloc(clusters, sizeof *deal->tasks);
    for (size_t c = 0; c < clusters; c++)
        deal->has_nodes |= cluster_is_split(&setup->catalog->cluster[c]);
}

void deal_release(struct deal *deal)
{
    vector_release(&deal->hands);
    vector_release(&deal->joins);
    vector_release(&deal->changed);
    id_set_release(&deal->joined);
    id_set_release(&deal->is_changed);
    id_set_release(&deal->is_counted);
    free(deal->minima);
    free(deal->tasks);
}

static void mark_changed(struct deal *deal, int32_t cluster)
{
    if (id_set_has(&deal->is_changed, cluster))
        return;
    id_set_add(&deal->is_changed, cluster);
    vector_push(&deal->changed, cluster);
}

/* Where the hand of a task begins. */
static const struct allocation *base_of(const struct deal *deal, const struct task *task)
{
    return deal->keeps && task->state == TASK_RUNNING ? &task->allocation : &task->min;
}

/* Joining */

static void count_cluster(struct deal *deal, const struct view *view, int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];

    if (id_set_has(&deal->is_counted, cluster))
        return;
    id_set_add(&deal->is_counted, cluster);
    deal->minima[cluster] = (struct allocation){{0}};
    for (int32_t i = 0; i < at->runnings; i++)
        allocation_add(&deal->minima[cluster], base_of(deal, &view->task[at->running[i]]));
    deal->tasks[cluster] = at->runnings;
}

static bool may_join(struct deal *deal, const struct view *view, struct plan *plan,
                     const struct task *task, int32_t cluster)
{
    bool one = view->catalog->slot_s > 0 && view->catalog->rounds == ROUNDS_ONE;
    struct allocation sum;

    if (!plan_may_start(plan, task->id, cluster))
        return false;
    count_cluster(deal, view, cluster);
    if (one && deal->tasks[cluster] > view->cluster[cluster].runnings)
        return false;
    sum = deal->minima[cluster];
    allocation_add(&sum, &task->min);
    return allocation_fits(&sum, &view->catalog->cluster[cluster].capacity);
}

/* Tasks over the mean share that the cluster has of all capacity: how crowded it would be. */
static double crowding(const struct deal *deal, int32_t cluster)
{
    const struct catalog *catalog = deal->catalog;
    double share = 0;

    for (int r = 0; r < catalog->resources; r++)
        if (catalog->total.amount[r] > 0)
            share +=
                (double)catalog->cluster[cluster].capacity.amount[r] / catalog->total.amount[r];
    return (deal->tasks[cluster] + 1) / (share > 0 ? share : 1e-9);
}

static int32_t choose_cluster(struct deal *deal, const struct view *view, struct plan *plan,
                              const struct task *task, bool full)
{
    int32_t best = -1;
    double least = 0;

    for (int32_t i = 0; i < task->reach.count; i++) {
        int32_t cluster = task->reach.cluster[i];
        double crowd;

        if (full ? !view_may_start(view, task->id, cluster)
                 : !may_join(deal, view, plan, task, cluster))
            continue;
        count_cluster(deal, view, cluster);
        crowd = crowding(deal, cluster);
        if (best < 0 || crowd < least) {
            best = cluster;
            least = crowd;
        }
    }
    return best;
}

static void join_best(struct deal *deal, const struct view *view, struct plan *plan, int32_t id)
{
    const struct task *task = &view->task[id];
    struct deal_join join = {id, -1};

    if (id_set_has(&deal->joined, id))
        return;
    join.cluster = choose_cluster(deal, view, plan, task, false);
    if (join.cluster < 0)
        return;
    id_set_add(&deal->joined, id);
    vector_push(&deal->joins, join);
    allocation_add(&deal->minima[join.cluster], &task->min);
    deal->tasks[join.cluster]++;
    mark_changed(deal, join.cluster);
}

/* A new task has its cluster dealt anew: one with room, else the least crowded. */
static void mark_for(struct deal *deal, const struct view *view, struct plan *plan, int32_t id)
{
    const struct task *task = &view->task[id];
    int32_t cluster = choose_cluster(deal, view, plan, task, false);

    if (cluster < 0)
        cluster = choose_cluster(deal, view, plan, task, true);
    if (cluster < 0)
        return;
    mark_changed(deal, cluster);
    allocation_add(&deal->minima[cluster], &task->min);
    deal->tasks[cluster]++;
}

/* At least what any of the clusters that are looked at has left for newcomers. */
static struct allocation most_left(struct deal *deal, const struct view *view, bool all)
{
    int32_t clusters = all ? view->catalog->clusters : view->toucheds;
    struct allocation most = {{0}};

    for (int32_t i = 0; i < clusters; i++) {
        int32_t cluster = all ? i : view->touched[i];
        struct allocation left = view->catalog->cluster[cluster].capacity;

        count_cluster(deal, view, cluster);
        allocation_subtract(&left, &deal->minima[cluster]);
        most = allocation_most(&most, &left);
    }
    return most;
}

/* On nodes there may be room elsewhere that was not found the last time, so all are tried. */
static void join_waiting(struct deal *deal, const struct view *view, struct plan *plan, bool all,
                         int32_t cluster)
{
    struct waiting_cursor cursor;
    size_t joins = SIZE_MAX;
    int32_t id;

    waiting_begin(&cursor, view, cluster);
    do {
        if (!deal->has_nodes && joins != deal->joins.count) {
            struct allocation left = most_left(deal, view, all);

            waiting_only_fitting(&cursor, &left);
            joins = deal->joins.count;
        }
        id = waiting_next(&cursor);
        if (id >= 0)
            join_best(deal, view, plan, id);
    } while (id >= 0);
}

static void look_around(struct deal *deal, const struct view *view, struct plan *plan, bool all)
{
    int32_t clusters = all ? view->catalog->clusters : view->toucheds;

    for (int32_t i = 0; i < clusters; i++)
        mark_changed(deal, all ? i : view->touched[i]);
    for (int32_t i = 0; i < clusters && !deal->from_nothing; i++)
        join_waiting(deal, view, plan, all, all ? i : view->touched[i]);
    for (int32_t i = 0; !all && i < view->arrivals; i++)
        if (deal->from_nothing)
            mark_for(deal, view, plan, view->arrived[i]);
        else
            join_best(deal, view, plan, view->arrived[i]);
}

/* Dealing */

/* Whether sending the task back would undo all that it has done since it started: such hands do not
 * begin empty, or two tasks could displace each other for ever and neither get anywhere. */
static bool must_stay(const struct deal *deal, const struct view *view, const struct task *task)
{
    const struct type_info *info = &deal->catalog->type[task->type];
    double settling_s = info->startup_s + info->switching.seconds + deal->catalog->slot_s;

    return task->state == TASK_RUNNING &&
           (!info->preempt_keeps || view->now_s - task->since_s <= settling_s);
}

void deal_add_hand(struct deal *deal, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];
    const struct allocation *capacity = &deal->catalog->cluster[deal->cluster].capacity;
    struct deal_hand hand = {.task = task->id};

    hand.most = allocation_least(&task->max, capacity);
    if (!deal->from_nothing || must_stay(deal, view, task)) {
        hand.amount = *base_of(deal, task);
        allocation_subtract(&deal->free, &hand.amount);
    }
    vector_push(&deal->hands, hand);
}

static int compare_hands(const void *a, const void *b)
{
    int32_t left = ((const struct deal_hand *)a)->task, right = ((const struct deal_hand *)b)->task;

    return left < right ? -1 : left > right;
}

static void gather_hands(struct deal *deal, const struct view *view, struct plan *plan,
                         int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];
    int32_t id;

    deal->cluster = cluster;
    deal->free = at->free;
    vector_clear(&deal->hands);
    for (int32_t i = 0; i < at->runnings; i++) {
        allocation_add(&deal->free, &view->task[at->running[i]].allocation);
        deal_add_hand(deal, view, at->running[i]);
    }
    for (size_t i = 0; i < deal->joins.count; i++)
        if (deal->joins.item[i].cluster == cluster)
            deal_add_hand(deal, view, deal->joins.item[i].task);
    if (deal->from_nothing && view->catalog->window > 0)
        view_each_waiting (view, cluster, id)
            if (plan_may_start(plan, id, cluster))
                deal_add_hand(deal, view, id);
    if (deal->hands.count > 0)
        vector_sort(&deal->hands, compare_hands);
}

/* From hands to plan */

static void change(const struct deal *deal, const struct task *task, struct plan *plan,
                   const struct allocation *amount)
{
    struct allocation given = *amount;

    if (allocation_equal(&task->allocation, amount))
        return;
    if (!deal->has_nodes) {
        plan_resize(plan, task->id, amount);
        return;
    }
    plan_lift(plan, task->id);
    if (!plan_fits(plan, task->cluster, &given))
        given = place_cut(plan, task->cluster, &task->allocation, &given);
    if (!allocation_equal(&task->allocation, &given) || !plan_put_back(plan, task->id))
        plan_resize(plan, task->id, &given);
}

static void start(const struct deal *deal, const struct task *task, struct plan *plan,
                  int32_t cluster, const struct allocation *amount)
{
    struct allocation given = *amount;

    if (!plan_may_start(plan, task->id, cluster))
        return;
    if (deal->has_nodes) {
        if (!plan_fits(plan, cluster, &task->min))
            return;
        given = place_cut(plan, cluster, &task->min, amount);
    }
    plan_start(plan, task->id, cluster, &given);
}

enum { PASS_LEAVE, PASS_SHRINK, PASS_START, PASS_GROW, PASSES };

static int pass_of(const struct task *task, const struct allocation *amount)
{
    if (task->state == TASK_WAITING)
        return allocation_is_zero(amount) ? PASSES : PASS_START;
    if (allocation_is_zero(amount))
        return PASS_LEAVE;
    return allocation_fits(amount, &task->allocation) ? PASS_SHRINK : PASS_GROW;
}

/* Whether the cluster at hand has nodes that never stand in the way. */
static bool deals_nodes_out(const struct deal *deal)
{
    const struct cluster_info *info = &deal->catalog->cluster[deal->cluster];

    return info->nodes > 1 && !cluster_is_split(info);
}

static void propose_hand(const struct deal *deal, const struct view *view, struct plan *plan,
                         const struct deal_hand *hand)
{
    const struct task *task = &view->task[hand->task];

    if (task->state == TASK_WAITING)
        start(deal, task, plan, deal->cluster, &hand->amount);
    else if (allocation_is_zero(&hand->amount))
        plan_preempt(plan, task->id);
    else
        change(deal, task, plan, &hand->amount);
}

static void propose(struct deal *deal, const struct view *view, struct plan *plan, int pass)
{
    for (size_t i = 0; i < deal->hands.count; i++) {
        const struct deal_hand *hand = &deal->hands.item[i];

        if (pass_of(&view->task[hand->task], &hand->amount) == pass)
            propose_hand(deal, view, plan, hand);
    }
}

static int compare_widths(const void *a, const void *b)
{
    const struct deal_hand *left = a, *right = b;

    if (left->width != right->width)
        return left->width < right->width ? -1 : 1;
    return compare_hands(a, b);
}

/* The world finds nodes for who changes in the order of the plan: for the narrowest first, as
 * Pollux' port of Optimus does. Who goes back to waiting is the narrowest of all. */
static void propose_by_width(struct deal *deal, const struct view *view, struct plan *plan)
{
    const struct allocation *capacity = &deal->catalog->cluster[deal->cluster].capacity;

    for (size_t i = 0; i < deal->hands.count; i++) {
        struct deal_hand *hand = &deal->hands.item[i];

        hand->width = allocation_dominant_share(&hand->amount, capacity);
    }
    vector_sort(&deal->hands, compare_widths);
    for (size_t i = 0; i < deal->hands.count; i++)
        if (pass_of(&view->task[deal->hands.item[i].task], &deal->hands.item[i].amount) < PASSES)
            propose_hand(deal, view, plan, &deal->hands.item[i]);
}

/* Newcomers that found no nodes where they were let in may find some elsewhere. */
static void try_elsewhere(const struct deal *deal, const struct view *view, struct plan *plan)
{
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting) {
        const struct task *task = &view->task[id];

        for (int32_t i = 0; i < task->reach.count && !plan_has(plan, id); i++)
            start(deal, task, plan, task->reach.cluster[i], &task->min);
    }
}

static void deal_out(struct deal *deal, const struct view *view, struct plan *plan, bool all,
                     deal_fn grow, void *arg)
{
    vector_clear(&deal->joins);
    vector_clear(&deal->changed);
    id_set_clear(&deal->joined);
    id_set_clear(&deal->is_changed);
    id_set_clear(&deal->is_counted);
    look_around(deal, view, plan, all || view->catalog->slot_s > 0);
    for (size_t i = 0; i < deal->changed.count; i++) {
        if (!view->cluster[deal->changed.item[i]].up)
            continue;
        gather_hands(deal, view, plan, deal->changed.item[i]);
        grow(arg, view, deal);
        if (deal->hands.count == 0)
            continue;
        if (deal->from_nothing)
            vector_sort(&deal->hands, compare_hands);
        if (deals_nodes_out(deal))
            propose_by_width(deal, view, plan);
        else
            for (int pass = 0; pass < PASSES; pass++)
                propose(deal, view, plan, pass);
    }
    if (deal->has_nodes)
        try_elsewhere(deal, view, plan);
}

void deal_decide(struct deal *deal, const struct view *view, struct plan *plan, bool all,
                 deal_fn grow, void *arg)
{
    bool from_nothing = deal->from_nothing, keeps = deal->keeps;

    if (from_nothing && view->round > 0) {
        deal->from_nothing = false;
        deal->keeps = true;
    }
    deal_out(deal, view, plan, all, grow, arg);
    deal->from_nothing = from_nothing;
    deal->keeps = keeps;
}
