/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front of a type: the allocations that no other one beats in both duration and dominant share,
 * shortest duration first.
 */
#ifndef CORE_FRONT_H
#define CORE_FRONT_H

#include <stdint.h>

#include "core/allocation.h"

struct policy_setup;

struct front_item {
    struct allocation amount;
    double seconds; /* expected, from progress 0 */
    double share;   /* dominant, of the measure */
};

struct front {
    struct front_item *item;
    int32_t count;
};

/* At most `most` of them, spread evenly over the front, its ends included. Durations come from the
 * setup's estimator, shares are of `measure`. Empty if the type runs under no allocation. Returns
 * the least product of seconds and share. */
double front_make(struct front *front, const struct policy_setup *setup, int type,
                  const struct allocation *measure, int32_t most);
void front_release(struct front *front);

#endif
