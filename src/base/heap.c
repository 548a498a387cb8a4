/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"

#include <stdlib.h>

#include "base/memory.h"

enum { CHILDREN = 4 };

void heap_init(struct heap *heap)
{
    *heap = (struct heap){0};
}

void heap_release(struct heap *heap)
{
    free(heap->entry);
    free(heap->place);
    heap_init(heap);
}

void heap_reset(struct heap *heap)
{
    for (int32_t i = 0; i < heap->count; i++)
        heap->place[heap->entry[i].id] = -1;
    heap->count = 0;
}

static bool comes_before(struct heap_entry a, struct heap_entry b)
{
    return a.key < b.key || (a.key == b.key && a.id < b.id);
}

static void put(struct heap *heap, int32_t at, struct heap_entry entry)
{
    heap->entry[at] = entry;
    heap->place[entry.id] = at;
}

static void sift_up(struct heap *heap, int32_t at, struct heap_entry entry)
{
    while (at > 0) {
        int32_t parent = (at - 1) / CHILDREN;

        if (!comes_before(entry, heap->entry[parent]))
            break;
        put(heap, at, heap->entry[parent]);
        at = parent;
    }
    put(heap, at, entry);
}

static int32_t least_child(const struct heap *heap, int32_t parent)
{
    int32_t first = parent * CHILDREN + 1, best = first;

    for (int32_t child = first + 1; child < first + CHILDREN && child < heap->count; child++)
        if (comes_before(heap->entry[child], heap->entry[best]))
            best = child;
    return best;
}

static void sift_down(struct heap *heap, int32_t at, struct heap_entry entry)
{
    while (at * CHILDREN + 1 < heap->count) {
        int32_t child = least_child(heap, at);

        if (!comes_before(heap->entry[child], entry))
            break;
        put(heap, at, heap->entry[child]);
        at = child;
    }
    put(heap, at, entry);
}

static void grow_ids(struct heap *heap, int32_t id)
{
    int32_t ids = heap->ids ? heap->ids : 64;

    while (ids <= id)
        ids *= 2;
    heap->place = xrealloc(heap->place, (size_t)ids, sizeof *heap->place);
    for (int32_t i = heap->ids; i < ids; i++)
        heap->place[i] = -1;
    heap->ids = ids;
}

static void move_to(struct heap *heap, int32_t at, struct heap_entry entry)
{
    if (at > 0 && comes_before(entry, heap->entry[(at - 1) / CHILDREN]))
        sift_up(heap, at, entry);
    else
        sift_down(heap, at, entry);
}

void heap_set(struct heap *heap, int32_t id, double key)
{
    struct heap_entry entry = {.key = key, .id = id};

    BUG_ON(id < 0 || key != key);
    if (id >= heap->ids)
        grow_ids(heap, id);
    if (heap->place[id] >= 0) {
        move_to(heap, heap->place[id], entry);
        return;
    }
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity ? heap->capacity * 2 : 64;
        heap->entry = xrealloc(heap->entry, (size_t)heap->capacity, sizeof *heap->entry);
    }
    sift_up(heap, heap->count++, entry);
}

void heap_remove(struct heap *heap, int32_t id)
{
    int32_t at;
    struct heap_entry last;

    if (!heap_has(heap, id))
        return;
    at = heap->place[id];
    heap->place[id] = -1;
    last = heap->entry[--heap->count];
    if (at < heap->count)
        move_to(heap, at, last);
}

int32_t heap_pop(struct heap *heap)
{
    int32_t id = heap->entry[0].id;

    heap_remove(heap, id);
    return id;
}
