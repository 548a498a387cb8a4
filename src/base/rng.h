/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers: one named stream per purpose, so that what one part draws never shifts another's
 * draws, and a hash of counters for draws that must not depend on the order in which they are made.
 * The first outputs are pinned in tests/unit/base/test_rng.c; they are part of the file formats.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state[4];
};

/* The stream called name of this seed. Different names give independent streams. */
void rng_stream(struct rng *rng, uint64_t seed, const char *name);

/* Mixes a seed and two counters to 64 bits: for draws addressed by, say, task and slot. */
uint64_t rng_hash(uint64_t seed, uint64_t a, uint64_t b);

/* The seed under which a purpose draws by rng_hash: different names, unrelated draws. */
uint64_t rng_hash_seed(uint64_t seed, const char *name);

static inline uint64_t rng_rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

/* xoshiro256++ 1.0 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2019).
 */
static inline uint64_t rng_u64(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rng_rotate(s[0] + s[3], 23) + s[0];
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rng_rotate(s[3], 45);
    return result;
}

/* Bits to a double, uniform in [0, 1), a multiple of 2^-53. */
static inline double rng_bits_unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

static inline double rng_unit(struct rng *rng)
{
    return rng_bits_unit(rng_u64(rng));
}

/* Uniform in 0 .. bound-1, without bias (Lemire 2019, "Fast Random Integer Generation"). */
static inline uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    uint64_t product = (rng_u64(rng) >> 32) * bound;

    if ((uint32_t)product < bound) {
        uint32_t floor = -bound % bound;

        while ((uint32_t)product < floor)
            product = (rng_u64(rng) >> 32) * bound;
    }
    return (uint32_t)(product >> 32);
}

double rng_exponential(struct rng *rng, double mean);
double rng_normal(struct rng *rng);                 /* standard normal */
uint32_t rng_poisson(struct rng *rng, double mean); /* mean in 0 .. 1e6 */

/* The standard normal quantile of a uniform number in (0, 1); absolute error below 1e-9. */
double rng_normal_quantile(double unit);

#endif
