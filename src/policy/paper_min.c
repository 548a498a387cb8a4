/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paper-min: the "Min" baseline of TapFinger's authors. Agents in index order; each draws one of
 * its non-empty slots at random; if a lower agent named the same task in this round it does
 * nothing; if the task's minimum fits, it starts with exactly that. A draw that does not fit still
 * counts as named.
 *
 * Good where allocation hardly matters; bad because it never uses an idle GPU to go faster, and
 * because agents with full clusters go on naming tasks that others could have started.
 *
 * Source: nooblyh/TapFinger 5fd9e3b, read for facts; paper.md, section 4.
 */
#include "base/rng.h"
#include "core/policy.h"
#include "policy/paper_draw.h"
#include "policy/registry.h"

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct paper_draw *draw = state;

    paper_draw_begin(draw);
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        int32_t id = paper_draw_task(draw, view, c);

        if (id >= 0 && allocation_fits(&view->task[id].min, &view->cluster[c].free) &&
            plan_fits(plan, c, &view->task[id].min))
            plan_start(plan, id, c, &view->task[id].min);
    }
    paper_ask_again(view, plan);
}

const struct policy_ops policy_paper_min = {
    .name = "paper-min",
    .summary = "a random waiting task, with its minimum (TapFinger's \"Min\")",
    .source = "nooblyh/TapFinger 5fd9e3b",
    .info = INFO_BLIND,
    .state_size = sizeof(struct paper_draw),
    .init = paper_draw_init,
    .decide = decide,
    .release = paper_draw_release,
};
