/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running tasks are lifted out of the plan's books, so that the clusters look empty; then running
 * and waiting tasks are merged in order of priority. A running task is put back where it was if
 * that is still free, else it moves to another place, else it is preempted. A waiting one starts on
 * the cluster that it fills best.
 *
 * Three things keep a decision short, and none of them changes what is decided. Running tasks ahead
 * of all waiting ones would be put back anyway and are left alone. Waiting tasks that ask for the
 * same and reach the same stand in one lane, a heap by priority: what a plan leaves free only
 * shrinks while it is swept, so a lane whose first task finds no room is closed, and a decision
 * looks at as many waiting tasks as it starts, and one more per lane. And in continuous time only
 * clusters are swept where something changed; a task that is preempted asks for another decision at
 * once, in which the clusters that it reaches have changed.
 *
 * In worlds with windows the tasks that are shown are few; they are sorted.
 */
#include "policy/sweep.h"

#include <string.h>

#include "base/rng.h"
#include "policy/place.h"

enum { BUCKETS = 4096 };

void sweep_init(struct sweep *sweep, const struct policy_setup *setup,
                const struct sweep_rules *rules)
{
    *sweep =
        (struct sweep){.rules = *rules, .spare_lane = -1, .clusters = setup->catalog->clusters};
    requests_init(&sweep->requests, setup);
    for (int i = 0; i < BUCKETS; i++)
        vector_push(&sweep->bucket, -1);
    sweep->list = xcalloc((size_t)sweep->clusters + 1, sizeof *sweep->list);
    sweep->cluster = xcalloc((size_t)sweep->clusters, sizeof *sweep->cluster);
    for (int32_t c = 0; c < sweep->clusters; c++)
        sweep->cluster[c] = c;
}

void sweep_release(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->lanes.count; i++)
        vector_release(&sweep->lanes.item[i].heap);
    for (int32_t c = 0; sweep->list && c <= sweep->clusters; c++)
        vector_release(&sweep->list[c]);
    free(sweep->list);
    free(sweep->cluster);
    requests_release(&sweep->requests);
    vector_release(&sweep->lanes);
    vector_release(&sweep->bucket);
    vector_release(&sweep->stamp);
    vector_release(&sweep->first);
    vector_release(&sweep->running);
    vector_release(&sweep->hoped);
    vector_release(&sweep->changed);
    vector_release(&sweep->share);
    id_set_release(&sweep->is_changed);
    id_set_release(&sweep->shown);
}

/* Heaps of entries */

static bool comes_before(const struct sweep_entry *a, const struct sweep_entry *b)
{
    if (a->key.rank != b->key.rank)
        return a->key.rank < b->key.rank;
    if (a->key.order != b->key.order)
        return a->key.order < b->key.order;
    return a->task < b->task;
}

static void heap_push(sweep_entries *heap, const struct sweep_entry *entry)
{
    size_t at = heap->count;

    vector_push(heap, *entry);
    for (; at > 0 && comes_before(entry, &heap->item[(at - 1) / 2]); at = (at - 1) / 2)
        heap->item[at] = heap->item[(at - 1) / 2];
    heap->item[at] = *entry;
}

static struct sweep_entry heap_take(sweep_entries *heap)
{
    struct sweep_entry top = heap->item[0], moved = vector_pop(heap);
    size_t at = 0;

    while (heap->count > 0) {
        size_t child = 2 * at + 1;

        if (child + 1 < heap->count && comes_before(&heap->item[child + 1], &heap->item[child]))
            child++;
        if (child >= heap->count || !comes_before(&heap->item[child], &moved))
            break;
        heap->item[at] = heap->item[child];
        at = child;
    }
    if (heap->count > 0)
        heap->item[at] = moved;
    return top;
}

/* Lanes */

static bool reach_equal(const struct reach *a, const struct reach *b)
{
    return a->count == b->count && a->bits == b->bits &&
           (a->cluster == b->cluster ||
            memcmp(a->cluster, b->cluster, (size_t)a->count * sizeof *a->cluster) == 0);
}

static int32_t *find_bucket(const struct sweep *sweep, const struct allocation *request,
                            const struct reach *reach)
{
    uint64_t hash = rng_hash(reach->bits, (uint64_t)reach->count, (uint64_t)reach->cluster[0]);

    for (int r = 0; r < MAX_RESOURCES; r++)
        hash = rng_hash(hash, (uint64_t)r, (uint64_t)request->amount[r]);
    return &sweep->bucket.item[hash % BUCKETS];
}

static int32_t make_lane(struct sweep *sweep)
{
    int32_t lane = sweep->spare_lane;

    if (lane >= 0) {
        sweep->spare_lane = sweep->lanes.item[lane].next;
        return lane;
    }
    vector_push(&sweep->lanes, (struct sweep_lane){0});
    return (int32_t)sweep->lanes.count - 1;
}

static int32_t find_lane(struct sweep *sweep, const struct allocation *request,
                         const struct reach *reach)
{
    int32_t *bucket = find_bucket(sweep, request, reach), lane;

    for (lane = *bucket; lane >= 0; lane = sweep->lanes.item[lane].next)
        if (allocation_equal(&sweep->lanes.item[lane].request, request) &&
            reach_equal(&sweep->lanes.item[lane].reach, reach))
            return lane;
    lane = make_lane(sweep);
    sweep->lanes.item[lane].request = *request;
    sweep->lanes.item[lane].reach = *reach;
    sweep->lanes.item[lane].next = *bucket;
    *bucket = lane;
    return lane;
}

static void list_in(struct sweep *sweep, int32_t lane, int32_t list)
{
    for (size_t i = 0; i < sweep->list[list].count; i++)
        if (sweep->list[list].item[i] == lane)
            return;
    vector_push(&sweep->list[list], lane);
    sweep->lanes.item[lane].listings++;
}

/* Makes sure that every cluster which the lane reaches knows of it; wide ones stand in a list of
 * their own. */
static void list_lane(struct sweep *sweep, int32_t lane)
{
    const struct reach *reach = &sweep->lanes.item[lane].reach;
    bool wide = reach->count > WIDE_REACH;

    if (sweep->lanes.item[lane].listings == (wide ? 1 : reach->count))
        return;
    if (wide)
        list_in(sweep, lane, sweep->clusters);
    for (int32_t i = 0; !wide && i < reach->count; i++)
        list_in(sweep, lane, reach->cluster[i]);
}

/* A lane that is empty and in no list any more may become another. */
static void retire_lane(struct sweep *sweep, int32_t lane)
{
    struct sweep_lane *old = &sweep->lanes.item[lane];
    int32_t *link = find_bucket(sweep, &old->request, &old->reach);

    while (*link != lane)
        link = &sweep->lanes.item[*link].next;
    *link = old->next;
    old->next = sweep->spare_lane;
    sweep->spare_lane = lane;
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
    struct sweep_entry entry = {.task = id, .stamp = ++sweep->stamps};
    struct reach reach;
    int32_t lane;

    while (sweep->stamp.count < (size_t)view->tasks)
        vector_push(&sweep->stamp, 0);
    sweep->stamp.item[id] = entry.stamp;
    if (view->catalog->window > 0)
        return;
    entry.key = sweep->rules.key(sweep->rules.arg, view, id);
    reach = reach_of(sweep, view, id);
    lane = find_lane(sweep, request_of(&sweep->requests, view, id), &reach);
    heap_push(&sweep->lanes.item[lane].heap, &entry);
    list_lane(sweep, lane);
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

/* The first entry of a lane that is in force, or NULL. */
static const struct sweep_entry *lane_first(const struct sweep *sweep, const struct view *view,
                                            struct sweep_lane *lane)
{
    while (lane->heap.count > 0) {
        const struct sweep_entry *first = &lane->heap.item[0];

        if (first->stamp == sweep->stamp.item[first->task] &&
            view->task[first->task].state == TASK_WAITING)
            return first;
        heap_take(&lane->heap);
    }
    return NULL;
}

/* Offers the lane's first task; false if it has none. */
static bool open_lane(struct sweep *sweep, const struct view *view, int32_t lane)
{
    const struct sweep_entry *first = lane_first(sweep, view, &sweep->lanes.item[lane]);
    struct sweep_entry entry;

    if (!first)
        return false;
    entry = *first;
    entry.lane = lane;
    heap_push(&sweep->first, &entry);
    return true;
}

/* Opens the lanes of a list, and strikes out those that are empty. */
static void open_list(struct sweep *sweep, const struct view *view, int32_t list)
{
    sweep_ids *ids = &sweep->list[list];

    for (size_t i = 0; i < ids->count;) {
        int32_t lane = ids->item[i];
        struct sweep_lane *at = &sweep->lanes.item[lane];

        if (at->swept == sweep->sweeps || open_lane(sweep, view, lane)) {
            at->swept = sweep->sweeps;
            i++;
            continue;
        }
        ids->item[i] = vector_pop(ids);
        if (--at->listings == 0)
            retire_lane(sweep, lane);
    }
}

/* Windows */

static void gather_shown(struct sweep *sweep, const struct view *view)
{
    id_set_clear(&sweep->shown);
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        for (uint64_t left = view->cluster[c].occupied; left; left &= left - 1) {
            int32_t id = view->cluster[c].slot[__builtin_ctzll(left)];
            struct sweep_entry entry = {.task = id, .lane = -1};

            if (id_set_has(&sweep->shown, id))
                continue;
            id_set_add(&sweep->shown, id);
            entry.key = sweep->rules.key(sweep->rules.arg, view, id);
            heap_push(&sweep->first, &entry);
        }
}

/* The sweep */

static int compare_entries(const void *a, const void *b)
{
    return comes_before(a, b) ? -1 : comes_before(b, a);
}

/* The running tasks that come after the first waiting one. */
static void gather_running(struct sweep *sweep, const struct view *view, struct plan *plan)
{
    vector_clear(&sweep->running);
    for (size_t k = 0; k < sweep->changed.count; k++) {
        const struct cluster_view *at = &view->cluster[sweep->changed.item[k]];

        for (int32_t i = 0; i < at->runnings; i++) {
            struct sweep_entry entry = {.task = at->running[i], .lane = -1};

            entry.key = sweep->rules.key(sweep->rules.arg, view, entry.task);
            if (!sweep->rules.anew && !sweep->rules.restarts &&
                comes_before(&entry, &sweep->first.item[0]))
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
    struct sweep_entry entry = heap_take(&sweep->first);
    const struct allocation *request = request_of(&sweep->requests, view, entry.task);
    int32_t cluster = find_room(sweep, view, plan, entry.task, request);

    if (cluster < 0)
        return;
    plan_start(plan, entry.task, cluster, request);
    sweep->stamp.item[entry.task] = 0;
    vector_push(&sweep->hoped, entry.task);
    if (entry.lane >= 0)
        open_lane(sweep, view, entry.lane);
}

static void open_all(struct sweep *sweep, const struct view *view)
{
    vector_clear(&sweep->first);
    sweep->sweeps++;
    if (view->waiting == 0)
        return;
    if (view->catalog->window > 0) {
        gather_shown(sweep, view);
        return;
    }
    for (size_t i = 0; i < sweep->changed.count; i++)
        open_list(sweep, view, sweep->changed.item[i]);
    if (sweep->changed.count > 0)
        open_list(sweep, view, sweep->clusters);
}

void sweep_decide(struct sweep *sweep, const struct view *view, struct plan *plan)
{
    size_t next = 0;

    for (int32_t c = 0; sweep->rules.restarts && c < view->catalog->clusters; c++)
        sweep_mark(sweep, c);
    open_all(sweep, view);
    vector_clear(&sweep->running);
    if (sweep->rules.preempts && (sweep->first.count > 0 || sweep->rules.restarts))
        gather_running(sweep, view, plan);
    while (sweep->first.count > 0 || next < sweep->running.count) {
        if (next < sweep->running.count &&
            (sweep->first.count == 0 ||
             comes_before(&sweep->running.item[next], &sweep->first.item[0])))
            keep_running(sweep, view, plan, sweep->running.item[next++].task);
        else
            serve_first(sweep, view, plan);
    }
    vector_clear(&sweep->changed);
    id_set_clear(&sweep->is_changed);
}
