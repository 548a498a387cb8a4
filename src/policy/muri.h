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

struct muri_entrant {
    double rank;
    double waits_since_s; /* when it was ranked; -1: it ran */
    int32_t task;
    int32_t asks;    /* its request: index into muri.asked */
    int32_t next;    /* place of the next one with the same request; -1 */
    int32_t version; /* of the estimates of its type when it was ranked */
    bool claimed;
};

struct muri_choice {
    const struct merge_bucket *bucket;
    const struct merge_group *group;
    double size;
    int32_t first; /* place of its first member */
};

/* A request that occurs. */
struct muri_request {
    struct allocation amount;
    int32_t last;         /* place of its last entrant so far */
    struct reach refused; /* no room was found for it there by one that waits; NULL: not yet */
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
    VECTOR(struct muri_entrant) line; /* in order of priority; a place is an index */
    VECTOR(struct muri_request) asked;
    VECTOR(struct muri_choice) choice;
    VECTOR(int32_t) led; /* by place: the choice that it is the first one of, or -1 */
    VECTOR(struct muri_choice) in_order;
    int32_t known;      /* tasks below this were in line once */
    struct id_set kept; /* tasks whose allocation some group goes on with */
};

void muri_init(struct muri *muri, const struct policy_setup *setup, muri_rank_fn rank);

/* As in struct policy_ops; the state is a struct muri. */
void muri_decide(void *state, const struct view *view, struct plan *plan);
void muri_observe(void *state, const struct event *event);
void muri_release(void *state);

#endif
