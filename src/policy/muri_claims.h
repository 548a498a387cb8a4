/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who comes into consideration in Muri's order of priority, and where: whoever would still find
 * room for itself alone claims a place, for itself and for those next behind it that ask for the
 * same.
 */
#ifndef POLICY_MURI_CLAIMS_H
#define POLICY_MURI_CLAIMS_H

#include "base/id_set.h"
#include "base/vector.h"
#include "core/policy.h"
#include "policy/merge.h"
#include "policy/request.h"
#include "policy/room.h"

/* Lower ones come first. The share is the dominant one of the request. */
typedef double (*muri_rank_fn)(const struct view *view, int32_t task,
                               const struct allocation *request, double share);

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
    bool claimed, may_share;
};

/* What is known of a task, running or waiting. */
struct muri_task {
    double rank;          /* while it waits */
    double waits_since_s; /* when it was ranked */
    int32_t version;      /* of the estimates of its type when it was ranked */
    int32_t asks;         /* its request: index into muri_claims.asked; -1: not known yet */
    int32_t claim;        /* index into muri_claims.claim, if it was claimed */
    bool listed;          /* among those that wait for the same request */
};

/* A task that was claimed, and where it stands among those that were passed. */
struct muri_claim {
    int32_t task, place;
};

/* A request that occurs, and the queue of those who ask for it. */
struct muri_request {
    struct allocation amount;
    int32_t size;                        /* index into muri_claims.size */
    VECTOR(struct muri_entrant) waiting; /* the first one last */

    /* While claims are made: */
    size_t left;          /* of those who wait, not passed yet */
    int32_t claimed;      /* of these, claimed */
    int32_t next_running; /* place of the first one not passed yet, or -1 */
    int32_t last_running;
    int32_t refusals;
    struct reach refused; /* no room was found for it there; NULL: not yet */
    bool full;            /* there is no room for it anywhere */
};

/* Of one policy, from its beginning to its end. */
struct muri_claims {
    struct requests requests;
    struct room room; /* left by those who claimed it */
    struct merger *merger;
    muri_rank_fn rank;
    const struct estimator *estimator; /* or NULL */
    int most;                          /* that share one allocation */

    VECTOR(struct muri_task) task;     /* by id */
    VECTOR(struct muri_request) asked; /* every request that ever occurred */
    VECTOR(double) size;               /* dominant shares of requests, largest first */
    VECTOR(int32_t) version; /* by type: of its estimates, when those who wait were ranked */
    VECTOR(int32_t) fresh;   /* began to wait since all was dealt out last */
    VECTOR(int32_t) hoped;   /* waited until the last plan, which starts them */
    int32_t listed;          /* how many wait in all queues */
    int64_t decision;        /* the last one that was seen; -1 before */
    bool missed;             /* not all decisions were seen */

    VECTOR(struct muri_runner) line; /* those that run, in order of priority */
    VECTOR(int32_t) head;            /* heap of requests, by the first who waits */
    int32_t places;                  /* how many were passed */
    struct id_set claimed;           /* those that waited */
    VECTOR(struct muri_claim) claim; /* a member of a group is an index */
};

/* The merger, which takes claims in, must outlive the claims. */
void muri_claims_init(struct muri_claims *claims, const struct policy_setup *setup,
                      muri_rank_fn rank, struct merger *merger, int most);
void muri_claims_release(struct muri_claims *claims);
/* Every decision's view must be shown, also one after which nothing is dealt out. */
void muri_claims_note(struct muri_claims *claims, const struct view *view);
/* Makes all claims anew, into the merger's buckets. */
void muri_claims_make(struct muri_claims *claims, const struct view *view);
/* How many of muri_claims.size are larger than what a task asks for. */
int32_t muri_claims_size(const struct muri_claims *claims, int32_t task);

#endif
