/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time. In a slotted world the fewest slots in which the task can get from
 * nothing to 1, the best of the menu in each (bound/pace.c). In continuous time
 * the integral of 1/speed at the best speed for each progress, plus the
 * start-up.
 *
 * Area. V(y), the least amount of a resource, times slots, that takes the task
 * from progress y to the end, obeys V(y) = min over the menu of amount + V(y')
 * y' the most progress after the slot, and is found from the top down at evenly
 * spaced levels of progress, y' rounded up to the next: so it is never too
 * large. Noise of the n-th slot makes it V(n, y). Behind the slots for which
 * noise is looked up, the largest that it can be is used. On a flat curve
 * amount over gain per slot is a second lower bound, in continuous time the
 * exact one; there speeds fall into a factor of the allocation and one of the
 * progress (flat and sqrt curves), so the best allocation is the same
 * throughout. On the level curve the integral is taken panel by panel at its
 * upper end, where it is fastest.
 *
 * Whatever a task holds while it waits for data, starts up, or stands still
 * comes on top.
 */
#include "bound/demand.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "bound/menu.h"
#include "bound/pace.h"
#include "core/scenario.h"
#include "sim/arrivals.h"

enum { LEVELS = 1024, PANELS = 512 };

/* The normal quantile of 1 - 2^-53 is 8.2: no draw of noise is further out. */
static const double FARTHEST = 8.3;

static const double MARGIN = 1 - 1e-9;

/* slotted */

static bool is_noisy(const struct pace *pace)
{
    return pace->noise.kind == NOISE_ADDITIVE ||
           (pace->noise.kind == NOISE_LOGNORMAL && pace->noise.per_slot);
}

/* Most progress after a slot, whatever its noise. */
static double most_ever(const struct pace *pace, struct rate rate, double upto)
{
    struct pace quiet = *pace;

    quiet.noise.kind = NOISE_NONE;
    if (pace->noise.kind == NOISE_LOGNORMAL && pace->noise.per_slot)
        quiet.multiplier *= exp(FARTHEST * pace->noise.width);
    upto = pace_most(&quiet, rate, upto, 0);
    if (pace->noise.kind == NOISE_ADDITIVE)
        upto += pace->noise.width / 2 * pace->multiplier;
    return upto;
}

/* In units times slots. A slot without a gain leads nowhere. */
static double least_area(const struct pace *pace, const struct portions *thrift)
{
    double value[LEVELS + 1];

    value[LEVELS] = 0;
    for (int level = LEVELS - 1; level >= 0; level--) {
        value[level] = HUGE_VAL;
        for (int32_t i = 0; i < thrift->count; i++) {
            double to = most_ever(pace, thrift->item[i].rate, (double)level / LEVELS);
            int next = to >= 1 ? LEVELS : (int)ceil(to * LEVELS);

            if (next > level)
                value[level] = fmin(value[level], thrift->item[i].amount + value[next]);
        }
    }
    return value[0];
}

static double slotted_area(const struct pace *pace, const struct menu *menu, int resource)
{
    const struct portions *thrift = &menu->thrift[resource];
    struct pace running = *pace;
    double area, ratio = HUGE_VAL;

    running.startup_s = 0;
    area = least_area(&running, thrift);
    if (pace->model->curve != CURVE_FLAT || is_noisy(pace))
        return area;
    for (int32_t i = 0; i < thrift->count; i++)
        ratio = fmin(ratio, thrift->item[i].amount / thrift->item[i].rate.base);
    return fmax(area, ratio / (pace->slot_s * pace->multiplier) * MARGIN);
}

/* continuous */

/* The least over the portions of the integral of amount/speed; amounts of 0
 * stand for 1. */
static double least_integral(const struct speed_model *model, const struct portions *portions)
{
    double best = HUGE_VAL, sum = 0;

    if (model->curve != CURVE_LEVEL) {
        for (int32_t i = 0; i < portions->count; i++) {
            double amount = portions->item[i].amount, base = portions->item[i].rate.base;

            best = fmin(best, amount / base);
        }
        return best * speed_seconds(model, (struct rate){.base = 1}, 0, 1) * MARGIN;
    }
    for (int k = 1; k <= PANELS; k++) {
        best = HUGE_VAL;
        for (int32_t i = 0; i < portions->count; i++)
            best = fmin(best, portions->item[i].amount /
                                  speed_at(model, portions->item[i].rate, (double)k / PANELS));
        sum += best / PANELS;
    }
    return sum * MARGIN;
}

static double least_seconds(const struct speed_model *model, const struct portions *fastest)
{
    struct portions one = {xcalloc((size_t)fastest->count, sizeof *one.item), fastest->count};
    double seconds;

    for (int32_t i = 0; i < one.count; i++)
        one.item[i] = (struct portion){1, fastest->item[i].rate};
    seconds = least_integral(model, &one);
    free(one.item);
    return seconds;
}

/* both */

/* A task that holds less than its minimum walks on and stands still, so only
 * slots with a gain are sure to cost the least amount; noise aside those are
 * all. */
static void fill_slotted(struct demand *demand, struct menu *menu, const struct pace *pace,
                         int resources, bool usual_work)
{
    bool usual_time = usual_work && pace->noise.kind == NOISE_NONE;
    double slots = usual_time && menu->seconds >= 0 ? menu->seconds / pace->slot_s
                                                    : pace_least_slots(pace, menu);

    demand->least_s = slots * pace->slot_s;
    if (usual_time)
        menu->seconds = demand->least_s;
    for (int r = 0; r < resources && demand->least_s < HUGE_VAL; r++) {
        double area = menu->area[r];

        if (!usual_work || area < 0)
            area = slotted_area(pace, menu, r) * pace->slot_s;
        if (usual_work)
            menu->area[r] = area;
        demand->area[r] = is_noisy(pace) ? area : fmax(area, menu->least[r] * demand->least_s);
    }
}

static void fill_continuous(struct demand *demand, struct menu *menu, const struct pace *pace,
                            int resources)
{
    if (menu->seconds < 0) {
        menu->seconds = least_seconds(pace->model, &menu->fastest);
        for (int r = 0; r < resources; r++)
            menu->area[r] = least_integral(pace->model, &menu->thrift[r]);
    }
    demand->least_s = pace->startup_s + menu->seconds / pace->multiplier;
    for (int r = 0; r < resources && demand->least_s < HUGE_VAL; r++)
        demand->area[r] = menu->area[r] / pace->multiplier;
}

static bool draws_per_start(const struct noise *noise)
{
    return noise->kind == NOISE_LOGNORMAL && !noise->per_slot;
}

void demand_make(struct demand *demand, struct menus *menus, const struct scenario *scenario,
                 const struct arrival *arrival, int32_t task, uint64_t seed, int starts)
{
    const struct catalog *catalog = &scenario->catalog;
    const struct type_info *info = &catalog->type[arrival->type];
    const struct allocation *min = arrival->limits ? &arrival->limits[0] : &info->min;
    const struct allocation *max = arrival->limits ? &arrival->limits[1] : &info->max;
    struct menu *menu = menus_find(menus, arrival->type, min, max, &arrival->reach);
    struct pace pace = pace_of(scenario, arrival->type, task, arrival->work, seed, starts);

    *demand = (struct demand){.ready_s = arrival->time_s, .least_s = HUGE_VAL};
    if (catalog->slot_s > 0)
        demand->ready_s = ceil(arrival->time_s / catalog->slot_s - 1e-9) * catalog->slot_s;
    if (menu->fastest.count == 0)
        return;
    if (catalog->slot_s > 0)
        fill_slotted(demand, menu, &pace, catalog->resources,
                     arrival->work == 1 && !draws_per_start(&pace.noise));
    else
        fill_continuous(demand, menu, &pace, catalog->resources);
}
