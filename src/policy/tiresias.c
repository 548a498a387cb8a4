/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tiresias: least attained service in queues (2D-LAS). Nothing is known of lengths; a task that has
 * had little service is likely to end soon, so it goes first. Service is width times time. To keep
 * two tasks from swapping at every event, service only decides which of a few queues a task is in:
 * inside a queue whoever came first goes on. The policy sweeps queue by queue, passes over what
 * does not fit, and preempts whoever is not reached. With promote=K a task that has waited K times
 * as long as it has run goes back to the first queue.
 *
 * Good: near srtf where lengths vary by orders of magnitude, without knowing any. Bad where tasks
 * are alike (then it is fifo with preemptions), where preemption costs, and because requests do not
 * follow the load.
 *
 * Class I0. Limits: the authors' are for jobs of hours (limits=3250/7200 in their simulator's
 * defaults, 3600 in its examples, 57600 in Pollux' port). "auto" takes them from the tasks that
 * have finished: until 16 have there is one queue.
 *
 * Errors of known implementations that are not made here: the time of the next fall mixes GPU
 * seconds and seconds (the authors' simulator divides all of limit - time by the GPUs); one fall at
 * most per event (likewise); queues that are made and then not used (Blox); two levels split at the
 * median, elastic, or an equal split under this name (TapFinger's comparison; here paper-tiresias);
 * plain attained service without queues, which swaps at every event.
 *
 * Source: Gu et al., "Tiresias", NSDI'19, section 3; SymbioticLab/Tiresias 959f9b0 (run_sim.py,
 * dlas_sim_jobs) read for facts.
 */
#include "core/policy.h"
#include "policy/levels.h"
#include "policy/registry.h"

static const struct option_spec options[] = {
    LEVELS_OPTION_ROWS,
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    return levels_init(state, setup, levels_key, err);
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    levels_decide(state, view, plan);
}

static void observe(void *state, const struct event *event)
{
    levels_observe(state, event);
}

static void release(void *state)
{
    levels_release(state);
}

const struct policy_ops policy_tiresias = {
    .name = "tiresias",
    .summary = "least attained service first, in queues, preemptive (2D-LAS)",
    .source = "Gu et al., NSDI'19; SymbioticLab/Tiresias 959f9b0",
    .info = INFO_BLIND,
    .traits = POLICY_PREEMPTIVE | POLICY_MIGRATING | POLICY_WORK_CONSERVING,
    .options = options,
    .state_size = sizeof(struct levels),
    .init = init,
    .decide = decide,
    .observe = observe,
    .release = release,
};
