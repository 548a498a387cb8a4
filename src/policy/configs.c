/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice is made by assign.c over the allocations of every type's front (core/front.h), the
 * task's own minimum among them, and all clusters of its reach. As long as no task comes, goes or
 * changes, the costs stay what they were but for the slowly fading weight of restarts, so rounds in
 * which nothing happened are left out. Among equals a task keeps what it has. Tasks whose progress
 * would not survive stay on their cluster until they are done; they may be resized there.
 */
#include "policy/configs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/estimator.h"
#include "policy/rounds.h"

/* What a change must gain, as a part of its cost; and the cost of losing a task's progress. */
static const double STICKY = 1e-3, LOSS = 1e15;

static struct front_item item_of(const struct estimator *estimator, const struct allocation *total,
                                 int type, const struct allocation *amount)
{
    return (struct front_item){
        .amount = *amount,
        .seconds = estimator_seconds(estimator, type, amount, 0),
        .share = allocation_dominant_share(amount, total),
    };
}

/* The smallest is kept, whatever it gains: it may be all that fits. */
static void add_minimum(struct front *front, const struct policy_setup *setup, int type)
{
    const struct allocation *min = &setup->catalog->type[type].min;
    struct front_item *last = front->count > 0 ? &front->item[front->count - 1] : NULL;

    if (last && allocation_equal(&last->amount, min))
        return;
    front->item = xrealloc(front->item, (size_t)front->count + 1, sizeof *front->item);
    front->item[front->count++] = item_of(setup->estimator, &setup->catalog->total, type, min);
}

void configs_init(struct configs *configs, const struct policy_setup *setup)
{
    const struct catalog *catalog = setup->catalog;
    size_t types = (size_t)catalog->types;

    *configs = (struct configs){.catalog = catalog,
                                .front = xcalloc(types, sizeof *configs->front),
                                .restart_s = xcalloc(types, sizeof *configs->restart_s),
                                .unchanged_cost = xcalloc(types, sizeof *configs->unchanged_cost),
                                .tasks = params_int(setup->params, "tasks"),
                                .trials = params_int(setup->params, "trials"),
                                .doubling = params_flag(setup->params, "doubling")};
    for (int i = 0; i < catalog->types; i++) {
        front_make(&configs->front[i], setup, i, &catalog->total,
                   (int32_t)params_int(setup->params, "choices"));
        add_minimum(&configs->front[i], setup, i);
        configs->restart_s[i] = rounds_restart_s(catalog, i);
        configs->unchanged_cost[i] =
            xcalloc((size_t)configs->front[i].count, sizeof *configs->unchanged_cost[i]);
    }
    assign_init(&configs->assign, catalog);
}

void configs_release(struct configs *configs)
{
    for (int i = 0; configs->front && i < configs->catalog->types; i++) {
        front_release(&configs->front[i]);
        free(configs->unchanged_cost[i]);
    }
    free(configs->front);
    free(configs->unchanged_cost);
    free(configs->restart_s);
    vector_release(&configs->most);
    vector_release(&configs->range);
    if (configs->catalog)
        assign_release(&configs->assign);
    targets_release(&configs->targets);
}

void configs_note(struct configs *configs, const struct view *view)
{
    static const struct allocation nothing;
    static const struct config_range unknown;

    configs->news |= view->arrivals > 0 || view->toucheds > 0;
    while (configs->most.count < (size_t)view->tasks) {
        vector_push(&configs->most, nothing);
        vector_push(&configs->range, unknown);
    }
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        for (int32_t i = 0; i < view->cluster[c].runnings; i++) {
            const struct task *task = &view->task[view->cluster[c].running[i]];

            if (allocation_fits(&task->allocation, &configs->most.item[task->id]))
                continue;
            configs->most.item[task->id] =
                allocation_most(&configs->most.item[task->id], &task->allocation);
            configs->range.item[task->id].known = false;
        }
}

/* As much as the task may hold now: of what has never run, twice its minimum. */
static struct allocation bound_of(const struct configs *configs, const struct task *task)
{
    struct allocation most = allocation_most(&configs->most.item[task->id], &task->min);

    if (!configs->doubling)
        return task->max;
    allocation_add(&most, &most);
    return allocation_least(&most, &task->max);
}

static const struct config_range *range_of(struct configs *configs, const struct view *view,
                                           const struct task *task)
{
    const struct front *front = &configs->front[task->type];
    struct config_range *range = &configs->range.item[task->id];

    if (range->known && allocation_equal(&range->max, &task->max) &&
        allocation_equal(&range->min, &task->min))
        return range;
    *range = (struct config_range){.min = task->min,
                                   .max = task->max,
                                   .bound = bound_of(configs, task),
                                   .first = -1,
                                   .end = -1,
                                   .known = true,
                                   .whole = true};
    for (int32_t i = 0; i < front->count; i++)
        if (front->item[i].seconds < HUGE_VAL &&
            allocation_within(&range->min, &front->item[i].amount, &range->bound)) {
            range->first = range->first < 0 ? i : range->first;
            range->whole &= range->end < 0 || range->end == i;
            range->end = i + 1;
        }
    if (range->end < 0 || !allocation_equal(&front->item[range->end - 1].amount, &task->min))
        range->least = item_of(view->estimator, &view->catalog->total, task->type, &task->min);
    return range;
}

static double unchanged_cost(struct configs *configs, const struct view *view,
                             const struct task *task, int32_t i, configs_cost_fn cost,
                             const void *arg)
{
    double *known = &configs->unchanged_cost[task->type][i];

    if (isnan(*known))
        *known = cost(arg, view, task->id, &configs->front[task->type].item[i], false);
    return *known;
}

/* known: the item's place in the front, or -1: it is the task's own minimum. */
static void add_option(struct configs *configs, const struct view *view, const struct task *task,
                       int32_t cluster, const struct front_item *item, int32_t known,
                       configs_cost_fn cost, const void *arg)
{
    bool same = task->state == TASK_RUNNING && task->cluster == cluster &&
                allocation_equal(&task->allocation, &item->amount);
    bool changed = task->first_start_s >= 0 && !same;
    double item_cost;

    if (item->seconds == HUGE_VAL ||
        !allocation_fits(&item->amount, &view->catalog->cluster[cluster].capacity))
        return;
    item_cost = changed || known < 0 ? cost(arg, view, task->id, item, changed)
                                     : unchanged_cost(configs, view, task, known, cost, arg);
    assign_add_option(&configs->assign, cluster, &item->amount, item->share,
                      item_cost * (same ? 1 : 1 + STICKY));
}

static void add_options(struct configs *configs, const struct view *view, const struct task *task,
                        int32_t cluster, configs_cost_fn cost, const void *arg)
{
    const struct front *front = &configs->front[task->type];
    const struct config_range *range = range_of(configs, view, task);

    for (int32_t i = range->first; i < range->end; i++)
        if (range->whole || allocation_within(&range->min, &front->item[i].amount, &range->bound))
            add_option(configs, view, task, cluster, &front->item[i], i, cost, arg);
    if (!allocation_is_zero(&range->least.amount))
        add_option(configs, view, task, cluster, &range->least, -1, cost, arg);
}

static void add_task(struct configs *configs, const struct view *view, int32_t id,
                     configs_cost_fn cost, const void *arg, double none_cost)
{
    const struct task *task = &view->task[id];
    bool runs = task->state == TASK_RUNNING;
    bool stays = runs && !view->catalog->type[task->type].preempt_keeps;

    assign_add_task(&configs->assign, id, stays ? LOSS : none_cost);
    for (int32_t i = 0; i < task->reach.count; i++) {
        int32_t cluster = task->reach.cluster[i];

        if (runs ? view->cluster[cluster].up && (!stays || cluster == task->cluster)
                 : view_may_start(view, id, cluster))
            add_options(configs, view, task, cluster, cost, arg);
    }
}

static void gather(struct configs *configs, const struct view *view, configs_cost_fn cost,
                   const void *arg, double none_cost)
{
    int64_t waiting = 0;

    assign_clear(&configs->assign);
    for (int i = 0; i < view->catalog->types; i++)
        for (int32_t k = 0; k < configs->front[i].count; k++)
            configs->unchanged_cost[i][k] = NAN;
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        if (!view->cluster[c].up)
            continue;
        assign_set_free(&configs->assign, c, &view->catalog->cluster[c].capacity);
        for (int32_t i = 0; i < view->cluster[c].runnings; i++)
            add_task(configs, view, view->cluster[c].running[i], cost, arg, none_cost);
    }
    for (int32_t id = view->first_waiting; id >= 0 && waiting < configs->tasks;
         id = view->task[id].next_waiting, waiting++)
        add_task(configs, view, id, cost, arg, none_cost);
}

void configs_decide(struct configs *configs, const struct view *view, struct plan *plan,
                    configs_cost_fn cost, const void *arg, double none_cost)
{
    const struct assign *assign = &configs->assign;

    if (!configs->news)
        return;
    gather(configs, view, cost, arg, none_cost);
    assign_solve(&configs->assign, (int32_t)configs->trials);
    targets_clear(&configs->targets);
    for (size_t i = 0; i < assign->tasks.count; i++) {
        const struct assign_option *option = assign_chosen(assign, i);

        if (option)
            targets_add(&configs->targets, assign->tasks.item[i].task, option->cluster,
                        &option->amount);
    }
    targets_plan(&configs->targets, view, plan);
    configs->news = plan->actions > 0;
}

double configs_kept(const struct configs *configs, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];
    double age_s = view->now_s - task->arrival_s, each_s = configs->restart_s[task->type];
    double lost_s = each_s * (task->resizes + task->preemptions + task->migrations);

    return each_s > 0 ? fmax(age_s - lost_s, 0) / (age_s + each_s) : 1;
}
