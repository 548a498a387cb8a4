/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of time: which part of its time every task shall run on which cluster, if clusters were
 * divided in time as finely as one likes. No cluster's mean use exceeds what it has, and no task
 * runs for more than all of its time.
 */
#ifndef POLICY_SHARES_H
#define POLICY_SHARES_H

#include "base/heap.h"
#include "base/vector.h"
#include "core/allocation.h"
#include "core/view.h"

enum { SHARE_STEPS = 32 }; /* parts are multiples of 1 / SHARE_STEPS */

struct share {
    int32_t task, cluster;
    double part;       /* above 0 */
    double received_s; /* for the owner's use */
};

struct share_task {
    int32_t task;
    struct allocation request;
    double part; /* over all clusters */
};

struct share_step {
    int32_t cluster, next; /* next: the task's step before it, or -1 */
};

struct shares {
    VECTOR(struct share_task) tasks;
    VECTOR(struct share) item; /* ordered by place in tasks, then by cluster */
    VECTOR(double) free;       /* by cluster and resource */
    struct heap next;
    VECTOR(int32_t) first; /* by place in tasks: its newest step, or -1 */
    VECTOR(struct share_step) steps;
};

/* The more a task needs another step, the lower; part is what it has, and tells by how much. */
typedef double (*share_need_fn)(const void *arg, const struct view *view,
                                const struct share_task *task);

void shares_init(struct shares *shares);
void shares_release(struct shares *shares);
void shares_clear(struct shares *shares);
void shares_add_task(struct shares *shares, int32_t task, const struct allocation *request);

/* The least that any of the tasks asks for, of each resource. */
struct allocation shares_least(const struct shares *shares);

/* Deals out all clusters: always a step to the task that needs it most and still finds room, on
 * that of its clusters which is least used. */
void shares_fill(struct shares *shares, const struct view *view, share_need_fn need,
                 const void *arg);

#endif
