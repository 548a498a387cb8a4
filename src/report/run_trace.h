/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.json: a schedule in Chrome's trace event format, for chrome://tracing and Perfetto. One
 * process per cluster with a lane per task that runs at a time, counters of what is held there, and
 * a process 0 for the waiting and running tasks of all. Times are microseconds of simulated time.
 */
#ifndef REPORT_RUN_TRACE_H
#define REPORT_RUN_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sink.h"

struct catalog;
struct schedule;
struct snapshot;
struct stretch;
struct task;

struct run_trace {
    struct sink sink;
    const struct catalog *catalog;
    uint64_t bytes;
    double
        cut_s; /* from here on nothing was written, the file being full; negative: all is there */
    int32_t *lanes; /* by cluster: used so far */
};

int run_trace_open(struct run_trace *trace, const char *path, const struct catalog *catalog,
                   struct err *err);
void run_trace_stretch(struct run_trace *trace, const struct stretch *stretch,
                       const struct task *task);
void run_trace_snapshot(struct run_trace *trace, const struct snapshot *snapshot,
                        const struct schedule *schedule);
int run_trace_close(struct run_trace *trace, struct err *err);

#endif
