/* SPDX-License-Identifier: Apache-2.0 */
/* Two event logs side by side: where they first differ, and what that did to the tasks. */
#ifndef REPORT_EVENT_DIFF_H
#define REPORT_EVENT_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct err;
struct event_reader;

/* What one run of each log, taken together, comes to. */
struct run_diff {
    char *policy[2];
    uint64_t seed[2];
    bool same_config, same_arrivals; /* of the headers and the arrivals that they carry */
    int64_t events[2][EVENT_KINDS];  /* by kind */
    int32_t tasks[2], finished[2];
    int32_t both;                  /* tasks that finished in both */
    int32_t alike, earlier, later; /* of these: completed in B as in A, sooner, later */
    double mean_s[2];              /* completion time, over the tasks that finished in both */
    double largest_s;              /* difference B - A of largest size */
    int32_t largest_task;          /* whose; -1: none */
};

struct event_diff {
    bool differs;         /* in anything, headers included */
    int64_t line[2];      /* of the first difference behind the headers; 0: there is none */
    char *text[2];        /* what stands there, or "(the log ends)" */
    int runs[2];          /* in each log */
    struct run_diff *run; /* of the runs that both have */
    int run_diffs;
};

/* Errors are for logs that cannot be read. Release in any case. */
int event_diff_make(struct event_diff *diff, const char *path_a, const char *path_b,
                    struct err *err);
/* The same from readers that are open. */
int event_diff_readers(struct event_diff *diff, struct event_reader *a, struct event_reader *b,
                       struct err *err);
void event_diff_release(struct event_diff *diff);

#endif
