/* SPDX-License-Identifier: Apache-2.0 */
/* What a task can be given in a slot: a cluster and an allocation there, the
 * sensible ones. */
#ifndef BOUND_MOVES_H
#define BOUND_MOVES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "core/allocation.h"
#include "core/speed.h"

struct arrival;
struct scenario;

struct move {
    int32_t cluster;
    struct allocation amount;
    struct rate rate;
};

/* Ends with vector_release(). */
struct moves {
    struct move *item;
    size_t count, capacity;
};

/* Appends the moves of a task. False if some stand for boxes of allocations
 * (see bound/menu.h): then they take less and run faster than any one does. */
bool moves_add(struct moves *moves, const struct scenario *scenario, const struct arrival *arrival);

#endif
