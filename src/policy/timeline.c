/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/timeline.h"

#include <string.h>

void timeline_fill(struct timeline *timeline, const struct allocation *free, int resources)
{
    timeline->started = 0;
    timeline->resources = resources;
    for (int r = 0; r < resources; r++)
        for (int i = 0; i < TIMELINE; i++)
            timeline->free[r][i] = free->amount[r];
}

void timeline_copy(struct timeline *timeline, const struct timeline *from)
{
    timeline->started = from->started;
    timeline->resources = from->resources;
    memcpy(timeline->free, from->free, (size_t)from->resources * sizeof *from->free);
}

struct allocation timeline_free(const struct timeline *timeline, int interval)
{
    struct allocation free = {{0}};

    for (int r = 0; r < timeline->resources; r++)
        free.amount[r] = timeline->free[r][interval];
    return free;
}

void timeline_take(struct timeline *timeline, int from, int to, const struct allocation *amount)
{
    to = to < TIMELINE ? to : TIMELINE;
    for (int r = 0; r < timeline->resources; r++)
        for (int i = from; i < to; i++)
            timeline->free[r][i] -= amount->amount[r];
}

/* The last interval of from .. to-1 in which the amount is not free, or -1. */
static int find_last_short(const struct timeline *timeline, int from, int to,
                           const struct allocation *amount)
{
    int last = -1;

    for (int r = 0; r < timeline->resources; r++)
        for (int i = to; --i >= from;)
            if (amount->amount[r] > timeline->free[r][i]) {
                last = i;
                from = i + 1;
                break;
            }
    return last;
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
