/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept per type and distinct capacity. What is kept is the best rate; the seconds follow from it
 * and the task's work. Tasks with limits of their own are worked out one by one.
 */
#include "sim/ideal.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "core/choices.h"
#include "core/scenario.h"

enum { CHOICES = 4096, SLOTS_WALKED = 1000000 };

struct ideal {
    const struct scenario *scenario;
    int32_t *shape; /* by cluster: the first cluster with the same capacity */
    double *best;   /* by type and shape: seconds at work 1; NAN: not worked out yet */
};

struct ideal *ideal_new(const struct scenario *scenario)
{
    const struct catalog *catalog = &scenario->catalog;
    size_t clusters = (size_t)catalog->clusters, types = (size_t)catalog->types;
    struct ideal *ideal = xcalloc(1, sizeof *ideal);

    ideal->scenario = scenario;
    ideal->shape = xcalloc(clusters, sizeof *ideal->shape);
    ideal->best = xcalloc(clusters * types, sizeof *ideal->best);
    for (int32_t c = 0; c < catalog->clusters; c++) {
        const struct allocation *capacity = &catalog->cluster[c].capacity;

        ideal->shape[c] = c;
        if (c > 0 && allocation_equal(capacity, &catalog->cluster[c - 1].capacity))
            ideal->shape[c] = ideal->shape[c - 1];
    }
    for (size_t i = 0; i < clusters * types; i++)
        ideal->best[i] = (double)NAN;
    return ideal;
}

void ideal_free(struct ideal *ideal)
{
    if (!ideal)
        return;
    free(ideal->shape);
    free(ideal->best);
    free(ideal);
}

/* Slots are walked as the world walks them, so that rounding falls the same way. */
double alone_seconds(const struct scenario *scenario, int type, const struct allocation *allocation,
                     double work)
{
    const struct type_truth *truth = &scenario->truth[type];
    struct rate rate = speed_rate(&truth->speed, allocation);
    double slot_s = scenario->catalog.slot_s, inverse_work = 1 / work, progress = 0;
    int slots = 0;

    if (rate.base <= 0)
        return HUGE_VAL;
    if (slot_s == 0)
        return speed_seconds(&truth->speed, rate, 0, 1) * work;
    while (progress < 1 && slots < SLOTS_WALKED) {
        progress += speed_at(&truth->speed, rate, progress) * slot_s * inverse_work;
        slots++;
    }
    return progress < 1 ? HUGE_VAL : slots * slot_s;
}

static double best_seconds(const struct ideal *ideal, int32_t type, const struct allocation *min,
                           const struct allocation *max, const struct allocation *capacity,
                           double work)
{
    const struct scenario *scenario = ideal->scenario;
    struct allocation most = allocation_least(max, capacity);
    struct choices choices;
    double best = HUGE_VAL;

    if (!allocation_fits(min, capacity))
        return HUGE_VAL;
    choices_make(&choices, min, &most, scenario->catalog.resources, CHOICES);
    for (int32_t i = 0; i < choices.count; i++)
        best = fmin(best, alone_seconds(scenario, type, &choices.item[i], work));
    choices_release(&choices);
    return best;
}

static double on_cluster(struct ideal *ideal, const struct task *task, int32_t cluster, double work,
                         bool own_limits)
{
    const struct catalog *catalog = &ideal->scenario->catalog;
    const struct type_info *info = &catalog->type[task->type];
    double *kept = &ideal->best[ideal->shape[cluster] * catalog->types + task->type];

    if (own_limits || (catalog->slot_s > 0 && work != 1))
        return best_seconds(ideal, task->type, &task->min, &task->max,
                            &catalog->cluster[cluster].capacity, work);
    if (isnan(*kept))
        *kept = best_seconds(ideal, task->type, &info->min, &info->max,
                             &catalog->cluster[cluster].capacity, 1);
    return *kept * work;
}

double ideal_seconds(struct ideal *ideal, const struct task *task, double work)
{
    const struct type_info *info = &ideal->scenario->catalog.type[task->type];
    bool own_limits =
        !allocation_equal(&task->min, &info->min) || !allocation_equal(&task->max, &info->max);
    double best = HUGE_VAL;

    for (int32_t i = 0; i < task->reach.count; i++) {
        double seconds = on_cluster(ideal, task, task->reach.cluster[i], work, own_limits);

        best = seconds < best ? seconds : best;
    }
    return best;
}
