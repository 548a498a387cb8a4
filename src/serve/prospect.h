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

struct prospect_task {
    int64_t job;
    int32_t index;
    struct forecast_start start; /* after the run began; HUGE_VAL: it did not come so far */
};

struct prospect {
    struct live *live;
    int epoll;
    struct errand errand;
    double began_s;  /* of the run under way, on the world's clock */
    int64_t version; /* of the book then */
    double made_s;   /* the same of the run whose starts are kept; -HUGE_VAL: there is none */
    double next_s;   /* no other run before */
    double until_s;  /* from then on a task that still waits belies the last run */
    char policy[96]; /* that was run forward */
    VECTOR(struct prospect_task) tasks; /* that started, by job and index */
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
/* When and where a task starts by the last run; false: it says nothing of it, or was wrong. */
bool prospect_start(const struct prospect *prospect, const struct job_task *task,
                    struct forecast_start *start);

#endif
