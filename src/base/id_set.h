/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of small ids (0, 1, 2, ...) that is emptied in no time: every id carries the number of the
 * round in which it was added, and clearing begins a new round. All zero is an empty set.
 */
#ifndef BASE_ID_SET_H
#define BASE_ID_SET_H

#include <stdbool.h>
#include <stdint.h>

struct id_set {
    uint32_t *added; /* by id: round */
    int32_t ids;     /* room for ids below this */
    uint32_t round;  /* the present one; 0 until something is added or cleared */
};

void id_set_release(struct id_set *set);
void id_set_grow(struct id_set *set, int32_t id); /* makes room; id_set_add() calls it */
void id_set_forget(struct id_set *set);           /* empties it at full cost */

static inline void id_set_clear(struct id_set *set)
{
    if (++set->round == UINT32_MAX)
        id_set_forget(set);
}

static inline bool id_set_has(const struct id_set *set, int32_t id)
{
    return id < set->ids && set->added[id] == set->round;
}

static inline void id_set_add(struct id_set *set, int32_t id)
{
    if (id >= set->ids)
        id_set_grow(set, id);
    set->added[id] = set->round; /* NOLINT(clang-analyzer-core.NullDereference): grown */
}

static inline void id_set_remove(struct id_set *set, int32_t id)
{
    if (id < set->ids)
        set->added[id] = 0;
}

#endif
