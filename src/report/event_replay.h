/* SPDX-License-Identifier: Apache-2.0 */
/* Runs an event log again and compares line by line. */
#ifndef REPORT_EVENT_REPLAY_H
#define REPORT_EVENT_REPLAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

struct replay {
    int runs;      /* that agreed from header to end */
    int64_t lines; /* that agreed, headers and arrivals included */
    bool differs;
    int64_t line;       /* the first that does not agree */
    char *logged, *now; /* what it says, and what the run says now; owned */
    char version[32];   /* that wrote the log, if it is another one; else "" */
};

/* Returns 0 also when the log differs; errors are for logs that cannot be run. Release in any case.
 * It ends early with ERR_INTERRUPTED once *stop is not 0. */
int replay_log(struct replay *replay, const char *path, atomic_int *stop, struct err *err);
void replay_release(struct replay *replay);

#endif
