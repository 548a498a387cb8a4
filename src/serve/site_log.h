/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site's recent past as a log in the simulator's format (sim/event_format.h): what arrived,
 * what became of it, and a scenario that it can be simulated again in.
 */
#ifndef SERVE_SITE_LOG_H
#define SERVE_SITE_LOG_H

#include <stdint.h>

#include "base/text.h"

struct err;
struct live;

struct site_log {
    struct text text;
    int32_t tasks;
    double *real_s; /* by the log's task id: completion time; -1: it did not finish */
};

/* Of the tasks that have arrived since then, at most the latest `most`. ERR_NOT_FOUND: none has.
 * Release in any case. */
int site_log_make(struct site_log *log, struct live *live, int64_t since_us, int32_t most,
                  struct err *err);
void site_log_release(struct site_log *log);

#endif
