/* SPDX-License-Identifier: Apache-2.0 */
/* The tasks that have been here longest of those that wait, kept from one decision to the next. */
#ifndef POLICY_OLDEST_H
#define POLICY_OLDEST_H

#include <stdint.h>

#include "base/vector.h"
#include "core/view.h"

struct oldest_task {
    int32_t task, type;
};

struct oldest {
    VECTOR(struct oldest_task) line; /* by age */
    int32_t *tasks;                  /* by type: how many of them are in line */
    int64_t *reaches;                /* by type: over these, the sum of the sizes of reach */
    int32_t most, types, waiting;    /* waiting: in all, when it was followed last */
    int64_t decision;                /* when that was; -1 before */
};

void oldest_init(struct oldest *oldest, int32_t types, int32_t most);
void oldest_release(struct oldest *oldest);

/* Puts at most `most` waiting tasks in line. To be called at every decision at which the line is
 * needed; in continuous time it costs little if the one before called it too. */
void oldest_follow(struct oldest *oldest, const struct view *view);

#endif
