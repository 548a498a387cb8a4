/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimators that look at the truth, straight or through noise. In slotted worlds progress comes in
 * steps of a slot, so times to the end are counted in slots (core/durations.h).
 */
#include "core/estimator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/rng.h"
#include "core/durations.h"
#include "core/learned_speeds.h"
#include "core/profile.h"
#include "core/scenario.h"

static const char PROFILE_PREFIX[] = "profile:";
enum { PROFILE_LENGTH = sizeof PROFILE_PREFIX - 1 };

struct truth {
    const struct scenario *scenario;
    uint64_t noise_seed, sample_seed;
    double sigma;                /* of noisy; 0: exact */
    struct durations *durations; /* slotted worlds */
};

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

static double truth_seconds(const void *state, int32_t type, const struct allocation *a,
                            double from)
{
    const struct truth *truth = state;
    const struct type_truth *of = &truth->scenario->truth[type];
    double slot_s = truth->scenario->catalog.slot_s;

    if (slot_s > 0)
        return slot_s *
               durations_slots(truth->durations, type, a, distortion(truth, type, a), from);
    return speed_seconds(&of->speed, true_rate(truth, type, a), from, 1) * of->work.mean /
           distortion(truth, type, a);
}

static void truth_release(void *state)
{
    struct truth *truth = state;

    durations_free(truth->durations);
    free(truth);
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
    .release = truth_release,
};

static const struct estimator_ops noisy_ops = {
    .name = "noisy",
    .summary = "the true speed of each type and allocation times a fixed lognormal factor",
    .info = INFO_MODEL,
    .speed = truth_speed,
    .seconds = truth_seconds,
    .sample = truth_sample,
    .release = truth_release,
};

/* The number behind "name:"; false unless the model is of that name. */
static bool read_number(const char *model, const char *name, double *number, bool *is_number)
{
    size_t length = strlen(name);
    char *end;

    if (strncmp(model, name, length) != 0 || model[length] != ':')
        return false;
    *number = strtod(model + length + 1, &end);
    *is_number = end != model + length + 1 && *end == '\0';
    return true;
}

static void open_truth(struct estimator *estimator, const struct scenario *scenario, uint64_t seed,
                       double sigma, const struct estimator_ops *ops)
{
    struct truth *truth = xcalloc(1, sizeof *truth);

    truth->scenario = scenario;
    truth->sigma = sigma;
    truth->durations = durations_new(scenario);
    truth->noise_seed = rng_hash_seed(seed, "estimator");
    truth->sample_seed = rng_hash_seed(seed, "profile");
    *estimator = (struct estimator){.ops = ops, .state = truth};
}

int estimator_open(struct estimator *estimator, const struct scenario *scenario, uint64_t seed,
                   const char *model, struct err *err)
{
    struct estimator truth;
    bool is_number = false;
    double number;

    *estimator = (struct estimator){0};
    if (strcmp(model, "true") == 0) {
        open_truth(estimator, scenario, seed, 0, &true_ops);
    } else if (strcmp(model, "online") == 0) {
        estimator_open_online(estimator, &scenario->catalog);
    } else if (strcmp(model, "guess") == 0) {
        guess_open(estimator, &scenario->catalog);
    } else if (strncmp(model, PROFILE_PREFIX, PROFILE_LENGTH) == 0 && model[PROFILE_LENGTH]) {
        return profile_open(estimator, scenario, seed, model + PROFILE_LENGTH, err);
    } else if (read_number(model, "noisy", &number, &is_number)) {
        if (!is_number || !(number >= 0 && number <= 5))
            return err_set(err, ERR_INVALID,
                           "model: expected noisy:S with S from 0 to 5, not \"%.60s\"", model);
        open_truth(estimator, scenario, seed, number, &noisy_ops);
    } else if (read_number(model, "fitted", &number, &is_number)) {
        if (!is_number || !(number >= 1 && number <= MOST_SAMPLES && number == floor(number)))
            return err_set(err, ERR_INVALID,
                           "model: expected fitted:K with K from 1 to %d, not \"%.60s\"",
                           MOST_SAMPLES, model);
        open_truth(&truth, scenario, seed, 0, &true_ops);
        fitted_open(estimator, &scenario->catalog, &truth, (int)number);
    } else {
        return err_set(err, ERR_INVALID,
                       "model: expected true, noisy:S, profile:FILE, fitted:K, online or guess, "
                       "not \"%.60s\"",
                       model);
    }
    return 0;
}

void estimator_close(struct estimator *estimator)
{
    if (estimator->ops)
        estimator->ops->release(estimator->state);
    *estimator = (struct estimator){0};
}
