/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One gradient from several threads. A minibatch is cut into shards; each shard has an arena and a
 * gradient of its own, and the gradients are added up in the order of the shards. So the result
 * depends on how many shards there are, and not at all on how many threads work on them.
 */
#ifndef NN_SHARDS_H
#define NN_SHARDS_H

#include "nn/pass.h"

struct shards {
    struct weights *weights;
    const struct ops *ops;
    int count, jobs;
    struct arena *memory; /* count */
    real **grad;          /* count */
};

/* Takes count gradients' memory. The weights must have been committed with WEIGHTS_GRAD. */
void shards_init(struct shards *shards, struct weights *weights, const struct ops *ops, int count,
                 int jobs);
void shards_release(struct shards *shards);

/*
 * Calls run(arg, pass, shard) for every shard, which adds to pass->grad, and leaves the sum in
 * weights->grad. The arenas are reset when all is done.
 */
void shards_run(struct shards *shards, void (*run)(void *arg, const struct pass *pass, int shard),
                void *arg);

#endif
