/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scenario demands of its clusters, found by drawing its arrivals and by a trial under two
 * simple policies.
 *
 * Offered load: a task asks of every cluster that it may use for an equal part of its work. On a
 * cluster its work is held units times seconds, alone and without noise, under
 *     the minimum      its smallest allocation, and
 *     the thrifty one  of all allocations that it may have there, the one under which the largest
 *                      share of any resource times the seconds is least.
 * Summed over all tasks and divided by capacity times the time in which they arrive this is the
 * load: above 1 more arrives than can ever be done, whatever the policy does. Where all tasks
 * arrive at once there is no such time, and the load is given in seconds of full use.
 */
#ifndef REPORT_SURVEY_H
#define REPORT_SURVEY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/allocation.h"

struct err;
struct scenario;

struct load {
    double minimum[MAX_RESOURCES], thrifty[MAX_RESOURCES];
};

struct type_survey {
    int64_t tasks;
    int64_t nowhere; /* tasks that no cluster of their reach can hold, or that never end */
    int32_t example; /* one of these; -1 */
    uint64_t example_seed;
    char *example_reach;                               /* its clusters, as text */
    double seconds_min, seconds_thrifty, seconds_best; /* at work 1, on the largest cluster */
    struct allocation thrifty, best;                   /* there */
};

struct cluster_survey {
    double tasks; /* per episode; a task that may use k clusters counts 1/k at each */
    struct load load;
};

/* A trial under one policy. */
struct trial {
    const char *policy;
    double busy_share;   /* of the time in which something waits */
    double waited_share; /* of the tasks that waited at all */
    double mean_wait;    /* in time units, over all tasks */
};

enum { SURVEY_TRIALS = 2 };

struct survey {
    int seeds;
    double tasks;     /* per episode */
    double arrival_s; /* time in which they arrive; 0: at once */
    struct load load; /* over all clusters */
    int64_t nowhere;
    struct type_survey *type;
    struct cluster_survey *cluster;
    struct trial trial[SURVEY_TRIALS];
};

/* Over seeds 1 .. seeds. Release in any case; ERR_INTERRUPTED once *stop is not 0. */
int survey_make(struct survey *survey, const struct scenario *scenario, int seeds, int jobs,
                atomic_int *stop, struct err *err);
void survey_release(struct survey *survey, const struct scenario *scenario);

#endif
