/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The projected future of one cluster: what it has free in each of the next intervals, and how many
 * tasks were booked to start in each. Behind the last interval everything is taken to be free.
 */
#ifndef POLICY_TIMELINE_H
#define POLICY_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/allocation.h"

enum { TIMELINE = 64 };

struct timeline {
    uint64_t started; /* a bit per interval in which a task was booked to start */
    int resources;
    int32_t free[MAX_RESOURCES][TIMELINE];
};

/* All intervals with this much free, of the first so many resources. */
void timeline_fill(struct timeline *timeline, const struct allocation *free, int resources);

void timeline_copy(struct timeline *timeline, const struct timeline *from);

/* What is free in an interval. */
struct allocation timeline_free(const struct timeline *timeline, int interval);

/* Takes an amount out of intervals from .. to-1 (cut at the end). */
void timeline_take(struct timeline *timeline, int from, int to, const struct allocation *amount);

/* The first interval, not before from, from which the amount is free for so many intervals; with
 * one_start also one in which nothing starts yet. TIMELINE if there is none. */
int timeline_find(const struct timeline *timeline, int from, int length,
                  const struct allocation *amount, bool one_start);

#endif
