/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of whole numbers as ascending, disjoint, non-adjacent intervals: which units of a resource
 * somebody holds. Printed as Batsim does: "0-3 7 9-12".
 */
#ifndef REPORT_INTERVAL_SET_H
#define REPORT_INTERVAL_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"

struct text;

struct interval {
    int32_t low, high; /* both are members */
};

struct interval_set {
    VECTOR(struct interval) part;
};

void interval_set_init(struct interval_set *set);
void interval_set_release(struct interval_set *set);

int64_t interval_set_size(const struct interval_set *set);

/* None of low .. high may be a member yet. */
void interval_set_add(struct interval_set *set, int32_t low, int32_t high);

/* Moves the count smallest (or largest) members from one set to another; there must be as many. */
void interval_set_move_lowest(struct interval_set *to, struct interval_set *from, int64_t count);
void interval_set_move_highest(struct interval_set *to, struct interval_set *from, int64_t count);

/*
 * Moves count members that lie side by side, from `near` on if they are free there or as close
 * before as the run around `near` allows, else the lowest such run. False, and nothing is moved, if
 * there is none.
 */
bool interval_set_move_run(struct interval_set *to, struct interval_set *from, int64_t count,
                           int32_t near);

void interval_set_print(const struct interval_set *set, struct text *out);

#endif
