/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of a task is worked out at the allocation that it would get, its request, so that
 * running and waiting tasks are measured alike. Among equals whoever runs goes on: running tasks
 * count as shorter by a part in a thousand million, which is more than rounding makes of a tie.
 */
#include "policy/shortest.h"

#include "policy/remaining.h"

static const double TIE = 1e-9;

static struct lane_key key(void *arg, const struct view *view, int32_t id)
{
    struct shortest *s = arg;
    const struct allocation *request = request_of(&s->sweep.requests, view, id);
    double rank;

    if (s->by == SHORTEST_PART)
        rank = 1 - view_progress(view, id);
    else
        rank = remaining_s(view, id, request);
    if (s->by == SHORTEST_SERVICE)
        rank *= allocation_dominant_share(request, &view->catalog->total);
    if (view->task[id].state == TASK_RUNNING)
        rank *= 1 - TIE;
    return (struct lane_key){rank, 0};
}

void shortest_init(struct shortest *shortest, const struct policy_setup *setup, enum shortest_by by,
                   bool preempts)
{
    struct sweep_rules rules = {.key = key, .arg = shortest, .preempts = preempts};

    if (preempts) {
        rules.anew = params_flag(setup->params, "anew");
        rules.restarts = params_flag(setup->params, "restarts");
        shortest->round_s = params_real(setup->params, "round");
    }
    shortest->by = by;
    sweep_init(&shortest->sweep, setup, &rules);
}

void shortest_decide(void *state, const struct view *view, struct plan *plan)
{
    struct shortest *s = state;

    sweep_note(&s->sweep, view);
    if (rounds_due(s->round_s, view, plan))
        sweep_decide(&s->sweep, view, plan);
}

void shortest_release(void *state)
{
    struct shortest *s = state;

    sweep_release(&s->sweep);
}
