/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rigid policies need to be told how much a task shall have, and results depend on that more than
 * on the policy. The published rule for sensible users is that of the Pollux artifact ("tuned"
 * jobs; petuum/adaptdl osdi21-artifact, get_configurations): of 1, 2, 4, 6, 8, 12, 16, 24, 32 and
 * 48 bundles keep those that use their resources with an efficiency between 0.5 and 0.8 and end
 * within twelve hours; one bundle if none do. Which of them a user takes is chance.
 *
 * Here a bundle is the type's minimum, and a bundle count that would be above the maximum in some
 * resource is cut there. The list is public: it is in the requests that users make, as in a trace.
 */
#include "core/tuned.h"

#include "base/arena.h"
#include "core/scenario.h"

static const double least_efficiency = 0.5, most_efficiency = 0.8, longest_s = 12 * 3600;

static struct allocation bundles(const struct type_info *info, int32_t count)
{
    struct allocation amount = {{0}};

    for (int r = 0; r < MAX_RESOURCES; r++) {
        int64_t wanted = (int64_t)info->min.amount[r] * count;

        amount.amount[r] = wanted < info->max.amount[r] ? (int32_t)wanted : info->max.amount[r];
    }
    return amount;
}

static double run_seconds(const struct type_truth *truth, const struct allocation *amount)
{
    return truth->work.mean * speed_seconds(&truth->speed, speed_rate(&truth->speed, amount), 0, 1);
}

void tuned_make(struct type_info *info, const struct type_truth *truth, struct arena *arena)
{
    static const int32_t count[] = {1, 2, 4, 6, 8, 12, 16, 24, 32, 48};
    enum { COUNTS = sizeof count / sizeof *count };
    struct allocation *tuned = arena_zalloc(arena, COUNTS, sizeof *tuned), last = info->min;
    double one_s = run_seconds(truth, &info->min);

    info->tuned = tuned;
    for (int i = 1; i < COUNTS; i++) {
        struct allocation amount = bundles(info, count[i]);
        double seconds = run_seconds(truth, &amount), efficiency = one_s / seconds / count[i];

        if (allocation_equal(&amount, &last))
            break;
        if (seconds < longest_s && efficiency > least_efficiency && efficiency < most_efficiency)
            tuned[info->tuneds++] = amount;
        last = amount;
    }
    if (info->tuneds == 0)
        tuned[info->tuneds++] = info->min;
}
