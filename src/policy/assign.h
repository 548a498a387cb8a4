/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One allocation, or none, for every task, so that a sum of costs is small: each task offers a few
 * options (a cluster and an amount, at a cost) beside that of getting nothing, and what is chosen
 * must fit the clusters. This is the multiple-choice knapsack with several resources that the
 * objectives of Pollux and Sia come down to.
 */
#ifndef POLICY_ASSIGN_H
#define POLICY_ASSIGN_H

#include "base/heap.h"
#include "base/vector.h"
#include "core/allocation.h"

struct catalog;

struct assign_option {
    int32_t cluster;
    struct allocation amount;
    double cost, size; /* size: see assign_add_option() */
};

struct assign_task {
    int32_t task, first, options; /* which of all options are its own */
    int32_t chosen;               /* index among all options, or -1 */
    double none_cost;
};

struct assign {
    const struct catalog *catalog;
    struct allocation *free;  /* by cluster */
    struct allocation *least; /* by cluster: no task that has nothing takes less there */
    VECTOR(struct assign_task) tasks;
    VECTOR(struct assign_option) options;
    VECTOR(uint64_t) served; /* a bit per task: it was given something */
    struct heap next;        /* tasks that have something, by their best step, steepest first */
    struct heap fresh;       /* likewise those that have nothing yet */
    int32_t roomy;           /* clusters where some task that has nothing might find room */
};

void assign_init(struct assign *assign, const struct catalog *catalog);
void assign_release(struct assign *assign);

/* Empty, with nothing free; then the caller says what is. */
void assign_clear(struct assign *assign);
void assign_set_free(struct assign *assign, int32_t cluster, const struct allocation *free);
/* A task and, after it, its options. size is the amount's dominant share of all capacity. */
void assign_add_task(struct assign *assign, int32_t task, double none_cost);
void assign_add_option(struct assign *assign, int32_t cluster, const struct allocation *amount,
                       double size, double cost);

/* Chooses; trials bounds the exchanges that are tried after the greedy part. Returns the sum of
 * costs. */
double assign_solve(struct assign *assign, int32_t trials);

/* What the i-th task was given, or NULL. */
static inline const struct assign_option *assign_chosen(const struct assign *assign, size_t i)
{
    int32_t chosen = assign->tasks.item[i].chosen;

    return chosen < 0 ? NULL : &assign->options.item[chosen];
}

#endif
