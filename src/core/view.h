/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The view: all that a policy may know at a decision point, read-only. The simulated and the live
 * world both fill it; a policy cannot tell which it looks at.
 */
#ifndef CORE_VIEW_H
#define CORE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/allocation.h"
#include "core/catalog.h"
#include "core/task.h"
#include "core/waiting.h"

struct estimator;

/* What a policy is shown (policies.md, section 0). Each class sees all of the ones before it. */
enum info_class {
    INFO_BLIND,    /* I0: arrival, type, minimum, maximum, own attained service, free capacity */
    INFO_PROGRESS, /* I1: and the progress of running tasks */
    INFO_MODEL,    /* I2: and speeds as profiled or fitted */
    INFO_ORACLE,   /* I3: and true speeds */
};

struct cluster_view {
    struct allocation free;
    const struct allocation *node_free; /* by node; NULL unless placement is consolidated */
    const int32_t *running;             /* task ids in the order of their starts */
    int32_t runnings;
    bool up;
    bool may_start; /* false once it had its one start of this slot (ROUNDS_ONE), or while down */
    uint64_t occupied;   /* window: bit per slot that holds a task */
    const int32_t *slot; /* window: task ids, -1 where empty; NULL without a window */
    int32_t shown;       /* window: tasks in the slots */
    int32_t queued;      /* window: tasks behind the slots */
};

struct view {
    double now_s;
    const struct catalog *catalog;
    const struct task *task; /* tasks seen so far, by id */
    int32_t tasks;
    const struct cluster_view *cluster;
    int32_t first_waiting, waiting; /* all waiting tasks, by id, through task->next_waiting */
    int32_t running;

    int64_t decision;       /* counts from 0: which decision this is */
    int32_t round;          /* slotted: 0 for the first decision in a slot */
    const int32_t *arrived; /* tasks that began to wait since the last decision */
    int32_t arrivals;
    const int32_t *touched; /* clusters where something came free or came up since then */
    int32_t toucheds;

    enum info_class info;
    const struct estimator *estimator; /* speeds, for I2 and I3; else NULL */

    /* The world's own; use the functions below. */
    struct waiting_lists *lists;
    double (*progress)(const void *world, int32_t task);
    double (*work)(const void *world, int32_t task);
    const void *world;
};

/* Progress of a task now, in 0 .. 1. A policy of class I0 asking is a bug. */
double view_progress(const struct view *view, int32_t task);

/* How much longer the task is than the mean of its type: the truth for I3, who else asks is told 1.
 */
double view_work(const struct view *view, int32_t task);

/* Of the tasks that share one allocation exactly one counts for all when what is held is added up:
 * that with the lowest id. Also a task that shares with nobody does. */
bool view_counts(const struct view *view, int32_t task);

/* The slot of a cluster's window in which a task stands, or -1. */
int view_find_slot(const struct view *view, int32_t cluster, int32_t task);

/* Whether the task may be started on the cluster now, capacity aside: it waits, the cluster is up,
 * in its reach and has a start left, and the window (if any) shows it. */
static inline bool view_may_start(const struct view *view, int32_t id, int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];
    const struct task *task = &view->task[id];

    if (task->state != TASK_WAITING || !at->may_start)
        return false;
    if (at->slot)
        return view_find_slot(view, cluster, id) >= 0;
    return reach_has(&task->reach, cluster);
}

/*
 * The tasks that a cluster may start (capacity aside), in order of arrival:
 *     int32_t id;
 *     view_each_waiting(view, cluster, id) { ... }
 */
struct waiting_cursor {
    const struct view *view;
    int32_t cluster, lanes;
    int32_t narrow[WAITING_LANES], wide[WAITING_LANES]; /* nodes to come */
    int32_t at, ids;                                    /* with a window: its tasks, sorted */
    int32_t id[MAX_WINDOW];
};

void waiting_begin(struct waiting_cursor *cursor, const struct view *view, int32_t cluster);
int32_t waiting_next(struct waiting_cursor *cursor); /* -1 at the end */

/* Leaves out the types of which no minimum fits; for tasks with limits of their own, and with
 * windows, the caller still has to look. */
void waiting_only_fitting(struct waiting_cursor *cursor, const struct allocation *free);

#define view_each_waiting(view, cluster, id)                                       \
    for (struct waiting_cursor id##_cursor,                                        \
         *id##_begun = (waiting_begin(&id##_cursor, view, cluster), &id##_cursor); \
         (id = waiting_next(id##_begun)) >= 0;)

#endif
