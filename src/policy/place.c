/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/place.h"

static double left_over(const struct catalog *catalog, int32_t cluster,
                        const struct allocation *free, const struct allocation *amount)
{
    const struct allocation *capacity = &catalog->cluster[cluster].capacity;
    double sum = 0;

    for (int r = 0; r < catalog->resources; r++)
        if (capacity->amount[r] > 0)
            sum += (double)(free->amount[r] - amount->amount[r]) / capacity->amount[r];
    return sum;
}

static int32_t place(const struct view *view, struct plan *plan, int32_t task,
                     const struct allocation *amount, double sign)
{
    const struct reach *reach = &view->task[task].reach;
    int32_t best = -1;
    double least = 0;

    for (int32_t i = 0; i < reach->count; i++) {
        int32_t cluster = reach->cluster[i];
        const struct allocation *free = plan_free(plan, cluster);
        double left;

        if (!allocation_fits(amount, free) || !plan_may_start(plan, task, cluster))
            continue;
        left = sign * left_over(view->catalog, cluster, free, amount);
        if (best < 0 || left < least) {
            best = cluster;
            least = left;
        }
    }
    return best;
}

int32_t place_best_fit(const struct view *view, struct plan *plan, int32_t task,
                       const struct allocation *amount)
{
    return place(view, plan, task, amount, 1);
}

int32_t place_worst_fit(const struct view *view, struct plan *plan, int32_t task,
                        const struct allocation *amount)
{
    return place(view, plan, task, amount, -1);
}
