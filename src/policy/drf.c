/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drf: dominant resource fairness by progressive filling. Every task has its minimum; what a
 * cluster has left goes out in bundles, each to the task whose dominant share is the smallest (ties
 * to the older one), until nobody can take another. A dominant share is the largest part that a
 * task holds of any resource of the clusters that it reaches: counting far clusters would dilute
 * it.
 *
 * A bundle is the task's minimum, without resources of which it can hold no more than that. Shares
 * are dealt anew at every arrival and finish, so running tasks shrink for new ones; with keep=true
 * what was given stays, and only what is free is dealt.
 *
 * Good for fairness: nobody envies another's bundle, asking for more gains nothing. Bad for mean
 * completion time, because like processor sharing it finishes all late, and where changes of
 * allocation cost time.
 *
 * Class I0. Errors of known implementations that are not made here: ending the round when the first
 * bundle does not fit, so that one wide task blocks all (DL2's drf_env.py); free reallocation (here
 * every change costs what the scenario's "switching" says).
 *
 * Source: Ghodsi et al., "Dominant Resource Fairness", NSDI'11, algorithm 1; pengyanghua/DL2
 * 2e54920, read for facts.
 */
#include "base/heap.h"
#include "core/policy.h"
#include "policy/deal.h"
#include "policy/registry.h"

struct drf {
    struct deal deal;
    struct heap poorest; /* hands, by dominant share */
};

static const struct option_spec options[] = {
    {"keep", OPTION_FLAG, "false", .help = "running tasks keep what they have"},
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct drf *s = state;

    (void)err;
    deal_init(&s->deal, setup, false);
    s->deal.keeps = params_flag(setup->params, "keep");
    heap_init(&s->poorest);
    return 0;
}

static void release(void *state)
{
    struct drf *s = state;

    deal_release(&s->deal);
    heap_release(&s->poorest);
}

static struct allocation capacity_in_reach(const struct catalog *catalog, const struct task *task)
{
    struct allocation sum = {{0}};

    if (task->reach.count == catalog->clusters)
        return catalog->total;
    for (int32_t i = 0; i < task->reach.count; i++)
        allocation_add(&sum, &catalog->cluster[task->reach.cluster[i]].capacity);
    return sum;
}

static struct allocation bundle_of(const struct task *task)
{
    struct allocation bundle = task->min;

    for (int r = 0; r < MAX_RESOURCES; r++)
        if (task->max.amount[r] == task->min.amount[r])
            bundle.amount[r] = 0;
    return bundle;
}

/* Offers the hand another bundle, if there is one that it can hold. */
static void offer(struct drf *s, const struct view *view, int32_t i)
{
    const struct deal_hand *hand = &s->deal.hands.item[i];
    const struct task *task = &view->task[hand->task];
    struct allocation bundle = bundle_of(task);
    struct allocation capacity;

    if (allocation_is_zero(&bundle) || !deal_may_grant(&s->deal, hand, &bundle))
        return;
    capacity = capacity_in_reach(view->catalog, task);
    heap_set(&s->poorest, i, allocation_dominant_share(&hand->amount, &capacity));
}

static void grow(void *arg, const struct view *view, struct deal *deal)
{
    struct drf *s = arg;

    heap_reset(&s->poorest);
    for (size_t i = 0; i < deal->hands.count; i++)
        offer(s, view, (int32_t)i);
    while (!heap_is_empty(&s->poorest)) {
        int32_t i = heap_pop(&s->poorest);
        struct deal_hand *hand = &deal->hands.item[i];
        struct allocation bundle = bundle_of(&view->task[hand->task]);

        if (!deal_may_grant(deal, hand, &bundle))
            continue;
        deal_grant(deal, hand, &bundle);
        offer(s, view, i);
    }
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct drf *s = state;

    deal_decide(&s->deal, view, plan, false, grow, s);
}

const struct policy_ops policy_drf = {
    .name = "drf",
    .summary = "dominant resource fairness by progressive filling",
    .source = "Ghodsi et al., NSDI'11",
    .info = INFO_BLIND,
    .traits = POLICY_ELASTIC | POLICY_WORK_CONSERVING,
    .options = options,
    .state_size = sizeof(struct drf),
    .init = init,
    .decide = decide,
    .release = release,
};
