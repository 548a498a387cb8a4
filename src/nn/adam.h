/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adam (Kingma and Ba 2015), and with decay > 0 AdamW (Loshchilov and Hutter 2019): the decay goes
 * straight to the values, and only to tensors of two ranks or more, not to biases and gains.
 */
#ifndef NN_ADAM_H
#define NN_ADAM_H

#include <stdint.h>

#include "nn/ops.h"

struct weights;

struct adam {
    double beta1, beta2, epsilon, decay;
    int64_t steps; /* done so far */
};

static const struct adam ADAM_USUAL = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};

/* One step down weights->grad at this learning rate. */
void adam_step(struct adam *adam, struct weights *weights, const struct ops *ops, double rate);

/* The length of weights->grad as one vector; not finite if the gradient is not. */
double grad_norm(const struct weights *weights);

/* Shortens the gradient to `limit` if it is longer. Returns its length before; one that is not
 * finite is returned and the gradient left alone. */
double grad_clip(struct weights *weights, double limit);

#endif
