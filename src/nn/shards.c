/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/shards.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"

enum { SUM_PIECES = 64, SUM_GRAIN = 1 << 16 };

struct shards_call {
    struct shards *shards;
    void (*run)(void *arg, const struct pass *pass, int shard);
    void *arg;
};

void shards_init(struct shards *shards, struct weights *weights, const struct ops *ops, int count,
                 int jobs)
{
    BUG_ON(count < 1 || jobs < 1 || !weights->grad);
    *shards = (struct shards){.weights = weights, .ops = ops, .count = count, .jobs = jobs};
    shards->memory = xcalloc((size_t)count, sizeof *shards->memory);
    shards->grad = xcalloc((size_t)count, sizeof *shards->grad);
    for (int i = 0; i < count; i++) {
        arena_init(&shards->memory[i]);
        shards->grad[i] = weights_block(weights);
    }
}

void shards_release(struct shards *shards)
{
    for (int i = 0; i < shards->count; i++) {
        arena_release(&shards->memory[i]);
        free(shards->grad[i]);
    }
    free(shards->memory);
    free(shards->grad);
    *shards = (struct shards){0};
}

static void run_shard(void *arg, int index, int worker)
{
    struct shards_call *call = arg;
    struct shards *shards = call->shards;
    struct pass pass = {
        .ops = shards->ops,
        .weights = shards->weights,
        .grad = shards->grad[index],
        .memory = &shards->memory[index],
    };

    (void)worker;
    memset(pass.grad, 0, shards->weights->numbers * sizeof *pass.grad);
    call->run(call->arg, &pass, index);
    arena_reset(pass.memory);
}

/* Adds up one stretch of the gradients, shard after shard. */
static void sum_stretch(void *arg, int index, int worker)
{
    struct shards *shards = arg;
    size_t numbers = shards->weights->numbers;
    size_t from = numbers * (size_t)index / SUM_PIECES;
    size_t to = numbers * ((size_t)index + 1) / SUM_PIECES;

    (void)worker;
    memcpy(shards->weights->grad + from, shards->grad[0] + from, (to - from) * sizeof(real));
    for (int s = 1; s < shards->count; s++)
        shards->ops->add(shards->weights->grad + from, shards->grad[s] + from, to - from);
}

void shards_run(struct shards *shards, void (*run)(void *arg, const struct pass *pass, int shard),
                void *arg)
{
    struct shards_call call = {.shards = shards, .run = run, .arg = arg};
    struct parallel work = {
        .jobs = shards->jobs, .count = shards->count, .run = run_shard, .arg = &call};
    struct parallel sums = {.jobs = shards->weights->numbers < SUM_GRAIN ? 1 : shards->jobs,
                            .count = SUM_PIECES,
                            .run = sum_stretch,
                            .arg = shards};

    parallel_run(&work);
    parallel_run(&sums);
}
