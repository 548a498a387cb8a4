/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was learned of each type's speed: stretches of tasks' lives (an allocation, a progress from
 * and to, seconds), kept in the store and told to the estimator.
 */
#ifndef SERVE_SENSITIVITY_H
#define SERVE_SENSITIVITY_H

#include <jansson.h>
#include <stdint.h>

struct allocation;
struct live;

enum { SENSITIVITY_STRETCHES = 256 }; /* kept of each type, the latest */

/* Makes the types that the store knows. */
void sensitivity_load(struct live *live);
/* Opens the estimator over the present catalog and tells it all. */
void sensitivity_open(struct live *live);
void sensitivity_learn(struct live *live, int32_t type, const struct allocation *allocation,
                       double from, double to, double seconds);

/* Seconds of a whole run with each of the amounts, of which memory does not count: as measured, or
 * where nothing was, as believed. */
void sensitivity_seconds(struct live *live, int32_t type, const struct allocation *amount,
                         int amounts, double *seconds);

/* {"type":..,"samples":n,"points":[{"allocation":..,"seconds":..,"measured_s":..,"samples":n}]} */
json_t *sensitivity_json(struct live *live, int32_t type);

#endif
