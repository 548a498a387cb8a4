/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schedule of one episode as a picture of it needs it: every cluster a lane, time along x, and
 * along y the units of one resource, so that a stretch is as high as what it holds. Read from
 * stretches.csv, jobs.csv and outages.csv.
 */
#ifndef REPORT_GANTT_H
#define REPORT_GANTT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "core/allocation.h"
#include "core/event.h"
#include "report/interval_set.h"

struct err;
struct run_digest;

/* Times are in the run's time unit. */
struct gantt_task {
    double arrival, finish, slowdown; /* NAN: not yet */
    int32_t type;
};

struct gantt_stretch {
    double begin, end;
    int32_t task, cluster;
    struct allocation allocation;
    enum event_kind ended_by;    /* EVENT_KINDS: the episode ended first */
    int32_t line;                /* in its file, for errors */
    size_t piece[MAX_RESOURCES]; /* the units of each resource: where they begin in piece[] */
    int32_t pieces[MAX_RESOURCES];
};

struct gantt_outage {
    int32_t cluster;
    double from, to;
};

struct gantt {
    const struct run_digest *digest;
    int entrant, seed_index;
    VECTOR(struct gantt_task) task;
    VECTOR(struct gantt_stretch) stretch; /* by cluster, then by begin */
    VECTOR(struct gantt_outage) outage;
    VECTOR(struct interval) piece[MAX_RESOURCES]; /* units of a cluster, counted from 0 */
    double end;                                   /* of the last stretch or task */
    double cut; /* stretches that begin later are not here, being too many; NAN: all are */
};

/* Of more than `most` stretches, those that begin first. */
int gantt_read(struct gantt *gantt, const struct run_digest *digest, int entrant, int seed_index,
               size_t most, struct err *err);
void gantt_release(struct gantt *gantt);

/* "finish", "resize", ...; "end" when the episode ended first. */
const char *gantt_end_word(enum event_kind kind);

#endif
