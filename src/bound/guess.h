/* SPDX-License-Identifier: Apache-2.0 */
/* A good schedule of a slotted world, for a bound from the other side. */
#ifndef BOUND_GUESS_H
#define BOUND_GUESS_H

#include <stdint.h>

struct arrivals;
struct scenario;

/*
 * The total completion time in slots of a schedule that keeps allocations once
 * given, found by list scheduling. least_slots is what every task needs by
 * itself (finite). Writes by task the slot at whose beginning it ends at the
 * latest in any schedule that is no worse. The schedule can be carried out only
 * where network_obstacle() finds none.
 */
int64_t guess_total(const struct scenario *scenario, const struct arrivals *arrivals, uint64_t seed,
                    const int32_t *least_slots, int32_t *last);

#endif
