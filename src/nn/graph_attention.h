/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graph attention over the edges of one relation, from rows of one kind to rows of another (or the
 * same): ops->gat with its learned vectors. An edge may carry features of its own; they are turned
 * into one number per head and join the score.
 */
#ifndef NN_GRAPH_ATTENTION_H
#define NN_GRAPH_ATTENTION_H

#include "nn/linear.h"

struct graph_attention {
    int heads, width;      /* width of one head */
    size_t source, target; /* offsets of vectors (heads, width) */
    struct linear edge;    /* features to heads, no bias; in is 0 without features */
    double slope;          /* of the leaky rectifier */
};

struct graph_attention_state {
    const struct edges *edges;
    const real *h_source, *h_target, *features;
    const real *edge_score;
    real *source_score, *target_score, *alpha;
};

/* Registers NAME.source, NAME.target and, with features, NAME.edge. */
void graph_attention_register(struct graph_attention *layer, struct weights *weights, int heads,
                              int width, int features, double slope, struct initial initial,
                              const char *name);

/* out (targets, heads * width); features (edges, features), in the order of edges, or NULL. All
 * inputs must stay until backward. Where what the features add to the scores is known already, it
 * comes as edge_score (edges, heads) in their place. */
void graph_attention_forward(const struct pass *pass, struct graph_attention_state *state,
                             const struct graph_attention *layer, real *out, const real *h_source,
                             const real *h_target, const real *features, const real *edge_score,
                             const struct edges *edges);

/* dh_source and dh_target may be one block. dfeatures may be NULL. */
void graph_attention_backward(const struct pass *pass, const struct graph_attention_state *state,
                              const struct graph_attention *layer, real *dh_source, real *dh_target,
                              real *dfeatures, const real *dout);

#endif
