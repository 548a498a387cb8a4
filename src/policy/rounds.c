/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rounds.h"

#include <math.h>

#include "core/catalog.h"
#include "core/estimator.h"

bool rounds_due(double round_s, const struct view *view, struct plan *plan)
{
    double slack_s = round_s * 1e-6, now_s = view->now_s + slack_s;
    double last_s, slot_s = view->catalog->slot_s;

    if (round_s <= 0)
        return true;
    last_s = floor(now_s / round_s) * round_s;
    if (view->waiting + view->running > 0)
        plan_wake(plan, last_s + round_s);
    return now_s - last_s <= 2 * slack_s || now_s - last_s < slot_s;
}

/* Types that no allocation moves have no say. */
static double mean_duration_s(const struct policy_setup *setup)
{
    const struct catalog *catalog = setup->catalog;
    double sum_s = 0;
    int types = 0;

    for (int i = 0; i < catalog->types; i++) {
        double seconds = estimator_seconds(setup->estimator, i, &catalog->type[i].min, 0);

        if (seconds < HUGE_VAL) {
            sum_s += seconds;
            types++;
        }
    }
    return types > 0 ? sum_s / types : 0;
}

double rounds_restart_s(const struct catalog *catalog, int type)
{
    const struct type_info *info = &catalog->type[type];
    double slowed_s = info->switching.seconds;

    if (slowed_s == 0 && catalog->slot_s > 0)
        slowed_s = catalog->slot_s;
    return info->startup_s + slowed_s * (1 - info->switching.factor);
}

/* Of any type, with its data moved to another cluster. */
static double longest_restart_s(const struct catalog *catalog)
{
    double longest_s = 0;

    for (int i = 0; i < catalog->types; i++) {
        double mb = catalog->type[i].data_mb + catalog->type[i].state_mb;
        double moved_s = catalog->clusters > 1 ? catalog_transfer_s(catalog, 0, 1, mb) : 0;

        longest_s = fmax(longest_s, rounds_restart_s(catalog, i) + moved_s);
    }
    return longest_s;
}

double rounds_length(const struct policy_setup *setup, double restarts)
{
    double given_s = params_real(setup->params, "round"), least_s;

    if (given_s > 0)
        return given_s;
    if (setup->catalog->slot_s > 0)
        least_s = setup->catalog->slot_s;
    else
        least_s = setup->estimator ? mean_duration_s(setup) / 20 : 60;
    return fmax(least_s, restarts * longest_restart_s(setup->catalog));
}
