/* SPDX-License-Identifier: Apache-2.0 */
/* What the two forms of Muri share: everything but the order of priority. */
#ifndef POLICY_MURI_H
#define POLICY_MURI_H

#include "base/vector.h"
#include "core/policy.h"
#include "policy/merge.h"
#include "policy/muri_claims.h"
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

struct muri_choice {
    const struct merge_bucket *bucket;
    const struct merge_group *group;
    int32_t first; /* place of its first member */
    int32_t size;  /* how many of muri_claims.size are larger */
};

struct muri {
    struct muri_claims claims;
    struct merger merger;
    struct targets targets;
    double round_s;
    bool unpacks, due;

    VECTOR(struct muri_choice) choice;
    VECTOR(struct muri_choice) sorted;
    VECTOR(int32_t) of_size;
    VECTOR(int32_t) led; /* by place: the choice that it is the first one of, or -1 */
    struct id_set kept;  /* tasks whose allocation some group goes on with */
};

void muri_init(struct muri *muri, const struct policy_setup *setup, muri_rank_fn rank);

/* As in struct policy_ops; the state is a struct muri. */
void muri_decide(void *state, const struct view *view, struct plan *plan);
void muri_observe(void *state, const struct event *event);
void muri_release(void *state);

#endif
