/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fair: equal share. Every cluster divides each resource equally among its tasks, between their
 * minima and maxima, and divides anew whenever a task comes or goes. A task joins the cluster of
 * its reach that would have the fewest tasks per capacity, as long as everybody's minimum still
 * fits there.
 *
 * With one cluster, one finely divided resource and speeds proportional to the allocation this is
 * processor sharing, which queueing theory knows exactly. Good for fairness; bad where a change of
 * allocation costs time, and for mean completion time when tasks are alike: it finishes all of them
 * late.
 */
#include <stdlib.h>

#include "base/vector.h"
#include "core/policy.h"
#include "policy/place.h"
#include "policy/registry.h"

struct join {
    int32_t task, cluster;
};

struct fair {
    VECTOR(struct join) joins; /* of this decision, in order of arrival */
    VECTOR(int32_t) changed;   /* clusters to be divided anew */
    bool *is_changed;          /* by cluster */
    int32_t *member;           /* of the cluster at hand, in order of arrival */
    struct allocation *amount;
    int32_t members, capacity;
    struct allocation *minima; /* by cluster: sum over its tasks, planned ones included */
    int32_t *tasks;            /* likewise: their number */
    bool has_nodes;            /* some cluster is split */
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct fair *s = state;
    size_t clusters = (size_t)setup->catalog->clusters;

    (void)err;
    s->minima = xcalloc(clusters, sizeof *s->minima);
    s->tasks = xcalloc(clusters, sizeof *s->tasks);
    s->is_changed = xcalloc(clusters, sizeof *s->is_changed);
    for (int c = 0; c < setup->catalog->clusters; c++)
        s->has_nodes |= cluster_is_split(&setup->catalog->cluster[c]);
    return 0;
}

static void release(void *state)
{
    struct fair *s = state;

    free(s->member);
    free(s->amount);
    free(s->minima);
    free(s->tasks);
    free(s->is_changed);
    vector_release(&s->joins);
    vector_release(&s->changed);
}

static void mark_changed(struct fair *s, int32_t cluster)
{
    if (s->is_changed[cluster])
        return;
    s->is_changed[cluster] = true;
    vector_push(&s->changed, cluster);
}

static void count_cluster(struct fair *s, const struct view *view, int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];

    mark_changed(s, cluster);
    s->minima[cluster] = (struct allocation){{0}};
    for (int32_t i = 0; i < at->runnings; i++)
        allocation_add(&s->minima[cluster], &view->task[at->running[i]].min);
    s->tasks[cluster] = at->runnings;
}

static bool has_joined(const struct fair *s, const struct view *view, int32_t id, int32_t cluster)
{
    bool one = view->catalog->slot_s > 0 && view->catalog->rounds == ROUNDS_ONE;

    for (size_t i = 0; i < s->joins.count; i++)
        if (s->joins.item[i].task == id || (one && s->joins.item[i].cluster == cluster))
            return true;
    return false;
}

static bool has_room(const struct fair *s, const struct view *view, int32_t cluster,
                     const struct task *task)
{
    struct allocation sum = s->minima[cluster];

    allocation_add(&sum, &task->min);
    return allocation_fits(&sum, &view->catalog->cluster[cluster].capacity);
}

/* Tasks over the mean share that the cluster has of all capacity: how crowded it would be. */
static double crowding(const struct fair *s, const struct catalog *catalog, int32_t cluster)
{
    double share = 0;

    for (int r = 0; r < catalog->resources; r++)
        if (catalog->total.amount[r] > 0)
            share +=
                (double)catalog->cluster[cluster].capacity.amount[r] / catalog->total.amount[r];
    return (s->tasks[cluster] + 1) / (share > 0 ? share : 1e-9);
}

static int32_t choose_cluster(const struct fair *s, const struct view *view,
                              const struct task *task)
{
    int32_t best = -1;
    double least = 0;

    for (int32_t i = 0; i < task->reach.count; i++) {
        int32_t cluster = task->reach.cluster[i];
        double crowd;

        if (!view_may_start(view, task->id, cluster) || !has_room(s, view, cluster, task) ||
            has_joined(s, view, task->id, cluster))
            continue;
        crowd = crowding(s, view->catalog, cluster);
        if (best < 0 || crowd < least) {
            best = cluster;
            least = crowd;
        }
    }
    return best;
}

static void join_best(struct fair *s, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];
    struct join join = {id, choose_cluster(s, view, task)};

    if (join.cluster < 0)
        return;
    vector_push(&s->joins, join);
    allocation_add(&s->minima[join.cluster], &task->min);
    s->tasks[join.cluster]++;
    mark_changed(s, join.cluster);
}

static void add_member(struct fair *s, int32_t id)
{
    if (s->members == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 32;
        s->member = xrealloc(s->member, (size_t)s->capacity, sizeof *s->member);
        s->amount = xrealloc(s->amount, (size_t)s->capacity, sizeof *s->amount);
    }
    s->member[s->members++] = id;
}

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

static int64_t sum_at_level(const struct fair *s, const struct view *view, int r, int32_t level)
{
    int64_t sum = 0;

    for (int32_t i = 0; i < s->members; i++) {
        const struct task *task = &view->task[s->member[i]];

        sum += clamp(level, task->min.amount[r], task->max.amount[r]);
    }
    return sum;
}

/* Water-filling: the highest common level that fits, what is left over to the first who take more.
 */
static void divide(struct fair *s, const struct view *view, int r, int32_t capacity)
{
    int32_t low = 0, high = capacity;
    int64_t left;

    while (low < high) {
        int32_t middle = low + (high - low + 1) / 2;

        if (sum_at_level(s, view, r, middle) <= capacity)
            low = middle;
        else
            high = middle - 1;
    }
    left = capacity - sum_at_level(s, view, r, low);
    for (int32_t i = 0; i < s->members; i++) {
        const struct task *task = &view->task[s->member[i]];
        int32_t amount = clamp(low, task->min.amount[r], task->max.amount[r]);

        if (left > 0 && amount == low && amount < task->max.amount[r]) {
            amount++;
            left--;
        }
        s->amount[i].amount[r] = amount;
    }
}

static void change(const struct task *task, struct plan *plan, const struct allocation *amount)
{
    if (!allocation_equal(&task->allocation, amount))
        plan_resize(plan, task->id, amount);
}

/* On nodes an equal share may find no room; then it is cut to what does, or stays as it was. */
static void change_on_nodes(const struct task *task, struct plan *plan,
                            const struct allocation *amount)
{
    struct allocation given = *amount;

    plan_lift(plan, task->id);
    if (!plan_fits(plan, task->cluster, &given))
        given = place_cut(plan, task->cluster, &task->allocation, &given);
    if (!allocation_equal(&task->allocation, &given) || !plan_put_back(plan, task->id))
        plan_resize(plan, task->id, &given);
}

static void start_on_nodes(const struct task *task, struct plan *plan, int32_t cluster,
                           const struct allocation *amount)
{
    struct allocation given;

    if (!plan_fits(plan, cluster, &task->min) || !plan_may_start(plan, task->id, cluster))
        return;
    given = place_cut(plan, cluster, &task->min, amount);
    plan_start(plan, task->id, cluster, &given);
}

/* Who shrinks first, then newcomers, then who grows. */
static void share_out_on_nodes(struct fair *s, const struct view *view, struct plan *plan,
                               int32_t cluster)
{
    for (int pass = 0; pass < 3; pass++)
        for (int32_t i = 0; i < s->members; i++) {
            const struct task *task = &view->task[s->member[i]];
            bool waits = task->state == TASK_WAITING;
            bool shrinks = !waits && allocation_fits(&s->amount[i], &task->allocation);

            if (pass == 1 && waits)
                start_on_nodes(task, plan, cluster, &s->amount[i]);
            else if (!waits && pass == (shrinks ? 0 : 2))
                change_on_nodes(task, plan, &s->amount[i]);
        }
}

static void share_out(struct fair *s, const struct view *view, struct plan *plan, int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];

    s->members = 0;
    for (int32_t i = 0; i < at->runnings; i++)
        add_member(s, at->running[i]);
    for (size_t i = 0; i < s->joins.count; i++)
        if (s->joins.item[i].cluster == cluster)
            add_member(s, s->joins.item[i].task);
    for (int32_t i = 0; i < s->members; i++)
        s->amount[i] = (struct allocation){{0}};
    for (int r = 0; r < view->catalog->resources; r++)
        divide(s, view, r, view->catalog->cluster[cluster].capacity.amount[r]);
    if (at->node_free) {
        share_out_on_nodes(s, view, plan, cluster);
        return;
    }
    for (int32_t i = 0; i < s->members; i++) {
        const struct task *task = &view->task[s->member[i]];

        if (task->state == TASK_WAITING)
            plan_start(plan, task->id, cluster, &s->amount[i]);
        else
            change(task, plan, &s->amount[i]);
    }
}

/* Newcomers that found no nodes where they were let in may find some elsewhere. */
static void try_elsewhere(const struct view *view, struct plan *plan)
{
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting) {
        const struct task *task = &view->task[id];

        for (int32_t i = 0; i < task->reach.count; i++)
            start_on_nodes(task, plan, task->reach.cluster[i], &task->min);
    }
}

/* At least what any of the clusters to be divided has left for newcomers. */
static struct allocation most_left(const struct fair *s, const struct view *view)
{
    struct allocation most = {{0}};

    for (size_t i = 0; i < s->changed.count; i++) {
        struct allocation left = view->catalog->cluster[s->changed.item[i]].capacity;

        allocation_subtract(&left, &s->minima[s->changed.item[i]]);
        most = allocation_most(&most, &left);
    }
    return most;
}

/* On nodes there may be room elsewhere that was not found the last time, so all are tried. */
static void join_waiting(struct fair *s, const struct view *view, int32_t cluster)
{
    struct waiting_cursor cursor;
    size_t joins = SIZE_MAX;
    int32_t id;

    waiting_begin(&cursor, view, cluster);
    do {
        if (!s->has_nodes && joins != s->joins.count) {
            struct allocation left = most_left(s, view);

            waiting_only_fitting(&cursor, &left);
            joins = s->joins.count;
        }
        id = waiting_next(&cursor);
        if (id >= 0)
            join_best(s, view, id);
    } while (id >= 0);
}

/* Everybody who could join was let in at the last decision, so in continuous time only clusters
 * where something came free and new tasks need a look. */
static void look_around(struct fair *s, const struct view *view)
{
    bool slotted = view->catalog->slot_s > 0;
    int32_t clusters = slotted ? view->catalog->clusters : view->toucheds;

    for (int32_t i = 0; i < clusters; i++)
        count_cluster(s, view, slotted ? i : view->touched[i]);
    for (int32_t i = 0; i < clusters; i++)
        join_waiting(s, view, slotted ? i : view->touched[i]);
    for (int32_t i = 0; !slotted && i < view->arrivals; i++)
        join_best(s, view, view->arrived[i]);
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct fair *s = state;

    vector_clear(&s->joins);
    look_around(s, view);
    for (size_t i = 0; i < s->changed.count; i++) {
        share_out(s, view, plan, s->changed.item[i]);
        s->is_changed[s->changed.item[i]] = false;
    }
    vector_clear(&s->changed);
    if (s->has_nodes)
        try_elsewhere(view, plan);
}

const struct policy_ops policy_fair = {
    .name = "fair",
    .summary = "every cluster divides its resources equally among its tasks",
    .source = "processor sharing (Kleinrock, 1967), on vectors",
    .info = INFO_BLIND,
    .traits = POLICY_ELASTIC | POLICY_WORK_CONSERVING,
    .state_size = sizeof(struct fair),
    .init = init,
    .decide = decide,
    .release = release,
};
