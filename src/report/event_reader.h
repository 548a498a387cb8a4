/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an event log (sim/event_format.h), line by line; whatever is wrong with it is an error
 * that names file and line. */
#ifndef REPORT_EVENT_READER_H
#define REPORT_EVENT_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/lines.h"
#include "core/event.h"

struct err;

/* The header of a run. */
struct logged_run {
    char *version, *scenario, *policy, *config;
    uint64_t seed;
    int32_t arrivals; /* lines that follow with one each */
};

void logged_run_release(struct logged_run *run);

struct logged_event {
    double at_s;
    enum event_kind kind; /* EVENT_KINDS: the end of the run */
    int32_t task;         /* -1: none */
};

struct event_reader {
    struct lines lines;
    struct logged_run run;
    int64_t run_line; /* of the header */
    double at_s;      /* of the last event */
    int32_t tasks;    /* that arrived in this run so far */
    int32_t arrivals; /* lines with arrivals that are still to come */
};

enum { EVENT_LINE_BYTES = 1 << 27 };

int event_reader_open(struct event_reader *reader, const char *path, struct err *err);
int event_reader_open_memory(struct event_reader *reader, const char *name, const void *bytes,
                             size_t count, struct err *err);
void event_reader_close(struct event_reader *reader);

/* The next header into reader->run: 1, or 0 at the end of the log, or an error. */
int event_reader_next_run(struct event_reader *reader, struct err *err);

/* Passes over one of the lines with arrivals; reader->lines.line is its text. Those that are left
 * are passed over by event_reader_next(). */
int event_reader_skip_arrival(struct event_reader *reader, struct err *err);

/* The next event of the run, the end included; reader->lines.line is its text. A log that breaks
 * off inside a run is an error. */
int event_reader_next(struct event_reader *reader, struct logged_event *event, struct err *err);

#endif
