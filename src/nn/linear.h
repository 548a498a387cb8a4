/* SPDX-License-Identifier: Apache-2.0 */
/* A linear layer: out = x w + b. Weights are stored (in, out), so that w's rows are contiguous. */
#ifndef NN_LINEAR_H
#define NN_LINEAR_H

#include "nn/pass.h"

enum linear_flag {
    LINEAR_BIAS = 1u << 0,
};

struct linear {
    int in, out;
    size_t weight, bias; /* offsets; bias is NO_TENSOR without one */
    int packed;          /* index among the packed layers */
};

/* Registers NAME.weight (in, out), started by `initial`, and with LINEAR_BIAS NAME.bias (out),
 * started at zero. */
void linear_register(struct linear *layer, struct weights *weights, int in, int out, unsigned flags,
                     struct initial initial, const char *name);

/* Layers of the same input, without biases, as one: their outputs side by side. For passes with
 * packed weights, and forward only. */
struct linear linear_join(struct weights *weights, const struct linear *const *layer, int layers);

/* out (rows, layer->out), x (rows, layer->in) */
void linear_forward(const struct pass *pass, real *out, const real *x, const struct linear *layer,
                    int rows);

/* Adds to dx (or NULL) and to the gradients of the layer. */
void linear_backward(const struct pass *pass, real *dx, const real *dout, const real *x,
                     const struct linear *layer, int rows);

#endif
