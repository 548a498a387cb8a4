/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of one episode. Times are in the scenario's time unit (slots, or seconds). */
#ifndef SIM_METRICS_H
#define SIM_METRICS_H

#include <stdint.h>

#include "core/allocation.h"
#include "core/plan.h"

struct ideal;
struct world;

struct metrics {
    int64_t tasks, finished, lost, unfinished;
    double mean_completion, p50, p95, p99, longest; /* over finished tasks; NAN without any */
    double mean_wait;                               /* time without an allocation */
    double mean_slowdown;                           /* completion time over ideal time */
    double fairness;                   /* Jain's index over the slowdowns: 1 when all are equal */
    double makespan;                   /* until the last task ended */
    double utilisation[MAX_RESOURCES]; /* held over capacity that was up, until then */
    double in_system;                  /* mean number of tasks in the system */
    double bound;        /* no schedule has a lower mean completion time; NAN: not known */
    double bound_gap;    /* how far above it this one is, in percent; NAN likewise */
    int64_t most_starts; /* how often the most often started task was */
    int64_t starts, resizes, preemptions, migrations, failures;
    int64_t refused[REFUSALS], refusals;
    int64_t decisions;
    double decision_us; /* mean processor time of one decision; not reproducible */
    int stuck;
};

/* After an episode. decision_us, bound and bound_gap are left to the caller (0 and NAN). */
void metrics_take(struct metrics *metrics, const struct world *world, struct ideal *ideal);

#endif
