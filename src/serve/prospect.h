/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When what waits will start if the policy that decides goes on deciding: a fork of the daemon runs
 * it forward, now and then, while somebody wants to know.
 */
#ifndef SERVE_PROSPECT_H
#define SERVE_PROSPECT_H

#include <stdbool.h>

#include "base/vector.h"
#include "serve/errand.h"
#include "serve/forecast.h"

struct job_task;
struct live;

/* Seconds after the run began; HUGE_VAL: it did not come so far. */
struct prospect_start {
    int64_t job;
    int32_t index;
    double after_s[FORECAST_CASES];
};

struct prospect {
    struct live *live;
    int epoll;
    struct errand errand;
    double began_s;  /* of the run under way, on the world's clock */
    int64_t version; /* of the book then */
    double made_s;   /* the same of the run whose starts are kept; -HUGE_VAL: there is none */
    double next_s;   /* no other run before */
    char policy[96]; /* that was run forward */
    VECTOR(struct prospect_start) starts; /* by job and index */
};

/* Ends of runs wake the epoll. */
void prospect_open(struct prospect *prospect, struct live *live, int epoll);
void prospect_close(struct prospect *prospect);
/* Takes in what came; true if a run has ended. */
bool prospect_poll(struct prospect *prospect);

/* Somebody wants to know: begins a run if the last one is old. */
void prospect_want(struct prospect *prospect);
/* Seconds until a run may begin that tells of tasks of which the last one did not: 0 while one is
 * under way, HUGE_VAL if there will be none. */
double prospect_due_in(const struct prospect *prospect);
/* Seconds until a task starts, in each case, by the last run; false: it says nothing of it. */
bool prospect_begins_in(const struct prospect *prospect, const struct job_task *task,
                        double in_s[FORECAST_CASES]);

#endif
