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

/* What would be free on a cluster. */
struct spare {
    int32_t cluster;
    struct allocation free;
};

void assign_init(struct assign *assign, const struct catalog *catalog)
{
    *assign = (struct assign){.catalog = catalog};
    assign->free = xcalloc((size_t)catalog->clusters, sizeof *assign->free);
    assign->least = xcalloc((size_t)catalog->clusters, sizeof *assign->least);
    heap_init(&assign->next);
    heap_init(&assign->fresh);
}

void assign_release(struct assign *assign)
{
    free(assign->free);
    free(assign->least);
    vector_release(&assign->tasks);
    vector_release(&assign->options);
    vector_release(&assign->served);
    heap_release(&assign->next);
    heap_release(&assign->fresh);
    *assign = (struct assign){0};
}

static void forget_least(struct assign *assign)
{
    for (int32_t c = 0; c < assign->catalog->clusters; c++)
        for (int r = 0; r < MAX_RESOURCES; r++)
            assign->least[c].amount[r] = MAX_QUANTITY;
}

void assign_clear(struct assign *assign)
{
    memset(assign->free, 0, (size_t)assign->catalog->clusters * sizeof *assign->free);
    vector_clear(&assign->tasks);
    vector_clear(&assign->options);
    vector_clear(&assign->served);
    forget_least(assign);
}

void assign_set_free(struct assign *assign, int32_t cluster, const struct allocation *free)
{
    assign->free[cluster] = *free;
}

void assign_add_task(struct assign *assign, int32_t task, double none_cost)
{
    if (assign->tasks.count % 64 == 0)
        vector_push(&assign->served, 0);
    vector_push(&assign->tasks, ((struct assign_task){.task = task,
                                                      .first = (int32_t)assign->options.count,
                                                      .chosen = -1,
                                                      .none_cost = none_cost}));
}

void assign_add_option(struct assign *assign, int32_t cluster, const struct allocation *amount,
                       double size, double cost)
{
    struct assign_task *task = &assign->tasks.item[assign->tasks.count - 1];

    vector_push(&assign->options, ((struct assign_option){cluster, *amount, cost, size}));
    assign->least[cluster] = allocation_least(&assign->least[cluster], amount);
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
    size_t place = (size_t)(task - assign->tasks.item);
    uint64_t bit = (uint64_t)1 << place % 64;

    if (option >= 0)
        assign->served.item[place / 64] |= bit;
    else
        assign->served.item[place / 64] &= ~bit;
    if (task->chosen >= 0)
        allocation_add(&assign->free[all[task->chosen].cluster], &all[task->chosen].amount);
    if (option >= 0)
        allocation_subtract(&assign->free[all[option].cluster], &all[option].amount);
    task->chosen = option;
}

static bool fits(const struct assign *assign, const struct assign_task *task,
                 const struct assign_option *option)
{
    const struct allocation *free = &assign->free[option->cluster];
    struct allocation sum;

    if (task->chosen < 0 || assign->options.item[task->chosen].cluster != option->cluster)
        return allocation_fits(&option->amount, free);
    sum = *free;
    allocation_add(&sum, &assign->options.item[task->chosen].amount);
    return allocation_fits(&option->amount, &sum);
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

static void queue_step(struct assign *assign, int32_t i)
{
    struct assign_task *task = &assign->tasks.item[i];
    double slope;

    if (best_step(assign, task, &slope) >= 0)
        heap_set(task->chosen < 0 ? &assign->fresh : &assign->next, i, -slope);
}

static bool is_roomy(const struct assign *assign, int32_t cluster)
{
    return allocation_fits(&assign->least[cluster], &assign->free[cluster]);
}

/* The heap whose first is the next to be looked at, or NULL. Where all is full, those who have
 * nothing would find no room. */
static struct heap *next_heap(struct assign *assign)
{
    bool next = !heap_is_empty(&assign->next);
    struct heap_entry a, b;

    if (assign->roomy == 0 || heap_is_empty(&assign->fresh))
        return next ? &assign->next : NULL;
    if (!next)
        return &assign->fresh;
    a = heap_peek(&assign->fresh);
    b = heap_peek(&assign->next);
    return a.key < b.key || (a.key == b.key && a.id < b.id) ? &assign->fresh : &assign->next;
}

/* Room came back after all was full: whose turn came meanwhile has missed it. */
static void drop_passed(struct assign *assign, struct heap_entry now)
{
    while (!heap_is_empty(&assign->fresh)) {
        struct heap_entry first = heap_peek(&assign->fresh);

        if (first.key > now.key || (first.key == now.key && first.id > now.id))
            return;
        heap_pop(&assign->fresh);
    }
}

static void take_step(struct assign *assign, struct heap_entry now, int32_t option)
{
    struct assign_task *task = &assign->tasks.item[now.id];
    int32_t to = assign->options.item[option].cluster;
    int32_t from = task->chosen < 0 ? to : assign->options.item[task->chosen].cluster;
    int32_t roomy = assign->roomy;

    assign->roomy -= is_roomy(assign, to) + (from != to && is_roomy(assign, from));
    choose(assign, task, option);
    assign->roomy += is_roomy(assign, to) + (from != to && is_roomy(assign, from));
    if (roomy == 0 && assign->roomy > 0)
        drop_passed(assign, now);
    queue_step(assign, now.id);
}

static void count_roomy(struct assign *assign)
{
    assign->roomy = 0;
    for (int32_t c = 0; c < assign->catalog->clusters; c++)
        assign->roomy += is_roomy(assign, c);
}

/* Looks again for the least that is asked for, by those who are left. */
static void tighten(struct assign *assign)
{
    forget_least(assign);
    for (int32_t i = 0; i < assign->fresh.count; i++) {
        const struct assign_task *task = &assign->tasks.item[assign->fresh.entry[i].id];

        for (int32_t k = task->first; k < task->first + task->options; k++) {
            const struct assign_option *option = &assign->options.item[k];
            struct allocation *least = &assign->least[option->cluster];

            *least = allocation_least(least, &option->amount);
        }
    }
    count_roomy(assign);
}

/* Takes the heap's first out and lets it have its step, or puts it back to where it belongs by now.
 * False if it has none. */
static bool serve_first(struct assign *assign, struct heap *heap)
{
    struct heap_entry now = heap_peek(heap);
    struct heap *next;
    double slope;
    int32_t option;

    heap_pop(heap);
    option = best_step(assign, &assign->tasks.item[now.id], &slope);
    if (option < 0)
        return false;
    next = next_heap(assign);
    if (next && -slope > heap_peek(next).key)
        heap_set(heap, now.id, -slope);
    else
        take_step(assign, now, option);
    return true;
}

static void take_greedily(struct assign *assign)
{
    int32_t vain = 0, patience = 8;
    struct heap *heap;

    heap_reset(&assign->next);
    heap_reset(&assign->fresh);
    count_roomy(assign);
    for (int32_t i = 0; i < (int32_t)assign->tasks.count; i++)
        queue_step(assign, i);
    while ((heap = next_heap(assign)))
        if (!serve_first(assign, heap) && ++vain == patience) {
            tighten(assign);
            patience *= 2;
        }
}

/* The cheapest option that fits in place of what the task has, on one cluster with so much free and
 * on another one (-1: none) with so much; or none if that is cheaper still. */
static int32_t cheapest(const struct assign *assign, const struct assign_task *task,
                        const struct spare *here, const struct spare *there)
{
    double least = task->none_cost;
    int32_t best = -1;

    for (int32_t i = task->first; i < task->first + task->options; i++) {
        const struct assign_option *option = &assign->options.item[i];
        const struct allocation *free = &assign->free[option->cluster];

        if (option->cost >= least)
            continue;
        if (option->cluster == here->cluster)
            free = &here->free;
        else if (option->cluster == there->cluster)
            free = &there->free;
        if (allocation_fits(&option->amount, free)) {
            least = option->cost;
            best = i;
        }
    }
    return best;
}

/* Whether an option may be had at the expense of another task on its cluster, and that lowers the
 * sum of costs; *instead is what the other takes then. The option does not fit otherwise, so the
 * other cannot keep what it has. */
static bool may_exchange(const struct assign *assign, const struct assign_task *task,
                         const struct assign_option *option, const struct assign_task *other,
                         int32_t *instead)
{
    const struct assign_option *all = assign->options.item;
    double most = cost_of(assign, task) + cost_of(assign, other) - LEAST_GAIN;
    struct spare here, there = {.cluster = -1};
    int32_t had = task->chosen;

    if (other->options == 1 && option->cost + other->none_cost >= most)
        return false;
    here = (struct spare){option->cluster, assign->free[option->cluster]};
    allocation_add(&here.free, &all[other->chosen].amount);
    if (had >= 0 && all[had].cluster == here.cluster)
        allocation_add(&here.free, &all[had].amount);
    if (!allocation_fits(&option->amount, &here.free))
        return false;
    allocation_subtract(&here.free, &option->amount);
    if (had >= 0 && all[had].cluster != here.cluster) {
        there = (struct spare){all[had].cluster, assign->free[all[had].cluster]};
        allocation_add(&there.free, &all[had].amount);
    }
    *instead = cheapest(assign, other, &here, &there);
    return option->cost + (*instead < 0 ? other->none_cost : all[*instead].cost) < most;
}

/* The first task from this one on that was given something, or their number. */
static size_t next_served(const struct assign *assign, size_t from)
{
    uint64_t left;

    if (from >= assign->tasks.count)
        return assign->tasks.count;
    left = assign->served.item[from / 64] >> from % 64;
    if (left)
        return from + (size_t)__builtin_ctzll(left);
    for (size_t i = from / 64 + 1; i < assign->served.count; i++)
        if (assign->served.item[i])
            return i * 64 + (size_t)__builtin_ctzll(assign->served.item[i]);
    return assign->tasks.count;
}

/* Tries an option at the expense of others, one after the other. */
static bool exchange(struct assign *assign, struct assign_task *task, int32_t i, int32_t *trials)
{
    const struct assign_option *all = assign->options.item;
    int32_t instead;

    for (size_t k = next_served(assign, 0); k < assign->tasks.count;
         k = next_served(assign, k + 1)) {
        struct assign_task *other = &assign->tasks.item[k];

        if (other == task || all[other->chosen].cluster != all[i].cluster)
            continue;
        if (--*trials < 0)
            return false;
        if (!may_exchange(assign, task, &all[i], other, &instead))
            continue;
        choose(assign, other, -1);
        choose(assign, task, i);
        choose(assign, other, instead);
        return true;
    }
    return false;
}

/* True if the task got something better. */
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
        if (exchange(assign, task, i, trials))
            return true;
        if (*trials < 0)
            return false;
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
