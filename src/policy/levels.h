/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues by attained service: what the two forms of Tiresias share. A task begins in the first
 * queue and falls to the next when the service that it attained passes that queue's limit; a task
 * that has waited long enough may be promoted back to the first.
 */
#ifndef POLICY_LEVELS_H
#define POLICY_LEVELS_H

#include "base/heap.h"
#include "policy/rounds.h"
#include "policy/services.h"
#include "policy/sweep.h"

enum { MOST_LEVELS = 8 };

/* Rows for option tables. */
#define LEVELS_OPTION_ROWS                                                                        \
    {"limits", OPTION_STRING, "auto", .choices = "auto, or L1/L2/...",                            \
     .help = "attained service (GPUs times seconds) at which tasks fall to the second queue, "    \
             "the third, and so on; auto: what half and three quarters of the tasks finished so " \
             "far have needed"},                                                                  \
        {"promote",                                                                               \
         OPTION_REAL,                                                                             \
         "0",                                                                                     \
         .low = 0,                                                                                \
         .high = 1e9,                                                                             \
         .help = "a task goes back to the first queue when it has waited so many times as long "  \
                 "as it has run; 0: never"},                                                      \
        {"order", OPTION_CHOICE, "running", .choices = "running|entry",                           \
         .help =                                                                                  \
             "inside a queue: who runs comes before who waits (as in Tiresias' simulator), or "   \
             "who entered it first before the others (as in Pollux')"},                           \
        REQUEST_OPTION, ROUND_OPTION("0"),                                                        \
        {"anew", OPTION_FLAG, "false",                                                            \
         .help = "on clusters that are split: deal the nodes anew at every decision, in "         \
                 "order of priority"},                                                            \
        RESTARTS_OPTION

/* A task's present life; it begins anew with a promotion. */
struct life {
    double width;             /* GPUs held, or what they are worth: see levels.c */
    double attained, total;   /* service in this life, and in all, up to since_s */
    double ran_s;             /* in this life, up to since_s */
    double since_s;           /* when the present run or wait began */
    int64_t stood, ran_order; /* place among those who wait, and among those who run */
    int32_t queue;
    bool running;
    bool fell; /* since the last sweep: it stands at the end of its queue, though it runs */
};

struct levels {
    struct sweep sweep;
    struct services services;
    const struct catalog *catalog;
    VECTOR(struct life) life;  /* by task */
    struct heap falls;         /* running tasks, by when they pass their queue's limit */
    struct heap promotions;    /* waiting ones, by when they have waited long enough */
    double limit[MOST_LEVELS]; /* of queue i; HUGE_VAL for the last */
    int limits;
    bool by_entry;        /* inside a queue: by when they entered it, whoever runs */
    bool learns, updated; /* limits, from services; since the last decision */
    double promote, round_s;
    int gpu; /* resource, or -1 */
    int64_t back, front, runs;
    lane_ids fallen;    /* those that fell, see life.fell */
    lane_ids sent_back; /* by the plan at hand */
};

/* key is what the sweep goes by, with the levels as its argument: levels_key() or one made of it.
 */
int levels_init(struct levels *levels, const struct policy_setup *setup, sweep_key_fn key,
                struct err *err);
void levels_release(struct levels *levels);

/* Service that the task attained in its present life. */
double levels_attained(const struct levels *levels, int32_t task, double now_s);

/* The queue, then who runs, then who stood in it first. */
struct lane_key levels_key(void *levels, const struct view *view, int32_t task);

/* What the policy's own observe and decide have to call. */
void levels_observe(struct levels *levels, const struct event *event);
void levels_decide(struct levels *levels, const struct view *view, struct plan *plan);

#endif
