/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An indexed min-heap: each id (0 .. below a bound that grows) is in it at most once, with a key
 * that can be changed. Equal keys come out in the order of their ids. 4-ary, array-based.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct heap_entry {
    double key;
    int32_t id;
};

struct heap {
    struct heap_entry *entry;
    int32_t *place; /* by id: index into entry, or -1 */
    int32_t count, capacity, ids;
};

void heap_init(struct heap *heap);
void heap_release(struct heap *heap);
void heap_reset(struct heap *heap); /* empty; memory stays */

void heap_set(struct heap *heap, int32_t id,
              double key);                       /* inserts or moves; key must not be NaN */
void heap_remove(struct heap *heap, int32_t id); /* nothing if it is not there */
int32_t heap_pop(struct heap *heap);             /* the least; the heap must not be empty */

static inline bool heap_is_empty(const struct heap *heap)
{
    return heap->count == 0;
}

static inline struct heap_entry heap_peek(const struct heap *heap)
{
    return heap->entry[0];
}

static inline bool heap_has(const struct heap *heap, int32_t id)
{
    return id < heap->ids && heap->place[id] >= 0;
}

/* Inserts it, or lowers its key to this one; a key that is less stays. */
static inline void heap_lower(struct heap *heap, int32_t id, double key)
{
    if (!heap_has(heap, id) || key < heap->entry[heap->place[id]].key)
        heap_set(heap, id, key);
}

#endif
