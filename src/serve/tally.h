/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted of jobs and clusters for /metrics, since the start of the daemon. By type, by
 * policy and by cluster, of which there are few; never by job, name or user.
 */
#ifndef SERVE_TALLY_H
#define SERVE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "serve/histogram.h"
#include "serve/job.h"

enum tally_op { OP_START, OP_STOP, OP_RESIZE, OPS };

struct type_tally {
    char *type;
    int64_t submitted, finished[JOB_STATES]; /* jobs */
    struct histogram wait, completion, error;
};

struct decision_tally {
    char *policy, *action;
    int64_t count;
};

struct policy_tally {
    char *policy;
    struct histogram duration;
};

enum { TALLY_MINUTES = 60 };

struct cluster_tally {
    int64_t errors[OPS];
    struct histogram requests[OPS];
    double held_s[3];             /* resource seconds given to tasks */
    double used_cpus;             /* by tasks, of late */
    double used_gpus;             /* by anybody, of late; -1: not known */
    int64_t used_bytes;           /* -1: not known */
    double cpu_s;                 /* that tasks had used when it was looked at */
    double minute[TALLY_MINUTES]; /* processors held, in the mean */
    double seconds;               /* of the minute under way */
    int64_t minutes;              /* whole ones */
    int64_t seen_us;
};

struct tally {
    VECTOR(struct type_tally) types;
    VECTOR(struct decision_tally) decisions;
    VECTOR(struct policy_tally) policies;
    struct cluster_tally *cluster;
    struct histogram eta_error;
    int64_t evictions[3]; /* preempt, migrate, requeue */
};

void tally_open(struct tally *tally, int clusters);
void tally_close(struct tally *tally);

/* Borrowed until the next call. */
struct type_tally *tally_type(struct tally *tally, const char *type);
/* The policy's parameters do not count: "tapfinger:model=x" is "tapfinger". */
void tally_decision(struct tally *tally, const char *policy, const char *action);
void tally_duration(struct tally *tally, const char *policy, double seconds);
/* Processors that were held for so long. */
void tally_held(struct cluster_tally *cluster, double cpus, double seconds);
/* Mean of the last hour, or of as much as there is; -1: nothing. */
double tally_hour(const struct cluster_tally *cluster);

#endif
