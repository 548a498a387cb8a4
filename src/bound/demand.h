/* SPDX-License-Identifier: Apache-2.0 */
/* What a task asks of any schedule: time to itself, and resources times time.
 */
#ifndef BOUND_DEMAND_H
#define BOUND_DEMAND_H

#include <stdint.h>

#include "core/allocation.h"

struct arrival;
struct menus;
struct scenario;

struct demand {
    double ready_s;             /* when it can first be started */
    double least_s;             /* no sooner than so much later it finishes; HUGE_VAL: never */
    double area[MAX_RESOURCES]; /* quantity times seconds that it holds before it
                                   finishes */
};

/* No more than these starts of the task are reckoned with (see bound/pace.c).
 */
void demand_make(struct demand *demand, struct menus *menus, const struct scenario *scenario,
                 const struct arrival *arrival, int32_t task, uint64_t seed, int starts);

#endif
