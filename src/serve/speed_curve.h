/* SPDX-License-Identifier: Apache-2.0 */
/* A type's speed over its allocations, and how far it is to be trusted. */
#ifndef SERVE_SPEED_CURVE_H
#define SERVE_SPEED_CURVE_H

#include <jansson.h>
#include <stdint.h>

struct live;

/* Adds to a type's JSON: "mape_unseen", how far the model is off, in parts, at an allocation that
 * it was not shown (null with fewer than two allocations), and "curve", a list of {"allocation",
 * "samples","seconds","rate_per_s","low_per_s","high_per_s"} by allocation, the last two null where
 * too little is known. */
void speed_curve_add(const struct live *live, int32_t type, json_t *out);

#endif
