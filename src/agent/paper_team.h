/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paper's agents as a policy has them: from a view to the scene that their network looks at,
 * and from what they decide to a plan.
 */
#ifndef AGENT_PAPER_TEAM_H
#define AGENT_PAPER_TEAM_H

#include "agent/paper_net.h"
#include "base/arena.h"

struct catalog;
struct err;
struct plan;
struct rng;
struct view;

struct paper_team {
    const struct paper_net *net; /* with packed weights */
    struct arena memory;
    struct rng *rng; /* draws slots and allocations; NULL: the most likely are taken */
    unsigned faults; /* enum paper_fault */
};

/* The sizes of the published network for the clusters, types and window of a catalog. */
int paper_team_config(struct paper_config *config, const struct catalog *catalog, struct err *err);

/* Whether a network of these sizes can act there: ERR_INVALID says why not. */
int paper_team_suits(const struct paper_config *config, const struct catalog *catalog,
                     struct err *err);

/* The network must outlive it. */
void paper_team_init(struct paper_team *team, const struct paper_net *net);
void paper_team_release(struct paper_team *team);

/* One round: each agent at most one start. */
void paper_team_decide(struct paper_team *team, const struct view *view, struct plan *plan);

#endif
