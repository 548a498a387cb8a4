/* SPDX-License-Identifier: Apache-2.0 */
/*
 * srtf: shortest remaining time first. At every arrival and finish all tasks are gone through in
 * the order of the time that they still need with their request; what fits runs, what does not is
 * passed over (so smaller ones behind it run meanwhile), and running tasks that were not reached go
 * back to waiting with their progress.
 *
 * Good: with one resource, requests that use it well and free preemption nothing does better on
 * the mean. Bad where tasks differ in width (srsf weighs them), where preemption costs, and because
 * requests do not follow the load. It is a reference, not an upper bound: with several resources,
 * or allocations to choose, shortest first is not optimal.
 *
 * Class I3 with true speeds (it then also knows each task's own work), I2 with a fitted model.
 *
 * Errors of known implementations that are not made here: ordering by the part that is left in
 * place of the time (DL2's srtf_env.py; by=part does so for comparison) and giving the first task
 * all it can hold (likewise); taking the time at the present allocation of running tasks, which
 * makes them look shorter or longer than waiting ones; counting time run for work done whatever was
 * held (Blox). A restart is not added to the key (Lucid's port does, without hysteresis): what it
 * costs is the scenario's "switching".
 *
 * Source: Tiresias' simulator (SymbioticLab/Tiresias 959f9b0, run_sim.py,
 * shortest_first_sim_jobs), read for facts.
 */
#include "core/policy.h"
#include "policy/registry.h"
#include "policy/shortest.h"

static const struct option_spec options[] = {
    SHORTEST_OPTION_ROWS,
    {"by", OPTION_CHOICE, "time", .choices = "time|part",
     .help = "what is shortest: the time that is left, or (as DL2 has it) the part of the work"},
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    (void)err;
    shortest_init(state, setup, params_choice(setup->params, "by") ? SHORTEST_PART : SHORTEST_TIME,
                  true);
    return 0;
}

const struct policy_ops policy_srtf = {
    .name = "srtf",
    .summary = "shortest remaining time first, preemptive",
    .source = "Schrage 1968; as in SymbioticLab/Tiresias 959f9b0",
    .info = INFO_ORACLE,
    .traits = POLICY_PREEMPTIVE | POLICY_MIGRATING | POLICY_WORK_CONSERVING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct shortest),
    .init = init,
    .decide = shortest_decide,
    .release = shortest_release,
};
