/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task as a policy may know it. What the world keeps to itself (true speed, work, noise, when it
 * will fail) is not here; progress is asked for through the view, which knows who may see it.
 */
#ifndef CORE_TASK_H
#define CORE_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/allocation.h"
#include "core/nodes.h"

enum task_state {
    TASK_ABSENT, /* not arrived yet */
    TASK_WAITING,
    TASK_RUNNING, /* holds an allocation; it may stand still while data moves or a switch is paid */
    TASK_DONE,
    TASK_FAILED, /* out of retries */
};

/* Clusters where a task may run, ascending; at least one. */
struct reach {
    const int32_t *cluster;
    int32_t count;
    uint64_t bits; /* bit (cluster mod 64) of every member: a quick "no" */
};

struct task {
    int32_t id; /* 0, 1, 2, ... in order of arrival */
    int32_t type;
    double arrival_s;
    struct reach reach;
    int32_t home; /* cluster where its data lies */
    enum task_state state;
    struct allocation min, max;
    const struct allocation *request; /* what its user asked for, or NULL: nothing was said */

    /* Tasks that share one allocation, its company, stand in a ring. */
    int32_t companion; /* the next one; -1: it has its allocation to itself */
    double pace;       /* measured: the part of the speed it has alone that its company leaves */

    int32_t cluster;                 /* where it runs, or last ran; -1 before */
    struct allocation allocation;    /* zero unless running */
    struct placement placement;      /* on which nodes, if its cluster is split */
    double since_s;                  /* when the present allocation, or the present wait, began */
    double first_start_s;            /* -1 before */
    double finish_s;                 /* -1 before; also of a failed task */
    double ran_s;                    /* time spent running before since_s */
    double service_s[MAX_RESOURCES]; /* attained service before since_s: quantity times seconds */
    int32_t resizes, preemptions, migrations, failures;

    int32_t next_waiting, prev_waiting; /* all waiting tasks by id; -1 at the ends */
    int32_t first_node;                 /* of its places in the per-cluster waiting lists, or -1 */
};

static inline bool reach_has(const struct reach *reach, int32_t cluster)
{
    int32_t low = 0, high = reach->count;

    if (!(reach->bits >> (cluster & 63) & 1))
        return false;
    if (reach->cluster[high - 1] < 64)
        return cluster < 64; /* every member has a bit of its own */
    while (low < high) {
        int32_t middle = (low + high) / 2;

        if (reach->cluster[middle] < cluster)
            low = middle + 1;
        else
            high = middle;
    }
    return low < reach->count && reach->cluster[low] == cluster;
}

/* Attained service of one resource up to now, in quantity times seconds. */
static inline double task_service_s(const struct task *task, int resource, double now_s)
{
    double held = task->state == TASK_RUNNING ? now_s - task->since_s : 0;

    return task->service_s[resource] + held * task->allocation.amount[resource];
}

static inline double task_ran_s(const struct task *task, double now_s)
{
    return task->ran_s + (task->state == TASK_RUNNING ? now_s - task->since_s : 0);
}

#endif
