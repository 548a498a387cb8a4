/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matrix products of training, by OpenBLAS on the calling thread. Same machine, same library:
 * same bits, whatever the other threads do.
 */
#ifndef NN_BLAS_H
#define NN_BLAS_H

#include <stdbool.h>

#include "nn/real.h"

/* Keeps OpenBLAS from using threads of its own. Before the first product. */
void blas_use_one_thread(void);

/*
 * c (m, n) = keep c + a (m, k) b (k, n), all row-major. A turned matrix is stored the other way
 * round: a as (k, m), b as (n, k).
 */
void blas_product(real *c, real keep, const real *a, bool a_turned, const real *b, bool b_turned,
                  int m, int n, int k);

#endif
