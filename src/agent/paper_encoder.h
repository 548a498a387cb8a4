/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph encoder of the paper's network: layers of heterogeneous graph attention over clusters,
 * waiting tasks, running tasks and the hub.
 */
#ifndef AGENT_PAPER_ENCODER_H
#define AGENT_PAPER_ENCODER_H

#include "agent/paper_graph.h"
#include "nn/graph_attention.h"
#include "nn/linear.h"

enum { PAPER_LAYERS = 32 };

struct paper_encoder_layer {
    struct linear project[PAPER_NODES];
    struct graph_attention relation[PAPER_RELATIONS];
    struct linear key; /* of semantic attention, as is query (1, hidden) */
    size_t query;
};

struct paper_encoder {
    int hidden, layers;
    struct paper_encoder_layer layer[PAPER_LAYERS];
};

struct paper_layer_state {
    int level;
    bool wanted[PAPER_NODES];   /* which kinds this layer computes */
    const real *x[PAPER_NODES]; /* inputs */
    real *h[PAPER_NODES];       /* projected */
    real *out[PAPER_NODES];     /* NULL where not wanted */
    real *z[PAPER_RELATIONS];   /* message of each relation; NULL where it is left out */
    struct graph_attention_state relation[PAPER_RELATIONS];
    int planes; /* relations into the clusters */
    real *tanh_key, *beta;
};

struct paper_encoder_state {
    const struct paper_graph *graph;
    unsigned faults;
    const int32_t *segment; /* of semantic attention */
    const real *present;    /* (segments, planes) */
    int segments;
    struct paper_layer_state layer[PAPER_LAYERS];
};

void paper_encoder_register(struct paper_encoder *encoder, struct weights *weights,
                            const struct paper_config *config);

/*
 * Encodes the graph; the last layer's out[] are the rows of the second level, only the waiting ones
 * unless `all` is set.
 */
void paper_encoder_forward(const struct pass *pass, struct paper_encoder_state *state,
                           const struct paper_encoder *encoder, const struct paper_graph *graph,
                           unsigned faults, bool all);

/* dout[node]: gradient of the last layer's rows; NULL where there is none. It is consumed. */
void paper_encoder_backward(const struct pass *pass, const struct paper_encoder_state *state,
                            const struct paper_encoder *encoder, real *const dout[PAPER_NODES]);

#endif
