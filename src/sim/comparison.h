/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A comparison: every contender on every seed, each pair an episode of its own, on several threads.
 * All contenders see the same arrivals at a seed (common random numbers). The outcome does not
 * depend on the number of threads. Pieces go by seed, then contender, so that a comparison that is
 * stopped early has something of everybody.
 */
#ifndef SIM_COMPARISON_H
#define SIM_COMPARISON_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/episode.h"

struct arrivals;
struct err;

/* One episode of the comparison. */
struct piece {
    int index; /* seed_index * contenders + contender */
    int contender, seed_index;
    uint64_t seed;
    struct episode *episode;         /* the worker's */
    const struct arrivals *arrivals; /* read from the scenario's file; NULL: made from the seed */
};

/* Who looks on. Called in the workers' threads, for several pieces at a time. */
struct observer {
    void *arg;
    /* Before the episode; may watch its world. A failure ends the comparison. */
    int (*begin)(void *arg, const struct piece *piece, struct err *err);
    /* After it, whenever begin was called and did not fail; metrics is NULL if the episode did not
     * come to its end. A failure ends the comparison. */
    int (*end)(void *arg, const struct piece *piece, const struct metrics *metrics,
               struct err *err);
};

enum { COMPARISON_OBSERVERS = 4 }; /* of a world's six watchers; two are policy and estimator */

struct comparison {
    const struct scenario *scenario;
    const struct contender *contender;
    const uint64_t *seed;
    int contenders, seeds;
    int jobs;         /* threads, at least 1 */
    atomic_int *stop; /* everything ends early once it is not 0; may be NULL */
    struct observer observer[COMPARISON_OBSERVERS];
    int observers;
};

struct outcome {
    bool done;
    struct metrics metrics; /* if done */
};

/*
 * Fills outcome (seeds * contenders of them, by piece index). Returns 0, ERR_INTERRUPTED when
 * stopped, or the error of the first piece that failed; what is marked done is valid in any case.
 */
int comparison_run(const struct comparison *comparison, struct outcome *outcome, struct err *err);

#endif
