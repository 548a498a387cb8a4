/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/timeline.h"

void timeline_fill(struct timeline *timeline, const struct allocation *free)
{
    for (int i = 0; i < TIMELINE; i++)
        timeline->free[i] = *free;
    timeline->started = 0;
}

void timeline_take(struct timeline *timeline, int from, int to, const struct allocation *amount)
{
    for (int i = from; i < to && i < TIMELINE; i++)
        allocation_subtract(&timeline->free[i], amount);
}

int timeline_find(const struct timeline *timeline, int from, int length,
                  const struct allocation *amount, bool one_start)
{
    int start = from;

    for (int i = from; i < TIMELINE; i++) {
        if (!allocation_fits(amount, &timeline->free[i]) ||
            (i == start && one_start && timeline->started >> i & 1)) {
            start = i + 1;
            continue;
        }
        if (i - start + 1 >= length)
            return start;
    }
    return start < TIMELINE ? start : TIMELINE;
}
