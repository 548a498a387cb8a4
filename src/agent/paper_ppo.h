/* SPDX-License-Identifier: Apache-2.0 */
/* What proximal policy optimisation wants of the paper's network. */
#ifndef AGENT_PAPER_PPO_H
#define AGENT_PAPER_PPO_H

#include <stdint.h>

#include "agent/paper_net.h"

/* What the agents did; all arrays (observations, agents). */
struct paper_choices {
    const int32_t *slot, *allocation;
    const uint8_t *skipped;  /* the agent did not choose at all */
    const uint8_t *conflict; /* it lost its task, and its allocation with it */
    /* For the loss alone: the log-probability then, advantages (normalised, as the paper does) and
     * returns. */
    const real *logp_old, *advantage, *returns;
};

struct paper_ppo {
    double clip, value_weight, entropy_weight;
};

static const struct paper_ppo PAPER_PPO_USUAL = {0.2, 0.5, 0.01};

struct paper_ppo_loss {
    double clip, value, entropy, total;
};

/*
 * logp and entropy (observations, agents) of the choices: of the slot, and unless there was a
 * conflict of the allocation given the slot; 0 where skipped.
 */
void paper_log_probs(const struct pass *pass, real *logp, real *entropy,
                     const struct paper_net *net, const struct paper_graph *graph,
                     const struct paper_output *out, const struct paper_choices *choices);

/* Adds to dout what a loss gains through logp and entropy. */
void paper_log_probs_backward(const struct pass *pass, struct paper_output *dout, const real *dlogp,
                              const real *dentropy, const struct paper_net *net,
                              const struct paper_graph *graph, const struct paper_output *out,
                              const struct paper_choices *choices);

/*
 * clip + value_weight value - entropy_weight entropy, and its gradient added to dout. The clip and
 * entropy parts are means over the choices made, the value part over all.
 */
struct paper_ppo_loss paper_ppo_loss(const struct pass *pass, struct paper_output *dout,
                                     const struct paper_net *net, const struct paper_graph *graph,
                                     const struct paper_output *out,
                                     const struct paper_choices *choices,
                                     const struct paper_ppo *ppo);

#endif
