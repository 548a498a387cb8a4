/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training a small network by shards: the weights must not depend on the number of threads, the
 * gradient must be the whole batch's, and after the first step no memory may be taken.
 */
#include "harness.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/rng.h"
#include "nn/adam.h"
#include "nn/loss.h"
#include "nn/mlp.h"
#include "nn/norm.h"
#include "nn/shards.h"

enum { ITEMS = 60, IN = 6, OUT = 2, SHARDS = 4 };

/* The linker turns every call of malloc and its like into one of these (see the Makefile). */
static atomic_int allocations;

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t align, size_t bytes);
void *__wrap_aligned_alloc(size_t align, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    allocations++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    allocations++;
    return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    allocations++;
    return __real_realloc(old, bytes);
}

void *__wrap_aligned_alloc(size_t align, size_t bytes)
{
    allocations++;
    return __real_aligned_alloc(align, bytes);
}

struct trainer {
    struct weights weights;
    struct mlp mlp;
    struct norm norm;
    struct shards shards;
    struct adam adam;
    real x[ITEMS * IN], target[ITEMS * OUT];
    double loss[SHARDS];
};

static void trainer_init(struct trainer *trainer, int shards, int jobs)
{
    struct rng rng;

    *trainer = (struct trainer){.adam = ADAM_USUAL};
    weights_init(&trainer->weights);
    norm_register(&trainer->norm, &trainer->weights, IN, 1e-5, "norm");
    mlp_register(&trainer->mlp, &trainer->weights, 3, (int[]){IN, 32, 32, OUT}, ACT_TANH,
                 (struct initial){INITIAL_ORTHOGONAL, 1}, "mlp");
    weights_commit(&trainer->weights, WEIGHTS_GRAD | WEIGHTS_MOMENTS);
    weights_draw(&trainer->weights, 1);
    shards_init(&trainer->shards, &trainer->weights, ops_best(), shards, jobs);
    rng_stream(&rng, 1, "items");
    for (int i = 0; i < ITEMS * IN; i++)
        trainer->x[i] = (real)rng_normal(&rng);
    for (int i = 0; i < ITEMS * OUT; i++)
        trainer->target[i] = (real)sin(3 * (double)trainer->x[i / OUT * IN + i % OUT]);
}

static void trainer_release(struct trainer *trainer)
{
    shards_release(&trainer->shards);
    weights_release(&trainer->weights);
}

static void run_shard(void *arg, const struct pass *pass, int shard)
{
    struct trainer *trainer = arg;
    int from = ITEMS * shard / trainer->shards.count;
    int rows = ITEMS * (shard + 1) / trainer->shards.count - from;
    struct norm_state norm;
    struct mlp_state mlp;
    const real *x = norm_forward(pass, &norm, &trainer->norm, trainer->x + from * IN, rows);
    const real *out = mlp_forward(pass, &mlp, &trainer->mlp, x, rows);
    real *dout = pass_zeros(pass, (size_t)rows, OUT), *dx = pass_zeros(pass, (size_t)rows, IN);
    real *ignored = pass_zeros(pass, (size_t)rows, IN);

    trainer->loss[shard] = loss_squares(dout, out, trainer->target + from * OUT, NULL,
                                        (size_t)rows * OUT, 1.0 / (ITEMS * OUT));
    mlp_backward(pass, &mlp, &trainer->mlp, dx, dout);
    norm_backward(pass, &norm, &trainer->norm, ignored, dx);
}

static double train_step(struct trainer *trainer)
{
    double loss = 0;

    shards_run(&trainer->shards, run_shard, trainer);
    grad_clip(&trainer->weights, 1);
    adam_step(&trainer->adam, &trainer->weights, ops_best(), 0.01);
    for (int s = 0; s < trainer->shards.count; s++)
        loss += trainer->loss[s];
    return loss;
}

static void weights_do_not_depend_on_threads(void **state)
{
    static const int jobs[] = {1, 2, 3, 5};
    struct trainer first;
    (void)state;

    trainer_init(&first, SHARDS, 1);
    for (int step = 0; step < 20; step++)
        train_step(&first);
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        struct trainer trainer;

        trainer_init(&trainer, SHARDS, jobs[i]);
        for (int step = 0; step < 20; step++)
            train_step(&trainer);
        assert_memory_equal(trainer.weights.value, first.weights.value,
                            first.weights.numbers * sizeof(real));
        trainer_release(&trainer);
    }
    trainer_release(&first);
}

static void shards_add_up_to_the_batch(void **state)
{
    struct trainer whole, parts;
    (void)state;

    trainer_init(&whole, 1, 1);
    trainer_init(&parts, SHARDS, 2);
    shards_run(&whole.shards, run_shard, &whole);
    shards_run(&parts.shards, run_shard, &parts);
    for (size_t i = 0; i < whole.weights.numbers; i++)
        assert_true(fabs((double)(whole.weights.grad[i] - parts.weights.grad[i])) < 1e-6);
    assert_true(grad_norm(&whole.weights) > 0.01);
    trainer_release(&whole);
    trainer_release(&parts);
}

static void training_learns(void **state)
{
    struct trainer trainer;
    double before, after = 0;
    (void)state;

    trainer_init(&trainer, SHARDS, 2);
    before = train_step(&trainer);
    for (int step = 0; step < 300; step++)
        after = train_step(&trainer);
    assert_true(after < before / 20);
    trainer_release(&trainer);
}

static void no_memory_is_taken_after_the_first_step(void **state)
{
    struct trainer trainer;
    int before;
    (void)state;

    trainer_init(&trainer, SHARDS, 1); /* threads would take memory for themselves */
    before = allocations;
    train_step(&trainer);
    assert_true(allocations > before); /* the count works */
    before = allocations;
    for (int step = 0; step < 10; step++)
        train_step(&trainer);
    assert_int_equal(allocations, before);
    trainer_release(&trainer);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(weights_do_not_depend_on_threads),
    cmocka_unit_test(shards_add_up_to_the_batch),
    cmocka_unit_test(training_learns),
    cmocka_unit_test(no_memory_is_taken_after_the_first_step),
};

RUN_TESTS(tests)
