/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dealing out: what elastic policies have in common. Tasks join clusters and stay; whenever a task
 * comes or goes, its cluster deals all that it has to those who are there. How, is the policy's
 * business; this looks after who is dealt to, and turns hands into a plan, on nodes too.
 */
#ifndef POLICY_DEAL_H
#define POLICY_DEAL_H

#include <stdbool.h>

#include "base/id_set.h"
#include "base/vector.h"
#include "core/plan.h"
#include "core/policy.h"

struct deal_hand {
    int32_t task;
    struct allocation amount; /* dealt so far */
    struct allocation most;   /* the task's maximum, as far as the cluster goes */
    double width;             /* dominant share of the amount, once all is dealt */
};

struct deal_join {
    int32_t task, cluster;
};

struct deal {
    const struct catalog *catalog;
    bool keeps;        /* hands of running tasks begin with what they have; else the minimum */
    bool from_nothing; /* all hands begin empty, and who is left with nothing waits */
    bool has_nodes;

    /* Of the cluster at hand, while it is dealt. */
    int32_t cluster;
    VECTOR(struct deal_hand) hands; /* in order of arrival, added ones at the end */
    struct allocation free;         /* what is left to be dealt */

    VECTOR(struct deal_join) joins; /* of this decision, in order of arrival */
    struct id_set joined;
    VECTOR(int32_t) changed; /* clusters that deal anew */
    struct id_set is_changed, is_counted;
    struct allocation *minima; /* by cluster: sum of where hands begin, who joins included */
    int32_t *tasks;            /* likewise: their number */
};

/* Raises the amounts of deal->hands in steps that fit deal->most and deal->free, which it keeps.
 * From nothing it adds the hands of those waiting tasks that it means to give something. */
typedef void (*deal_fn)(void *arg, const struct view *view, struct deal *deal);

/*
 * Either every task of a cluster has its minimum before anything is dealt, and new ones are let in
 * as long as all minima fit (they join where the fewest tasks are per capacity); or (from_nothing)
 * everybody who runs there or may start there is dealt to, and may be left with nothing (but for
 * those who would lose all that they have done since they started). keeps may be set afterwards.
 * From nothing, the hands at first are those of running tasks, and with windows of all that they
 * show; who else may start is for the policy to know.
 */
void deal_init(struct deal *deal, const struct policy_setup *setup, bool from_nothing);
void deal_release(struct deal *deal);

/* The hand of a task that waits for the cluster at hand. */
void deal_add_hand(struct deal *deal, const struct view *view, int32_t task);

/* In continuous time only clusters where something changed deal anew, unless all shall. */
void deal_decide(struct deal *deal, const struct view *view, struct plan *plan, bool all,
                 deal_fn grow, void *arg);

/* Takes a step out of what is free, into a hand. */
static inline void deal_grant(struct deal *deal, struct deal_hand *hand,
                              const struct allocation *step)
{
    allocation_add(&hand->amount, step);
    allocation_subtract(&deal->free, step);
}

/* Whether a hand may take a step. */
static inline bool deal_may_grant(const struct deal *deal, const struct deal_hand *hand,
                                  const struct allocation *step)
{
    struct allocation sum = hand->amount;

    allocation_add(&sum, step);
    return allocation_fits(step, &deal->free) && allocation_fits(&sum, &hand->most);
}

#endif
