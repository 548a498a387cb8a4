/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured of an episode, one row per figure: columns of tables and CSV files, keys of
 * JSON, axes of plots and their docs are made from this list. Utilisation and refusals come by
 * resource and by reason and are not in it.
 */
#ifndef REPORT_MEASURE_H
#define REPORT_MEASURE_H

#include <stdbool.h>

struct catalog;
struct err;
struct metrics;

/* id, field of struct metrics, name, heading, unit, help */
#define MEASURE_LIST(X)                                                                            \
    X(COMPLETION, mean_completion, "mean_completion", "MEAN", TIME,                                \
      "completion time: finish minus arrival, over finished tasks")                                \
    X(GAP, bound_gap, "gap", "GAP %", PERCENT,                                                     \
      "how far the mean completion time is above the best lower bound for the same tasks")         \
    X(BOUND, bound, "bound", "BOUND", TIME,                                                        \
      "lower bound on the mean completion time, under any policy")                                 \
    X(P50, p50, "p50", "P50", TIME, "median completion time")                                      \
    X(P95, p95, "p95", "P95", TIME, "95th percentile of the completion time")                      \
    X(P99, p99, "p99", "P99", TIME, "99th percentile of the completion time")                      \
    X(LONGEST, longest, "longest", "LONGEST", TIME, "longest completion time")                     \
    X(WAIT, mean_wait, "waiting", "WAIT", TIME, "time without an allocation, over finished tasks") \
    X(SLOWDOWN, mean_slowdown, "slowdown", "SLOWDOWN", NONE,                                       \
      "completion time over the time alone on the best cluster of the reach")                      \
    X(FAIRNESS, fairness, "fairness", "FAIR", NONE,                                                \
      "Jain's index over the slowdowns; 1: all alike")                                             \
    X(MAKESPAN, makespan, "makespan", "MAKESPAN", TIME, "until the last task ended")               \
    X(IN_SYSTEM, in_system, "in_system", "IN-SYSTEM", NONE, "mean number of tasks in the system")  \
    X(TASKS, tasks, "tasks", "TASKS", COUNT, "tasks of an episode")                                \
    X(FINISHED, finished, "finished", "FINISHED", COUNT, "tasks that finished")                    \
    X(UNFINISHED, unfinished, "unfinished", "UNFINISHED", COUNT,                                   \
      "tasks that were left when the episode ended")                                               \
    X(LOST, lost, "lost", "LOST", COUNT, "tasks given up after too many failures")                 \
    X(STARTS, starts, "starts", "STARTS", COUNT, "starts, restarts included")                      \
    X(RESIZES, resizes, "resizes", "RESIZES", COUNT, "changes of a running task's allocation")     \
    X(PREEMPTIONS, preemptions, "preemptions", "PREEMPTIONS", COUNT,                               \
      "running tasks sent back to waiting")                                                        \
    X(MIGRATIONS, migrations, "migrations", "MIGRATIONS", COUNT,                                   \
      "running tasks moved to another cluster")                                                    \
    X(FAILURES, failures, "failures", "FAILURES", COUNT, "failures of running tasks")              \
    X(REFUSALS, refusals, "refusals", "REFUSED", COUNT, "parts of plans that broke a rule")        \
    X(DECISIONS, decisions, "decisions", "DECISIONS", COUNT, "times the policy was asked")         \
    X(DECISION_US, decision_us, "decision_us", "US/DEC", US,                                       \
      "processor time of one decision; differs from run to run")                                   \
    X(STUCK, stuck, "stuck", "STUCK", COUNT,                                                       \
      "episodes that ended because nothing could happen any more")

enum measure {
#define X(id, field, name, heading, unit, help) MEASURE_##id,
    MEASURE_LIST(X)
#undef X
        MEASURES
};

enum measure_unit { UNIT_NONE, UNIT_TIME, UNIT_COUNT, UNIT_US, UNIT_PERCENT };

struct measure_info {
    const char *name, *heading, *help;
    enum measure_unit unit;
};

extern const struct measure_info measure_info[MEASURES];

double measure_of(const struct metrics *metrics, enum measure measure);
/* For reading figures back. */
void measure_set(struct metrics *metrics, enum measure measure, double value);

/* By name; an error lists the nearest. */
int measure_find(const char *name, enum measure *out, struct err *err);

/* False for what depends on the clock of the machine; files that must not change leave it out. */
static inline bool measure_is_reproducible(enum measure measure)
{
    return measure != MEASURE_DECISION_US;
}

/* "slots", "s", "us", "%" or "". */
const char *measure_unit_word(enum measure measure, const struct catalog *catalog);

#endif
