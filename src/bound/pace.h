/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a task gets in a slot, for this very seed: the world's own arithmetic
 * (sim/slotted.c) without what only slows it - switching, crowding, data on the
 * way, failures.
 */
#ifndef BOUND_PACE_H
#define BOUND_PACE_H

#include <stdint.h>

#include "bound/menu.h"
#include "core/scenario.h"

struct pace {
    const struct speed_model *model;
    struct noise noise;
    uint64_t stream; /* of the noise of slots */
    int32_t task;
    double slot_s;
    double multiplier; /* noise of the start, over work */
    double startup_s;
};

struct pace pace_of(const struct scenario *scenario, int32_t type, int32_t task, double work,
                    uint64_t seed, int starts);

/* Progress after the task's n-th slot (from 0), begun at a progress below 1. */
double pace_step(const struct pace *pace, struct rate rate, double from, int32_t nth);

/* The same in a slot in which a switch leaves it only a part of its speed. */
double pace_step_slowed(const struct pace *pace, struct rate rate, double from, int32_t nth,
                        double factor);

/* The most that a task can have after its n-th slot if it has at most `upto`
 * before it: also the most over any lower progress. At least upto. */
double pace_most(const struct pace *pace, struct rate rate, double upto, int32_t nth);

/* Slots that a task needs at least, whatever it gets in each of them. HUGE_VAL:
 * it never ends. */
double pace_least_slots(const struct pace *pace, const struct menu *menu);

#endif
