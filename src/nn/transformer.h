/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One encoder layer of a transformer (Vaswani et al. 2017), with the norms behind the sums:
 *
 *     m = norm1(x + out(attention(in(x))));   y = norm2(m + feed_out(relu(feed_in(m))))
 *
 * over segments of rows that attend to each other. A row may stand for several equal ones (weight);
 * as there are no positions, equal rows stay equal, so it is exact to compute them once.
 */
#ifndef NN_TRANSFORMER_H
#define NN_TRANSFORMER_H

#include "nn/linear.h"
#include "nn/mlp.h"
#include "nn/norm.h"

struct transformer {
    int width, heads;
    struct linear in, out; /* in: query, key and value side by side */
    struct norm norm1, norm2;
    struct mlp feed;
};

struct transformer_state {
    struct attention_shape shape;
    const real *x;
    real *qkv, *mixed, *prob;
    struct norm_state norm1, norm2;
    struct mlp_state feed;
    int rows;
};

/* Registers NAME.in, NAME.out, NAME.norm1, NAME.feed, NAME.norm2. */
void transformer_register(struct transformer *layer, struct weights *weights, int width, int heads,
                          int feed_width, double epsilon, struct initial initial, const char *name);

/* Returns (first[segments], width). x, first and weight (or NULL) must stay until backward. */
real *transformer_forward(const struct pass *pass, struct transformer_state *state,
                          const struct transformer *layer, const real *x, const int32_t *first,
                          const real *weight, int segments);
void transformer_backward(const struct pass *pass, const struct transformer_state *state,
                          const struct transformer *layer, real *dx, const real *dout);

#endif
