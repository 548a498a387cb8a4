/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was learned of each type's speed: stretches of tasks' lives (an allocation, a progress from
 * and to, seconds), kept in the store and told to the estimator.
 */
#ifndef SERVE_SENSITIVITY_H
#define SERVE_SENSITIVITY_H

#include <jansson.h>
#include <stdint.h>

#include "core/allocation.h"

struct estimator;
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

/* All stretches with one allocation. */
struct speed_point {
    struct allocation amount;
    double progress, seconds, squares; /* sums; squares of seconds per whole run */
    int samples;
};

/* What was seen of a type: its stretches as a list, to be released. */
json_t *sensitivity_stretches(const struct live *live, int32_t type);
/* The same by allocation; returns how many. */
int sensitivity_points(const json_t *stretches, struct speed_point *point, int most);
/* Tells an estimator all but those with one allocation (NULL: none is left out). */
void sensitivity_tell(struct estimator *estimator, int32_t type, const json_t *stretches,
                      const struct allocation *but);
/* Seconds of a whole run that are believed; HUGE_VAL: nobody knows. */
double sensitivity_believed(const struct live *live, int32_t type, const struct allocation *amount);

/* {"type":..,"samples":n,"model":..,"mape":..,"points":[{"allocation":..,"measured_s":..}],...}:
 * mape is how far the model is off, in parts, where it was fitted. */
json_t *sensitivity_json(struct live *live, int32_t type);

#endif
