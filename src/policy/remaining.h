/* SPDX-License-Identifier: Apache-2.0 */
/* How long a task still runs: what policies that order by length ask the model for. */
#ifndef POLICY_REMAINING_H
#define POLICY_REMAINING_H

#include "core/estimator.h"
#include "core/view.h"

/* Expected seconds with an allocation, from the progress that the task has; HUGE_VAL: never. Work
 * that differs from the type's mean counts where the policy may know of it (I3). */
static inline double remaining_s(const struct view *view, int32_t task,
                                 const struct allocation *amount)
{
    return view_work(view, task) * estimator_seconds(view->estimator, view->task[task].type, amount,
                                                     view_progress(view, task));
}

#endif
