/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of the paper, arch=paper: Li et al., "TapFinger", INFOCOM 2023, as its authors' code
 * computes it. Kept for parity and as a baseline; it has one actor and one critic for each agent,
 * so the number of clusters is fixed, and a grid of joint allocations, so there are two resources.
 *
 * What is wrong with it (enum paper_fault) is off unless asked for. There is no dropout.
 */
#ifndef AGENT_PAPER_NET_H
#define AGENT_PAPER_NET_H

#include "agent/paper_actor.h"
#include "agent/paper_encoder.h"
#include "agent/paper_graph.h"
#include "nn/weights.h"

struct err;

struct paper_net {
    struct paper_config config;
    struct weights weights;
    struct paper_encoder encoder;
    struct paper_actor *actor; /* one for each agent */
};

struct paper_state {
    const struct paper_graph *graph;
    unsigned faults;
    struct paper_encoder_state encoder;
    struct paper_actor_state *actor;
};

/* What the network says. Minus infinity marks what is not allowed; an agent without any task has
 * zeros. Also the shape of a loss's gradient; at minus infinity it is ignored. */
struct paper_output {
    real *pointer;    /* (observations, agents, slots) */
    real *allocation; /* (observations, agents, slots, actions) */
    real *value;      /* (observations, agents) */
};

/* 0, or ERR_INVALID with what is wrong about the sizes. */
int paper_config_check(const struct paper_config *config, struct err *err);

/* The config must have passed its check. Registers the weights; weights_commit takes their memory.
 */
void paper_net_register(struct paper_net *net, const struct paper_config *config);

/* Both. uses: enum weights_use. */
void paper_net_init(struct paper_net *net, const struct paper_config *config, unsigned uses);
void paper_net_release(struct paper_net *net);

/*
 * Everything for every observation of the graph: logits of all slots and allocations, and values.
 * With `all`, the encoder's rows of every kind too (paper_net_rows). Arrays of *out lie in the
 * pass's memory.
 */
void paper_net_forward(const struct pass *pass, struct paper_state *state,
                       const struct paper_net *net, const struct paper_graph *graph,
                       unsigned faults, bool all, struct paper_output *out);

/* Rows of one kind after a layer, (graph->raw_rows, hidden), in the order of the observations. NULL
 * if there are none. */
const real *paper_net_rows(const struct pass *pass, const struct paper_state *state,
                           const struct paper_net *net, int layer, enum paper_node node);

/* An output of zeros, for gradients. */
void paper_output_zeros(const struct pass *pass, const struct paper_net *net,
                        const struct paper_graph *graph, struct paper_output *out);

/*
 * Adds the gradient of all weights. drows[node], gradients of the encoder's last rows shaped as
 * paper_net_rows gives them, may be NULL, and so may drows; it needs a forward with `all`.
 */
void paper_net_backward(const struct pass *pass, const struct paper_state *state,
                        const struct paper_net *net, const struct paper_output *dout,
                        const real *const drows[PAPER_NODES]);

/* mask (actions) of what may be given to a task of this type, -1 for an empty slot: index 0, which
 * is nothing, and whatever is at least the minimum; never more than is free. */
void paper_allocation_mask(uint8_t *mask, const struct paper_config *config, int type,
                           const int32_t free[PAPER_RESOURCES]);

#endif
