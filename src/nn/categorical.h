/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing one of n by logits, some of them masked. Everything goes by log-probabilities: minus
 * infinity is "never". A mask holds one byte for each choice, 0 for never, or is NULL; a logit of
 * minus infinity is masked too.
 */
#ifndef NN_CATEGORICAL_H
#define NN_CATEGORICAL_H

#include <stdint.h>

#include "nn/real.h"

/* logp (n) of logits (n); logp may be logits. All minus infinity if nothing is allowed. */
void categorical_log_probs(real *logp, const real *logits, const uint8_t *mask, int n);

/* - sum p log p; 0 if nothing is allowed. */
double categorical_entropy(const real *logp, int n);

/* The choice that unit, uniform in [0, 1), falls on; -1 if nothing is allowed. */
int categorical_sample(const real *logp, int n, double unit);

/* The most likely choice, the first of equals; -1 if nothing is allowed. */
int categorical_best(const real *logp, int n);

/*
 * Adds to dlogits what a loss gains through the log-probability of `chosen` (dlogp) and through the
 * entropy (dentropy).
 */
void categorical_backward(real *dlogits, const real *logp, int n, int chosen, double dlogp,
                          double dentropy);

#endif
