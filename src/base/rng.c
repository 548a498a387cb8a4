/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rng.h"

#include <math.h>

#include "base/memory.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static const uint64_t GOLDEN_GAMMA = 0x9E3779B97F4A7C15u;

/* FNV-1a, 64 bits. */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = 0xCBF29CE484222325u;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001B3u;
    return hash;
}

uint64_t rng_hash_seed(uint64_t seed, const char *name)
{
    return mix(seed + GOLDEN_GAMMA) ^ hash_name(name);
}

/* SplitMix64 from the seed and the name fills the state, as the generator's authors advise. */
void rng_stream(struct rng *rng, uint64_t seed, const char *name)
{
    uint64_t z = rng_hash_seed(seed, name);

    for (int i = 0; i < 4; i++) {
        z += GOLDEN_GAMMA;
        rng->state[i] = mix(z);
    }
}

uint64_t rng_hash(uint64_t seed, uint64_t a, uint64_t b)
{
    uint64_t z = mix(seed + GOLDEN_GAMMA * (a + 1));

    return mix(z + GOLDEN_GAMMA * (b + 1));
}

double rng_exponential(struct rng *rng, double mean)
{
    return -mean * log1p(-rng_unit(rng));
}

/* Coefficients of Acklam's rational approximation (2003); one Halley step brings it below 1e-15. */
static double rough_quantile(double p)
{
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
                               -2.759285104469687e+02, 1.383577518672690e+02,
                               -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
                               -1.556989798598866e+02, 6.680131188771972e+01,
                               -1.328068155288572e+01};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
                               -2.400758277161838e+00, -2.549732539343734e+00,
                               4.374664141464968e+00,  2.938163982698783e+00};
    static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                               3.754408661907416e+00};
    double q, r;

    if (p < 0.02425) {
        q = sqrt(-2 * log(p));
        return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
               ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    }
    if (p > 1 - 0.02425)
        return -rough_quantile(1 - p);
    q = p - 0.5;
    r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
           (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

double rng_normal_quantile(double unit)
{
    static const double sqrt_two_pi = 2.50662827463100050242;
    double x = rough_quantile(unit);
    double error = 0.5 * erfc(-x * 0.70710678118654752440) - unit;
    double step = error * sqrt_two_pi * exp(x * x / 2);

    return x - step / (1 + x * step / 2);
}

double rng_normal(struct rng *rng)
{
    return rng_normal_quantile(((double)(rng_u64(rng) >> 11) + 0.5) * 0x1p-53);
}

/* Knuth's product of uniforms for small means; larger ones are sums of independent parts. */
uint32_t rng_poisson(struct rng *rng, double mean)
{
    uint32_t count = 0;

    BUG_ON(!(mean >= 0 && mean <= 1e6));
    while (mean > 0) {
        double part = mean > 30 ? 30 : mean;
        double limit = exp(-part), product = rng_unit(rng);

        for (; product > limit; product *= rng_unit(rng))
            count++;
        mean -= part;
    }
    return count;
}
