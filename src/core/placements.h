/* SPDX-License-Identifier: Apache-2.0 */
/* Speeds by placement: what it does to a task on which nodes of a cluster its allocation lies. */
#ifndef CORE_PLACEMENTS_H
#define CORE_PLACEMENTS_H

#include "base/arena.h"
#include "core/nodes.h"

struct err;
struct yaml_node;

struct measured_placement; /* placements.c */

struct placements {
    const struct measured_placement *item; /* by units, nodes, shares */
    int items;
    double most; /* the largest factor, at least 1 */
};

/* Reads {1+3: 0.9, ...}; *out lives in the arena. */
int placements_read(const struct placements **out, const struct yaml_node *map, struct arena *arena,
                    struct err *err);

/* The factor on the speed of a task that holds this; resource: nodes_resource() of all of it. */
double placements_factor(const struct placements *placements, int resource,
                         const struct placement *held);

#endif
