/* SPDX-License-Identifier: Apache-2.0 */
/* Where to put a task: placement rules that policies share. */
#ifndef POLICY_PLACE_H
#define POLICY_PLACE_H

#include "core/plan.h"
#include "core/view.h"

/* Of the clusters where the task may be started now and the amount fits, the one with the least
 * left over (sum over resources of what remains free over the capacity); ties go to the lower
 * index. -1 if there is none. */
int32_t place_best_fit(const struct view *view, struct plan *plan, int32_t task,
                       const struct allocation *amount);

/* The same without the clusters that are marked in skip. */
int32_t place_best_fit_unless(const struct view *view, struct plan *plan, int32_t task,
                              const struct allocation *amount, const bool *skip);

/* The same with the most left over. */
int32_t place_worst_fit(const struct view *view, struct plan *plan, int32_t task,
                        const struct allocation *amount);

/* For a running task that was lifted out of the plan's books: the cluster of its reach, its own
 * left out, with the least left over. -1 if there is none. */
int32_t place_other(const struct view *view, struct plan *plan, int32_t task,
                    const struct allocation *amount);

/*
 * The most, between a task's minimum (which must fit) and what it should have, that finds room on
 * the cluster: in one piece where the cluster is not split, else found by halving.
 */
struct allocation place_cut(struct plan *plan, int32_t cluster, const struct allocation *min,
                            const struct allocation *wanted);

#endif
