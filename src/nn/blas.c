/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/blas.h"

#include <cblas.h>

void blas_use_one_thread(void)
{
    openblas_set_num_threads(1);
}

void blas_product(real *c, real keep, const real *a, bool a_turned, const real *b, bool b_turned,
                  int m, int n, int k)
{
    CBLAS_TRANSPOSE a_order = a_turned ? CblasTrans : CblasNoTrans;
    CBLAS_TRANSPOSE b_order = b_turned ? CblasTrans : CblasNoTrans;
    int a_stride = a_turned ? m : k, b_stride = b_turned ? k : n;

    if (m == 0 || n == 0)
        return;
#ifdef NN_DOUBLE
    cblas_dgemm(CblasRowMajor, a_order, b_order, m, n, k, 1, a, a_stride, b, b_stride, keep, c, n);
#else
    cblas_sgemm(CblasRowMajor, a_order, b_order, m, n, k, 1, a, a_stride, b, b_stride, keep, c, n);
#endif
}
