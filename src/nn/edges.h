/* SPDX-License-Identifier: Apache-2.0 */
/* Building the struct edges of nn/ops.h from a list of edges in any order. */
#ifndef NN_EDGES_H
#define NN_EDGES_H

#include <stdint.h>

#include "nn/ops.h"

struct arena;

/*
 * Sorts the edges source[e] -> target[e] by target; edges of one target keep their order. weight
 * may be NULL. All arrays are copied into memory. An index out of range is a bug.
 */
struct edges edges_build(struct arena *memory, int32_t targets, int32_t sources, int32_t count,
                         const int32_t *source, const int32_t *target, const real *weight);

#endif
