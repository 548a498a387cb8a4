/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks that a policy has not let in yet, by id, each with the least share that any cluster would
 * have to have left for it. Who wants more than there is is passed over in blocks.
 */
#ifndef POLICY_STRANGERS_H
#define POLICY_STRANGERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/vector.h"

struct stranger {
    int32_t task; /* -1: has left its place */
    double least_share;
};

struct strangers {
    VECTOR(struct stranger) item;
    VECTOR(double) least; /* by block of places: nobody there has less */
    size_t gone;          /* places that were left */
    double least_share;   /* nobody has less */
};

void strangers_init(struct strangers *strangers);
void strangers_release(struct strangers *strangers);
void strangers_clear(struct strangers *strangers);
void strangers_add(struct strangers *strangers, int32_t task, double least_share); /* to the end */
/* Empties a place; the others stay where they are. */
void strangers_drop(struct strangers *strangers, size_t place);
/* Moves up into places that were left, if they are many; all numbers of places are void then. */
void strangers_tidy(struct strangers *strangers);
/* The first place from that one on whose stranger has at most this least share; item.count if there
 * is none. */
size_t strangers_next(const struct strangers *strangers, size_t place, double share);

static inline size_t strangers_count(const struct strangers *strangers)
{
    return strangers->item.count - strangers->gone;
}

#endif
