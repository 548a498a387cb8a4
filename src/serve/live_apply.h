/* SPDX-License-Identifier: Apache-2.0 */
/* Between the parts of the live world; only serve/live*.c include this. */
#ifndef SERVE_LIVE_APPLY_H
#define SERVE_LIVE_APPLY_H

#include "serve/live.h"

/* Judges the plan, books what may be and lists what is to be done; returns how many actions were
 * applied. `by` decided, in so many seconds. */
int live_apply(struct live *live, const char *by, double took_s);

/* Books one start; the task waits and the amount is free. */
void live_start(struct live *live, int32_t id, int32_t cluster, const struct allocation *amount);

void live_hold(struct live *live, int32_t id, int32_t cluster);
void live_enter_waiting(struct live *live, int32_t id);
void live_leave_waiting(struct live *live, int32_t id);
void live_new_stretch(struct live *live, struct job_task *of);
void live_tell_policy(struct live *live, enum event_kind kind, int32_t id, int32_t cluster);

#endif
