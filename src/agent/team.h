/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All agents of a system deciding together: one pass of the graph attention, then rounds. In each
 * round every agent that still takes part picks one of its options; those that picked the same task
 * are sorted out by Bayes' theorem (agent/conflict.h); the winners choose amounts, one resource
 * after the other, and start; the losers pick again. An agent that picks waiting is done.
 */
#ifndef AGENT_TEAM_H
#define AGENT_TEAM_H

#include "agent/actor.h"
#include "agent/observation.h"
#include "agent/record.h"
#include "base/rng.h"

struct gossip;
struct loan;

struct team {
    const struct actor *actor; /* with packed weights */
    const struct ops *ops;
    struct outlook outlook;
    struct arena memory;
    struct rng *rng;          /* draws options and amounts; NULL: the most likely are taken */
    struct record_book *book; /* NULL: nothing is kept */
    double patience;          /* added to the logit of waiting */
    int32_t turn;             /* in large systems: who decides next without a reason */
    bool no_bayes;            /* the first agent wins a conflict, whatever its claim */
    bool first_only;          /* an agent sees no task but the oldest that fits */
    double overdue;           /* see team_decide(); 0: nobody is ever too late */
    struct loan *loan;        /* NULL: what runs keeps what it holds */
    struct gossip *gossip;    /* NULL: everybody knows everything; else what each has heard */
};

/* The actor must outlive it. */
void team_init(struct team *team, const struct actor *actor, const struct policy_setup *setup);
void team_release(struct team *team);

/* Fills the plan, which may have something in it already. An agent does not wait while it could
 * start a task that has waited for more than `overdue` typical durations. */
void team_decide(struct team *team, const struct view *view, struct plan *plan);

/*
 * Records a decision as another policy would have it: what its plan starts, agent by agent, is what
 * the options and amounts should be. scratch is a plan for this alone. Clusters of which the world
 * shows nothing to start are left out.
 */
void team_learn(struct team *team, const struct view *view, struct plan *scratch,
                const struct plan *wanted);

#endif
