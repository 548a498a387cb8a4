/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every lane is a heap by priority, every cluster has a list of the lanes that reach it, and a walk
 * keeps a heap of the first entries of the lanes that it has opened. Entries are never looked for:
 * each task knows the stamp of the one in force, and others are thrown away when they come to the
 * top of their lane, as are those of tasks that do not wait any more. Lanes are found by a hash of
 * what they ask for and reach, and an empty one that no list names may become another.
 */
#include "policy/lanes.h"

#include <string.h>

#include "base/rng.h"

enum { BUCKETS = 4096 };

void lanes_init(struct lanes *lanes, int32_t clusters)
{
    *lanes = (struct lanes){.spare_lane = -1, .clusters = clusters};
    for (int i = 0; i < BUCKETS; i++)
        vector_push(&lanes->bucket, -1);
    lanes->list = xcalloc((size_t)clusters + 1, sizeof *lanes->list);
}

void lanes_release(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->lane.count; i++)
        vector_release(&lanes->lane.item[i].heap);
    for (int32_t c = 0; lanes->list && c <= lanes->clusters; c++)
        vector_release(&lanes->list[c]);
    free(lanes->list);
    vector_release(&lanes->lane);
    vector_release(&lanes->bucket);
    vector_release(&lanes->stamp);
    vector_release(&lanes->first);
}

/* Heaps of entries */

bool lane_entry_before(const struct lane_entry *a, const struct lane_entry *b)
{
    if (a->key.rank != b->key.rank)
        return a->key.rank < b->key.rank;
    if (a->key.order != b->key.order)
        return a->key.order < b->key.order;
    return a->task < b->task;
}

static void heap_push(lane_entries *heap, const struct lane_entry *entry)
{
    size_t at = heap->count;

    vector_push(heap, *entry);
    for (; at > 0 && lane_entry_before(entry, &heap->item[(at - 1) / 2]); at = (at - 1) / 2)
        heap->item[at] = heap->item[(at - 1) / 2];
    heap->item[at] = *entry;
}

static struct lane_entry heap_take(lane_entries *heap)
{
    struct lane_entry top = heap->item[0], moved = vector_pop(heap);
    size_t at = 0;

    while (heap->count > 0) {
        size_t child = 2 * at + 1;

        if (child + 1 < heap->count &&
            lane_entry_before(&heap->item[child + 1], &heap->item[child]))
            child++;
        if (child >= heap->count || !lane_entry_before(&heap->item[child], &moved))
            break;
        heap->item[at] = heap->item[child];
        at = child;
    }
    if (heap->count > 0)
        heap->item[at] = moved;
    return top;
}

/* Lanes */

static bool reach_equal(const struct reach *a, const struct reach *b)
{
    return a->count == b->count && a->bits == b->bits &&
           (a->cluster == b->cluster ||
            memcmp(a->cluster, b->cluster, (size_t)a->count * sizeof *a->cluster) == 0);
}

static int32_t *find_bucket(const struct lanes *lanes, const struct allocation *request,
                            const struct reach *reach)
{
    uint64_t hash = rng_hash(reach->bits, (uint64_t)reach->count, (uint64_t)reach->cluster[0]);

    for (int r = 0; r < MAX_RESOURCES; r++)
        hash = rng_hash(hash, (uint64_t)r, (uint64_t)request->amount[r]);
    return &lanes->bucket.item[hash % BUCKETS];
}

static int32_t make_lane(struct lanes *lanes)
{
    int32_t lane = lanes->spare_lane;

    if (lane >= 0) {
        lanes->spare_lane = lanes->lane.item[lane].next;
        return lane;
    }
    vector_push(&lanes->lane, (struct lane){0});
    return (int32_t)lanes->lane.count - 1;
}

static int32_t find_lane(struct lanes *lanes, const struct allocation *request,
                         const struct reach *reach)
{
    int32_t *bucket = find_bucket(lanes, request, reach), lane;

    for (lane = *bucket; lane >= 0; lane = lanes->lane.item[lane].next)
        if (allocation_equal(&lanes->lane.item[lane].request, request) &&
            reach_equal(&lanes->lane.item[lane].reach, reach))
            return lane;
    lane = make_lane(lanes);
    lanes->lane.item[lane].request = *request;
    lanes->lane.item[lane].reach = *reach;
    lanes->lane.item[lane].next = *bucket;
    *bucket = lane;
    return lane;
}

static void list_in(struct lanes *lanes, int32_t lane, int32_t list)
{
    for (size_t i = 0; i < lanes->list[list].count; i++)
        if (lanes->list[list].item[i] == lane)
            return;
    vector_push(&lanes->list[list], lane);
    lanes->lane.item[lane].listings++;
}

/* Makes sure that every cluster which the lane reaches knows of it; wide ones stand in a list of
 * their own. */
static void list_lane(struct lanes *lanes, int32_t lane)
{
    const struct reach *reach = &lanes->lane.item[lane].reach;
    bool wide = reach->count > WIDE_REACH;

    if (lanes->lane.item[lane].listings == (wide ? 1 : reach->count))
        return;
    if (wide)
        list_in(lanes, lane, lanes->clusters);
    for (int32_t i = 0; !wide && i < reach->count; i++)
        list_in(lanes, lane, reach->cluster[i]);
}

/* A lane that is empty and in no list any more may become another. */
static void retire_lane(struct lanes *lanes, int32_t lane)
{
    struct lane *old = &lanes->lane.item[lane];
    int32_t *link = find_bucket(lanes, &old->request, &old->reach);

    while (*link != lane)
        link = &lanes->lane.item[*link].next;
    *link = old->next;
    old->next = lanes->spare_lane;
    lanes->spare_lane = lane;
}

void lanes_enter(struct lanes *lanes, int32_t task, const struct allocation *request,
                 const struct reach *reach, struct lane_key key)
{
    struct lane_entry entry = {.key = key, .task = task, .stamp = ++lanes->stamps};
    int32_t lane = find_lane(lanes, request, reach);

    while (lanes->stamp.count <= (size_t)task)
        vector_push(&lanes->stamp, 0);
    lanes->stamp.item[task] = entry.stamp;
    heap_push(&lanes->lane.item[lane].heap, &entry);
    list_lane(lanes, lane);
}

void lanes_forget(struct lanes *lanes, int32_t task)
{
    if ((size_t)task < lanes->stamp.count)
        lanes->stamp.item[task] = 0;
}

/* A walk */

/* The first entry of a lane that is in force, or NULL. */
static const struct lane_entry *lane_first(const struct lanes *lanes, const struct view *view,
                                           struct lane *lane)
{
    while (lane->heap.count > 0) {
        const struct lane_entry *first = &lane->heap.item[0];

        if (first->stamp == lanes->stamp.item[first->task] &&
            view->task[first->task].state == TASK_WAITING)
            return first;
        heap_take(&lane->heap);
    }
    return NULL;
}

/* Offers the lane's first task; false if it has none. */
static bool open_lane(struct lanes *lanes, const struct view *view, int32_t lane)
{
    const struct lane_entry *first = lane_first(lanes, view, &lanes->lane.item[lane]);
    struct lane_entry entry;

    if (!first)
        return false;
    entry = *first;
    entry.lane = lane;
    heap_push(&lanes->first, &entry);
    return true;
}

/* Opens the lanes of a list that reach the cluster (-1: any), and strikes out those that are empty.
 */
static void open_list(struct lanes *lanes, const struct view *view, int32_t list, int32_t cluster)
{
    lane_ids *ids = &lanes->list[list];

    for (size_t i = 0; i < ids->count;) {
        int32_t lane = ids->item[i];
        struct lane *at = &lanes->lane.item[lane];

        if (cluster >= 0 && !reach_has(&at->reach, cluster)) {
            i++;
            continue;
        }
        if (at->opened == lanes->walks || open_lane(lanes, view, lane)) {
            at->opened = lanes->walks;
            i++;
            continue;
        }
        ids->item[i] = vector_pop(ids);
        if (--at->listings == 0)
            retire_lane(lanes, lane);
    }
}

void lanes_close(struct lanes *lanes)
{
    vector_clear(&lanes->first);
    lanes->walks++;
}

void lanes_open(struct lanes *lanes, const struct view *view, int32_t cluster)
{
    open_list(lanes, view, cluster, -1);
}

void lanes_open_wide(struct lanes *lanes, const struct view *view, int32_t cluster)
{
    open_list(lanes, view, lanes->clusters, cluster);
}

void lanes_offer(struct lanes *lanes, const struct lane_entry *entry)
{
    heap_push(&lanes->first, entry);
}

const struct lane_entry *lanes_first(const struct lanes *lanes)
{
    return lanes->first.count > 0 ? &lanes->first.item[0] : NULL;
}

struct lane_entry lanes_take(struct lanes *lanes)
{
    return heap_take(&lanes->first);
}

void lanes_reopen(struct lanes *lanes, const struct view *view, int32_t lane)
{
    open_lane(lanes, view, lane);
}
