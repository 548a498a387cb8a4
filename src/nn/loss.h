/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Losses: each returns scale times its sum over the items and adds the gradient of that to its
 * first argument. weight (n) multiplies the items, NULL is all 1; 0 leaves an item out.
 */
#ifndef NN_LOSS_H
#define NN_LOSS_H

#include <stddef.h>

#include "nn/real.h"

/* sum w (out - target)^2 */
double loss_squares(real *dout, const real *out, const real *target, const real *weight, size_t n,
                    double scale);

/* sum w h(out - target): h(x) = x^2 / 2 up to |x| = knee, then straight on (Huber 1964). */
double loss_huber(real *dout, const real *out, const real *target, const real *weight, size_t n,
                  double knee, double scale);

/*
 * - sum_i target_i log p_i over n choices, for one decision; dlogits by the logits behind logp. The
 * targets need not be whole nor sum to 1, but must be 0 where logp is minus infinity.
 */
double loss_cross_entropy(real *dlogits, const real *logp, const real *target, int n, double scale);

/*
 * - sum w min(ratio advantage, clamp(ratio, 1 - clip, 1 + clip) advantage), ratio = exp(logp -
 * logp_old) (Schulman et al., "Proximal Policy Optimization Algorithms", 2017, eq. 7).
 */
double loss_ppo_clip(real *dlogp, const real *logp, const real *logp_old, const real *advantage,
                     const real *weight, size_t n, double clip, double scale);

/* Subtracts the mean and divides by the standard deviation (of a sample: n - 1); n of 2 or more
 * numbers that are not all equal. */
void loss_normalise(real *x, size_t n);

#endif
