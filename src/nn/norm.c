/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/norm.h"

void norm_register(struct norm *norm, struct weights *weights, int width, double epsilon,
                   const char *name)
{
    *norm = (struct norm){.width = width, .epsilon = epsilon};
    norm->gain = weights_add(weights, INITIAL_ONES, 1, &width, "%s.gain", name);
    norm->bias = weights_add(weights, INITIAL_ZEROS, 1, &width, "%s.bias", name);
}

real *norm_forward(const struct pass *pass, struct norm_state *state, const struct norm *norm,
                   const real *x, int rows)
{
    real *out = pass_new(pass, (size_t)rows, (size_t)norm->width);

    *state = (struct norm_state){.x = x, .rows = rows};
    state->mean = pass_new(pass, (size_t)rows, 1);
    state->rstd = pass_new(pass, (size_t)rows, 1);
    pass->ops->layer_norm(out, state->mean, state->rstd, x, pass_value(pass, norm->gain),
                          pass_value(pass, norm->bias), rows, norm->width, (real)norm->epsilon);
    return out;
}

void norm_backward(const struct pass *pass, const struct norm_state *state, const struct norm *norm,
                   real *dx, const real *dout)
{
    pass->ops->layer_norm_backward(dx, pass_grad(pass, norm->gain), pass_grad(pass, norm->bias),
                                   dout, state->x, state->mean, state->rstd,
                                   pass_value(pass, norm->gain), state->rows, norm->width);
}
