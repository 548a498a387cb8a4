/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/paper_net.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/memory.h"

enum { LARGEST_HIDDEN = 4096, LARGEST_COUNT = 4096, LARGEST_LEVELS = 256 };

static bool within(int value, int low, int high)
{
    return value >= low && value <= high;
}

int paper_config_check(const struct paper_config *config, struct err *err)
{
    if (!within(config->agents, 1, LARGEST_COUNT) || !within(config->slots, 1, LARGEST_COUNT))
        return err_set(err, ERR_INVALID, "agents and slots must be in 1 .. %d", LARGEST_COUNT);
    if (!within(config->types, 1, PAPER_TYPES))
        return err_set(err, ERR_INVALID, "types must be in 1 .. %d", PAPER_TYPES);
    if (!within(config->hidden, 1, LARGEST_HIDDEN) || !within(config->pointer_feed, 1, 65536))
        return err_set(err, ERR_INVALID, "hidden must be in 1 .. %d", LARGEST_HIDDEN);
    if (config->heads < 1 || config->hidden % config->heads != 0 || config->pointer_heads < 1 ||
        config->hidden % config->pointer_heads != 0)
        return err_set(err, ERR_INVALID, "hidden must be a multiple of the heads");
    if (!within(config->layers, 2, PAPER_LAYERS) ||
        !within(config->pointer_layers, 0, PAPER_POINTER_LAYERS))
        return err_set(err, ERR_INVALID, "layers must be in 2 .. %d, pointer layers in 0 .. %d",
                       PAPER_LAYERS, PAPER_POINTER_LAYERS);
    for (int r = 0; r < PAPER_RESOURCES; r++)
        if (!within(config->levels[r], 1, LARGEST_LEVELS))
            return err_set(err, ERR_INVALID, "levels must be in 1 .. %d", LARGEST_LEVELS);
    return 0;
}

void paper_net_register(struct paper_net *net, const struct paper_config *config)
{
    *net = (struct paper_net){.config = *config};
    weights_init(&net->weights);
    paper_encoder_register(&net->encoder, &net->weights, config);
    net->actor = xcalloc((size_t)config->agents, sizeof *net->actor);
    for (int a = 0; a < config->agents; a++)
        paper_actor_register(&net->actor[a], &net->weights, config, a);
    for (int a = 0; a < config->agents; a++)
        paper_critic_register(&net->actor[a], &net->weights, config, a);
}

void paper_net_init(struct paper_net *net, const struct paper_config *config, unsigned uses)
{
    paper_net_register(net, config);
    weights_commit(&net->weights, uses);
}

void paper_net_release(struct paper_net *net)
{
    weights_release(&net->weights);
    free(net->actor);
    *net = (struct paper_net){0};
}

void paper_allocation_mask(uint8_t *mask, const struct paper_config *config, int type,
                           const int32_t free[PAPER_RESOURCES])
{
    static const int nothing[PAPER_RESOURCES] = {0, 0};
    const int *least = type >= 0 ? config->minimum[type] : nothing;

    for (int first = 0; first < config->levels[0]; first++)
        for (int second = 0; second < config->levels[1]; second++) {
            bool enough = first >= least[0] && second >= least[1];
            bool none = first == 0 && second == 0;

            *mask++ = (enough || none) && first <= free[0] && second <= free[1];
        }
}

/* Logits of the slots from the scores of rows. */
static void show_pointer(real *out, const struct paper_graph *graph,
                         const struct paper_actor_state *actor, int observation, int agent)
{
    int window = (observation * graph->agents + agent) * graph->slots;
    const int32_t *slot = actor->rows->slot + observation * graph->slots;

    for (int k = 0; k < graph->slots; k++)
        out[k] = graph->slot_type[window + k] < 0 ? -REAL_INF : actor->score[slot[k]];
}

static void show_allocation(real *out, uint8_t *mask, const struct paper_net *net,
                            const struct paper_graph *graph, const struct paper_actor_state *actor,
                            int observation, int agent)
{
    int actions = paper_actions(&net->config), window = observation * graph->agents + agent;
    const int32_t *shown = actor->rows->shown + observation * graph->slots;

    for (int k = 0; k < graph->slots; k++, out += actions) {
        const real *row = actor->allocation + (size_t)shown[k] * (size_t)actions;

        paper_allocation_mask(mask, &net->config, graph->slot_type[window * graph->slots + k],
                              graph->free + window * PAPER_RESOURCES);
        for (int i = 0; i < actions; i++)
            out[i] = mask[i] ? row[i] : -REAL_INF;
    }
}

/* Whether the agent has a task in this observation, and so takes part. */
static bool takes_part(const struct paper_graph *graph, int observation, int agent)
{
    int window = (observation * graph->agents + agent) * graph->slots;

    for (int k = 0; k < graph->slots; k++)
        if (graph->slot_type[window + k] >= 0)
            return true;
    return false;
}

void paper_output_zeros(const struct pass *pass, const struct paper_net *net,
                        const struct paper_graph *graph, struct paper_output *out)
{
    size_t windows = (size_t)graph->observations * (size_t)graph->agents;
    size_t slots = windows * (size_t)graph->slots;

    out->pointer = pass_zeros(pass, slots, 1);
    out->allocation = pass_zeros(pass, slots, (size_t)paper_actions(&net->config));
    out->value = pass_zeros(pass, windows, 1);
}

static void show_output(const struct pass *pass, const struct paper_net *net,
                        const struct paper_state *state, struct paper_output *out)
{
    const struct paper_graph *graph = state->graph;
    size_t actions = (size_t)paper_actions(&net->config), slots = (size_t)graph->slots;
    uint8_t *mask = arena_alloc(pass->memory, actions);

    paper_output_zeros(pass, net, graph, out);
    for (int o = 0; o < graph->observations; o++)
        for (int a = 0; a < graph->agents; a++) {
            size_t window = (size_t)o * (size_t)graph->agents + (size_t)a;
            real value = state->actor[a].value[o];

            if (state->faults & PAPER_FAULT_CRITIC_RELU)
                value = value > 0 ? value : 0;
            out->value[window] = value;
            if (!takes_part(graph, o, a))
                continue;
            show_pointer(out->pointer + window * slots, graph, &state->actor[a], o, a);
            show_allocation(out->allocation + window * slots * actions, mask, net, graph,
                            &state->actor[a], o, a);
        }
}

void paper_net_forward(const struct pass *pass, struct paper_state *state,
                       const struct paper_net *net, const struct paper_graph *graph,
                       unsigned faults, bool all, struct paper_output *out)
{
    const real *x;

    *state = (struct paper_state){.graph = graph, .faults = faults};
    state->actor = arena_zalloc(pass->memory, (size_t)graph->agents, sizeof *state->actor);
    paper_encoder_forward(pass, &state->encoder, &net->encoder, graph, faults, all);
    x = state->encoder.layer[net->encoder.layers - 1].out[PAPER_WAITING];
    for (int a = 0; a < graph->agents; a++) {
        paper_pointer_forward(pass, &state->actor[a], &net->actor[a], &graph->agent[a], x);
        paper_allocation_forward(pass, &state->actor[a], &net->actor[a]);
        paper_critic_forward(pass, &state->actor[a], &net->actor[a], graph, a, x);
    }
    show_output(pass, net, state, out);
}

const real *paper_net_rows(const struct pass *pass, const struct paper_state *state,
                           const struct paper_net *net, int layer, enum paper_node node)
{
    const struct paper_graph *graph = state->graph;
    const real *merged = state->encoder.layer[layer].out[node];
    int rows = graph->raw_rows[node], width = net->config.hidden;
    real *out;

    if (!merged || (node == PAPER_RUNNING && layer == 0)) /* running tasks are not merged yet */
        return merged;
    out = pass_new(pass, (size_t)rows, (size_t)width);
    pass->ops->gather(out, merged, graph->merged[node], rows, width);
    return out;
}

/* Gradients by the scores and the logits of rows, from those by the slots. */
static void output_backward(real *dscore, real *dallocation, const struct paper_net *net,
                            const struct paper_state *state, const struct paper_output *dout,
                            int agent, uint8_t *mask)
{
    const struct paper_graph *graph = state->graph;
    const struct paper_agent_rows *rows = &graph->agent[agent];
    int actions = paper_actions(&net->config);

    for (int o = 0; o < graph->observations; o++) {
        if (!takes_part(graph, o, agent))
            continue;
        for (int k = 0; k < graph->slots; k++) {
            size_t window = (size_t)o * (size_t)graph->agents + (size_t)agent;
            size_t slot = window * (size_t)graph->slots + (size_t)k;
            int at = o * graph->slots + k;
            const real *d = dout->allocation + slot * (size_t)actions;
            real *row = dallocation + (size_t)rows->shown[at] * (size_t)actions;

            if (graph->slot_type[slot] >= 0)
                dscore[rows->slot[at]] += dout->pointer[slot];
            paper_allocation_mask(mask, &net->config, graph->slot_type[slot],
                                  graph->free + window * PAPER_RESOURCES);
            for (int i = 0; i < actions; i++)
                row[i] += mask[i] ? d[i] : 0;
        }
    }
}

static void agent_backward(const struct pass *pass, const struct paper_state *state,
                           const struct paper_net *net, const struct paper_output *dout, int agent,
                           real *dx)
{
    const struct paper_graph *graph = state->graph;
    const struct paper_actor_state *actor = &state->actor[agent];
    size_t actions = (size_t)paper_actions(&net->config);
    real *dscore = pass_zeros(pass, (size_t)graph->agent[agent].count, 1);
    real *dallocation = pass_zeros(pass, (size_t)graph->agent[agent].count, actions);
    real *dvalue = pass_zeros(pass, (size_t)graph->observations, 1);

    output_backward(dscore, dallocation, net, state, dout, agent,
                    arena_alloc(pass->memory, actions));
    paper_actor_backward(pass, actor, &net->actor[agent], dx, dscore, dallocation);
    for (int o = 0; o < graph->observations; o++)
        if (!(state->faults & PAPER_FAULT_CRITIC_RELU) || actor->value[o] > 0)
            dvalue[o] = dout->value[(size_t)o * (size_t)graph->agents + (size_t)agent];
    paper_critic_backward(pass, actor, &net->actor[agent], graph, agent, dx, dvalue);
}

void paper_net_backward(const struct pass *pass, const struct paper_state *state,
                        const struct paper_net *net, const struct paper_output *dout,
                        const real *const drows[PAPER_NODES])
{
    const struct paper_graph *graph = state->graph;
    int width = net->config.hidden;
    real *d[PAPER_NODES] = {NULL};

    for (int node = 0; node < PAPER_NODES; node++) {
        int rows = graph->rows[1][node];

        if ((drows && drows[node]) || node == PAPER_WAITING)
            d[node] = pass_zeros(pass, (size_t)rows, (size_t)width);
        if (drows && drows[node])
            pass->ops->gather_backward(d[node], drows[node], graph->merged[node],
                                       graph->raw_rows[node], width);
    }
    for (int a = 0; a < graph->agents; a++)
        agent_backward(pass, state, net, dout, a, d[PAPER_WAITING]);
    paper_encoder_backward(pass, &state->encoder, &net->encoder, d);
}
