/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acting needs less than learning: no critics, only the waiting rows of the encoder's last layer,
 * and the allocation logits of the slot that was picked.
 */
#include "agent/paper_act.h"

#include "agent/conflict.h"
#include "base/memory.h"
#include "base/rng.h"
#include "nn/categorical.h"

struct act {
    const struct pass *pass;
    const struct paper_net *net;
    const struct paper_observation *observation;
    const struct paper_graph *graph;
    struct rng *rng;
    real *logp;    /* room for one decision's log-probabilities */
    uint8_t *mask; /* room for the mask of allocations */
};

static int choose(const struct act *act, int n)
{
    return act->rng ? categorical_sample(act->logp, n, rng_unit(act->rng))
                    : categorical_best(act->logp, n);
}

static void pick_slot(const struct act *act, struct paper_decision *decision,
                      const struct paper_actor_state *state, int agent)
{
    const int32_t *type = act->graph->slot_type + agent * act->graph->slots;

    for (int k = 0; k < act->graph->slots; k++)
        act->logp[k] = type[k] < 0 ? -REAL_INF : state->score[state->rows->slot[k]];
    categorical_log_probs(act->logp, act->logp, NULL, act->graph->slots);
    decision->slot = choose(act, act->graph->slots);
    if (decision->slot < 0) /* the scores are not numbers */
        return;
    decision->logp = act->logp[decision->slot];
    decision->probability = exp((double)decision->logp);
}

/* Whether anything but "nothing" is allowed. */
static bool can_place(const struct act *act, int agent, int slot)
{
    int actions = paper_actions(&act->net->config);

    paper_allocation_mask(act->mask, &act->net->config,
                          act->graph->slot_type[agent * act->graph->slots + slot],
                          act->graph->free + agent * PAPER_RESOURCES);
    for (int i = 1; i < actions; i++)
        if (act->mask[i])
            return true;
    return false;
}

/* Returns the log-probability of what it picks. */
static real pick_allocation(const struct act *act, struct paper_decision *decision,
                            const struct paper_actor_state *state, const struct paper_actor *actor)
{
    int actions = paper_actions(&act->net->config);
    size_t row = (size_t)state->rows->slot[decision->slot];
    struct mlp_state mlp;
    const real *logits =
        mlp_forward(act->pass, &mlp, &actor->allocation, state->x + row * (size_t)actor->hidden, 1);

    categorical_log_probs(act->logp, logits, act->mask, actions);
    decision->allocation = choose(act, actions);
    if (decision->allocation < 0) /* the logits are not numbers */
        decision->allocation = 0;
    return act->logp[decision->allocation];
}

/* Returns the log-probability of the allocation. */
static real decide(const struct act *act, struct paper_decision *decision, int agent, const real *x)
{
    const struct paper_actor *actor = &act->net->actor[agent];
    struct paper_actor_state state;

    *decision = (struct paper_decision){.skipped = true, .slot = -1};
    if (act->graph->agent[agent].segments == 0)
        return 0;
    paper_pointer_forward(act->pass, &state, actor, &act->graph->agent[agent], x);
    pick_slot(act, decision, &state, agent);
    if (decision->slot < 0 || !can_place(act, agent, decision->slot)) {
        decision->logp = 0;
        return 0;
    }
    decision->skipped = false;
    return pick_allocation(act, decision, &state, actor);
}

static void settle_conflicts(const struct act *act, struct paper_decision *decision)
{
    const struct paper_config *config = &act->net->config;
    size_t agents = (size_t)config->agents;
    struct claim *claim = arena_zalloc(act->pass->memory, agents, sizeof *claim);
    bool *lost = arena_zalloc(act->pass->memory, agents, sizeof *lost);

    for (int a = 0; a < config->agents; a++) {
        int slot = a * config->slots + decision[a].slot;

        claim[a].task = -1;
        if (decision[a].skipped)
            continue;
        claim[a].task = act->observation->slot_row[slot];
        claim[a].probability = decision[a].probability;
        claim[a].room =
            claim_room(act->observation->free + a * PAPER_RESOURCES,
                       config->minimum[act->observation->slot_type[slot]], PAPER_RESOURCES);
    }
    conflict_resolve(lost, claim, config->agents, act->rng);
    for (int a = 0; a < config->agents; a++)
        decision[a].conflict = lost[a];
}

void paper_act(const struct pass *pass, struct paper_decision *decision,
               const struct paper_net *net, const struct paper_observation *observation,
               unsigned faults, struct rng *rng)
{
    const struct paper_config *config = &net->config;
    int actions = paper_actions(config);
    struct paper_encoder_state encoder;
    struct act act = {.pass = pass, .net = net, .observation = observation, .rng = rng};
    real *allocation_logp = pass_zeros(pass, (size_t)config->agents, 1);
    const real *x;

    act.graph = paper_graph_build(pass->memory, config, observation, 1, faults);
    act.logp = pass_new(pass, (size_t)(actions > config->slots ? actions : config->slots), 1);
    act.mask = arena_alloc(pass->memory, (size_t)actions);
    paper_encoder_forward(pass, &encoder, &net->encoder, act.graph, faults, false);
    x = encoder.layer[net->encoder.layers - 1].out[PAPER_WAITING];
    for (int a = 0; a < config->agents; a++)
        allocation_logp[a] = decide(&act, &decision[a], a, x);
    settle_conflicts(&act, decision);
    for (int a = 0; a < config->agents; a++)
        if (!decision[a].conflict)
            decision[a].logp += allocation_logp[a];
}
