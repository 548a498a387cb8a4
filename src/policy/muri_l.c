/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muri-l: as muri-s, for those who do not know how long a task will run: the least attained service
 * comes first, which is the time that a task has held its request, in company or not, times the
 * dominant share of it.
 *
 * Good and bad as muri-s; near it where lengths vary by orders of magnitude. Equal tasks pass each
 * other at every arrival and end.
 *
 * Class I2 for the stage times; of lengths and speeds it knows nothing.
 *
 * Errors of known implementations that are not made here: see muri_s.c. Priorities are of attained
 * service itself and not of Tiresias' queues: the form with queues is in the authors' simulator too
 * but cannot be called there, and the figures that they publish are of this one.
 *
 * Source: Zhao et al., SIGCOMM'22; Rivendile/Muri 4e69a78
 * (multi-resource-blossom-same-gpu-unaware), read for facts.
 */
#include "core/policy.h"
#include "policy/muri.h"
#include "policy/registry.h"

static const struct option_spec options[] = {
    MURI_OPTION_ROWS,
    {0},
};

static double rank(const struct view *view, int32_t task, const struct allocation *request,
                   double share)
{
    (void)request;
    return task_ran_s(&view->task[task], view->now_s) * share;
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    (void)err;
    muri_init(state, setup, rank);
    return 0;
}

const struct policy_ops policy_muri_l = {
    .name = "muri-l",
    .summary = "interleaved groups on shared allocations, least attained service first",
    .source = "Zhao et al., SIGCOMM'22; Rivendile/Muri 4e69a78",
    .info = INFO_MODEL,
    .traits = POLICY_PREEMPTIVE | POLICY_MIGRATING,
    .options = options,
    .state_size = sizeof(struct muri),
    .init = init,
    .decide = muri_decide,
    .observe = muri_observe,
    .release = muri_release,
};
