/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer of the encoder (HANConv; Wang et al., "Heterogeneous Graph Attention Network", 2019):
 * every kind of row is projected, each relation sends messages by graph attention, and what a
 * cluster gets over several relations is mixed by semantic attention. The other kinds have a single
 * relation, which needs no mixing. There is no residual and no norm.
 *
 * Running tasks are left out where a batch has none. In a batch where some observations have some,
 * the others leave the relation out of their own mixture.
 *
 * From the second layer on equal running tasks are one row (agent/paper_graph.c), so between the
 * first layer and the second a row of each is gathered.
 */
#include "agent/paper_encoder.h"

#include <stdio.h>

#include "base/memory.h"

static const char *const NODE_NAMES[PAPER_NODES] = {"cluster", "waiting", "running", "hub"};
static const char *const RELATION_NAMES[PAPER_RELATIONS] = {
    "cluster_to_waiting", "waiting_to_cluster", "cluster_to_running",
    "running_to_cluster", "cluster_to_hub",     "hub_to_cluster"};

static void layer_register(struct paper_encoder_layer *layer, struct weights *weights,
                           const struct paper_config *config, int number)
{
    struct initial xavier = {INITIAL_XAVIER_UNIFORM, 1};
    char name[64];

    for (int node = 0; node < PAPER_NODES; node++) {
        int in = number == 0 ? paper_features(config, (enum paper_node)node) : config->hidden;

        snprintf(name, sizeof name, "encoder.%d.project.%s", number, NODE_NAMES[node]);
        linear_register(&layer->project[node], weights, in, config->hidden, LINEAR_BIAS, xavier,
                        name);
    }
    for (int r = 0; r < PAPER_RELATIONS; r++) {
        snprintf(name, sizeof name, "encoder.%d.%s", number, RELATION_NAMES[r]);
        graph_attention_register(&layer->relation[r], weights, config->heads,
                                 config->hidden / config->heads, 0, config->slope, xavier, name);
    }
    snprintf(name, sizeof name, "encoder.%d.key", number);
    linear_register(&layer->key, weights, config->hidden, config->hidden, LINEAR_BIAS, xavier,
                    name);
    layer->query =
        weights_add(weights, xavier, 2, (int[]){1, config->hidden}, "encoder.%d.query", number);
}

void paper_encoder_register(struct paper_encoder *encoder, struct weights *weights,
                            const struct paper_config *config)
{
    BUG_ON(config->layers < 2 || config->layers > PAPER_LAYERS);
    *encoder = (struct paper_encoder){.hidden = config->hidden, .layers = config->layers};
    for (int i = 0; i < config->layers; i++)
        layer_register(&encoder->layer[i], weights, config, i);
}

/* Own-message fault: out_i = h_i wherever an edge enters. */
static void own_message(real *out, const real *h, const struct edges *edges, int width, bool add)
{
    for (int32_t i = 0; i < edges->targets; i++)
        for (int d = 0; d < width; d++) {
            size_t at = (size_t)i * (size_t)width + (size_t)d;
            real message = edges->first[i + 1] > edges->first[i] ? h[at] : 0;

            out[at] = add ? out[at] + message : message;
        }
}

static void send_messages(const struct pass *pass, struct paper_encoder_state *state,
                          const struct paper_encoder_layer *layer, struct paper_layer_state *s,
                          int relation)
{
    const struct edges *edges = &state->graph->edges[s->level][relation];
    int width = layer->key.in;
    const real *source = s->h[PAPER_ENDS[relation].source];
    const real *target = s->h[PAPER_ENDS[relation].target];
    real *z = s->z[relation];

    if (state->faults & PAPER_FAULT_OWN_MESSAGE)
        own_message(z, target, edges, width, false);
    else
        graph_attention_forward(pass, &s->relation[relation], &layer->relation[relation], z, source,
                                target, NULL, NULL, edges);
    pass->ops->activate(z, z, (size_t)edges->targets * (size_t)width, ACT_RELU);
}

/* Takes memory for the messages: those into clusters side by side, as semantic attention wants. */
static void place_messages(const struct pass *pass, const struct paper_graph *graph,
                           struct paper_layer_state *s, size_t width)
{
    const int *rows = graph->rows[s->level];
    size_t clusters = (size_t)rows[PAPER_CLUSTER];
    real *planes = NULL;

    if (s->wanted[PAPER_CLUSTER])
        planes = pass_new(pass, 3 * clusters, width);
    for (int r = 0; r < PAPER_RELATIONS; r++) {
        enum paper_node source = PAPER_ENDS[r].source, target = PAPER_ENDS[r].target;

        if (!s->wanted[target] || (source == PAPER_RUNNING && rows[PAPER_RUNNING] == 0))
            continue;
        if (target == PAPER_CLUSTER)
            s->z[r] = planes + (size_t)s->planes++ * clusters * width;
        else
            s->z[r] = s->out[target] = pass_new(pass, (size_t)rows[target], width);
    }
}

static void mix_relations(const struct pass *pass, const struct paper_encoder_state *state,
                          const struct paper_encoder_layer *layer, struct paper_layer_state *s)
{
    int width = layer->key.in, clusters = state->graph->rows[s->level][PAPER_CLUSTER];
    size_t rows = (size_t)clusters * (size_t)s->planes;

    s->out[PAPER_CLUSTER] = pass_new(pass, (size_t)clusters, (size_t)width);
    s->tanh_key = pass_new(pass, rows, (size_t)width);
    s->beta = pass_new(pass, (size_t)state->segments, (size_t)s->planes);
    linear_forward(pass, s->tanh_key, s->z[WAITING_TO_CLUSTER], &layer->key, (int)rows);
    pass->ops->activate(s->tanh_key, s->tanh_key, rows * (size_t)width, ACT_TANH);
    pass->ops->semantic(s->out[PAPER_CLUSTER], s->beta, s->z[WAITING_TO_CLUSTER], s->tanh_key,
                        pass_value(pass, layer->query), state->present, state->segment,
                        state->segments, s->planes, width);
}

/* A kind is projected if this layer sends from it or to it. */
static bool is_projected(const struct paper_layer_state *s, int node)
{
    for (int r = 0; r < PAPER_RELATIONS; r++)
        if (s->z[r] && ((int)PAPER_ENDS[r].source == node || (int)PAPER_ENDS[r].target == node))
            return true;
    return false;
}

static void layer_forward(const struct pass *pass, struct paper_encoder_state *state,
                          const struct paper_encoder_layer *layer, struct paper_layer_state *s)
{
    const int *rows = state->graph->rows[s->level];
    int width = layer->key.in;

    place_messages(pass, state->graph, s, (size_t)width);
    for (int node = 0; node < PAPER_NODES; node++) {
        if (!is_projected(s, node))
            continue;
        s->h[node] = pass_new(pass, (size_t)rows[node], (size_t)width);
        linear_forward(pass, s->h[node], s->x[node], &layer->project[node], rows[node]);
    }
    for (int r = 0; r < PAPER_RELATIONS; r++)
        if (s->z[r])
            send_messages(pass, state, layer, s, r);
    if (s->wanted[PAPER_CLUSTER])
        mix_relations(pass, state, layer, s);
}

/* Which relations each segment of semantic attention mixes. */
static void plan_mixture(const struct pass *pass, struct paper_encoder_state *state)
{
    const struct paper_graph *graph = state->graph;
    bool running = graph->rows[0][PAPER_RUNNING] > 0;
    int planes = running ? 3 : 2;
    bool whole = state->faults & PAPER_FAULT_BATCH_STATISTICS;
    real *present;

    state->segments = whole ? 1 : graph->observations;
    present = pass_new(pass, (size_t)state->segments, (size_t)planes);
    for (int s = 0; s < state->segments * planes; s++)
        present[s] = 1;
    for (int s = 0; s < state->segments && running && !whole; s++)
        present[s * planes + 1] = graph->has_running[s];
    state->present = present;
    state->segment = graph->segment;
    if (whole) {
        int32_t *ends = arena_alloc(pass->memory, 2 * sizeof *ends);

        ends[0] = 0;
        ends[1] = graph->rows[0][PAPER_CLUSTER];
        state->segment = ends;
    }
}

/* The input of layer i: features, or what the layer before it put out. */
static void connect_layer(const struct pass *pass, struct paper_encoder_state *state,
                          const struct paper_encoder *encoder, int i, bool all)
{
    const struct paper_graph *graph = state->graph;
    struct paper_layer_state *s = &state->layer[i];
    int running = graph->rows[1][PAPER_RUNNING];

    *s = (struct paper_layer_state){.level = i > 0};
    for (int node = 0; node < PAPER_NODES; node++) {
        bool last = i == encoder->layers - 1;

        s->wanted[node] = (all || !last || node == PAPER_WAITING) && graph->rows[0][node] > 0;
        s->x[node] = i == 0 ? graph->x[node] : state->layer[i - 1].out[node];
    }
    if (i == 1 && running > 0) {
        real *x = pass_new(pass, (size_t)running, (size_t)encoder->hidden);

        pass->ops->gather(x, s->x[PAPER_RUNNING], graph->running_first, running, encoder->hidden);
        s->x[PAPER_RUNNING] = x;
    }
}

void paper_encoder_forward(const struct pass *pass, struct paper_encoder_state *state,
                           const struct paper_encoder *encoder, const struct paper_graph *graph,
                           unsigned faults, bool all)
{
    *state = (struct paper_encoder_state){.graph = graph, .faults = faults};
    plan_mixture(pass, state);
    for (int i = 0; i < encoder->layers; i++) {
        connect_layer(pass, state, encoder, i, all);
        layer_forward(pass, state, &encoder->layer[i], &state->layer[i]);
    }
}

/* dz of the clusters' relations, planes side by side as z is. */
static real *mix_backward(const struct pass *pass, const struct paper_encoder_state *state,
                          const struct paper_encoder_layer *layer,
                          const struct paper_layer_state *s, const real *dout)
{
    int width = layer->key.in, clusters = state->graph->rows[s->level][PAPER_CLUSTER];
    size_t rows = (size_t)clusters * (size_t)s->planes;
    const real *z = s->z[WAITING_TO_CLUSTER];
    real *dz = pass_zeros(pass, rows, (size_t)width), *dt = pass_zeros(pass, rows, (size_t)width);
    real *dkey = pass_zeros(pass, rows, (size_t)width);

    pass->ops->semantic_backward(dz, dt, pass_grad(pass, layer->query), dout, s->beta, z,
                                 s->tanh_key, pass_value(pass, layer->query), state->segment,
                                 state->segments, s->planes, width);
    pass->ops->activate_backward(dkey, dt, s->tanh_key, s->tanh_key, rows * (size_t)width,
                                 ACT_TANH);
    linear_backward(pass, dz, dkey, z, &layer->key, (int)rows);
    return dz;
}

static void messages_backward(const struct pass *pass, const struct paper_encoder_state *state,
                              const struct paper_encoder_layer *layer,
                              const struct paper_layer_state *s, real *const *dh, int relation,
                              const real *dz)
{
    const struct edges *edges = &state->graph->edges[s->level][relation];
    size_t n = (size_t)edges->targets * (size_t)layer->key.in;
    real *dsum = pass_zeros(pass, n, 1);

    pass->ops->activate_backward(dsum, dz, s->z[relation], s->z[relation], n, ACT_RELU);
    if (state->faults & PAPER_FAULT_OWN_MESSAGE)
        own_message(dh[PAPER_ENDS[relation].target], dsum, edges, layer->key.in, true);
    else
        graph_attention_backward(pass, &s->relation[relation], &layer->relation[relation],
                                 dh[PAPER_ENDS[relation].source], dh[PAPER_ENDS[relation].target],
                                 NULL, dsum);
}

/* dx[node] may be NULL: not wanted. */
static void layer_backward(const struct pass *pass, const struct paper_encoder_state *state,
                           const struct paper_encoder_layer *layer,
                           const struct paper_layer_state *s, real *const *dx, real *const *dout)
{
    const int *rows = state->graph->rows[s->level];
    size_t width = (size_t)layer->key.in;
    real *dh[PAPER_NODES] = {NULL}, *dplanes = NULL;
    const real *first = s->z[WAITING_TO_CLUSTER];

    for (int node = 0; node < PAPER_NODES; node++)
        if (s->h[node])
            dh[node] = pass_zeros(pass, (size_t)rows[node], width);
    if (s->wanted[PAPER_CLUSTER] && dout[PAPER_CLUSTER])
        dplanes = mix_backward(pass, state, layer, s, dout[PAPER_CLUSTER]);
    for (int r = 0; r < PAPER_RELATIONS; r++) {
        enum paper_node target = PAPER_ENDS[r].target;

        if (!s->z[r] || !dout[target])
            continue;
        messages_backward(pass, state, layer, s, dh, r,
                          target == PAPER_CLUSTER ? dplanes + (s->z[r] - first) : dout[target]);
    }
    for (int node = 0; node < PAPER_NODES; node++)
        if (dh[node])
            linear_backward(pass, dx[node], dh[node], s->x[node], &layer->project[node],
                            rows[node]);
}

/* Gradients of what layer i got, zero as yet; none for the features. */
static void new_gradients(const struct pass *pass, const struct paper_encoder_state *state,
                          int width, int i, real **dx)
{
    for (int node = 0; node < PAPER_NODES; node++) {
        int rows = state->graph->rows[1][node];

        dx[node] = i > 0 && rows > 0 ? pass_zeros(pass, (size_t)rows, (size_t)width) : NULL;
    }
}

void paper_encoder_backward(const struct pass *pass, const struct paper_encoder_state *state,
                            const struct paper_encoder *encoder, real *const dout[PAPER_NODES])
{
    const struct paper_graph *graph = state->graph;
    real *d[PAPER_NODES], *dx[PAPER_NODES];

    for (int node = 0; node < PAPER_NODES; node++)
        d[node] = dout[node];
    for (int i = encoder->layers - 1; i >= 0; i--) {
        new_gradients(pass, state, encoder->hidden, i, dx);
        layer_backward(pass, state, &encoder->layer[i], &state->layer[i], dx, d);
        for (int node = 0; node < PAPER_NODES; node++)
            d[node] = dx[node];
        if (i == 1 && d[PAPER_RUNNING]) {
            int raw = graph->rows[0][PAPER_RUNNING];

            d[PAPER_RUNNING] = pass_zeros(pass, (size_t)raw, (size_t)encoder->hidden);
            pass->ops->gather_backward(d[PAPER_RUNNING], dx[PAPER_RUNNING], graph->running_first,
                                       graph->rows[1][PAPER_RUNNING], encoder->hidden);
        }
    }
}
