/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afs-p: Apathetic Future Share without known lengths. As afs-l (see there, and policy/afs.c for
 * the rule), but who is the shorter of two is guessed: the one that has attained less service, as
 * least attained service has it. Gains are compared as before, so speeds are still needed, relative
 * ones.
 *
 * Good where lengths vary much and cannot be known. Bad where tasks are alike (whoever has just
 * come is taken to be the shorter, so old tasks lose what they have), and where changes cost.
 *
 * Class I2 (speeds by allocation; true ones make it I3, though it never asks what is left to do in
 * all). That the guess is attained service is assumed: the published description says that lengths
 * are not used and does not spell out the comparison. Service is dominant share of all capacity
 * times seconds.
 *
 * Source: Hwang et al., NSDI'21, section 4.
 */
#include "core/policy.h"
#include "policy/afs.h"
#include "policy/registry.h"

static double length(const struct view *view, int32_t id, double seconds)
{
    const struct task *task = &view->task[id];
    double most = 0;

    (void)seconds;
    for (int r = 0; r < view->catalog->resources; r++)
        if (view->catalog->total.amount[r] > 0) {
            double service = task_service_s(task, r, view->now_s) / view->catalog->total.amount[r];

            most = service > most ? service : most;
        }
    return most;
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    (void)err;
    afs_init(state, setup, length);
    return 0;
}

const struct policy_ops policy_afs_p = {
    .name = "afs-p",
    .summary = "Apathetic Future Share, lengths guessed from attained service",
    .source = "Hwang et al., NSDI'21",
    .info = INFO_MODEL,
    .traits = POLICY_ELASTIC | POLICY_PREEMPTIVE | POLICY_WORK_CONSERVING | POLICY_MODEL,
    .state_size = sizeof(struct afs),
    .init = init,
    .decide = afs_decide,
    .release = afs_release,
};
