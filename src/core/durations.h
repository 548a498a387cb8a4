/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many slots a task is expected to need. Without noise that is counted by walking; with
 * additive noise it is the mean of a random walk, worked out once per type and allocation and then
 * looked up.
 */
#ifndef CORE_DURATIONS_H
#define CORE_DURATIONS_H

#include <stdint.h>

#include "core/allocation.h"

struct durations;
struct scenario;

struct durations *durations_new(const struct scenario *scenario);
void durations_free(struct durations *durations);

/* Slots from a progress in 0 .. 1 to the end, for the type's mean work; HUGE_VAL: never. scale
 * multiplies the type's speed. Not safe for use by several threads at once. */
double durations_slots(struct durations *durations, int32_t type, const struct allocation *a,
                       double scale, double from);

#endif
