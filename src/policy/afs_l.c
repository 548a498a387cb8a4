/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afs-l: Apathetic Future Share with known lengths. Whenever a task comes or goes, its cluster is
 * shared anew from nothing; each step goes to the winner of pairwise comparisons between who would
 * end sooner and who would gain more (policy/afs.c has the rule). It runs from srtf, where speeds
 * are proportional to allocations, to equal shares, where more brings little.
 *
 * Good: the best simple elastic rule for mean completion time where lengths and speeds are known
 * and changes are free. Bad where they cost, because nearly every event changes many shares, and
 * because it takes the others' shares to stay as they are for ever (hence the name).
 *
 * A waiting task takes part at every cluster that it reaches and that is shared anew. On arrival
 * that is one, where its minimum fits beside the others' or which has the fewest tasks for its
 * size.
 *
 * Class I3 with true speeds, I2 with a fitted model. Errors of known ports that are not made here:
 * comparing only where the pair had to be swapped; calling the one with fewer replicas the shorter;
 * dividing by a gain of zero.
 *
 * Source: Hwang et al., "Elastic Resource Sharing for Distributed Deep Learning", NSDI'21, section
 * 4. The authors' code was not to be had; two ports by others agree with the rule.
 */
#include "core/policy.h"
#include "policy/afs.h"
#include "policy/registry.h"

static double length(const struct view *view, int32_t task, double seconds)
{
    (void)view;
    (void)task;
    return seconds;
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    (void)err;
    afs_init(state, setup, length);
    return 0;
}

const struct policy_ops policy_afs_l = {
    .name = "afs-l",
    .summary = "Apathetic Future Share, lengths known",
    .source = "Hwang et al., NSDI'21",
    .info = INFO_ORACLE,
    .traits = POLICY_ELASTIC | POLICY_PREEMPTIVE | POLICY_WORK_CONSERVING | POLICY_MODEL,
    .state_size = sizeof(struct afs),
    .init = init,
    .decide = afs_decide,
    .release = afs_release,
};
