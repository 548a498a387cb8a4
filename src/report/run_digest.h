/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report tells of a run beyond its table: gathered from jobs.csv, stretches.csv and
 * machines.csv of all its episodes. Times are in the run's time unit. Estimates are over seeds,
 * each of which gives one mean.
 */
#ifndef REPORT_RUN_DIGEST_H
#define REPORT_RUN_DIGEST_H

#include "base/statistics.h"
#include "base/vector.h"
#include "core/allocation.h"

struct err;
struct run_record;

enum { DIGEST_BINS = 160 };

struct samples {
    VECTOR(double) value; /* ascending when the digest is made */
};

/* Tasks of one type, or that ended on one cluster. */
struct group_digest {
    struct estimate tasks, completion, waiting, slowdown;
};

struct cluster_digest {
    struct group_digest group;
    struct estimate utilisation[MAX_RESOURCES]; /* held over capacity until the makespan */
};

/* A quantity over time: its mean within each bin, averaged over seeds. An episode that has ended
 * counts with 0. */
struct curve {
    double mean[DIGEST_BINS], half[DIGEST_BINS];
};

struct entrant_digest {
    struct samples completion, slowdown; /* of all finished tasks of all seeds */
    struct group_digest *type;
    struct cluster_digest *cluster;
    struct curve used[MAX_RESOURCES]; /* share of what was up */
    struct curve waiting, running;
};

struct run_digest {
    const struct run_record *run;
    char **type; /* names, in the order in which they were met */
    int types;
    double bin; /* length of one */
    struct entrant_digest *entrant;
};

int run_digest_make(struct run_digest *digest, const struct run_record *run, struct err *err);
void run_digest_release(struct run_digest *digest);

/* Index of a type's name, or -1. */
int run_digest_type(const struct run_digest *digest, const char *name);

#endif
