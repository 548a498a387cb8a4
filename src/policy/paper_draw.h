/* SPDX-License-Identifier: Apache-2.0 */
/* How the random baselines of TapFinger's authors pick a task: the state of paper-min and
 * paper-random. */
#ifndef POLICY_PAPER_DRAW_H
#define POLICY_PAPER_DRAW_H

#include "base/rng.h"
#include "core/policy.h"
#include "policy/paper_rules.h"

struct paper_draw {
    struct rng rng;
    struct id_set claims;
};

int paper_draw_init(void *draw, const struct policy_setup *setup, struct err *err);
void paper_draw_release(void *draw);

void paper_draw_begin(struct paper_draw *draw); /* a new round */

/* A uniformly random task that the cluster sees; -1 if it sees none, or if a lower agent named the
 * drawn one in this round. Names it. */
int32_t paper_draw_task(struct paper_draw *draw, const struct view *view, int32_t cluster);

#endif
