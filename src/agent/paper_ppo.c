/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/paper_ppo.h"

#include "nn/categorical.h"
#include "nn/loss.h"

/* One agent's two decisions in one observation, as spans of the network's output. */
struct decision {
    size_t pointer, allocation; /* where their logits start */
    int slot, action;
    bool allocates;
};

static struct decision decision_at(const struct paper_net *net, const struct paper_graph *graph,
                                   const struct paper_choices *choices, size_t window)
{
    size_t slot = window * (size_t)graph->slots + (size_t)choices->slot[window];

    return (struct decision){
        .pointer = window * (size_t)graph->slots,
        .allocation = slot * (size_t)paper_actions(&net->config),
        .slot = choices->slot[window],
        .action = choices->allocation[window],
        .allocates = !choices->conflict[window],
    };
}

/* Room for the log-probabilities of one decision. */
static real *take_log_probs(const struct pass *pass, const struct paper_net *net,
                            const struct paper_graph *graph)
{
    int actions = paper_actions(&net->config);

    return pass_new(pass, (size_t)(actions > graph->slots ? actions : graph->slots), 1);
}

void paper_log_probs(const struct pass *pass, real *logp, real *entropy,
                     const struct paper_net *net, const struct paper_graph *graph,
                     const struct paper_output *out, const struct paper_choices *choices)
{
    size_t windows = (size_t)graph->observations * (size_t)graph->agents;
    int actions = paper_actions(&net->config);
    real *log_probs = take_log_probs(pass, net, graph);

    for (size_t w = 0; w < windows; w++) {
        struct decision decision;

        logp[w] = entropy[w] = 0;
        if (choices->skipped[w])
            continue;
        decision = decision_at(net, graph, choices, w);
        categorical_log_probs(log_probs, out->pointer + decision.pointer, NULL, graph->slots);
        logp[w] = log_probs[decision.slot];
        entropy[w] = (real)categorical_entropy(log_probs, graph->slots);
        if (!decision.allocates)
            continue;
        categorical_log_probs(log_probs, out->allocation + decision.allocation, NULL, actions);
        logp[w] += log_probs[decision.action];
        entropy[w] += (real)categorical_entropy(log_probs, actions);
    }
}

void paper_log_probs_backward(const struct pass *pass, struct paper_output *dout, const real *dlogp,
                              const real *dentropy, const struct paper_net *net,
                              const struct paper_graph *graph, const struct paper_output *out,
                              const struct paper_choices *choices)
{
    size_t windows = (size_t)graph->observations * (size_t)graph->agents;
    int actions = paper_actions(&net->config);
    real *log_probs = take_log_probs(pass, net, graph);

    for (size_t w = 0; w < windows; w++) {
        struct decision decision;

        if (choices->skipped[w])
            continue;
        decision = decision_at(net, graph, choices, w);
        categorical_log_probs(log_probs, out->pointer + decision.pointer, NULL, graph->slots);
        categorical_backward(dout->pointer + decision.pointer, log_probs, graph->slots,
                             decision.slot, (double)dlogp[w], (double)dentropy[w]);
        if (!decision.allocates)
            continue;
        categorical_log_probs(log_probs, out->allocation + decision.allocation, NULL, actions);
        categorical_backward(dout->allocation + decision.allocation, log_probs, actions,
                             decision.action, (double)dlogp[w], (double)dentropy[w]);
    }
}

struct paper_ppo_loss paper_ppo_loss(const struct pass *pass, struct paper_output *dout,
                                     const struct paper_net *net, const struct paper_graph *graph,
                                     const struct paper_output *out,
                                     const struct paper_choices *choices,
                                     const struct paper_ppo *ppo)
{
    size_t windows = (size_t)graph->observations * (size_t)graph->agents, live = 0;
    real *logp = pass_new(pass, windows, 1), *entropy = pass_new(pass, windows, 1);
    real *dlogp = pass_zeros(pass, windows, 1), *dentropy = pass_zeros(pass, windows, 1);
    real *made = pass_new(pass, windows, 1), *dvalue = pass_zeros(pass, windows, 1);
    struct paper_ppo_loss loss = {0};

    paper_log_probs(pass, logp, entropy, net, graph, out, choices);
    for (size_t w = 0; w < windows; w++) {
        made[w] = !choices->skipped[w];
        live += !choices->skipped[w];
    }
    if (live > 0)
        loss.clip = loss_ppo_clip(dlogp, logp, choices->logp_old, choices->advantage, made, windows,
                                  ppo->clip, 1.0 / (double)live);
    for (size_t w = 0; w < windows && live > 0; w++) {
        loss.entropy += (double)(made[w] * entropy[w]) / (double)live;
        dentropy[w] = (real)(-ppo->entropy_weight * (double)made[w] / (double)live);
    }
    loss.value =
        loss_squares(dvalue, out->value, choices->returns, NULL, windows, 1.0 / (double)windows);
    for (size_t w = 0; w < windows; w++)
        dout->value[w] += (real)(ppo->value_weight * (double)dvalue[w]);
    paper_log_probs_backward(pass, dout, dlogp, dentropy, net, graph, out, choices);
    loss.total = loss.clip + ppo->value_weight * loss.value - ppo->entropy_weight * loss.entropy;
    return loss;
}
