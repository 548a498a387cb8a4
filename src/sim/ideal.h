/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ideal time of a task: alone in the system, without noise, on the best of its clusters with
 * the allocation that is fastest there. The yardstick of slowdown, and the contention-free bound.
 */
#ifndef SIM_IDEAL_H
#define SIM_IDEAL_H

#include <stdint.h>

struct allocation;
struct scenario;
struct task;

struct ideal;

struct ideal *ideal_new(const struct scenario *scenario);
void ideal_free(struct ideal *ideal);

/* Seconds that a task of the type runs alone and without noise under an allocation; whole slots in
 * a slotted scenario; HUGE_VAL if it never ends. */
double alone_seconds(const struct scenario *scenario, int type, const struct allocation *allocation,
                     double work);

/* Seconds, whole slots in a slotted scenario; HUGE_VAL if it can run nowhere. */
double ideal_seconds(struct ideal *ideal, const struct task *task, double work);

#endif
