/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The draws of noise, by task and how often it walked or started: the same under every policy. The
 * world uses them, and so do the bounds, which must know them.
 */
#ifndef SIM_NOISE_H
#define SIM_NOISE_H

#include <math.h>
#include <stdint.h>

#include "base/rng.h"

/* The streams of an episode. */
static inline uint64_t noise_slot_stream(uint64_t seed)
{
    return rng_hash_seed(seed, "noise");
}

static inline uint64_t noise_start_stream(uint64_t seed)
{
    return rng_hash_seed(seed, "start noise");
}

/* Added to the progress of a task's n-th slot. */
static inline double noise_added(uint64_t stream, int32_t task, int32_t nth, double width)
{
    return (rng_bits_unit(rng_hash(stream, (uint64_t)task, (uint64_t)nth)) - 0.5) * width;
}

/* Multiplies the speed of a task's n-th slot, or of its n-th start. */
static inline double noise_factor(uint64_t stream, int32_t task, int32_t nth, double sigma)
{
    uint64_t bits = rng_hash(stream, (uint64_t)task, (uint64_t)nth);

    return exp(sigma * rng_normal_quantile(rng_bits_unit(bits | 1u << 11)) - sigma * sigma / 2);
}

#endif
