/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slots of an agent go through a transformer without positions and are scored against their own
 * mean by additive attention (the pointer). Empty slots take part, and only their scores are
 * masked later. Slots that show equal rows are one row with a weight. The allocation head sees the
 * encoder's rows themselves, not the pointer's.
 */
#include "agent/paper_actor.h"

#include <stdio.h>

#include "base/memory.h"

void paper_actor_register(struct paper_actor *actor, struct weights *weights,
                          const struct paper_config *config, int agent)
{
    struct initial xavier = {INITIAL_XAVIER_UNIFORM, 1};
    int hidden = config->hidden;
    char name[64];

    BUG_ON(config->pointer_layers > PAPER_POINTER_LAYERS);
    *actor = (struct paper_actor){.hidden = hidden, .layers = config->pointer_layers};
    for (int i = 0; i < actor->layers; i++) {
        snprintf(name, sizeof name, "actor.%d.pointer.%d", agent, i);
        transformer_register(&actor->encoder[i], weights, hidden, config->pointer_heads,
                             config->pointer_feed, config->epsilon, xavier, name);
    }
    snprintf(name, sizeof name, "actor.%d.query", agent);
    linear_register(&actor->query, weights, hidden, hidden, 0, xavier, name);
    snprintf(name, sizeof name, "actor.%d.key", agent);
    linear_register(&actor->key, weights, hidden, hidden, 0, xavier, name);
    actor->score = weights_add(weights, (struct initial){INITIAL_UNIFORM, 1}, 1, &hidden,
                               "actor.%d.score", agent);
    snprintf(name, sizeof name, "actor.%d.allocation", agent);
    mlp_register(&actor->allocation, weights, 2, (int[]){hidden, hidden, paper_actions(config)},
                 ACT_RELU, xavier, name);
}

void paper_critic_register(struct paper_actor *actor, struct weights *weights,
                           const struct paper_config *config, int agent)
{
    struct initial xavier = {INITIAL_XAVIER_UNIFORM, 1};
    int window = config->slots * config->hidden;
    char name[64];

    snprintf(name, sizeof name, "critic.%d", agent);
    mlp_register(&actor->critic, weights, 2, (int[]){window, window, 1}, ACT_RELU, xavier, name);
}

/* Every row is scored once, by the query of its segment. */
static struct edges scoring_edges(const struct pass *pass, const struct paper_agent_rows *rows)
{
    int32_t count = rows->first[rows->segments];
    int32_t *source = arena_alloc(pass->memory, (size_t)count * sizeof *source);

    for (int32_t i = 0; i < count; i++)
        source[i] = i;
    return (struct edges){.targets = rows->segments,
                          .sources = count,
                          .count = count,
                          .first = rows->first,
                          .source = source};
}

static void score_rows(const struct pass *pass, struct paper_actor_state *state,
                       const struct paper_actor *actor)
{
    int segments = state->edges.targets, rows = state->edges.sources;
    size_t width = (size_t)actor->hidden;
    real *query = pass_new(pass, (size_t)segments, width);
    real *key = pass_new(pass, (size_t)rows, width);

    state->mean = pass_new(pass, (size_t)segments, width);
    state->t = pass_new(pass, (size_t)rows, width);
    state->score = pass_new(pass, (size_t)rows, 1);
    pass->ops->segment_mean(state->mean, state->encoded, state->rows->weight, state->edges.first,
                            segments, actor->hidden);
    linear_forward(pass, query, state->mean, &actor->query, segments);
    linear_forward(pass, key, state->encoded, &actor->key, rows);
    pass->ops->pointer(state->score, state->t, actor->hidden, query, key,
                       pass_value(pass, actor->score), &state->edges, actor->hidden);
}

void paper_pointer_forward(const struct pass *pass, struct paper_actor_state *state,
                           const struct paper_actor *actor, const struct paper_agent_rows *rows,
                           const real *x)
{
    real *own = pass_new(pass, (size_t)rows->count, (size_t)actor->hidden);

    *state = (struct paper_actor_state){.rows = rows, .x = own, .encoded = own};
    pass->ops->gather(own, x, rows->row, rows->count, actor->hidden);
    state->edges = scoring_edges(pass, rows);
    for (int i = 0; i < actor->layers; i++)
        state->encoded =
            transformer_forward(pass, &state->encoder[i], &actor->encoder[i], state->encoded,
                                rows->first, rows->weight, rows->segments);
    score_rows(pass, state, actor);
}

void paper_allocation_forward(const struct pass *pass, struct paper_actor_state *state,
                              const struct paper_actor *actor)
{
    state->allocation = mlp_forward(pass, &state->allocation_state, &actor->allocation, state->x,
                                    state->rows->count);
}

void paper_critic_forward(const struct pass *pass, struct paper_actor_state *state,
                          const struct paper_actor *actor, const struct paper_graph *graph,
                          int agent, const real *x)
{
    size_t window = (size_t)graph->slots * (size_t)actor->hidden;

    state->window = pass_new(pass, (size_t)graph->observations, window);
    for (int o = 0; o < graph->observations; o++)
        pass->ops->gather(state->window + (size_t)o * window, x,
                          graph->slot_row + (o * graph->agents + agent) * graph->slots,
                          graph->slots, actor->hidden);
    state->value =
        mlp_forward(pass, &state->critic_state, &actor->critic, state->window, graph->observations);
}

/* From the scores back to the rows behind the pointer's layers. */
static real *score_backward(const struct pass *pass, const struct paper_actor_state *state,
                            const struct paper_actor *actor, const real *dscore)
{
    int segments = state->edges.targets, rows = state->edges.sources;
    size_t width = (size_t)actor->hidden;
    real *dquery = pass_zeros(pass, (size_t)segments, width);
    real *dkey = pass_zeros(pass, (size_t)rows, width);
    real *dmean = pass_zeros(pass, (size_t)segments, width);
    real *dencoded = pass_zeros(pass, (size_t)rows, width);

    pass->ops->pointer_backward(dquery, dkey, pass_grad(pass, actor->score), dscore, state->t,
                                pass_value(pass, actor->score), &state->edges, actor->hidden);
    linear_backward(pass, dencoded, dkey, state->encoded, &actor->key, rows);
    linear_backward(pass, dmean, dquery, state->mean, &actor->query, segments);
    pass->ops->segment_mean_backward(dencoded, dmean, state->rows->weight, state->edges.first,
                                     segments, actor->hidden);
    return dencoded;
}

void paper_actor_backward(const struct pass *pass, const struct paper_actor_state *state,
                          const struct paper_actor *actor, real *dx, const real *dscore,
                          const real *dallocation)
{
    const struct paper_agent_rows *rows = state->rows;
    size_t width = (size_t)actor->hidden;
    real *down = pass_zeros(pass, (size_t)rows->count, width);
    real *dencoded = score_backward(pass, state, actor, dscore);

    for (int i = actor->layers - 1; i >= 0; i--) {
        real *below = i == 0 ? down : pass_zeros(pass, (size_t)state->edges.sources, width);

        transformer_backward(pass, &state->encoder[i], &actor->encoder[i], below, dencoded);
        dencoded = below;
    }
    if (actor->layers == 0)
        pass->ops->add(down, dencoded, (size_t)state->edges.sources * width);
    mlp_backward(pass, &state->allocation_state, &actor->allocation, down, dallocation);
    pass->ops->gather_backward(dx, down, rows->row, rows->count, actor->hidden);
}

void paper_critic_backward(const struct pass *pass, const struct paper_actor_state *state,
                           const struct paper_actor *actor, const struct paper_graph *graph,
                           int agent, real *dx, const real *dvalue)
{
    size_t window = (size_t)graph->slots * (size_t)actor->hidden;
    real *dwindow = pass_zeros(pass, (size_t)graph->observations, window);

    mlp_backward(pass, &state->critic_state, &actor->critic, dwindow, dvalue);
    for (int o = 0; o < graph->observations; o++)
        pass->ops->gather_backward(dx, dwindow + (size_t)o * window,
                                   graph->slot_row + (o * graph->agents + agent) * graph->slots,
                                   graph->slots, actor->hidden);
}
