/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimators that look at the truth, straight or through noise. In slotted worlds progress comes in
 * steps of a slot, so the time from one progress to another is a whole number of slots; the true
 * estimator counts them by walking, as the world does.
 */
#include "core/estimator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/rng.h"
#include "core/scenario.h"

struct truth {
    const struct scenario *scenario;
    uint64_t noise_seed, sample_seed;
    double sigma; /* of noisy; 0: exact */
};

enum { FEW_SLOTS = 1000, SLOTS_WALKED = 100000 };

static uint64_t hash_allocation(uint64_t seed, int32_t type, const struct allocation *a)
{
    uint64_t hash = rng_hash(seed, (uint64_t)type, 0);

    for (int r = 0; r < MAX_RESOURCES; r++)
        hash = rng_hash(hash, (uint64_t)r, (uint64_t)a->amount[r]);
    return hash;
}

static double distortion(const struct truth *truth, int32_t type, const struct allocation *a)
{
    double z;

    if (truth->sigma == 0)
        return 1;
    z = rng_normal_quantile(rng_bits_unit(hash_allocation(truth->noise_seed, type, a) | 1u << 11));
    return exp(truth->sigma * z - truth->sigma * truth->sigma / 2);
}

static struct rate true_rate(const struct truth *truth, int32_t type, const struct allocation *a)
{
    if (!allocation_fits(&truth->scenario->catalog.type[type].min, a))
        return (struct rate){0};
    return speed_rate(&truth->scenario->truth[type].speed, a);
}

static double truth_speed(const void *state, int32_t type, const struct allocation *a,
                          double progress)
{
    const struct truth *truth = state;
    const struct type_truth *of = &truth->scenario->truth[type];

    return speed_at(&of->speed, true_rate(truth, type, a), progress) * distortion(truth, type, a) /
           of->work.mean;
}

static double walk_slots(const struct speed_model *model, struct rate rate, double per_slot,
                         double from, double to)
{
    int slots = 0;

    if (model->curve == CURVE_FLAT && to - from > FEW_SLOTS * rate.base * per_slot)
        return ceil((to - from) / (rate.base * per_slot));
    for (; from < to && slots < SLOTS_WALKED; slots++)
        from += speed_at(model, rate, from) * per_slot;
    return slots;
}

static double truth_seconds(const void *state, int32_t type, const struct allocation *a,
                            double from, double to)
{
    const struct truth *truth = state;
    const struct type_truth *of = &truth->scenario->truth[type];
    struct rate rate = true_rate(truth, type, a);
    double multiplier = distortion(truth, type, a) / of->work.mean;
    double slot_s = truth->scenario->catalog.slot_s;

    if (from >= to)
        return 0;
    if (rate.base <= 0)
        return HUGE_VAL;
    if (slot_s > 0)
        return slot_s * walk_slots(&of->speed, rate, slot_s * multiplier, from, to);
    return speed_seconds(&of->speed, rate, from, to) / multiplier;
}

static double truth_sample(const void *state, int32_t type, const struct allocation *a,
                           double progress, uint64_t draw)
{
    const struct truth *truth = state;
    const struct noise *noise = &truth->scenario->truth[type].noise;
    double speed = truth_speed(state, type, a, progress);
    uint64_t bits = rng_hash(hash_allocation(truth->sample_seed, type, a), draw, 0);

    if (speed <= 0 || noise->kind == NOISE_NONE)
        return speed;
    if (noise->kind == NOISE_ADDITIVE)
        return fmax(0, speed + (rng_bits_unit(bits) - 0.5) * noise->width);
    return speed * exp(noise->width * rng_normal_quantile(rng_bits_unit(bits | 1u << 11)) -
                       noise->width * noise->width / 2);
}

static const struct estimator_ops true_ops = {
    .name = "true",
    .summary = "the true speeds",
    .info = INFO_ORACLE,
    .speed = truth_speed,
    .seconds = truth_seconds,
    .sample = truth_sample,
    .release = free,
};

static const struct estimator_ops noisy_ops = {
    .name = "noisy",
    .summary = "the true speed of each type and allocation times a fixed lognormal factor",
    .info = INFO_MODEL,
    .speed = truth_speed,
    .seconds = truth_seconds,
    .sample = truth_sample,
    .release = free,
};

int estimator_open(struct estimator *estimator, const struct scenario *scenario, uint64_t seed,
                   const char *model, struct err *err)
{
    struct truth *truth;
    double sigma = 0;
    char *end;

    *estimator = (struct estimator){0};
    if (strncmp(model, "noisy:", 6) == 0) {
        sigma = strtod(model + 6, &end);
        if (end == model + 6 || *end || !(sigma >= 0 && sigma <= 5))
            return err_set(err, ERR_INVALID,
                           "model: expected noisy:S with S from 0 to 5, not \"%.60s\"", model);
    } else if (strcmp(model, "true") != 0) {
        return err_set(err, ERR_INVALID, "model: expected true or noisy:S, not \"%.60s\"", model);
    }
    truth = xcalloc(1, sizeof *truth);
    truth->scenario = scenario;
    truth->sigma = sigma;
    truth->noise_seed = rng_hash_seed(seed, "estimator");
    truth->sample_seed = rng_hash_seed(seed, "profile");
    estimator->ops = strcmp(model, "true") == 0 ? &true_ops : &noisy_ops;
    estimator->state = truth;
    return 0;
}

void estimator_close(struct estimator *estimator)
{
    if (estimator->ops)
        estimator->ops->release(estimator->state);
    *estimator = (struct estimator){0};
}
