/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing what runs. The agents decide as if every task kept the allocation that it was started
 * with, its base; whatever its cluster has beside is only lent. When something came or went, the
 * cluster's resources are rationed anew (agent/ration.h) among all that run there: what the
 * agents start, what runs, and tasks for which they found no room, but which make the sum of
 * completion times fall faster if others shrink for them.
 *
 * Where a change of its allocation costs a task something, it keeps the one that the agents gave it
 * unless the cluster gains more by a change, until its next task ends, than all changes cost.
 * Nobody is resized on clusters that are split into nodes, or in company.
 */
#ifndef AGENT_LOAN_H
#define AGENT_LOAN_H

#include "agent/ledger.h"
#include "agent/outlook.h"
#include "agent/ration.h"
#include "base/id_set.h"
#include "base/vector.h"
#include "core/plan.h"

struct loan_start {
    int32_t task, cluster;
    struct allocation amount;
};

struct loan {
    struct outlook *outlook;
    struct ledger ledger;
    struct plan wish; /* what the agents decide */
    struct ration ration;
    int32_t seated;                   /* cluster whose tasks the ration has, or -1 */
    double value;                     /* of the ration; below 0: to be found out */
    VECTOR(struct loan_start) starts; /* of this decision */
    struct id_set dealt;              /* clusters */
    bool alone;                       /* agents can not ask others: nobody is let in beside them */
};

/* The outlook must outlive it, and looks at tasks as its ledger has them from now on. */
void loan_init(struct loan *loan, struct outlook *outlook, int32_t clusters);
void loan_release(struct loan *loan);

/* Puts into the wish that running tasks fall back to their bases, before the agents of these
 * clusters decide. */
void loan_recall(struct loan *loan, const struct view *view, struct plan *wish,
                 const int32_t *cluster, int32_t clusters);

/* Makes a plan of the wish. */
void loan_deal(struct loan *loan, const struct view *view, struct plan *plan);

#endif
