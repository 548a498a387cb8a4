/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes come from one pool with a free list: only tasks that wait take memory, and the nodes in use
 * stay together in the cache however many tasks have passed. A task whose reach is wide would cost
 * one node per cluster; it gets a single node in the common list in their place, and whoever walks
 * a cluster's list merges the two by id (core/view.c).
 */
#include "core/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "core/task.h"

void waiting_init(struct waiting_lists *lists, int32_t clusters, int32_t types, bool per_cluster)
{
    size_t all;

    *lists = (struct waiting_lists){.clusters = clusters,
                                    .lanes = types < WAITING_LANES ? types : WAITING_LANES,
                                    .per_cluster = per_cluster};
    all = ((size_t)clusters + 1) * (size_t)lists->lanes;
    lists->head = xcalloc(all, sizeof *lists->head);
    lists->tail = xcalloc(all, sizeof *lists->tail);
    waiting_reset(lists, NULL);
}

void waiting_release(struct waiting_lists *lists)
{
    free(lists->waits);
    free(lists->node);
    free(lists->head);
    free(lists->tail);
    *lists = (struct waiting_lists){0};
}

void waiting_reset(struct waiting_lists *lists, struct task *task)
{
    lists->task = task;
    lists->first = lists->last = -1;
    lists->count = 0;
    lists->listed = false;
    free(lists->waits);
    lists->waits = NULL;
    lists->words = 0;
    lists->nodes = 0;
    lists->free_node = -1;
    for (int32_t i = 0; i < (lists->clusters + 1) * lists->lanes; i++)
        lists->head[i] = lists->tail[i] = -1;
}

static int32_t take_node(struct waiting_lists *lists)
{
    int32_t node = lists->free_node;

    if (node >= 0) {
        lists->free_node = lists->node[node].next;
        return node;
    }
    if (lists->nodes == lists->node_capacity) {
        lists->node_capacity = lists->node_capacity ? lists->node_capacity * 2 : 256;
        lists->node = xrealloc(lists->node, (size_t)lists->node_capacity, sizeof *lists->node);
    }
    return lists->nodes++;
}

static int32_t find_node(const struct waiting_lists *lists, int32_t list, int32_t task)
{
    int32_t node = lists->task[task].first_node;

    while (node >= 0 && lists->node[node].list != list)
        node = lists->node[node].sibling;
    return node;
}

/* The node before which an id belongs; nearly always -1, the tail. Else it is looked for from the
 * list's head and from the id's place among all who wait, step by step until either is there. */
static int32_t find_later(const struct waiting_lists *lists, int32_t list, int32_t task)
{
    int32_t up = lists->tail[list], down = task, earlier = -1;

    if (up < 0 || lists->node[up].task < task)
        return -1;
    for (up = lists->head[list]; lists->node[up].task < task; up = lists->node[up].next) {
        down = lists->task[down].prev_waiting;
        earlier = find_node(lists, list, down);
        if (earlier >= 0)
            return lists->node[earlier].next;
    }
    return up;
}

static int32_t link_node(struct waiting_lists *lists, int32_t list, int32_t task)
{
    int32_t node = take_node(lists), later = find_later(lists, list, task);
    int32_t earlier = later >= 0 ? lists->node[later].prev : lists->tail[list];

    lists->node[node] = (struct waiting_node){
        .task = task, .next = later, .prev = earlier, .list = list, .sibling = -1};
    *(earlier >= 0 ? &lists->node[earlier].next : &lists->head[list]) = node;
    *(later >= 0 ? &lists->node[later].prev : &lists->tail[list]) = node;
    return node;
}

static void unlink_node(struct waiting_lists *lists, int32_t at)
{
    struct waiting_node *node = &lists->node[at];

    *(node->prev >= 0 ? &lists->node[node->prev].next : &lists->head[node->list]) = node->next;
    *(node->next >= 0 ? &lists->node[node->next].prev : &lists->tail[node->list]) = node->prev;
    node->next = lists->free_node;
    lists->free_node = at;
}

static void grow_waits(struct waiting_lists *lists, int32_t word)
{
    int32_t words = 2 * word + 16;

    lists->waits = xrealloc(lists->waits, (size_t)words, sizeof *lists->waits);
    memset(lists->waits + lists->words, 0, (size_t)(words - lists->words) * sizeof *lists->waits);
    lists->words = words;
}

static void mark(struct waiting_lists *lists, int32_t id)
{
    if (id / 64 >= lists->words)
        grow_waits(lists, id / 64);
    lists->waits[id / 64] |= (uint64_t)1 << (id & 63);
}

static void mark_all(struct waiting_lists *lists)
{
    for (int32_t id = lists->first; id >= 0; id = lists->task[id].next_waiting)
        mark(lists, id);
}

/* The task before which an id belongs that is below the last. As find_later(): where few wait the
 * way from the first one is short, and where many do that to the next lower id that waits, by words
 * of 64 ids. */
static int32_t find_next(const struct waiting_lists *lists, int32_t id)
{
    int32_t up = lists->first, word = id / 64;
    uint64_t lower = lists->waits[word] & (((uint64_t)1 << (id & 63)) - 1);

    for (; up < id; up = lists->task[up].next_waiting, lower = lists->waits[--word])
        if (lower)
            return lists->task[word * 64 + 63 - __builtin_clzll(lower)].next_waiting;
    return up;
}

static int32_t next_of_newcomer(struct waiting_lists *lists, int32_t id)
{
    bool is_last = lists->last < id;

    if (!lists->waits && is_last)
        return -1;
    if (!lists->waits)
        mark_all(lists);
    mark(lists, id);
    return is_last ? -1 : find_next(lists, id);
}

static void enter_all(struct waiting_lists *lists, struct task *task)
{
    int32_t later = next_of_newcomer(lists, task->id);
    int32_t earlier = later >= 0 ? lists->task[later].prev_waiting : lists->last;

    task->next_waiting = later;
    task->prev_waiting = earlier;
    *(earlier >= 0 ? &lists->task[earlier].next_waiting : &lists->first) = task->id;
    *(later >= 0 ? &lists->task[later].prev_waiting : &lists->last) = task->id;
    lists->count++;
}

static void enter_clusters(struct waiting_lists *lists, int32_t id)
{
    struct task *task = &lists->task[id];
    int32_t lane = waiting_lane(lists, task->type);

    if (task->reach.count > WIDE_REACH) {
        task->first_node = link_node(lists, lists->clusters * lists->lanes + lane, id);
        return;
    }
    for (int32_t i = task->reach.count - 1; i >= 0; i--) {
        int32_t node = link_node(lists, task->reach.cluster[i] * lists->lanes + lane, id);

        lists->node[node].sibling = task->first_node;
        task->first_node = node;
    }
}

void waiting_list_clusters(struct waiting_lists *lists)
{
    if (lists->listed || !lists->per_cluster)
        return;
    lists->listed = true;
    for (int32_t id = lists->first; id >= 0; id = lists->task[id].next_waiting)
        enter_clusters(lists, id);
}

void waiting_enter(struct waiting_lists *lists, int32_t id)
{
    struct task *task = &lists->task[id];

    enter_all(lists, task);
    task->first_node = -1;
    if (lists->listed)
        enter_clusters(lists, id);
}

void waiting_leave(struct waiting_lists *lists, int32_t id)
{
    struct task *task = &lists->task[id];
    int32_t next = task->next_waiting, prev = task->prev_waiting;

    if (lists->waits)
        lists->waits[id / 64] &= ~((uint64_t)1 << (id & 63));
    *(prev >= 0 ? &lists->task[prev].next_waiting : &lists->first) = next;
    *(next >= 0 ? &lists->task[next].prev_waiting : &lists->last) = prev;
    task->next_waiting = task->prev_waiting = -1;
    lists->count--;
    for (int32_t node = task->first_node; node >= 0;) {
        int32_t sibling = lists->node[node].sibling;

        unlink_node(lists, node);
        node = sibling;
    }
    task->first_node = -1;
}
