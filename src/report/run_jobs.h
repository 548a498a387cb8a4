/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.csv and schedule.json: Batsim's column and field names (its documentation of outputs), so
 * that Evalys and other readers of those files work, and then what Batsim has no word for.
 */
#ifndef REPORT_RUN_JOBS_H
#define REPORT_RUN_JOBS_H

#include <stdint.h>

#include "base/text.h"

struct err;
struct ideal;
struct metrics;
struct scenario;
struct world;

/* The units that each task held last, as text. */
struct last_units {
    struct text text;
    int64_t *from; /* by task: where its text begins; -1: it never held any */
    int32_t tasks;
};

void last_units_init(struct last_units *units);
void last_units_release(struct last_units *units);

/* Both are written after the end of the episode. */
int run_jobs_write(const char *path, const struct scenario *scenario, const struct world *world,
                   const struct last_units *units, struct err *err);
int run_schedule_write(const char *path, const struct scenario *scenario, const struct world *world,
                       const struct metrics *metrics, struct err *err);

#endif
