/* SPDX-License-Identifier: Apache-2.0 */
/* Linear layers one after the other, with an activation between them and none after the last. */
#ifndef NN_MLP_H
#define NN_MLP_H

#include "nn/linear.h"

enum { MLP_LAYERS = 4 };

struct mlp {
    int layers;
    enum activation between;
    struct linear layer[MLP_LAYERS];
};

struct mlp_state {
    int rows;
    const real *x[MLP_LAYERS]; /* input of each layer */
    real *sum[MLP_LAYERS];     /* what the activation in front of layer i saw, i >= 1 */
};

/* width: layers + 1 sizes, input first. Registers NAME.0, NAME.1, ... */
void mlp_register(struct mlp *mlp, struct weights *weights, int layers, const int *width,
                  enum activation between, struct initial initial, const char *name);

/* Returns (rows, last width). x must stay until backward. */
real *mlp_forward(const struct pass *pass, struct mlp_state *state, const struct mlp *mlp,
                  const real *x, int rows);

/* dx may be NULL. */
void mlp_backward(const struct pass *pass, const struct mlp_state *state, const struct mlp *mlp,
                  real *dx, const real *dout);

#endif
