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
                     const struct allocation *amount, double sign, const bool *skip)
{
    const struct reach *reach = &view->task[task].reach;
    int32_t best = -1;
    double least = 0;

    for (int32_t i = 0; i < reach->count; i++) {
        int32_t cluster = reach->cluster[i];
        double left;

        if ((skip && skip[cluster]) || !plan_fits(plan, cluster, amount) ||
            !plan_may_start(plan, task, cluster))
            continue;
        left = sign * left_over(view->catalog, cluster, plan_free(plan, cluster), amount);
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
    return place(view, plan, task, amount, 1, NULL);
}

int32_t place_best_fit_unless(const struct view *view, struct plan *plan, int32_t task,
                              const struct allocation *amount, const bool *skip)
{
    return place(view, plan, task, amount, 1, skip);
}

int32_t place_worst_fit(const struct view *view, struct plan *plan, int32_t task,
                        const struct allocation *amount)
{
    return place(view, plan, task, amount, -1, NULL);
}

int32_t place_other(const struct view *view, struct plan *plan, int32_t id,
                    const struct allocation *amount)
{
    const struct task *task = &view->task[id];
    int32_t best = -1;
    double least = 0;

    for (int32_t i = 0; i < task->reach.count; i++) {
        int32_t cluster = task->reach.cluster[i];
        double left;

        if (cluster == task->cluster || !view->cluster[cluster].up ||
            !plan_fits(plan, cluster, amount))
            continue;
        left = left_over(view->catalog, cluster, plan_free(plan, cluster), amount);
        if (best < 0 || left < least) {
            best = cluster;
            least = left;
        }
    }
    return best;
}

/* A point on the way from the least to the most. */
static struct allocation between(const struct allocation *least, const struct allocation *most,
                                 int64_t part, int64_t parts)
{
    struct allocation at;

    for (int r = 0; r < MAX_RESOURCES; r++) {
        int64_t range = most->amount[r] - least->amount[r];

        at.amount[r] = least->amount[r] + (int32_t)(range * part / parts);
    }
    return at;
}

struct allocation place_cut(struct plan *plan, int32_t cluster, const struct allocation *min,
                            const struct allocation *wanted)
{
    struct allocation most = allocation_least(wanted, plan_free(plan, cluster));
    int64_t parts = 1, fits = 0, too_many;

    most = allocation_most(&most, min);
    if (plan_fits(plan, cluster, &most))
        return most;
    for (int r = 0; r < MAX_RESOURCES; r++)
        if (most.amount[r] - min->amount[r] > parts)
            parts = most.amount[r] - min->amount[r];
    for (too_many = parts; fits + 1 < too_many;) {
        int64_t middle = (fits + too_many) / 2;
        struct allocation at = between(min, &most, middle, parts);

        if (plan_fits(plan, cluster, &at))
            fits = middle;
        else
            too_many = middle;
    }
    return between(min, &most, fits, parts);
}
