/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sjf: shortest job first. Waiting tasks are started in the order of the time that they need with
 * their request (what does not fit is passed over); whoever runs, runs to the end.
 *
 * Good: much of srtf's gain on the mean without one preemption, so what a switch costs does not
 * matter. Bad when a long task has just taken the place of short ones that are about to arrive, and
 * for long tasks under load, which wait as long as shorter ones come.
 *
 * Class I3 with true speeds, I2 with a fitted model. Errors not made: keys are times at the
 * request, not fractions (DL2), and a task that does not fit does not end the round.
 *
 * Source: folklore; "shortest" without eviction in SymbioticLab/Tiresias 959f9b0.
 */
#include "core/policy.h"
#include "policy/registry.h"
#include "policy/shortest.h"

static const struct option_spec options[] = {
    REQUEST_OPTION,
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    (void)err;
    shortest_init(state, setup, SHORTEST_TIME, false);
    return 0;
}

const struct policy_ops policy_sjf = {
    .name = "sjf",
    .summary = "shortest job first, never interrupted",
    .source = "folklore",
    .info = INFO_ORACLE,
    .traits = POLICY_WORK_CONSERVING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct shortest),
    .init = init,
    .decide = shortest_decide,
    .release = shortest_release,
};
