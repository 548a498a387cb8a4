/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Greedy, then exchanges. The greedy part always takes the step, of one task from what it has (at
 * first nothing) to another of its options, that lowers the cost most per added size; on one
 * resource that solves the linear relaxation but for the last task. As what is free shrinks, a
 * task's best step gets no better, so the heap holds bounds and a task is looked at again only when
 * its turn comes.
 *
 * Then, for every task in turn, each better option that does not fit is tried at the expense of one
 * other task of that cluster, which takes the best of its options that is left to it, or nothing;
 * the exchange stays if the sum of costs falls. This repeats until nothing changes or the trials
 * are used up. Ties go to the lower task and the earlier option throughout.
 */
#include "policy/assign.h"

#include <math.h>
#include <string.h>

#include "core/catalog.h"

static const double LEAST_SIZE = 1e-9, LEAST_GAIN = 1e-12;

void assign_init(struct assign *assign, const struct catalog *catalog)
{
    *assign = (struct assign){.catalog = catalog};
    assign->free = xcalloc((size_t)catalog->clusters, sizeof *assign->free);
    heap_init(&assign->next);
}

void assign_release(struct assign *assign)
{
    free(assign->free);
    vector_release(&assign->tasks);
    vector_release(&assign->options);
    heap_release(&assign->next);
    *assign = (struct assign){0};
}

void assign_clear(struct assign *assign)
{
    memset(assign->free, 0, (size_t)assign->catalog->clusters * sizeof *assign->free);
    vector_clear(&assign->tasks);
    vector_clear(&assign->options);
    heap_reset(&assign->next);
}

void assign_set_free(struct assign *assign, int32_t cluster, const struct allocation *free)
{
    assign->free[cluster] = *free;
}

void assign_add_task(struct assign *assign, int32_t task, double none_cost)
{
    vector_push(&assign->tasks, ((struct assign_task){.task = task,
                                                      .first = (int32_t)assign->options.count,
                                                      .chosen = -1,
                                                      .none_cost = none_cost}));
}

void assign_add_option(struct assign *assign, int32_t cluster, const struct allocation *amount,
                       double cost)
{
    struct assign_task *task = &assign->tasks.item[assign->tasks.count - 1];
    double size = allocation_dominant_share(amount, &assign->catalog->total);

    vector_push(&assign->options, ((struct assign_option){cluster, *amount, cost, size}));
    task->options++;
}

static double cost_of(const struct assign *assign, const struct assign_task *task)
{
    return task->chosen < 0 ? task->none_cost : assign->options.item[task->chosen].cost;
}

/* Gives the task another option, or none (-1). */
static void choose(struct assign *assign, struct assign_task *task, int32_t option)
{
    const struct assign_option *all = assign->options.item;

    if (task->chosen >= 0)
        allocation_add(&assign->free[all[task->chosen].cluster], &all[task->chosen].amount);
    if (option >= 0)
        allocation_subtract(&assign->free[all[option].cluster], &all[option].amount);
    task->chosen = option;
}

static bool fits(const struct assign *assign, const struct assign_task *task,
                 const struct assign_option *option)
{
    struct allocation free = assign->free[option->cluster];

    if (task->chosen >= 0 && assign->options.item[task->chosen].cluster == option->cluster)
        allocation_add(&free, &assign->options.item[task->chosen].amount);
    return allocation_fits(&option->amount, &free);
}

/* The steepest step that fits, or -1; *slope is cost saved per size. */
static int32_t best_step(const struct assign *assign, const struct assign_task *task, double *slope)
{
    double cost = cost_of(assign, task);
    double size = task->chosen < 0 ? 0 : assign->options.item[task->chosen].size;
    int32_t best = -1;

    *slope = 0;
    for (int32_t i = task->first; i < task->first + task->options; i++) {
        const struct assign_option *option = &assign->options.item[i];
        double gain = cost - option->cost, here;

        if (gain <= LEAST_GAIN)
            continue;
        here = gain / fmax(option->size - size, LEAST_SIZE);
        if (here > *slope && fits(assign, task, option)) {
            *slope = here;
            best = i;
        }
    }
    return best;
}

static void queue_step(struct assign *assign, int32_t task)
{
    double slope;

    if (best_step(assign, &assign->tasks.item[task], &slope) >= 0)
        heap_set(&assign->next, task, -slope);
}

static void take_greedily(struct assign *assign)
{
    for (int32_t i = 0; i < (int32_t)assign->tasks.count; i++)
        queue_step(assign, i);
    while (!heap_is_empty(&assign->next)) {
        double slope;
        int32_t i = heap_pop(&assign->next);
        int32_t option = best_step(assign, &assign->tasks.item[i], &slope);

        if (option < 0)
            continue;
        if (!heap_is_empty(&assign->next) && -slope > heap_peek(&assign->next).key) {
            heap_set(&assign->next, i, -slope);
            continue;
        }
        choose(assign, &assign->tasks.item[i], option);
        queue_step(assign, i);
    }
}

/* The cheapest option that fits, or none if that is cheaper still. */
static int32_t cheapest(const struct assign *assign, const struct assign_task *task)
{
    double least = task->none_cost;
    int32_t best = -1;

    for (int32_t i = task->first; i < task->first + task->options; i++)
        if (assign->options.item[i].cost < least && fits(assign, task, &assign->options.item[i])) {
            least = assign->options.item[i].cost;
            best = i;
        }
    return best;
}

/* Tries an option at the expense of another task. */
static bool exchange(struct assign *assign, struct assign_task *task, int32_t option,
                     struct assign_task *other)
{
    int32_t had = task->chosen, other_had = other->chosen;
    double before = cost_of(assign, task) + cost_of(assign, other);

    choose(assign, other, -1);
    if (fits(assign, task, &assign->options.item[option])) {
        choose(assign, task, option);
        choose(assign, other, cheapest(assign, other));
        if (cost_of(assign, task) + cost_of(assign, other) < before - LEAST_GAIN)
            return true;
        choose(assign, other, -1);
        choose(assign, task, had);
    }
    choose(assign, other, other_had);
    return false;
}

/* True if the task could get something better by an exchange. */
static bool improve(struct assign *assign, struct assign_task *task, int32_t *trials)
{
    for (int32_t i = task->first; i < task->first + task->options; i++) {
        const struct assign_option *option = &assign->options.item[i];

        if (option->cost >= cost_of(assign, task) - LEAST_GAIN)
            continue;
        if (fits(assign, task, option)) {
            choose(assign, task, i);
            return true;
        }
        for (size_t k = 0; k < assign->tasks.count; k++) {
            struct assign_task *other = &assign->tasks.item[k];

            if (other == task || other->chosen < 0 ||
                assign->options.item[other->chosen].cluster != option->cluster)
                continue;
            if (--*trials < 0)
                return false;
            if (exchange(assign, task, i, other))
                return true;
        }
    }
    return false;
}

static void make_exchanges(struct assign *assign, int32_t trials)
{
    bool changed = true;

    while (changed && trials > 0) {
        changed = false;
        for (size_t i = 0; i < assign->tasks.count && trials > 0; i++)
            changed |= improve(assign, &assign->tasks.item[i], &trials);
    }
}

double assign_solve(struct assign *assign, int32_t trials)
{
    double sum = 0;

    take_greedily(assign);
    make_exchanges(assign, trials);
    for (size_t i = 0; i < assign->tasks.count; i++)
        sum += cost_of(assign, &assign->tasks.item[i]);
    return sum;
}
