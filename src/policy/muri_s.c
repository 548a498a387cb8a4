/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muri-s: groups of tasks that interleave, those with the shortest remaining service first.
 * Training uses storage, CPU, GPU and network in turn and leaves the others idle meanwhile; up to
 * four tasks with the same request share one allocation and take turns, each group of such as
 * complement each other, found by matching on the times of their stages (policy/muri.c,
 * policy/merge.c).
 *
 * Good: where GPUs are the bottleneck and tasks differ in what they wait for, several times the
 * throughput. Bad: who shares is slower than alone, so an idle cluster is better used without
 * (groups form only when there is no room for all); every change restarts tasks; it needs stage
 * times, and true remaining times.
 *
 * Class I3 with true speeds, I2 with a fitted model, and stage times of every type.
 *
 * Errors of known implementations that are not made here: the order in which pairs should be merged
 * is sorted and thrown away (merge=found does as they do); ends are worked out without the start-up
 * that has just been charged; the matching compares with a tolerance and may fall back.
 *
 * Source: Zhao et al., "Multi-Resource Interleaving for Deep Learning Training", SIGCOMM'22;
 * Rivendile/Muri 4e69a78 (multi-resource-blossom-same-gpu), read for facts.
 */
#include "core/policy.h"
#include "policy/muri.h"
#include "policy/registry.h"
#include "policy/remaining.h"

static const struct option_spec options[] = {
    MURI_OPTION_ROWS,
    {0},
};

/* Among equals whoever runs goes on. */
static double rank(const struct view *view, int32_t task, const struct allocation *request,
                   double share)
{
    static const double tie = 1e-9;
    double service = remaining_s(view, task, request) * share;

    return view->task[task].state == TASK_RUNNING ? service * (1 - tie) : service;
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    (void)err;
    muri_init(state, setup, rank);
    return 0;
}

const struct policy_ops policy_muri_s = {
    .name = "muri-s",
    .summary = "interleaved groups on shared allocations, shortest remaining service first",
    .source = "Zhao et al., SIGCOMM'22; Rivendile/Muri 4e69a78",
    .info = INFO_ORACLE,
    .traits = POLICY_PREEMPTIVE | POLICY_MIGRATING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct muri),
    .init = init,
    .decide = muri_decide,
    .observe = muri_observe,
    .release = muri_release,
};
