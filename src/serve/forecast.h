/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When what waits will start and what runs will end, as a range: by what is believed of speeds. A
 * start is foretold by running the policy forward where that is known (serve/prospect.h), else by
 * serving the queue in its order.
 */
#ifndef SERVE_FORECAST_H
#define SERVE_FORECAST_H

#include <stdbool.h>

#include "base/vector.h"
#include "serve/live.h"

struct emit;
struct prospect;

enum { FORECAST_CASES = 3, FORECAST_LIKELY = 1 }; /* the good one, the likely one, the bad one */

/* What becomes of believed durations in each. */
extern const double forecast_factor[FORECAST_CASES];

enum forecast_by { FORECAST_BY_NOTHING, FORECAST_BY_POLICY, FORECAST_BY_QUEUE };

/* "policy", "queue"; NULL for nothing. */
const char *forecast_by_word(enum forecast_by by);

struct forecast_start {
    double in_s[FORECAST_CASES]; /* HUGE_VAL: nobody knows */
    /* In the likely case: */
    int32_t cluster; /* -1: nobody knows */
    struct allocation amount;
    double run_s; /* there, with that */
};

struct forecast_turn {
    int32_t world;
    struct forecast_start start;
};

struct forecast {
    const struct live *live;
    struct prospect *prospect;
    double made_s;
    int32_t tasks;                      /* of the world, when it was made */
    VECTOR(struct forecast_turn) turns; /* of the queue, by world id */
};

void forecast_open(struct forecast *forecast, const struct live *live, struct prospect *prospect);
void forecast_close(struct forecast *forecast);

/* When and where a waiting task starts, and by what that is known. */
enum forecast_by forecast_start(struct forecast *forecast, const struct job_task *task,
                                struct forecast_start *start);
/* Only the seconds until then, in each case. */
enum forecast_by forecast_begins_in(struct forecast *forecast, const struct job_task *task,
                                    double in_s[FORECAST_CASES]);
/* Seconds that a running task of the world has left, as believed. */
double forecast_left_s(const struct live *live, int32_t id);
/* The same until a running one ends. */
bool forecast_ends_in(const struct live *live, const struct job_task *task,
                      double in_s[FORECAST_CASES]);
/* Seconds until a cluster has room for the least that a task takes, if nobody else takes it;
 * HUGE_VAL: nobody knows. */
double forecast_room_in(const struct live *live, const struct allocation *least, int32_t cluster);
/* Seconds as a list, or null. */
void forecast_emit(struct emit *e, const char *key, bool known, const double in_s[FORECAST_CASES]);

#endif
