/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/mlp.h"

#include <stdio.h>

#include "base/memory.h"

void mlp_register(struct mlp *mlp, struct weights *weights, int layers, const int *width,
                  enum activation between, struct initial initial, const char *name)
{
    BUG_ON(layers < 1 || layers > MLP_LAYERS);
    *mlp = (struct mlp){.layers = layers, .between = between};
    for (int i = 0; i < layers; i++) {
        char part[256];

        snprintf(part, sizeof part, "%s.%d", name, i);
        linear_register(&mlp->layer[i], weights, width[i], width[i + 1], LINEAR_BIAS, initial,
                        part);
    }
}

real *mlp_forward(const struct pass *pass, struct mlp_state *state, const struct mlp *mlp,
                  const real *x, int rows)
{
    real *out = NULL;

    state->rows = rows;
    for (int i = 0; i < mlp->layers; i++) {
        size_t width = (size_t)mlp->layer[i].out;

        state->x[i] = x;
        out = pass_new(pass, (size_t)rows, width);
        linear_forward(pass, out, x, &mlp->layer[i], rows);
        if (i + 1 < mlp->layers) {
            real *active = pass_new(pass, (size_t)rows, width);

            state->sum[i + 1] = out;
            pass->ops->activate(active, out, (size_t)rows * width, mlp->between);
            x = active;
        }
    }
    return out;
}

void mlp_backward(const struct pass *pass, const struct mlp_state *state, const struct mlp *mlp,
                  real *dx, const real *dout)
{
    for (int i = mlp->layers - 1; i > 0; i--) {
        size_t rows = (size_t)state->rows, width = (size_t)mlp->layer[i].in;
        real *dactive = pass_zeros(pass, rows, width), *dsum = pass_zeros(pass, rows, width);

        linear_backward(pass, dactive, dout, state->x[i], &mlp->layer[i], state->rows);
        pass->ops->activate_backward(dsum, dactive, state->x[i], state->sum[i], rows * width,
                                     mlp->between);
        dout = dsum;
    }
    linear_backward(pass, dx, dout, state->x[0], &mlp->layer[0], state->rows);
}
