/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A relaxation per resource: a group of tasks shares one machine that has as
 * much of the resource as all clusters that they reach together, may be split
 * among them at will, and asks of each only its least area (bound/demand.c), at
 * any pace. Whatever the true schedule does, this machine could do: so the
 * number of tasks that it can have finished by a time is at least as large, and
 * the i-th finishing time of the true schedule is no earlier than the first
 * time at which i tasks can be finished. Total completion time is the sum of
 * the finishing times, whose task has which does not matter; so bounds on the
 * i-th time from different relaxations combine by their maximum, rank by rank.
 *
 * On one machine with preemption, shortest remaining work first has finished
 * most tasks at every time (Schrage 1968). In slotted worlds more is asked: a
 * task that finishes by slot k was ready at least its own shortest time before.
 * For given k that is to find the most tasks that fit, each between its arrival
 * and k; seen backwards from k all are released at once and have due dates, so
 * the rule of Moore and Hodgson solves it (Management Science 15, 1968): go
 * through them by due date, and whenever one is late leave out the largest so
 * far. Tasks that came before a moment when the machine had nothing left to do
 * take nothing away from later ones.
 *
 * Groups come from reach: clusters that tasks tie together make one group per
 * component, and beside that the tasks that reach one cluster only make one
 * group each; both are families of disjoint groups, a family's finishing times
 * are those of its groups merged.
 */
#include "bound/pooled.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/memory.h"
#include "base/order.h"
#include "bound/demand.h"
#include "core/scenario.h"
#include "sim/arrivals.h"

/* Steps that Moore and Hodgson's rule may take for one group and resource;
 * beyond, shortest remaining work has to do. */
static const double MOST_STEPS = 2e6;

static const double TOLERANCE = 1e-9;

struct member {
    double ready_s, finish_s; /* finish: no earlier by itself */
    double area;              /* of the resource at hand */
    int32_t task;
};

struct pool {
    struct member *member; /* by ready_s */
    int32_t members;
    double slot_s, capacity;
    int company;               /* tasks that may share one allocation */
    double *alone_s, *bound_s; /* by rank */
    double *heap;
    int32_t heaped;
};

static void sort_times(double *time_s, int32_t count)
{
    qsort(time_s, (size_t)count, sizeof *time_s, order_double);
}

/* shortest remaining work */

static void raise_ranks(struct pool *pool, const double *time_s)
{
    for (int32_t i = 0; i < pool->members; i++)
        pool->bound_s[i] = fmax(pool->bound_s[i], time_s[i]);
}

/* A slotted world finishes at the ends of slots. */
static double round_up(const struct pool *pool, double time_s)
{
    return pool->slot_s > 0 ? ceil(time_s / pool->slot_s - TOLERANCE) * pool->slot_s
                            : time_s * (1 - TOLERANCE);
}

static void shortest_first(struct pool *pool)
{
    double *time_s = xcalloc((size_t)pool->members, sizeof *time_s), now_s = 0;
    int32_t next = 0, done = 0;
    struct heap left;

    heap_init(&left);
    while (done < pool->members) {
        double until_s = next < pool->members ? pool->member[next].ready_s : HUGE_VAL;

        if (!heap_is_empty(&left)) {
            struct heap_entry first = heap_peek(&left);
            double end_s = now_s + first.key / pool->capacity;

            if (end_s <= until_s) {
                heap_pop(&left);
                time_s[done++] = round_up(pool, end_s);
                now_s = end_s;
                continue;
            }
            heap_set(&left, first.id, first.key - (until_s - now_s) * pool->capacity);
        }
        now_s = until_s;
        heap_set(&left, next, pool->member[next].area);
        next++;
    }
    heap_release(&left);
    raise_ranks(pool, time_s);
    free(time_s);
}

/* Moore and Hodgson */

static void push_largest(struct pool *pool, double value)
{
    int32_t at = pool->heaped++;

    for (; at > 0 && pool->heap[(at - 1) / 2] < value; at = (at - 1) / 2)
        pool->heap[at] = pool->heap[(at - 1) / 2];
    pool->heap[at] = value;
}

static double pop_largest(struct pool *pool)
{
    double largest = pool->heap[0], value = pool->heap[--pool->heaped];
    int32_t at = 0;

    for (;;) {
        int32_t child = 2 * at + 1;

        if (child + 1 < pool->heaped && pool->heap[child + 1] > pool->heap[child])
            child++;
        if (child >= pool->heaped || pool->heap[child] <= value)
            break;
        pool->heap[at] = pool->heap[child];
        at = child;
    }
    pool->heap[at] = value;
    return largest;
}

/* How many of the members from `first` on that could have finished by then by
 * themselves cannot all have. */
static int32_t left_out(struct pool *pool, int32_t first, int32_t end, double then_s)
{
    double load = 0;
    int32_t late = 0;

    pool->heaped = 0;
    for (int32_t i = end - 1; i >= first; i--) {
        const struct member *member = &pool->member[i];

        if (member->finish_s > then_s + TOLERANCE * pool->slot_s)
            continue;
        load += member->area;
        push_largest(pool, member->area);
        if (load > pool->capacity * (then_s - member->ready_s) * (1 + TOLERANCE) + TOLERANCE) {
            load -= pop_largest(pool);
            late++;
        }
    }
    return late;
}

struct walk {
    int64_t slot;
    int32_t ready; /* members that were ready before this slot */
    int32_t alone; /* members that could have finished by themselves */
    int32_t first; /* members before it came before the machine was last idle */
    int32_t done;  /* ranks that have their time */
    double backlog;
};

static int64_t slot_of(const struct pool *pool, double time_s)
{
    return (int64_t)ceil(time_s / pool->slot_s - TOLERANCE);
}

/* Brings the machine to the beginning of walk->slot. */
static void run_slot(const struct pool *pool, struct walk *walk)
{
    for (; walk->ready < pool->members &&
           slot_of(pool, pool->member[walk->ready].ready_s) < walk->slot;
         walk->ready++)
        walk->backlog += pool->member[walk->ready].area;
    walk->backlog -= pool->capacity * pool->slot_s;
    if (walk->backlog > 0)
        return;
    walk->backlog = 0;
    walk->first = walk->ready;
}

/* False when it took too long; what it found until then stands. */
static bool moore_hodgson(struct pool *pool)
{
    struct walk walk = {.slot = slot_of(pool, pool->member[0].ready_s)};
    double steps = 0;

    while (walk.done < pool->members && steps < MOST_STEPS) {
        double now_s;
        int32_t possible;

        if (walk.done == walk.ready && walk.backlog <= 0) /* nobody is there: on to the next */
            walk.slot = slot_of(pool, pool->member[walk.ready].ready_s);
        walk.slot++;
        run_slot(pool, &walk);
        now_s = (double)walk.slot * pool->slot_s;
        while (walk.alone < pool->members &&
               pool->alone_s[walk.alone] <= now_s + TOLERANCE * pool->slot_s)
            walk.alone++;
        possible = walk.alone - left_out(pool, walk.first, walk.ready, now_s);
        for (; walk.done < possible; walk.done++)
            pool->bound_s[walk.done] = fmax(pool->bound_s[walk.done], now_s);
        steps += 1 + walk.ready - walk.first;
    }
    return walk.done == pool->members;
}

/* One resource of a group. */
static void bound_resource(struct pool *pool)
{
    if (pool->slot_s == 0 || !moore_hodgson(pool))
        shortest_first(pool);
}

/* Writes the group's finishing times to time_s, ascending. */
static void bound_group(struct pool *pool, const struct demand *demand,
                        const struct allocation *capacity, double *time_s)
{
    for (int32_t i = 0; i < pool->members; i++)
        pool->alone_s[i] = pool->member[i].finish_s;
    sort_times(pool->alone_s, pool->members);
    memcpy(pool->bound_s, pool->alone_s, (size_t)pool->members * sizeof *pool->bound_s);
    for (int r = 0; r < MAX_RESOURCES; r++) {
        double all = 0;

        pool->capacity = (double)capacity->amount[r] * pool->company;
        for (int32_t i = 0; i < pool->members; i++)
            all += pool->member[i].area = demand[pool->member[i].task].area[r];
        if (all > 0 && pool->capacity > 0)
            bound_resource(pool);
    }
    memcpy(time_s, pool->bound_s, (size_t)pool->members * sizeof *time_s);
}

/* families */

static int32_t root_of(int32_t *parent, int32_t cluster)
{
    while (parent[cluster] != cluster)
        cluster = parent[cluster] = parent[parent[cluster]];
    return cluster;
}

/* Group of every task: the component of its clusters. */
static void group_components(const struct catalog *catalog, const struct arrivals *arrivals,
                             int32_t *parent, int32_t *group)
{
    for (int32_t c = 0; c < catalog->clusters; c++)
        parent[c] = c;
    for (int32_t i = 0; i < arrivals->count; i++) {
        const struct reach *reach = &arrivals->item[i].reach;

        for (int32_t k = 1; k < reach->count; k++)
            parent[root_of(parent, reach->cluster[k])] = root_of(parent, reach->cluster[0]);
    }
    for (int32_t i = 0; i < arrivals->count; i++)
        group[i] = root_of(parent, arrivals->item[i].reach.cluster[0]);
}

/* The tasks with only one cluster, by that; others are in no group. */
static void group_tied(const struct catalog *catalog, const struct arrivals *arrivals,
                       int32_t *parent, int32_t *group)
{
    for (int32_t c = 0; c < catalog->clusters; c++)
        parent[c] = c;
    for (int32_t i = 0; i < arrivals->count; i++)
        group[i] = arrivals->item[i].reach.count == 1 ? arrivals->item[i].reach.cluster[0] : -1;
}

struct family {
    int32_t *parent;             /* by cluster: the group that has it */
    int32_t *group;              /* by task; -1: none */
    int32_t *place;              /* by group: where its members begin */
    struct allocation *capacity; /* by group */
};

static void sort_members(const struct family *family, const struct catalog *catalog,
                         const struct arrivals *arrivals, const struct demand *demand,
                         struct member *member)
{
    int32_t *next = family->place;

    memset(next, 0, ((size_t)catalog->clusters + 1) * sizeof *next);
    for (int32_t i = 0; i < arrivals->count; i++)
        if (family->group[i] >= 0)
            next[family->group[i] + 1]++;
    for (int32_t c = 0; c < catalog->clusters; c++)
        next[c + 1] += next[c];
    for (int32_t i = 0; i < arrivals->count; i++)
        if (family->group[i] >= 0)
            member[next[family->group[i]]++] =
                (struct member){demand[i].ready_s, demand[i].ready_s + demand[i].least_s, 0, i};
    memmove(next + 1, next, (size_t)catalog->clusters * sizeof *next);
    next[0] = 0;
}

/* All finishing times of a family, ascending. */
static void bound_family(const struct scenario *scenario, const struct arrivals *arrivals,
                         const struct demand *demand, struct family *family, double *time_s)
{
    const struct catalog *catalog = &scenario->catalog;
    size_t count = (size_t)arrivals->count;
    struct member *member = xcalloc(count, sizeof *member);
    struct pool pool = {.slot_s = catalog->slot_s,
                        .company = catalog_most_company(catalog),
                        .alone_s = xcalloc(count, sizeof(double)),
                        .bound_s = xcalloc(count, sizeof(double)),
                        .heap = xcalloc(count, sizeof(double))};
    int32_t done;

    memset(family->capacity, 0, (size_t)catalog->clusters * sizeof *family->capacity);
    for (int32_t c = 0; c < catalog->clusters; c++)
        allocation_add(&family->capacity[root_of(family->parent, c)],
                       &catalog->cluster[c].capacity);
    sort_members(family, catalog, arrivals, demand, member);
    for (int32_t g = 0; g < catalog->clusters; g++) {
        pool.member = member + family->place[g];
        pool.members = family->place[g + 1] - family->place[g];
        if (pool.members > 0)
            bound_group(&pool, demand, &family->capacity[g], time_s + family->place[g]);
    }
    done = family->place[catalog->clusters];
    for (int32_t i = 0; i < arrivals->count; i++)
        if (family->group[i] < 0)
            time_s[done++] = demand[i].ready_s + demand[i].least_s;
    sort_times(time_s, arrivals->count);
    free(member);
    free(pool.alone_s);
    free(pool.bound_s);
    free(pool.heap);
}

double pooled_total_s(const struct scenario *scenario, const struct arrivals *arrivals,
                      const struct demand *demand)
{
    const struct catalog *catalog = &scenario->catalog;
    size_t count = (size_t)arrivals->count, clusters = (size_t)catalog->clusters;
    double *one_s = xcalloc(count, sizeof *one_s), *other_s = xcalloc(count, sizeof *other_s);
    struct family family = {.parent = xcalloc(clusters, sizeof(int32_t)),
                            .group = xcalloc(count, sizeof(int32_t)),
                            .place = xcalloc(clusters + 1, sizeof(int32_t)),
                            .capacity = xcalloc(clusters, sizeof(struct allocation))};
    double total_s = 0;

    group_components(catalog, arrivals, family.parent, family.group);
    bound_family(scenario, arrivals, demand, &family, one_s);
    group_tied(catalog, arrivals, family.parent, family.group);
    bound_family(scenario, arrivals, demand, &family, other_s);
    for (int32_t i = 0; i < arrivals->count; i++)
        total_s += fmax(one_s[i], other_s[i]) - arrivals->item[i].time_s;
    free(one_s);
    free(other_s);
    free(family.parent);
    free(family.group);
    free(family.place);
    free(family.capacity);
    return total_s;
}
