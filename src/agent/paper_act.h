/* SPDX-License-Identifier: Apache-2.0 */
/* One round of decisions by the paper's agents. */
#ifndef AGENT_PAPER_ACT_H
#define AGENT_PAPER_ACT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/paper_net.h"

struct rng;

/* What one agent does. */
struct paper_decision {
    bool skipped;       /* no task, or the one it picked cannot be placed now */
    bool conflict;      /* another agent got the task */
    int32_t slot;       /* -1 where there is no task */
    int32_t allocation; /* action: allocation[0] * levels[1] + allocation[1]; 0 is nothing */
    double probability; /* of the slot */
    real logp;          /* of what paper_log_probs counts */
};

/*
 * Decides for all agents. The rng draws slots and allocations; without one the most likely are
 * taken. Activations stay in the pass's memory.
 */
void paper_act(const struct pass *pass, struct paper_decision *decision,
               const struct paper_net *net, const struct paper_observation *observation,
               unsigned faults, struct rng *rng);

#endif
