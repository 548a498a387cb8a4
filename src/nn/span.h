/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic that the operators are built from: exponential and hyperbolic tangent without a
 * branch, so that a compiler turns a loop over them into vector instructions, and sums over a span
 * of numbers in one fixed order. Nothing here is fused or reordered, so every build, compiler and
 * instruction set gives the same bits.
 *
 * In float: x = n ln 2 + r with |r| <= ln 2 / 2, exp x = 2^n exp r, exp r by its Taylor series to
 * r^7 (the next term is below 6e-9); relative errors below 1e-7 and 2e-7
 * (tests/unit/nn/test_span.c). In double the C library's functions, which are slower and good to
 * the last digits.
 */
#ifndef NN_SPAN_H
#define NN_SPAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nn/real.h"

#define SPAN_INLINE static inline __attribute__((always_inline))

enum { SPAN_LANES = 16 };

#ifdef NN_DOUBLE

SPAN_INLINE real span_exp1(real x)
{
    return exp(x);
}

SPAN_INLINE real span_tanh1(real x)
{
    return tanh(x);
}

#else

/* exp(r) - 1 for |r| <= ln 2 / 2. */
SPAN_INLINE float span_taylor(float r)
{
    float p = 1.0f / 5040;

    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 1.0f / 2;
    return r + r * r * p;
}

/*
 * Splits x into n ln 2 + r; returns r and writes 2^n. Adding 1.5 * 2^23 rounds to a whole number
 * and leaves it in the low bits. ln 2 is taken off in two parts, the first short enough that its
 * product with n is exact. Wants |x| <= 88.
 */
SPAN_INLINE float span_reduce(float x, float *power)
{
    const float magic = 12582912.0f;
    float shifted = x * 1.44269504f + magic, n = shifted - magic;
    uint32_t bits;

    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;
    memcpy(power, &bits, sizeof bits);
    return (x - n * 0.693359375f) - n * -2.12194440e-4f;
}

/* exp(x); 0 below -87.3 and exp(88) above 88. NaN stays NaN. */
SPAN_INLINE float span_exp1(float x)
{
    float capped = x > 88.0f ? 88.0f : x, power, r;

    capped = capped < -87.3f ? -87.3f : capped;
    r = span_reduce(capped, &power);
    r = power + power * span_taylor(r);
    return x < -87.3f ? 0.0f : r;
}

/* tanh a = (e^2a - 1) / (e^2a + 1), from e^2a - 1 itself so that small a keep their digits. */
SPAN_INLINE float span_tanh1(float x)
{
    float size = __builtin_fabsf(x), power, r, less_one;

    size = size > 9.5f ? 9.5f : size;
    r = span_reduce(2 * size, &power);
    less_one = power * span_taylor(r) + (power - 1);
    return __builtin_copysignf(less_one / (less_one + 2), x);
}

#endif

SPAN_INLINE real span_sigmoid1(real x)
{
    return 1 / (1 + span_exp1(-x));
}

/* The sum of sixteen lanes, in halves. */
SPAN_INLINE real span_fold(real *lane)
{
    for (int l = 0; l < 8; l++)
        lane[l] += lane[l + 8];
    for (int l = 0; l < 4; l++)
        lane[l] += lane[l + 4];
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

/* Sixteen running sums, item i in lane i % 16, folded at the end. The eight that may be left over
 * are taken together, as heads are often that narrow. */
SPAN_INLINE real span_sum(const real *x, int n)
{
    real lane[SPAN_LANES] = {0};
    int i = 0, l = 0;

    for (; i + SPAN_LANES <= n; i += SPAN_LANES)
        for (int k = 0; k < SPAN_LANES; k++)
            lane[k] += x[i + k];
    if (i + SPAN_LANES / 2 <= n)
        for (; l < SPAN_LANES / 2; l++)
            lane[l] += x[i + l];
    for (; l < SPAN_LANES && i + l < n; l++)
        lane[l] += x[i + l];
    return span_fold(lane);
}

SPAN_INLINE real span_dot(const real *x, const real *y, int n)
{
    real lane[SPAN_LANES] = {0};
    int i = 0, l = 0;

    for (; i + SPAN_LANES <= n; i += SPAN_LANES)
        for (int k = 0; k < SPAN_LANES; k++)
            lane[k] += x[i + k] * y[i + k];
    if (i + SPAN_LANES / 2 <= n)
        for (; l < SPAN_LANES / 2; l++)
            lane[l] += x[i + l] * y[i + l];
    for (; l < SPAN_LANES && i + l < n; l++)
        lane[l] += x[i + l] * y[i + l];
    return span_fold(lane);
}

/* y += a x */
SPAN_INLINE void span_axpy(real *restrict y, real a, const real *restrict x, int n)
{
    for (int i = 0; i < n; i++)
        y[i] += a * x[i];
}

#endif
