/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number that networks are made of: float, or double where the sources are compiled a second
 * time with -DNN_DOUBLE to check gradients by central differences.
 */
#ifndef NN_REAL_H
#define NN_REAL_H

#include <math.h>

#ifdef NN_DOUBLE
typedef double real;
#else
typedef float real;
#endif

static const real REAL_INF = (real)INFINITY;

static inline real real_sqrt(real x)
{
#ifdef NN_DOUBLE
    return sqrt(x);
#else
    return sqrtf(x);
#endif
}

/* a * b + c, rounded once, on every machine. */
static inline real real_fma(real a, real b, real c)
{
#ifdef NN_DOUBLE
    return fma(a, b, c);
#else
    return fmaf(a, b, c);
#endif
}

/* By way of double, so that the float result does not depend on the C library's float version. */
static inline real real_log(real x)
{
    return (real)log((double)x);
}

#endif
