/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/growth.h"

#include <math.h>

#include "core/estimator.h"

enum { QUANTA = 64 };

void growth_init(struct growth *growth, const struct policy_setup *setup)
{
    const struct catalog *catalog = setup->catalog;

    growth->quantum = xcalloc((size_t)catalog->types, sizeof *growth->quantum);
    for (int i = 0; i < catalog->types; i++) {
        const struct type_info *info = &catalog->type[i];

        for (int r = 0; r < catalog->resources; r++) {
            int32_t most = info->max.amount[r] < catalog->largest.amount[r]
                               ? info->max.amount[r]
                               : catalog->largest.amount[r];
            int32_t quantum = (most - info->min.amount[r]) / QUANTA;

            growth->quantum[i].amount[r] = quantum > 1 ? quantum : 1;
        }
    }
}

void growth_release(struct growth *growth)
{
    free(growth->quantum);
}

double growth_seconds(const struct view *view, int32_t task, const struct prospect *prospect,
                      const struct allocation *amount)
{
    if (allocation_is_zero(amount))
        return HUGE_VAL;
    return prospect->work *
           estimator_seconds(view->estimator, view->task[task].type, amount, prospect->progress);
}

struct prospect growth_prospect_from(const struct view *view, const struct deal_hand *hand,
                                     double progress)
{
    struct prospect prospect = {.work = view_work(view, hand->task), .progress = progress};

    prospect.seconds = growth_seconds(view, hand->task, &prospect, &hand->amount);
    return prospect;
}

struct prospect growth_prospect(const struct view *view, const struct deal_hand *hand)
{
    return growth_prospect_from(view, hand, view_progress(view, hand->task));
}

static void consider(const struct view *view, const struct deal *deal, const struct deal_hand *hand,
                     const struct prospect *prospect, const struct allocation *more,
                     struct growth_step *best, bool *found)
{
    struct allocation sum = hand->amount;
    struct growth_step step = {.more = *more};

    if (!deal_may_grant(deal, hand, more))
        return;
    allocation_add(&sum, more);
    step.seconds = growth_seconds(view, hand->task, prospect, &sum);
    step.share = allocation_dominant_share(more, &view->catalog->cluster[deal->cluster].capacity);
    if (step.seconds < prospect->seconds)
        step.gain = (prospect->seconds - step.seconds) / step.share;
    if (!*found || step.gain > best->gain)
        *best = step;
    *found = true;
}

bool growth_best(const struct growth *growth, const struct view *view, const struct deal *deal,
                 const struct deal_hand *hand, const struct prospect *prospect,
                 struct growth_step *best)
{
    const struct task *task = &view->task[hand->task];
    const struct allocation *quantum = &growth->quantum[task->type];
    struct allocation joint = {{0}};
    bool found = false;
    int resources = 0;

    if (allocation_is_zero(&hand->amount)) {
        consider(view, deal, hand, prospect, &task->min, best, &found);
        return found;
    }
    for (int r = 0; r < view->catalog->resources; r++) {
        struct allocation single = {{0}};

        if (hand->amount.amount[r] + quantum->amount[r] > hand->most.amount[r])
            continue;
        single.amount[r] = joint.amount[r] = quantum->amount[r];
        consider(view, deal, hand, prospect, &single, best, &found);
        resources++;
    }
    if (resources > 1)
        consider(view, deal, hand, prospect, &joint, best, &found);
    return found;
}
