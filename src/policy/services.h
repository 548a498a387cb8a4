/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of how much service tasks need in all: the services of those that have finished so
 * far. It is brought up to date each time their number has doubled, so that priorities made from it
 * stand still in between.
 */
#ifndef POLICY_SERVICES_H
#define POLICY_SERVICES_H

#include <stdbool.h>

#include "base/vector.h"

struct services {
    VECTOR(double) seen;   /* of all that finished, in order of finishing */
    VECTOR(double) sorted; /* those known at the last update, ascending */
    VECTOR(double) sum;    /* of the first i of them */
    size_t next_update;    /* when so many have finished */
};

void services_init(struct services *services);
void services_release(struct services *services);

/* One more task finished; true if this brought an update. */
bool services_add(struct services *services, double service);

/* Nothing is known before the first update. */
static inline bool services_known(const struct services *services)
{
    return services->sorted.count > 0;
}

/* The service that a part (0 .. 1) of the tasks does not exceed. */
double services_quantile(const struct services *services, double part);

/*
 * The Gittins index of a task that attained so much and is given up to delta more: the chance that
 * it ends within, over the service that it is expected to take of it. Higher is better; 0 past
 * everything that was seen.
 */
double services_gittins(const struct services *services, double attained, double delta);

#endif
