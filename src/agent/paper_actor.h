/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One agent of the paper's network on top of the encoder: a pointer that scores the slots, a head
 * that scores the allocations of each, and a critic.
 */
#ifndef AGENT_PAPER_ACTOR_H
#define AGENT_PAPER_ACTOR_H

#include "agent/paper_graph.h"
#include "nn/mlp.h"
#include "nn/transformer.h"

enum { PAPER_POINTER_LAYERS = 4 };

struct paper_actor {
    int hidden, layers;
    struct transformer encoder[PAPER_POINTER_LAYERS];
    struct linear query, key;
    size_t score; /* (hidden): the vector that makes a number of query + key */
    struct mlp allocation, critic;
};

struct paper_actor_state {
    const struct paper_agent_rows *rows;
    struct transformer_state encoder[PAPER_POINTER_LAYERS];
    struct edges edges; /* from each row to its segment's query */
    const real *x;      /* (rows->count, hidden), from the encoder */
    real *encoded;      /* behind the pointer's layers */
    real *mean, *t;
    real *score; /* (rows in segments): the pointer's logits */
    struct mlp_state allocation_state, critic_state;
    real *allocation; /* (rows->count, actions): logits without a mask */
    real *window;     /* (observations, slots * hidden) */
    real *value;      /* (observations), before any rectifier */
};

/* All actors first, then all critics: so what acting reads lies together. */
void paper_actor_register(struct paper_actor *actor, struct weights *weights,
                          const struct paper_config *config, int agent);
void paper_critic_register(struct paper_actor *actor, struct weights *weights,
                           const struct paper_config *config, int agent);

/* x (merged waiting rows, hidden). The pointer fills score, the others what they are named for. */
void paper_pointer_forward(const struct pass *pass, struct paper_actor_state *state,
                           const struct paper_actor *actor, const struct paper_agent_rows *rows,
                           const real *x);
void paper_allocation_forward(const struct pass *pass, struct paper_actor_state *state,
                              const struct paper_actor *actor);
void paper_critic_forward(const struct pass *pass, struct paper_actor_state *state,
                          const struct paper_actor *actor, const struct paper_graph *graph,
                          int agent, const real *x);

/* Each adds to dx (merged waiting rows, hidden). dscore, dallocation and dvalue are shaped as
 * score, allocation and value. */
void paper_actor_backward(const struct pass *pass, const struct paper_actor_state *state,
                          const struct paper_actor *actor, real *dx, const real *dscore,
                          const real *dallocation);
void paper_critic_backward(const struct pass *pass, const struct paper_actor_state *state,
                           const struct paper_actor *actor, const struct paper_graph *graph,
                           int agent, real *dx, const real *dvalue);

#endif
