/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulations of a log held against what the log says happened: completion times of the tasks that
 * finished then, task by task.
 */
#ifndef REPORT_PREDICTION_H
#define REPORT_PREDICTION_H

#include <stdint.h>

#include "report/event_reader.h"
#include "sim/comparison.h"

struct emit;
struct err;
struct result;
struct table;
struct text;

/* In a results directory. */
#define PREDICTION_FILE "tasks.csv"

struct lived_task {
    char *type;
    double arrival_s;
    double real_s; /* completion time; -1: it did not finish */
};

/* One simulation. */
struct predicted {
    const struct world *world;
    double *completion_s; /* by task; -1: it did not finish */
    int32_t tasks;
};

struct prediction {
    struct logged_run run; /* the log's first */
    struct lived_task *task;
    int32_t tasks, finished;
    double real_mean_s;          /* over those that finished */
    struct predicted *predicted; /* by piece */
    int contenders, seeds;
};

/* Reads the first run of a log. Close in any case. */
int prediction_open(struct prediction *prediction, const char *path, struct err *err);
void prediction_close(struct prediction *prediction);

/* Watches a comparison of so many contenders on the log's own arrivals. */
struct observer prediction_observer(struct prediction *prediction, int contenders, int seeds);

/* Mean completion time under a contender over the tasks that really finished and did so in its
 * runs, and how far a single task is off in the mean, both in seconds; NAN without any. */
void prediction_sum_up(const struct prediction *prediction, int contender, double *mean_s,
                       double *error_s);

/* One row per contender. */
void prediction_fill(const struct prediction *prediction, const struct result *result,
                     struct table *table);
/* {"finished":n,"mean_s":..,"policies":[{"name":..,"mean_s":..,"difference":..,"task_error_s":..}]}
 * of what really happened. */
void prediction_emit(const struct prediction *prediction, const struct result *result,
                     struct emit *e);
/* task,type,arrival_s,real_s and one column per contender; empty where a task did not finish. */
void prediction_csv(const struct prediction *prediction, const struct result *result,
                    struct text *out);

#endif
