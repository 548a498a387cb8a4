/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices whose weights change at every step, so that packing them would not pay. */
#ifndef NN_PRODUCT_H
#define NN_PRODUCT_H

#include <stdbool.h>

#include "nn/ops.h"

/*
 * c (m, n) += a (m, k) b (k, n), all row-major. A turned matrix is stored the other way round: a as
 * (k, m), b as (n, k). Each output is one chain of fused steps in the order of k, which starts with
 * what is in c: the same bits for every table.
 */
void product_add(const struct ops *ops, real *c, const real *a, bool a_turned, const real *b,
                 bool b_turned, int m, int n, int k);

#endif
