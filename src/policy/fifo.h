/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First in, first out, skipping what does not fit: the walk that policies share which start tasks
 * in order of arrival and differ only in how much they give.
 */
#ifndef POLICY_FIFO_H
#define POLICY_FIFO_H

#include "core/plan.h"
#include "core/view.h"

/* What to give a task out of what is free; at least its minimum, which fits. */
typedef struct allocation (*fifo_amount_fn)(const void *arg, const struct view *view, int32_t task,
                                            const struct allocation *free);

struct fifo {
    struct allocation least; /* no task's minimum is below this in any resource */
};

void fifo_init(struct fifo *fifo, const struct catalog *catalog);

/* Plans a start for every task that fits somewhere in its reach, oldest first. */
void fifo_decide(const struct fifo *fifo, const struct view *view, struct plan *plan,
                 fifo_amount_fn amount, const void *arg);

#endif
