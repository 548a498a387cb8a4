/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/graph_attention.h"

#include <stdio.h>

void graph_attention_register(struct graph_attention *layer, struct weights *weights, int heads,
                              int width, int features, double slope, struct initial initial,
                              const char *name)
{
    const int size[] = {heads, width};

    *layer = (struct graph_attention){.heads = heads, .width = width, .slope = slope};
    layer->source = weights_add(weights, initial, 2, size, "%s.source", name);
    layer->target = weights_add(weights, initial, 2, size, "%s.target", name);
    if (features > 0) {
        char part[256];

        snprintf(part, sizeof part, "%s.edge", name);
        linear_register(&layer->edge, weights, features, heads, 0, initial, part);
    }
}

void graph_attention_forward(const struct pass *pass, struct graph_attention_state *state,
                             const struct graph_attention *layer, real *out, const real *h_source,
                             const real *h_target, const real *features, const real *edge_score,
                             const struct edges *edges)
{
    size_t heads = (size_t)layer->heads;

    *state = (struct graph_attention_state){
        .edges = edges, .h_source = h_source, .h_target = h_target, .features = features};
    state->source_score = pass_new(pass, (size_t)edges->sources, heads);
    state->target_score = pass_new(pass, (size_t)edges->targets, heads);
    state->alpha = pass_new(pass, (size_t)edges->count, heads);
    pass->ops->head_dot(state->source_score, h_source, pass_value(pass, layer->source),
                        edges->sources, layer->heads, layer->width);
    pass->ops->head_dot(state->target_score, h_target, pass_value(pass, layer->target),
                        edges->targets, layer->heads, layer->width);
    state->edge_score = edge_score;
    if (features) {
        real *score = pass_new(pass, (size_t)edges->count, heads);

        linear_forward(pass, score, features, &layer->edge, edges->count);
        state->edge_score = score;
    }
    pass->ops->gat(out, state->alpha, h_source, state->source_score, state->target_score,
                   state->edge_score, edges, layer->heads, layer->width, (real)layer->slope);
}

void graph_attention_backward(const struct pass *pass, const struct graph_attention_state *state,
                              const struct graph_attention *layer, real *dh_source, real *dh_target,
                              real *dfeatures, const real *dout)
{
    const struct edges *edges = state->edges;
    size_t heads = (size_t)layer->heads;
    real *dsource = pass_zeros(pass, (size_t)edges->sources, heads);
    real *dtarget = pass_zeros(pass, (size_t)edges->targets, heads);
    real *dedge = state->features ? pass_zeros(pass, (size_t)edges->count, heads) : NULL;
    real *scratch = pass_new(pass, (size_t)edges->count, heads);

    pass->ops->gat_backward(dh_source, dsource, dtarget, dedge, scratch, dout, state->alpha,
                            state->h_source, state->source_score, state->target_score,
                            state->edge_score, edges, layer->heads, layer->width,
                            (real)layer->slope);
    pass->ops->head_dot_backward(dh_source, pass_grad(pass, layer->source), dsource,
                                 state->h_source, pass_value(pass, layer->source), edges->sources,
                                 layer->heads, layer->width);
    pass->ops->head_dot_backward(dh_target, pass_grad(pass, layer->target), dtarget,
                                 state->h_target, pass_value(pass, layer->target), edges->targets,
                                 layer->heads, layer->width);
    if (dedge)
        linear_backward(pass, dfeatures, dedge, state->features, &layer->edge, edges->count);
}
