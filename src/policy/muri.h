/* SPDX-License-Identifier: Apache-2.0 */
/* What the two forms of Muri share: everything but the order of priority. */
#ifndef POLICY_MURI_H
#define POLICY_MURI_H

#include "base/vector.h"
#include "core/policy.h"
#include "policy/merge.h"
#include "policy/request.h"
#include "policy/room.h"
#include "policy/rounds.h"
#include "policy/sweep.h"
#include "policy/target.h"

/* Rows for option tables. */
#define MURI_OPTION_ROWS                                                                       \
    REQUEST_OPTION, ROUND_OPTION("0"),                                                         \
        {"group",                                                                              \
         OPTION_INT,                                                                           \
         "4",                                                                                  \
         .low = 1,                                                                             \
         .high = MAX_COMPANY,                                                                  \
         .help = "tasks that share one allocation at most; the scenario may allow fewer"},     \
        {"merge", OPTION_CHOICE, "efficient", .choices = "efficient|found",                    \
         .help = "which pairs come together while there is no room for all: those that waste " \
                 "least, or in the order in which they are found (as in Muri's simulator)"},   \
        {"unpack", OPTION_FLAG, "true",                                                        \
         .help = "takes groups apart whose tasks would be faster one after the other"},        \
        RESTARTS_OPTION

/* Lower ones come first. */
typedef double (*muri_rank_fn)(const struct view *view, int32_t task,
                               const struct allocation *request);

/* One that waits. */
struct muri_entrant {
    double rank;
    int32_t task;
};

/* One that runs. */
struct muri_runner {
    double rank;
    uint64_t reach; /* as in struct reach: a quick "no" */
    int32_t task, asks;
    int32_t next; /* place of the next one with the same request; -1 */
    bool claimed;
};

/* What is known of a task, running or waiting. */
struct muri_task {
    double rank;          /* while it waits */
    double waits_since_s; /* when it was ranked */
    int32_t version;      /* of the estimates of its type when it was ranked */
    int32_t asks;         /* its request: index into muri.asked; -1: not known yet */
    int32_t claim;        /* index into muri.claim, if it was claimed */
    bool listed;          /* among those that wait for the same request */
};

/* A task that was claimed, and where it stands among those that were passed. */
struct muri_claim {
    int32_t task, place;
};

struct muri_choice {
    const struct merge_bucket *bucket;
    const struct merge_group *group;
    int32_t first; /* place of its first member */
    int32_t size;  /* how many of muri.size are larger */
};

/* A request that occurs, and the queue of those who ask for it. */
struct muri_request {
    struct allocation amount;
    int32_t size;                        /* index into muri.size */
    VECTOR(struct muri_entrant) waiting; /* the first one last */

    /* While claims are made: */
    size_t left;          /* of those who wait, not passed yet */
    int32_t claimed;      /* of these, claimed */
    int32_t next_running; /* place of the first one not passed yet, or -1 */
    int32_t last_running;
    int32_t refusals;     /* of those who wait */
    struct reach refused; /* no room was found for it there; NULL: not yet */
    bool full;            /* there is no room for it anywhere */
};

struct muri {
    struct requests requests;
    struct targets targets;
    struct room room;
    struct merger merger;
    muri_rank_fn rank;
    const struct estimator *estimator; /* or NULL */
    double round_s;
    int most;
    bool unpacks, due;

    VECTOR(struct muri_task) task;     /* by id */
    VECTOR(struct muri_request) asked; /* every request that ever occurred */
    VECTOR(double) size;               /* dominant shares of requests, largest first */
    VECTOR(int32_t) of_size;
    VECTOR(int32_t) version; /* by type: of its estimates, when those who wait were ranked */
    VECTOR(int32_t) fresh;   /* began to wait since all was dealt out last */
    VECTOR(int32_t) hoped;   /* waited until the last plan */
    int32_t listed;          /* how many wait in all queues */
    int64_t decision;        /* the last one that was seen; -1 before */
    bool missed;             /* not all decisions were seen */

    VECTOR(struct muri_runner) line; /* those that run, in order of priority */
    VECTOR(int32_t) head;            /* heap of requests, by the first who waits */
    int32_t places;                  /* how many were passed */
    struct id_set claimed;           /* those that waited */
    VECTOR(struct muri_claim) claim; /* a member of a group is an index */
    VECTOR(struct muri_choice) choice;
    VECTOR(struct muri_choice) sorted;
    VECTOR(int32_t) led; /* by place: the choice that it is the first one of, or -1 */
    struct id_set kept;  /* tasks whose allocation some group goes on with */
};

void muri_init(struct muri *muri, const struct policy_setup *setup, muri_rank_fn rank);

/* As in struct policy_ops; the state is a struct muri. */
void muri_decide(void *state, const struct view *view, struct plan *plan);
void muri_observe(void *state, const struct event *event);
void muri_release(void *state);

#endif
