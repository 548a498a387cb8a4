/* SPDX-License-Identifier: Apache-2.0 */
/*
 * optimus: marginal gains. Every task has its minimum; then what a cluster has left goes out in
 * small steps, each to the task whose remaining time it shortens most, over the share of the
 * cluster that the step takes, as long as there is any gain. The shares are dealt anew at every
 * arrival and finish, or with round=600, as published, every ten minutes.
 *
 * Good where speeds are well known and grow smoothly: it puts resources where they save most. Bad
 * where a change costs much (it never asks), where speed has plateaus wider than a step, and
 * because the gain favours long tasks: shortening a week by an hour beats finishing a minute's
 * work at once.
 *
 * Class I2 with a fitted model (model=fitted:K; the published one is fitted to 8 runs per type), I3
 * with true speeds. Progress is what tasks report, so remaining epochs need no curve of the loss.
 * The published factor of 0.95 on tasks "in their beginning state" is left out: neither paper nor
 * code says when that ends.
 *
 * Errors of known implementations that are not made here: comparing GPUs with the bandwidth of a
 * node (the authors', __check_node_resource_full); ending the round when one step does not fit
 * (likewise); time saved not divided by what it takes, as if a worker and a server were the same
 * (DL2); sorting by remaining time and dealing in turns (Blox); resetting running tasks to their
 * minimum while the rest is dealt one task per slot, dividing by the task's own allocation, fits
 * without bounds (TapFinger's comparison; here paper-optimus).
 *
 * Source: Peng et al., "Optimus", EuroSys'18, section 4; pengyanghua/optimus 8c43920 and the port
 * in petuum/adaptdl osdi21-artifact c793c70, read for facts.
 */
#include <math.h>

#include "base/heap.h"
#include "core/policy.h"
#include "policy/growth.h"
#include "policy/registry.h"
#include "policy/rounds.h"

static const double LAST_ITERATION = 1e-6; /* what is left in the last epoch */

struct candidate {
    struct prospect prospect;
    struct growth_step step;
};

struct optimus {
    struct deal deal;
    struct growth growth;
    double round_s;
    bool by_epoch;
    VECTOR(struct candidate) candidates; /* by hand */
    struct heap best;                    /* hands, by minus the gain of their step */
};

static const struct option_spec options[] = {
    ROUND_OPTION("0"),
    {"left", OPTION_CHOICE, "exact", .choices = "exact|epochs",
     .help = "what is left of a task: all of it, or the whole epochs after the present one "
             "(where its type says how many it has)"},
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct optimus *s = state;

    (void)err;
    s->round_s = params_real(setup->params, "round");
    s->by_epoch = params_choice(setup->params, "left") == 1;
    deal_init(&s->deal, setup, false);
    growth_init(&s->growth, setup);
    heap_init(&s->best);
    return 0;
}

static void release(void *state)
{
    struct optimus *s = state;

    deal_release(&s->deal);
    growth_release(&s->growth);
    heap_release(&s->best);
    vector_release(&s->candidates);
}

static struct prospect look_ahead(const struct optimus *s, const struct view *view,
                                  const struct deal_hand *hand)
{
    const struct type_info *info = &view->catalog->type[view->task[hand->task].type];
    double progress = view_progress(view, hand->task);
    int32_t present = 0;

    if (!s->by_epoch || info->epochs == 0)
        return growth_prospect_from(view, hand, progress);
    while (present + 1 < info->epochs && info->epoch[present] <= progress)
        present++;
    return growth_prospect_from(view, hand, fmin(info->epoch[present], 1 - LAST_ITERATION));
}

static void offer(struct optimus *s, const struct view *view, int32_t hand)
{
    struct candidate *candidate = &s->candidates.item[hand];

    if (growth_best(&s->growth, view, &s->deal, &s->deal.hands.item[hand], &candidate->prospect,
                    &candidate->step) &&
        candidate->step.gain > 0)
        heap_set(&s->best, hand, -candidate->step.gain);
}

static void grow(void *arg, const struct view *view, struct deal *deal)
{
    struct optimus *s = arg;

    vector_clear(&s->candidates);
    heap_reset(&s->best);
    for (size_t i = 0; i < deal->hands.count; i++) {
        struct candidate candidate = {.prospect = look_ahead(s, view, &deal->hands.item[i])};

        vector_push(&s->candidates, candidate);
        offer(s, view, (int32_t)i);
    }
    while (!heap_is_empty(&s->best)) {
        int32_t i = heap_pop(&s->best);
        struct candidate *candidate = &s->candidates.item[i];

        /* What no longer fits is not granted, but another step of the task may. */
        if (deal_may_grant(deal, &deal->hands.item[i], &candidate->step.more)) {
            deal_grant(deal, &deal->hands.item[i], &candidate->step.more);
            candidate->prospect.seconds = candidate->step.seconds;
        }
        offer(s, view, i);
    }
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct optimus *s = state;

    if (rounds_due(s->round_s, view, plan))
        deal_decide(&s->deal, view, plan, s->round_s > 0, grow, s);
}

const struct policy_ops policy_optimus = {
    .name = "optimus",
    .summary = "deals out by marginal gain in remaining time",
    .source = "Peng et al., EuroSys'18; pengyanghua/optimus 8c43920",
    .info = INFO_MODEL,
    .traits = POLICY_ELASTIC | POLICY_WORK_CONSERVING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct optimus),
    .init = init,
    .decide = decide,
    .release = release,
};
