/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators on rows: activations, softmax, layer norm, gathering, sums, the optimiser's step.
 *
 * The files ops_rows.h, ops_graph.h and ops_sequence.h are templates: each of ops_ref.c, ops_avx2.c
 * and ops_avx512.c includes them once with its own OPS_TARGET, so that the compiler makes one
 * version per instruction set of the same loops. They are not for inclusion elsewhere.
 */
#ifndef OPS_TARGET
#error "define OPS_TARGET before including an operator template"
#endif

#include <string.h>

#include "nn/ops.h"
#include "nn/span.h"

static const real GELU_INNER = (real)0.79788456080286535588; /* sqrt(2 / pi) */
static const real GELU_CUBIC = (real)0.044715;
static const real LEAKY_SLOPE = (real)0.01;

OPS_TARGET static void activate(real *out, const real *x, size_t n, enum activation kind)
{
    switch (kind) {
    case ACT_RELU:
        for (size_t i = 0; i < n; i++)
            out[i] = x[i] > 0 ? x[i] : 0;
        break;
    case ACT_LEAKY_RELU:
        for (size_t i = 0; i < n; i++)
            out[i] = x[i] > 0 ? x[i] : LEAKY_SLOPE * x[i];
        break;
    case ACT_TANH:
        for (size_t i = 0; i < n; i++)
            out[i] = span_tanh1(x[i]);
        break;
    case ACT_SIGMOID:
        for (size_t i = 0; i < n; i++)
            out[i] = span_sigmoid1(x[i]);
        break;
    case ACT_GELU:
        for (size_t i = 0; i < n; i++) {
            real inner = GELU_INNER * (x[i] + GELU_CUBIC * x[i] * x[i] * x[i]);

            out[i] = (real)0.5 * x[i] * (1 + span_tanh1(inner));
        }
        break;
    case ACT_SILU:
        for (size_t i = 0; i < n; i++)
            out[i] = x[i] * span_sigmoid1(x[i]);
        break;
    default:
        if (out != x)
            memcpy(out, x, n * sizeof *out);
    }
}

OPS_TARGET static void gelu_backward(real *restrict dx, const real *dout, const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        real square = x[i] * x[i];
        real t = span_tanh1(GELU_INNER * (x[i] + GELU_CUBIC * x[i] * square));
        real slope = GELU_INNER * (1 + 3 * GELU_CUBIC * square);

        dx[i] += dout[i] * (real)0.5 * (1 + t + x[i] * (1 - t * t) * slope);
    }
}

OPS_TARGET static void activate_backward(real *restrict dx, const real *dout, const real *out,
                                         const real *x, size_t n, enum activation kind)
{
    switch (kind) {
    case ACT_RELU:
        for (size_t i = 0; i < n; i++)
            dx[i] += x[i] > 0 ? dout[i] : 0;
        break;
    case ACT_LEAKY_RELU:
        for (size_t i = 0; i < n; i++)
            dx[i] += x[i] > 0 ? dout[i] : LEAKY_SLOPE * dout[i];
        break;
    case ACT_TANH:
        for (size_t i = 0; i < n; i++)
            dx[i] += dout[i] * (1 - out[i] * out[i]);
        break;
    case ACT_SIGMOID:
        for (size_t i = 0; i < n; i++)
            dx[i] += dout[i] * out[i] * (1 - out[i]);
        break;
    case ACT_GELU:
        gelu_backward(dx, dout, x, n);
        break;
    case ACT_SILU:
        for (size_t i = 0; i < n; i++) {
            real s = span_sigmoid1(x[i]);

            dx[i] += dout[i] * s * (1 + x[i] * (1 - s));
        }
        break;
    default:
        for (size_t i = 0; i < n; i++)
            dx[i] += dout[i];
    }
}

OPS_TARGET static void add(real *restrict out, const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += x[i];
}

/* The largest x of positive weight; -INFINITY if there is none. */
SPAN_INLINE real span_max(const real *x, const real *weight, int n)
{
    real max = -REAL_INF;

    for (int i = 0; i < n; i++) {
        real candidate = weight && !(weight[i] > 0) ? -REAL_INF : x[i];

        max = candidate > max ? candidate : max;
    }
    return max;
}

SPAN_INLINE void span_softmax(real *p, const real *x, const real *weight, int n)
{
    real max = span_max(x, weight, n), base = max == -REAL_INF ? 0 : max, sum;

    for (int i = 0; i < n; i++)
        p[i] = span_exp1(x[i] - base);
    for (int i = 0; weight && i < n; i++)
        p[i] = weight[i] > 0 ? p[i] * weight[i] : 0;
    sum = span_sum(p, n);
    sum = sum == 0 ? 1 : sum; /* nothing has weight: zeros; NaN stays NaN */
    for (int i = 0; i < n; i++)
        p[i] /= sum;
}

OPS_TARGET static void softmax(real *p, const real *x, const real *weight, const int32_t *first,
                               int segments)
{
    for (int s = 0; s < segments; s++)
        span_softmax(p + first[s], x + first[s], weight ? weight + first[s] : NULL,
                     first[s + 1] - first[s]);
}

OPS_TARGET static void softmax_backward(real *restrict dx, const real *dp, const real *p,
                                        const int32_t *first, int segments)
{
    for (int s = 0; s < segments; s++) {
        int32_t from = first[s], to = first[s + 1];
        real mean = span_dot(p + from, dp + from, to - from);

        for (int32_t i = from; i < to; i++)
            dx[i] += p[i] * (dp[i] - mean);
    }
}

OPS_TARGET static void layer_norm(real *out, real *mean, real *rstd, const real *x,
                                  const real *gain, const real *bias, int rows, int width,
                                  real epsilon)
{
    for (int row = 0; row < rows; row++, out += width, x += width) {
        mean[row] = span_sum(x, width) / (real)width;
        for (int i = 0; i < width; i++)
            out[i] = x[i] - mean[row];
        rstd[row] = 1 / real_sqrt(span_dot(out, out, width) / (real)width + epsilon);
        for (int i = 0; i < width; i++)
            out[i] = out[i] * rstd[row] * gain[i] + bias[i];
    }
}

/* With y = (x - mean) rstd and g = dout gain: dx = rstd (g - mean(g) - y mean(g y)). */
OPS_TARGET static void layer_norm_backward(real *restrict dx, real *restrict dgain,
                                           real *restrict dbias, const real *dout, const real *x,
                                           const real *mean, const real *rstd, const real *gain,
                                           int rows, int width)
{
    for (int row = 0; row < rows; row++, dx += width, dout += width, x += width) {
        real g_lane[SPAN_LANES] = {0}, gy_lane[SPAN_LANES] = {0}, g_mean, gy_mean;

        for (int i = 0; i < width; i++) {
            real y = (x[i] - mean[row]) * rstd[row], g = dout[i] * gain[i];

            dgain[i] += dout[i] * y;
            dbias[i] += dout[i];
            g_lane[i % SPAN_LANES] += g;
            gy_lane[i % SPAN_LANES] += g * y;
        }
        g_mean = span_fold(g_lane) / (real)width;
        gy_mean = span_fold(gy_lane) / (real)width;
        for (int i = 0; i < width; i++) {
            real y = (x[i] - mean[row]) * rstd[row];

            dx[i] += rstd[row] * (dout[i] * gain[i] - g_mean - y * gy_mean);
        }
    }
}

OPS_TARGET static void gather(real *out, const real *x, const int32_t *index, int rows, int width)
{
    for (int row = 0; row < rows; row++)
        memcpy(out + (size_t)row * (size_t)width, x + (size_t)index[row] * (size_t)width,
               (size_t)width * sizeof *out);
}

OPS_TARGET static void gather_backward(real *dx, const real *dout, const int32_t *index, int rows,
                                       int width)
{
    for (int row = 0; row < rows; row++)
        span_axpy(dx + (size_t)index[row] * (size_t)width, 1, dout + (size_t)row * (size_t)width,
                  width);
}

/* 1 / the segment's total weight, or 0. */
SPAN_INLINE real segment_scale(const real *weight, int32_t from, int32_t to)
{
    real total = weight ? span_sum(weight + from, to - from) : (real)(to - from);

    return total > 0 ? 1 / total : 0;
}

OPS_TARGET static void segment_mean(real *out, const real *x, const real *weight,
                                    const int32_t *first, int segments, int width)
{
    memset(out, 0, (size_t)segments * (size_t)width * sizeof *out);
    for (int s = 0; s < segments; s++, out += width) {
        real scale = segment_scale(weight, first[s], first[s + 1]);

        for (int32_t i = first[s]; i < first[s + 1]; i++)
            span_axpy(out, weight ? weight[i] : 1, x + (size_t)i * (size_t)width, width);
        for (int d = 0; d < width; d++)
            out[d] *= scale;
    }
}

OPS_TARGET static void segment_mean_backward(real *dx, const real *dout, const real *weight,
                                             const int32_t *first, int segments, int width)
{
    for (int s = 0; s < segments; s++, dout += width) {
        real scale = segment_scale(weight, first[s], first[s + 1]);

        for (int32_t i = first[s]; i < first[s + 1]; i++)
            span_axpy(dx + (size_t)i * (size_t)width, weight ? weight[i] * scale : scale, dout,
                      width);
    }
}

OPS_TARGET static void column_sums(real *db, const real *dout, int rows, int width)
{
    for (int row = 0; row < rows; row++, dout += width)
        span_axpy(db, 1, dout, width);
}

OPS_TARGET static void adam(real *restrict value, real *restrict m, real *restrict v,
                            const real *grad, size_t n, real beta1, real beta2, real rate,
                            real epsilon, real decay)
{
    for (size_t i = 0; i < n; i++) {
        m[i] += (1 - beta1) * (grad[i] - m[i]);
        v[i] += (1 - beta2) * (grad[i] * grad[i] - v[i]);
        value[i] -= rate * m[i] / (real_sqrt(v[i]) + epsilon) + decay * value[i];
    }
}
