/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept per type and cluster, for a task with work 1 and the type's limits, and worked out for all
 * clusters of a type when the first such task comes; clusters of the same capacity share. In
 * continuous time other amounts of work scale it. Tasks with limits of their own, and in slotted
 * scenarios those with another amount of work (slots do not scale), are worked out one by one.
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
    double **best; /* by type, then cluster: seconds at work 1; NULL: not worked out yet */
};

struct ideal *ideal_new(const struct scenario *scenario)
{
    struct ideal *ideal = xcalloc(1, sizeof *ideal);

    ideal->scenario = scenario;
    ideal->best = xcalloc((size_t)scenario->catalog.types, sizeof *ideal->best);
    return ideal;
}

void ideal_free(struct ideal *ideal)
{
    if (!ideal)
        return;
    for (int i = 0; i < ideal->scenario->catalog.types; i++)
        free(ideal->best[i]);
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

static const double *best_by_cluster(struct ideal *ideal, int32_t type)
{
    const struct catalog *catalog = &ideal->scenario->catalog;
    const struct type_info *info = &catalog->type[type];
    double *best = ideal->best[type];

    if (best)
        return best;
    best = xcalloc((size_t)catalog->clusters, sizeof *best);
    for (int32_t c = 0; c < catalog->clusters; c++) {
        const struct allocation *capacity = &catalog->cluster[c].capacity;

        if (c > 0 && allocation_equal(capacity, &catalog->cluster[c - 1].capacity))
            best[c] = best[c - 1];
        else
            best[c] = best_seconds(ideal, type, &info->min, &info->max, capacity, 1);
    }
    ideal->best[type] = best;
    return best;
}

/* By the task's own limits and work, whatever they are. */
static double own_seconds(const struct ideal *ideal, const struct task *task, double work)
{
    const struct catalog *catalog = &ideal->scenario->catalog;
    double best = HUGE_VAL;

    for (int32_t i = 0; i < task->reach.count; i++) {
        const struct cluster_info *cluster = &catalog->cluster[task->reach.cluster[i]];
        double seconds =
            best_seconds(ideal, task->type, &task->min, &task->max, &cluster->capacity, work);

        best = seconds < best ? seconds : best;
    }
    return best;
}

double ideal_seconds(struct ideal *ideal, const struct task *task, double work)
{
    const struct catalog *catalog = &ideal->scenario->catalog;
    const struct type_info *info = &catalog->type[task->type];
    const double *kept;
    double best = HUGE_VAL;

    if ((catalog->slot_s > 0 && work != 1) || !allocation_equal(&task->min, &info->min) ||
        !allocation_equal(&task->max, &info->max))
        return own_seconds(ideal, task, work);
    kept = best_by_cluster(ideal, task->type);
    for (int32_t i = 0; i < task->reach.count; i++) {
        double seconds = kept[task->reach.cluster[i]];

        best = seconds < best ? seconds : best;
    }
    return best * work;
}
