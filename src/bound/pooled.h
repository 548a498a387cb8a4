/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many tasks must be in the system at any time, if clusters were pooled and
 * only one resource counted.
 */
#ifndef BOUND_POOLED_H
#define BOUND_POOLED_H

#include <stdint.h>

struct arrivals;
struct demand;
struct scenario;

/* A lower bound on the total completion time in seconds, at least that of every
 * task by itself. */
double pooled_total_s(const struct scenario *scenario, const struct arrivals *arrivals,
                      const struct demand *demand);

#endif
