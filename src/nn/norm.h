/* SPDX-License-Identifier: Apache-2.0 */
/* Layer norm with a gain and a bias. */
#ifndef NN_NORM_H
#define NN_NORM_H

#include "nn/pass.h"

struct norm {
    int width;
    size_t gain, bias; /* offsets */
    double epsilon;
};

/* What backward needs of a forward. */
struct norm_state {
    const real *x;
    real *mean, *rstd;
    int rows;
};

/* Registers NAME.gain and NAME.bias, started at one and zero. */
void norm_register(struct norm *norm, struct weights *weights, int width, double epsilon,
                   const char *name);

/* Returns (rows, width). x must stay until backward. */
real *norm_forward(const struct pass *pass, struct norm_state *state, const struct norm *norm,
                   const real *x, int rows);
void norm_backward(const struct pass *pass, const struct norm_state *state, const struct norm *norm,
                   real *dx, const real *dout);

#endif
