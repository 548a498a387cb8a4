/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass through a network, forward and maybe backward: which operators, which weights, where
 * gradients go, and the arena that activations live in until the pass is over. Each thread has its
 * own pass and arena; weights are shared.
 *
 * The same network code serves both ways: with `packed`, products run on packed weights, else on
 * the weights as they are, which is what training wants, as they change at every step.
 */
#ifndef NN_PASS_H
#define NN_PASS_H

#include <stdbool.h>

#include "base/arena.h"
#include "nn/ops.h"
#include "nn/weights.h"

struct pass {
    const struct ops *ops;
    const struct weights *weights;
    real *grad; /* block laid out as weights->value; NULL: no backward */
    struct arena *memory;
    bool packed;
};

/* An uninitialised matrix that lives until the arena is reset. */
static inline real *pass_new(const struct pass *pass, size_t rows, size_t width)
{
    return arena_alloc(pass->memory, rows * width * sizeof(real));
}

static inline real *pass_zeros(const struct pass *pass, size_t rows, size_t width)
{
    return arena_zalloc(pass->memory, rows * width, sizeof(real));
}

static inline const real *pass_value(const struct pass *pass, size_t offset)
{
    return pass->weights->value + offset;
}

static inline real *pass_grad(const struct pass *pass, size_t offset)
{
    return pass->grad + offset;
}

#endif
