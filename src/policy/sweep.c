/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running tasks are lifted out of the plan's books, so that the clusters look empty; then running
 * and waiting tasks are merged in order of priority. A running task is put back where it was if
 * that is still free, else it moves to another place, else it is preempted. A waiting one starts on
 * the cluster that it fills best.
 *
 * Three things keep a decision short, and none of them changes what is decided. Running tasks ahead
 * of all waiting ones would be put back anyway and are left alone. Waiting tasks that ask for the
 * same and reach the same stand in one lane (policy/lanes.h): what a plan leaves free only
 * shrinks while it is swept, so a lane whose first task finds no room is closed, and a decision
 * looks at as many waiting tasks as it starts, and one more per lane. And in continuous time only
 * clusters are swept where something changed; a task that is preempted asks for another decision at
 * once, in which the clusters that it reaches have changed.
 *
 * In worlds with windows the tasks that are shown are few; they are sorted.
 */
#include "policy/sweep.h"

#include "policy/place.h"

void sweep_init(struct sweep *sweep, const struct policy_setup *setup,
                const struct sweep_rules *rules)
{
    int32_t clusters = setup->catalog->clusters;

    *sweep = (struct sweep){.rules = *rules};
    requests_init(&sweep->requests, setup);
    lanes_init(&sweep->lanes, clusters);
    sweep->cluster = xcalloc((size_t)clusters, sizeof *sweep->cluster);
    for (int32_t c = 0; c < clusters; c++)
        sweep->cluster[c] = c;
}

void sweep_release(struct sweep *sweep)
{
    lanes_release(&sweep->lanes);
    free(sweep->cluster);
    requests_release(&sweep->requests);
    vector_release(&sweep->running);
    vector_release(&sweep->hoped);
    vector_release(&sweep->changed);
    vector_release(&sweep->share);
    id_set_release(&sweep->is_changed);
    id_set_release(&sweep->shown);
}

/* Where the policy lets the task run. */
static struct reach reach_of(const struct sweep *sweep, const struct view *view, int32_t id)
{
    int32_t cluster;

    if (!sweep->rules.where)
        return view->task[id].reach;
    cluster = sweep->rules.where(sweep->rules.arg, id);
    return (struct reach){&sweep->cluster[cluster], 1, (uint64_t)1 << (cluster & 63)};
}

void sweep_enter(struct sweep *sweep, const struct view *view, int32_t id)
{
    struct reach reach;

    if (view->catalog->window > 0)
        return;
    reach = reach_of(sweep, view, id);
    lanes_enter(&sweep->lanes, id, request_of(&sweep->requests, view, id), &reach,
                sweep->rules.key(sweep->rules.arg, view, id));
    for (int32_t i = 0; i < reach.count; i++)
        sweep_mark(sweep, reach.cluster[i]);
}

void sweep_mark(struct sweep *sweep, int32_t cluster)
{
    if (id_set_has(&sweep->is_changed, cluster))
        return;
    id_set_add(&sweep->is_changed, cluster);
    vector_push(&sweep->changed, cluster);
}

void sweep_note(struct sweep *sweep, const struct view *view)
{
    for (size_t i = 0; i < sweep->hoped.count; i++)
        if (view->task[sweep->hoped.item[i]].state == TASK_WAITING)
            sweep_enter(sweep, view, sweep->hoped.item[i]);
    vector_clear(&sweep->hoped);
    for (int32_t i = 0; i < view->arrivals; i++)
        if (view->task[view->arrived[i]].state == TASK_WAITING)
            sweep_enter(sweep, view, view->arrived[i]);
    for (int32_t i = 0; i < view->toucheds; i++)
        sweep_mark(sweep, view->touched[i]);
    for (int32_t c = 0; view->catalog->slot_s > 0 && c < view->catalog->clusters; c++)
        sweep_mark(sweep, c);
}

/* Windows */

static void gather_shown(struct sweep *sweep, const struct view *view)
{
    id_set_clear(&sweep->shown);
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        for (uint64_t left = view->cluster[c].occupied; left; left &= left - 1) {
            int32_t id = view->cluster[c].slot[__builtin_ctzll(left)];
            struct lane_entry entry = {.task = id, .lane = -1};

            if (id_set_has(&sweep->shown, id))
                continue;
            id_set_add(&sweep->shown, id);
            entry.key = sweep->rules.key(sweep->rules.arg, view, id);
            lanes_offer(&sweep->lanes, &entry);
        }
}

/* The sweep */

static int compare_entries(const void *a, const void *b)
{
    return lane_entry_before(a, b) ? -1 : lane_entry_before(b, a);
}

/* The running tasks that come after the first waiting one. */
static void gather_running(struct sweep *sweep, const struct view *view, struct plan *plan)
{
    vector_clear(&sweep->running);
    for (size_t k = 0; k < sweep->changed.count; k++) {
        const struct cluster_view *at = &view->cluster[sweep->changed.item[k]];

        for (int32_t i = 0; i < at->runnings; i++) {
            struct lane_entry entry = {.task = at->running[i], .lane = -1};

            entry.key = sweep->rules.key(sweep->rules.arg, view, entry.task);
            if (!sweep->rules.anew && !sweep->rules.restarts &&
                lane_entry_before(&entry, lanes_first(&sweep->lanes)))
                continue;
            vector_push(&sweep->running, entry);
            plan_lift(plan, entry.task);
        }
    }
    vector_sort(&sweep->running, compare_entries);
}

/* Whether a running task, placed anew on its cluster, would come to lie where it is. */
static bool lies_right(struct sweep *sweep, const struct view *view, struct plan *plan, int32_t id)
{
    const struct task *task = &view->task[id];
    const struct cluster_info *info = &view->catalog->cluster[task->cluster];
    const struct allocation *free = plan_books(plan, task->cluster)->node_free;
    int32_t shares;

    if (!free)
        return true;
    vector_reserve(&sweep->share, (size_t)info->nodes);
    shares = nodes_place(info, free, &task->allocation, NULL, sweep->share.item);
    if (shares != task->placement.shares)
        return false;
    for (int32_t i = 0; i < shares; i++)
        if (sweep->share.item[i].node != task->placement.share[i].node ||
            !allocation_equal(&sweep->share.item[i].amount, &task->placement.share[i].amount))
            return false;
    return true;
}

static void keep_running(struct sweep *sweep, const struct view *view, struct plan *plan,
                         int32_t id)
{
    const struct task *task = &view->task[id];
    int32_t cluster = task->cluster;

    if (!sweep->rules.restarts && (!sweep->rules.anew || lies_right(sweep, view, plan, id)) &&
        plan_put_back(plan, id))
        return;
    if (!plan_fits(plan, cluster, &task->allocation))
        cluster = sweep->rules.where ? -1 : place_other(view, plan, id, &task->allocation);
    if (cluster >= 0) {
        plan_migrate(plan, id, cluster, &task->allocation);
        return;
    }
    plan_preempt(plan, id);
    plan->again = true;
}

static int32_t find_room(const struct sweep *sweep, const struct view *view, struct plan *plan,
                         int32_t id, const struct allocation *request)
{
    int32_t cluster;

    if (!sweep->rules.where)
        return place_best_fit(view, plan, id, request);
    cluster = sweep->rules.where(sweep->rules.arg, id);
    if (cluster < 0 || !plan_fits(plan, cluster, request) || !plan_may_start(plan, id, cluster))
        return -1;
    return cluster;
}

/* Starts the first waiting task if there is room, and opens what stands behind it. */
static void serve_first(struct sweep *sweep, const struct view *view, struct plan *plan)
{
    struct lane_entry entry = lanes_take(&sweep->lanes);
    const struct allocation *request = request_of(&sweep->requests, view, entry.task);
    int32_t cluster = find_room(sweep, view, plan, entry.task, request);

    if (cluster < 0)
        return;
    plan_start(plan, entry.task, cluster, request);
    lanes_forget(&sweep->lanes, entry.task);
    vector_push(&sweep->hoped, entry.task);
    if (entry.lane >= 0)
        lanes_reopen(&sweep->lanes, view, entry.lane);
}

static void open_all(struct sweep *sweep, const struct view *view)
{
    lanes_close(&sweep->lanes);
    if (view->waiting == 0)
        return;
    if (view->catalog->window > 0) {
        gather_shown(sweep, view);
        return;
    }
    for (size_t i = 0; i < sweep->changed.count; i++)
        lanes_open(&sweep->lanes, view, sweep->changed.item[i]);
    if (sweep->changed.count > 0)
        lanes_open_wide(&sweep->lanes, view, -1);
}

void sweep_decide(struct sweep *sweep, const struct view *view, struct plan *plan)
{
    size_t next = 0;

    for (int32_t c = 0; sweep->rules.restarts && c < view->catalog->clusters; c++)
        sweep_mark(sweep, c);
    open_all(sweep, view);
    vector_clear(&sweep->running);
    if (sweep->rules.preempts && (lanes_first(&sweep->lanes) || sweep->rules.restarts))
        gather_running(sweep, view, plan);
    while (lanes_first(&sweep->lanes) || next < sweep->running.count) {
        if (next < sweep->running.count &&
            (!lanes_first(&sweep->lanes) ||
             lane_entry_before(&sweep->running.item[next], lanes_first(&sweep->lanes))))
            keep_running(sweep, view, plan, sweep->running.item[next++].task);
        else
            serve_first(sweep, view, plan);
    }
    vector_clear(&sweep->changed);
    id_set_clear(&sweep->is_changed);
}
