/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/loss.h"

#include <math.h>

#include "nn/span.h"

static double weight_of(const real *weight, size_t i)
{
    return weight ? (double)weight[i] : 1;
}

double loss_squares(real *dout, const real *out, const real *target, const real *weight, size_t n,
                    double scale)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double off = (double)out[i] - (double)target[i], w = scale * weight_of(weight, i);

        sum += w * off * off;
        dout[i] += (real)(2 * w * off);
    }
    return sum;
}

double loss_huber(real *dout, const real *out, const real *target, const real *weight, size_t n,
                  double knee, double scale)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double off = (double)out[i] - (double)target[i], w = scale * weight_of(weight, i);
        double slope = off > knee ? knee : off < -knee ? -knee : off;

        sum += w * slope * (off - slope / 2);
        dout[i] += (real)(w * slope);
    }
    return sum;
}

double loss_cross_entropy(real *dlogits, const real *logp, const real *target, int n, double scale)
{
    double sum = 0, mass = 0;

    for (int i = 0; i < n; i++)
        mass += (double)target[i];
    for (int i = 0; i < n; i++) {
        if (logp[i] == -REAL_INF)
            continue;
        sum -= scale * (double)target[i] * (double)logp[i];
        dlogits[i] += (real)(scale * (mass * (double)span_exp1(logp[i]) - (double)target[i]));
    }
    return sum;
}

double loss_ppo_clip(real *dlogp, const real *logp, const real *logp_old, const real *advantage,
                     const real *weight, size_t n, double clip, double scale)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double ratio = exp((double)logp[i] - (double)logp_old[i]);
        double clamped = fmin(fmax(ratio, 1 - clip), 1 + clip), w = scale * weight_of(weight, i);
        double free = ratio * (double)advantage[i], bound = clamped * (double)advantage[i];

        if (w == 0)
            continue;
        sum -= w * (free > bound ? bound : free);
        if (!(free > bound))              /* so that NaN shows */
            dlogp[i] -= (real)(w * free); /* the ratio by logp is the ratio */
    }
    return sum;
}

void loss_normalise(real *x, size_t n)
{
    double mean = 0, variance = 0;

    for (size_t i = 0; i < n; i++)
        mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)(n - 1);
    for (size_t i = 0; i < n; i++)
        x[i] = (real)(((double)x[i] - mean) / sqrt(variance));
}
