/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits where: one list of all waiting tasks and one per cluster of the tasks in whose reach it
 * is, each in order of arrival (that is, by id; a task that comes back from preemption takes its
 * old place). Shared by the simulated and the live world. The lists of the clusters are kept only
 * once somebody has asked for one: many policies never do.
 */
#ifndef CORE_WAITING_H
#define CORE_WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct task;

enum {
    WIDE_REACH = 32,  /* tasks that reach more clusters stand in common lanes */
    WAITING_LANES = 8 /* at most; types share them evenly */
};

struct waiting_node {
    int32_t task, next, prev;
    int32_t list;    /* index into head and tail */
    int32_t sibling; /* the same task's node in its next list, or -1 */
};

struct waiting_lists {
    struct task *task; /* borrowed; its links are written here */
    int32_t clusters, lanes;
    bool per_cluster; /* false: only the list of all (windows take the others' place) */
    bool listed;      /* the lists of the clusters are kept */
    int32_t first, last, count;
    uint64_t *waits; /* a bit per task, kept once somebody came back to a place in the middle */
    int32_t words;

    struct waiting_node *node;
    int32_t nodes, node_capacity, free_node;
    int32_t *head, *tail; /* by cluster and lane; behind the clusters the common lanes */
};

void waiting_init(struct waiting_lists *lists, int32_t clusters, int32_t types, bool per_cluster);
void waiting_release(struct waiting_lists *lists);
/* Empty, over another array of tasks. */
void waiting_reset(struct waiting_lists *lists, struct task *task);

void waiting_enter(struct waiting_lists *lists, int32_t task);
void waiting_leave(struct waiting_lists *lists, int32_t task);
/* Begins to keep the lists of the clusters, for who looks at them. */
void waiting_list_clusters(struct waiting_lists *lists);

static inline int32_t waiting_lane(const struct waiting_lists *lists, int32_t type)
{
    return type % lists->lanes;
}

#endif
