/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the event log of a comparison: all runs in one file, in the order of the pieces, each
 * complete or not at all, whatever the number of threads. See sim/event_format.h for the lines.
 */
#ifndef REPORT_EVENT_LOG_H
#define REPORT_EVENT_LOG_H

#include "sim/comparison.h"

struct entrant;
struct err;
struct event_log;

/* Creates the file. entrants name the policies, by contender. All is borrowed. */
int event_log_open(struct event_log **out, const char *path, const struct scenario *scenario,
                   const struct entrant *entrant, int pieces, struct err *err);
/* Reports any write that failed. */
int event_log_close(struct event_log *log, struct err *err);

struct observer event_log_observer(struct event_log *log);

#endif
