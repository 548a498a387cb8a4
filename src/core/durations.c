/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With y the progress and d(y) = max(0, f(y) + noise) what a slot adds, noise uniform of width w,
 * the expected number of slots satisfies E(y) = 1 + mean over noise of E(y + d(y)),   E(y) = 0 for
 * y >= 1, and because d is never negative it can be solved from the top down: the part of the mean
 * that stays at y is moved to the left side. E is kept at evenly spaced levels of progress and
 * interpolated between.
 */
#include "core/durations.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/rng.h"
#include "core/scenario.h"

enum { LEVELS = 64, NOISE_POINTS = 32, FEW_SLOTS = 1000, SLOTS_WALKED = 100000, BUCKETS = 1024 };

struct table {
    struct table *next;
    int32_t type;
    struct allocation allocation;
    double scale;
    double slots[LEVELS + 1]; /* from progress i / LEVELS */
};

struct durations {
    const struct scenario *scenario;
    struct table *bucket[BUCKETS];
};

struct durations *durations_new(const struct scenario *scenario)
{
    struct durations *durations = xcalloc(1, sizeof *durations);

    durations->scenario = scenario;
    return durations;
}

void durations_free(struct durations *durations)
{
    for (int i = 0; durations && i < BUCKETS; i++)
        while (durations->bucket[i]) {
            struct table *next = durations->bucket[i]->next;

            free(durations->bucket[i]);
            durations->bucket[i] = next;
        }
    free(durations);
}

static double walk(const struct speed_model *model, struct rate rate, double per_slot, double from)
{
    int slots = 0;

    if (model->curve == CURVE_FLAT && 1 - from > FEW_SLOTS * rate.base * per_slot)
        return ceil((1 - from) / (rate.base * per_slot));
    for (; from < 1 && slots < SLOTS_WALKED; slots++)
        from += speed_at(model, rate, from) * per_slot;
    return slots;
}

static double look_up(const struct table *table, double y)
{
    double at = y * LEVELS;
    int level = (int)at;

    if (y >= 1)
        return 0;
    return table->slots[level] + (at - level) * (table->slots[level + 1] - table->slots[level]);
}

/* E at one level, all above it known. Noise points that advance by less than a level count as
 * staying. */
static double solve_level(const struct table *table, double y, double mean_step, double width)
{
    double sum = 1, staying = 0;

    for (int i = 0; i < NOISE_POINTS; i++) {
        double step = mean_step + ((i + 0.5) / NOISE_POINTS - 0.5) * width;

        if (step * LEVELS < 1) {
            /* Interpolated between here and the next level. */
            double part = step > 0 ? step * LEVELS : 0;

            staying += (1 - part) / NOISE_POINTS;
            sum += part * look_up(table, y + 1.0 / LEVELS) / NOISE_POINTS;
        } else {
            sum += look_up(table, y + step) / NOISE_POINTS;
        }
    }
    return staying < 1 ? sum / (1 - staying) : HUGE_VAL;
}

static struct table *make_table(struct durations *durations, int32_t type,
                                const struct allocation *a, double scale)
{
    const struct type_truth *truth = &durations->scenario->truth[type];
    struct rate rate = speed_rate(&truth->speed, a);
    double slot_s = durations->scenario->catalog.slot_s;
    struct table *table = xcalloc(1, sizeof *table);

    table->type = type;
    table->allocation = *a;
    table->scale = scale;
    for (int i = LEVELS - 1; i >= 0; i--) {
        double y = (double)i / LEVELS;
        double step = speed_at(&truth->speed, rate, y) * slot_s * scale;

        table->slots[i] =
            solve_level(table, y, step / truth->work.mean, truth->noise.width / truth->work.mean);
    }
    return table;
}

static struct table *find_table(struct durations *durations, int32_t type,
                                const struct allocation *a, double scale)
{
    uint64_t hash = (uint64_t)type;
    struct table **bucket, *table;

    for (int r = 0; r < MAX_RESOURCES; r++)
        hash = rng_hash(hash, (uint64_t)r, (uint64_t)a->amount[r]);
    bucket = &durations->bucket[hash % BUCKETS];
    for (table = *bucket; table; table = table->next)
        if (table->type == type && table->scale == scale && allocation_equal(&table->allocation, a))
            return table;
    table = make_table(durations, type, a, scale);
    table->next = *bucket;
    *bucket = table;
    return table;
}

double durations_slots(struct durations *durations, int32_t type, const struct allocation *a,
                       double scale, double from)
{
    const struct type_truth *truth = &durations->scenario->truth[type];
    const struct catalog *catalog = &durations->scenario->catalog;
    struct rate rate;

    if (from >= 1)
        return 0;
    if (!allocation_fits(&catalog->type[type].min, a))
        return HUGE_VAL;
    if (truth->noise.kind == NOISE_ADDITIVE && truth->noise.width > 0)
        return look_up(find_table(durations, type, a, scale), from);
    rate = speed_rate(&truth->speed, a);
    if (rate.base <= 0)
        return HUGE_VAL;
    return walk(&truth->speed, rate, catalog->slot_s * scale / truth->work.mean, from);
}
