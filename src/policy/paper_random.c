/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paper-random: the "Random" baseline of TapFinger's authors. Picks a task as paper-min does; the
 * allocation is uniform over the allowed set: "nothing", or every combination of amounts from the
 * minimum to the lesser of maximum and free.
 *
 * Good as a floor that uses idle resources; bad in every other way.
 *
 * Source: nooblyh/TapFinger 5fd9e3b, read for facts; paper.md, section 4.
 */
#include "base/rng.h"
#include "core/policy.h"
#include "policy/paper_draw.h"
#include "policy/registry.h"

/* Uniform over "nothing" and the box from min to most; false for nothing. */
static bool draw_amount(struct rng *rng, const struct allocation *min,
                        const struct allocation *most, int resources, struct allocation *out)
{
    double combinations = 1;

    for (int r = 0; r < resources; r++) {
        if (most->amount[r] < min->amount[r])
            return false;
        combinations *= most->amount[r] - min->amount[r] + 1;
    }
    if (rng_unit(rng) * (combinations + 1) < 1)
        return false;
    *out = (struct allocation){{0}};
    for (int r = 0; r < resources; r++)
        out->amount[r] = min->amount[r] +
                         (int32_t)rng_below(rng, (uint32_t)(most->amount[r] - min->amount[r] + 1));
    return true;
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct paper_draw *draw = state;

    paper_draw_begin(draw);
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        int32_t id = paper_draw_task(draw, view, c);
        struct allocation most, amount;

        if (id < 0)
            continue;
        most = allocation_least(&view->task[id].max, &view->cluster[c].free);
        if (draw_amount(&draw->rng, &view->task[id].min, &most, view->catalog->resources,
                        &amount) &&
            plan_fits(plan, c, &amount))
            plan_start(plan, id, c, &amount);
    }
    paper_ask_again(view, plan);
}

const struct policy_ops policy_paper_random = {
    .name = "paper-random",
    .summary = "a random waiting task, with a random allocation (TapFinger's \"Random\")",
    .source = "nooblyh/TapFinger 5fd9e3b",
    .info = INFO_BLIND,
    .state_size = sizeof(struct paper_draw),
    .init = paper_draw_init,
    .decide = decide,
    .release = paper_draw_release,
};
