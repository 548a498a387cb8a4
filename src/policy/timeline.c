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

/* The last interval of from .. to-1 in which the amount is not free, or -1. */
static int find_last_short(const struct timeline *timeline, int from, int to,
                           const struct allocation *amount)
{
    for (int i = to; --i >= from;)
        if (!allocation_fits(amount, &timeline->free[i]))
            return i;
    return -1;
}

/* From the far end of each stretch: whatever start lies before an interval that is short is out. */
int timeline_find(const struct timeline *timeline, int from, int length,
                  const struct allocation *amount, bool one_start)
{
    int start = from, known = from; /* start .. known-1 are free */

    while (start < TIMELINE) {
        int end = start + (length > 1 ? length : 1), last;

        if (one_start && timeline->started >> start & 1) {
            start++;
            continue;
        }
        end = end < TIMELINE ? end : TIMELINE;
        last = find_last_short(timeline, known > start ? known : start, end, amount);
        if (last < 0)
            return start;
        known = known > end ? known : end;
        start = last + 1;
    }
    return TIMELINE;
}
