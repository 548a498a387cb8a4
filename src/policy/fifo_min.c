/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fifo-min: first in, first out, every task with its minimum. Tasks that do not fit are passed
 * over, so later ones may overtake them.
 *
 * Good as a fallback: no options, no state to lose, nothing to learn, and the most tasks run at
 * once. Bad when the system is idle enough for tasks to use more than their minimum.
 */
#include "core/policy.h"
#include "policy/fifo.h"
#include "policy/registry.h"

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    (void)err;
    fifo_init(state, setup->catalog);
    return 0;
}

static struct allocation minimum(const void *arg, const struct view *view, int32_t task,
                                 const struct allocation *free)
{
    (void)arg;
    (void)free;
    return view->task[task].min;
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    fifo_decide(state, view, plan, minimum, NULL);
}

const struct policy_ops policy_fifo_min = {
    .name = "fifo-min",
    .summary = "first in, first out, each task with its minimum",
    .source = "folklore",
    .info = INFO_BLIND,
    .traits = POLICY_WORK_CONSERVING,
    .state_size = sizeof(struct fifo),
    .init = init,
    .decide = decide,
};
