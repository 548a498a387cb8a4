/* SPDX-License-Identifier: Apache-2.0 */
/*
 * srsf: shortest remaining service first. As srtf, but the key is the time that is left times the
 * dominant share of all capacity that the request takes: a wide task goes before a narrow one only
 * if it is shorter by more than it is wider.
 *
 * Good where tasks differ in width; on such workloads it has the better mean of the two. Bad as
 * srtf is: it needs true remaining times, preempts without asking for the price, and requests do
 * not follow the load. Wide tasks may wait long.
 *
 * Class I3 with true speeds, I2 with a fitted model. Of the errors listed in srtf.c none is made.
 *
 * Source: "shortest-gpu" of SymbioticLab/Tiresias 959f9b0 and Rivendile/Muri 4e69a78 (there:
 * number of GPUs; with one resource that is the same order), read for facts.
 */
#include "core/policy.h"
#include "policy/registry.h"
#include "policy/shortest.h"

static const struct option_spec options[] = {
    SHORTEST_OPTION_ROWS,
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    (void)err;
    shortest_init(state, setup, SHORTEST_SERVICE, true);
    return 0;
}

const struct policy_ops policy_srsf = {
    .name = "srsf",
    .summary = "shortest remaining service (time times share) first, preemptive",
    .source = "\"shortest-gpu\" of SymbioticLab/Tiresias 959f9b0 and Rivendile/Muri 4e69a78",
    .info = INFO_ORACLE,
    .traits = POLICY_PREEMPTIVE | POLICY_MIGRATING | POLICY_WORK_CONSERVING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct shortest),
    .init = init,
    .decide = shortest_decide,
    .release = shortest_release,
};
