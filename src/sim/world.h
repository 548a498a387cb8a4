/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated world, stepped decision by decision:
 *
 *     world_reset(world, seed, NULL, &err);
 *     while (!world_is_over(world)) {
 *         plan_reset(&plan, world_view(world));
 *         ... fill the plan ...
 *         world_apply(world, &plan);
 *     }
 *
 * A scenario with a slot is walked slot by slot (sim/slotted.c), one without from event to event
 * (sim/continuous.c). Nothing here is shared between worlds; several may live in one process.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "core/plan.h"
#include "core/view.h"

struct arrivals;
struct err;
struct estimator;
struct scenario;
struct world;

typedef void (*world_watch_fn)(void *arg, const struct event *event);

/* Replaces the draws of additive noise: what is added to the task's progress in its n-th slot. */
typedef double (*world_noise_fn)(void *arg, int32_t task, int32_t nth);

struct world_totals {
    double used_s[MAX_RESOURCES];     /* quantity times seconds that tasks held */
    double capacity_s[MAX_RESOURCES]; /* quantity times seconds that clusters were up */
    double in_system_s;               /* integral of the number of tasks in the system */
    double end_s;                     /* now, or when it ended */
    int64_t decisions, starts, resizes, preemptions, migrations, failures;
    int64_t refused[REFUSALS];
    int64_t finished, lost;
    bool stuck; /* ended because nothing could happen any more although tasks were waiting */
};

struct world *world_new(const struct scenario *scenario);
void world_free(struct world *world);

/* An empty world before its first decision. arrivals (borrowed until the next reset) replace those
 * of the scenario and seed; NULL makes them. Fails only if an arrival file does. */
int world_reset(struct world *world, uint64_t seed, const struct arrivals *arrivals,
                struct err *err);

/* What the view shows from now on; the estimator is borrowed. */
void world_show(struct world *world, enum info_class info, const struct estimator *estimator);

/* Exempts the policy's plans from the minimum (POLICY_BELOW_MINIMUM). */
void world_allow_below_minimum(struct world *world, bool allow);

/* In tests: any refused part of a plan aborts. */
void world_be_strict(struct world *world, bool strict);

/* Called for everything that happens, in order. At most six watchers; they stay over resets. */
void world_watch(struct world *world, world_watch_fn watch, void *arg);
void world_unwatch(struct world *world, const void *arg); /* nothing if it does not watch */
void world_set_noise(struct world *world, world_noise_fn noise, void *arg);

const struct view *world_view(const struct world *world);

/* Carries out the plan and goes on to the next decision point. Returns how many actions were
 * applied. */
int world_apply(struct world *world, const struct plan *plan);

bool world_is_over(const struct world *world);

const struct world_totals *world_totals(const struct world *world);

/* True progress, also above 1 in the slot that finished a task. */
double world_progress(const struct world *world, int32_t task);
double world_work(const struct world *world, int32_t task);
/* How often the task began somewhere: starts, restarts and moves. */
int32_t world_starts(const struct world *world, int32_t task);
/* Slotted: the tasks that a cluster had to do with (running, in its window, queued) when the last
 * slot was walked; a task that several clusters see counts at each. Minus this is the paper's
 * reward. */
int32_t world_load(const struct world *world, int32_t cluster);
/* Tasks behind the slots of a cluster's window, in order; returns how many were written. */
int world_queue(const struct world *world, int32_t cluster, int32_t *out, int max);
/* All tasks of the episode, arrived or not. */
int32_t world_task_count(const struct world *world);

#endif
