/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/initial.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/rng.h"

static void draw_uniform(real *value, size_t count, double bound, struct rng *rng)
{
    for (size_t i = 0; i < count; i++)
        value[i] = (real)(bound * (2 * rng_unit(rng) - 1));
}

static double row_dot(const double *x, const double *y, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/*
 * Makes the rows of q (count, n), count <= n, orthonormal, one after the other (modified
 * Gram-Schmidt). Each row is cleared of the ones before it twice, after which what is left of them
 * is rounding only (Giraud et al. 2005).
 */
static void orthonormalise(double *q, size_t count, size_t n)
{
    for (size_t i = 0; i < count; i++) {
        double *row = q + i * n, scale;

        for (int twice = 0; twice < 2; twice++)
            for (size_t j = 0; j < i; j++) {
                double along = row_dot(row, q + j * n, n);

                for (size_t k = 0; k < n; k++)
                    row[k] -= along * q[j * n + k];
            }
        scale = 1 / sqrt(row_dot(row, row, n));
        for (size_t k = 0; k < n; k++)
            row[k] *= scale;
    }
}

static void draw_orthogonal(real *value, size_t inputs, size_t outputs, double gain,
                            struct rng *rng)
{
    size_t count = inputs < outputs ? inputs : outputs, n = inputs < outputs ? outputs : inputs;
    double *q = xcalloc(count * n, sizeof *q);

    for (size_t i = 0; i < count * n; i++)
        q[i] = rng_normal(rng);
    orthonormalise(q, count, n);
    for (size_t i = 0; i < inputs; i++)
        for (size_t j = 0; j < outputs; j++)
            value[i * outputs + j] =
                (real)(gain * (inputs < outputs ? q[i * n + j] : q[j * n + i]));
    free(q);
}

void initial_draw(real *value, struct initial initial, int ranks, const int *size, struct rng *rng)
{
    size_t outputs = (size_t)size[ranks - 1], inputs = 1;

    for (int i = 0; i + 1 < ranks; i++)
        inputs *= (size_t)size[i];
    switch (initial.kind) {
    case INITIAL_UNIFORM:
        draw_uniform(value, inputs * outputs, initial.gain, rng);
        break;
    case INITIAL_XAVIER_UNIFORM:
        draw_uniform(value, inputs * outputs, initial.gain * sqrt(6.0 / (double)(inputs + outputs)),
                     rng);
        break;
    case INITIAL_KAIMING_UNIFORM:
        draw_uniform(value, inputs * outputs, initial.gain * sqrt(3.0 / (double)inputs), rng);
        break;
    case INITIAL_ORTHOGONAL:
        draw_orthogonal(value, inputs, outputs, initial.gain, rng);
        break;
    default:
        for (size_t i = 0; i < inputs * outputs; i++)
            value[i] = (real)initial.gain;
    }
}
