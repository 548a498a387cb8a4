/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable arrays as macros over any item type:
 *
 *     VECTOR(int32_t) ids = {0};
 *     vector_push(&ids, 7);
 *     for (size_t i = 0; i < ids.count; i++) use(ids.item[i]);
 *     vector_release(&ids);
 */
#ifndef BASE_VECTOR_H
#define BASE_VECTOR_H

#include <stdlib.h>

#include "base/memory.h"

#define VECTOR(type)            \
    struct {                    \
        type *item;             \
        size_t count, capacity; \
    }

#define vector_reserve(v, wanted)                                                                \
    do {                                                                                         \
        size_t wanted_items = (wanted);                                                          \
        if ((v)->capacity < wanted_items) {                                                      \
            (v)->capacity = (v)->capacity * 2 > wanted_items ? (v)->capacity * 2 : wanted_items; \
            (v)->item = xrealloc((v)->item, (v)->capacity, sizeof *(v)->item);                   \
        }                                                                                        \
    } while (0)

#define vector_push(v, value)                                         \
    do {                                                              \
        if ((v)->count == (v)->capacity)                              \
            vector_reserve(v, (v)->capacity ? (v)->capacity * 2 : 8); \
        (v)->item[(v)->count++] = (value);                            \
    } while (0)

#define vector_pop(v)   ((v)->item[--(v)->count])
#define vector_last(v)  (&(v)->item[(v)->count - 1])
#define vector_clear(v) ((v)->count = 0)

#define vector_sort(v, compare)                                         \
    do {                                                                \
        if ((v)->count)                                                 \
            qsort((v)->item, (v)->count, sizeof *(v)->item, (compare)); \
    } while (0)

#define vector_release(v)               \
    do {                                \
        free((v)->item);                \
        (v)->item = NULL;               \
        (v)->count = (v)->capacity = 0; \
    } while (0)

#endif
