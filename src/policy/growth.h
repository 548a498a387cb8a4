/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing a task's allocation step by step: which step brings it the most. A step is one quantum of
 * one resource or one of each: where a task needs several resources at once, more of one alone
 * brings nothing, and a greedy that tries no joint step gets stuck.
 */
#ifndef POLICY_GROWTH_H
#define POLICY_GROWTH_H

#include "policy/deal.h"

struct growth {
    struct allocation *quantum; /* by type */
};

/* A task as the model sees it while its hand grows. */
struct prospect {
    double work, progress;
    double seconds; /* left with the present amount */
};

struct growth_step {
    struct allocation more;
    double seconds; /* left after it */
    double share;   /* dominant, of the cluster */
    double gain;    /* seconds saved over share */
};

/* Quanta are one unit, or for ranges of more than 64 units a 64th of the range. */
void growth_init(struct growth *growth, const struct policy_setup *setup);
void growth_release(struct growth *growth);

/* Seconds left with an amount; HUGE_VAL if it never ends, and with nothing. */
double growth_seconds(const struct view *view, int32_t task, const struct prospect *prospect,
                      const struct allocation *amount);

/* By the task's progress, or as if it had another one. */
struct prospect growth_prospect(const struct view *view, const struct deal_hand *hand);
struct prospect growth_prospect_from(const struct view *view, const struct deal_hand *hand,
                                     double progress);

/* The step with the most gain of those that the deal may grant; for an empty hand the task's
 * minimum is the only one. False if there is none. A step that saves nothing is one with gain 0. */
bool growth_best(const struct growth *growth, const struct view *view, const struct deal *deal,
                 const struct deal_hand *hand, const struct prospect *prospect,
                 struct growth_step *best);

#endif
