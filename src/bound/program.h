/* SPDX-License-Identifier: Apache-2.0 */
/* A network as a linear program, solved by GLPK: relaxed, or in whole paths. */
#ifndef BOUND_PROGRAM_H
#define BOUND_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "core/allocation.h"

struct network;

/* One slot of a task in a schedule. */
struct program_step {
    int32_t task, slot, cluster; /* cluster -1: it waits */
    struct allocation amount;
};

struct program_steps {
    struct program_step *item;
    size_t count, capacity;
};

struct program_result {
    double relaxed;         /* no schedule has a lower total completion time, in slots */
    double bound;           /* likewise, at least relaxed; after program_solve() */
    double schedule;        /* total of the best schedule found; INFINITY: none */
    bool is_optimal;        /* bound and schedule are the same: proven */
    int64_t columns, nodes; /* of the program; of the tree that was searched */
};

/* Whether several threads may solve programs at once. */
bool program_is_reentrant(void);

/* The relaxation only. */
void program_relax(const struct network *network, struct program_result *result);

/* Branch and bound over an exact network, at most so many nodes of the tree.
 * known is the total of a schedule that is there already. steps (empty before,
 * may be NULL) takes the best schedule found if it is better than that or
 * equally good. */
void program_solve(const struct network *network, int64_t known, int64_t most_nodes,
                   struct program_result *result, struct program_steps *steps);

#endif
