/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lower bounds on the mean completion time of the very tasks of a seed: no
 * schedule that the world accepts, by whatever policy, does better. In the
 * scenario's time unit.
 */
#ifndef BOUND_BOUNDS_H
#define BOUND_BOUNDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct arrivals;
struct err;
struct scenario;

/* id, name, heading, help */
#define BOUND_LIST(X)                                                         \
    X(ALONE, "alone", "ALONE",                                                \
      "every task alone in the world: at its fastest from its arrival on")    \
    X(POOLED, "pooled", "POOLED",                                             \
      "and all share each resource in turn, pooled over clusters, taking as " \
      "little of it as "                                                      \
      "they can")                                                             \
    X(LP, "lp", "LP",                                                         \
      "linear program over every course of every task, slot by slot (small "  \
      "slotted ones)")                                                        \
    X(EXACT, "exact", "EXACT", "the same in whole tasks, by branch and bound (tiny ones)")

#define BOUND_CHOICES "alone|pooled|lp|exact"

enum bound_kind {
#define X(id, name, heading, help) BOUND_##id,
    BOUND_LIST(X)
#undef X
        BOUNDS
};

struct bound_info {
    const char *name, *heading, *help;
};
extern const struct bound_info bound_info[BOUNDS];

struct bound_rules {
    enum bound_kind strongest; /* this one and the ones before it */
    int starts;                /* holds for schedules that start no task more often than this;
                                  matters only where noise is drawn per start */
    int64_t columns;           /* lp, exact: the largest program; 0: the default */
    int64_t nodes;             /* exact: of the search tree, likewise */
    int jobs;                  /* threads */
    atomic_int *stop;          /* may be NULL */
};

enum { BOUND_STARTS = 16, BOUND_COLUMNS = 20000, BOUND_NODES = 2000 };

struct bound {
    int64_t tasks;
    double mean[BOUNDS]; /* NAN: not worked out; INFINITY: a task can never finish */
    double best;         /* the largest of them */

    /* With lp or exact. */
    const char *obstacle; /* why there is no such bound, or not an exact one; or NULL */
    double schedule;      /* mean of the best schedule known; NAN: none that could be
                             carried out */
    bool is_optimal;      /* no schedule is better: proven */
    int64_t columns, nodes;
};

/* Fills bound (by seed). Returns 0, ERR_INTERRUPTED, or what a file of arrivals
 * reports. */
int bounds_run(const struct scenario *scenario, const uint64_t *seed, int seeds,
               const struct bound_rules *rules, struct bound *bound, struct err *err);

/* The same for arrivals that are there. */
void bounds_of(const struct scenario *scenario, const struct arrivals *arrivals, uint64_t seed,
               const struct bound_rules *rules, struct bound *bound);

#endif
