/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random scenarios to train the general model on: other numbers of clusters, resources and types,
 * other capacities, speeds, loads, reaches and rules every time.
 */
#ifndef MARL_DOMAIN_H
#define MARL_DOMAIN_H

#include <stdint.h>

struct err;
struct scenario;

/* The scenario of a seed; owned by the caller. */
int domain_draw(struct scenario **out, uint64_t seed, struct err *err);

#endif
