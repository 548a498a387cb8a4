/* SPDX-License-Identifier: Apache-2.0 */
/* One episode: a policy in a world from reset to end. */
#ifndef SIM_EPISODE_H
#define SIM_EPISODE_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/policy.h"
#include "sim/metrics.h"
#include "sim/world.h"

struct arrivals;
struct err;
struct ideal;

/* What is kept from one episode to the next; one per thread. */
struct episode {
    const struct scenario *scenario;
    struct world *world;
    struct plan plan;
    struct ideal *ideal;
    atomic_int *stop; /* an episode ends early once it is not 0; may be NULL */
};

struct contender {
    const struct policy_ops *ops;
    const struct params *params;
    const char *model; /* for policies with POLICY_MODEL: see estimator_open() */
};

void episode_init(struct episode *episode, const struct scenario *scenario);
void episode_release(struct episode *episode);

/*
 * Runs one policy once. arrivals (borrowed) replace those of the seed, or NULL. Returns 0,
 * ERR_INTERRUPTED when stopped, or what the policy's init or the arrivals' file reports.
 */
int episode_run(struct episode *episode, const struct contender *contender, uint64_t seed,
                const struct arrivals *arrivals, struct metrics *metrics, struct err *err);

/* The information class that a policy has with this model ("true" makes an oracle of it). */
int contender_info(const struct contender *contender, const struct scenario *scenario,
                   enum info_class *info, struct err *err);

#endif
