/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time for single operators at the sizes of one decision of a small network (6 clusters, 60 waiting
 * tasks, 216 edges between them), as JSON: microseconds, best of N, for each kernel table.
 *
 *     bench_operators [N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/emit.h"
#include "base/rng.h"
#include "base/text.h"
#include "nn/edges.h"
#include "nn/linear.h"

enum { CLUSTERS = 6, TASKS = 60, EDGES = 216, HEADS = 4, ROUNDS = 2000, BUFFER = 1 << 16 };

struct bench {
    const struct ops *ops;
    int width, rounds;
    struct weights weights;
    struct linear linear;
    struct pass pass;
    struct arena memory;
    struct edges edges;
    real *x, *y, *out, *scratch;
};

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e6 * (double)now.tv_sec + 1e-3 * (double)now.tv_nsec;
}

static void run_linear(struct bench *b)
{
    linear_forward(&b->pass, b->out, b->x, &b->linear, TASKS + CLUSTERS);
}

static void run_gat(struct bench *b)
{
    b->ops->gat(b->out, b->scratch, b->x, b->y, b->y + TASKS * HEADS, NULL, &b->edges, HEADS,
                b->width / HEADS, (real)0.2);
}

static void run_head_dot(struct bench *b)
{
    b->ops->head_dot(b->out, b->x, b->y, TASKS, HEADS, b->width / HEADS);
}

static void run_pointer(struct bench *b)
{
    b->ops->pointer(b->out, b->scratch, 0, b->y, b->x, b->x, &b->edges, b->width);
}

static void run_norm(struct bench *b)
{
    b->ops->layer_norm(b->out, b->scratch, b->scratch + TASKS, b->x, b->y, b->y, TASKS, b->width,
                       (real)1e-5);
}

static void run_tanh(struct bench *b)
{
    b->ops->activate(b->out, b->x, (size_t)TASKS * (size_t)b->width, ACT_TANH);
}

static void run_softmax(struct bench *b)
{
    b->ops->softmax(b->out, b->x, NULL, b->edges.first, CLUSTERS);
}

static void bench_one(struct emit *json, struct bench *b, const char *name,
                      void (*run)(struct bench *))
{
    double best = HUGE_VAL;

    for (int i = 0; i < b->rounds; i++) {
        double start = now_us(), took;

        run(b);
        took = now_us() - start;
        best = took < best ? took : best;
    }
    emit_key_real(json, name, best);
}

static real *random_numbers(struct bench *b, struct rng *rng)
{
    real *x = arena_alloc(&b->memory, BUFFER * sizeof *x);

    for (int i = 0; i < BUFFER; i++)
        x[i] = (real)rng_normal(rng);
    return x;
}

static void bench_init(struct bench *b, const struct ops *ops, int width, int rounds)
{
    int32_t source[EDGES], target[EDGES];
    struct rng rng;

    *b = (struct bench){.ops = ops, .width = width, .rounds = rounds};
    arena_init(&b->memory);
    rng_stream(&rng, 1, "bench");
    weights_init(&b->weights);
    linear_register(&b->linear, &b->weights, width, width, LINEAR_BIAS,
                    (struct initial){INITIAL_XAVIER_UNIFORM, 1}, "linear");
    weights_commit(&b->weights, 0);
    weights_draw(&b->weights, 1);
    weights_pack(&b->weights, PACKED_LONG);
    b->pass =
        (struct pass){.ops = ops, .weights = &b->weights, .memory = &b->memory, .packed = true};
    for (int e = 0; e < EDGES; e++) {
        source[e] = (int32_t)rng_below(&rng, TASKS);
        target[e] = (int32_t)rng_below(&rng, CLUSTERS);
    }
    b->edges = edges_build(&b->memory, CLUSTERS, TASKS, EDGES, source, target, NULL);
    b->x = random_numbers(b, &rng);
    b->y = random_numbers(b, &rng);
    b->out = random_numbers(b, &rng);
    b->scratch = random_numbers(b, &rng);
}

static void bench_table(struct emit *json, const struct ops *ops, int width, int rounds)
{
    struct bench b;

    bench_init(&b, ops, width, rounds);
    emit_open(json, '{');
    emit_key_string(json, "kernels", ops->name);
    emit_key_int(json, "width", width);
    bench_one(json, &b, "linear_us", run_linear);
    bench_one(json, &b, "head_dot_us", run_head_dot);
    bench_one(json, &b, "gat_us", run_gat);
    bench_one(json, &b, "pointer_us", run_pointer);
    bench_one(json, &b, "layer_norm_us", run_norm);
    bench_one(json, &b, "tanh_us", run_tanh);
    bench_one(json, &b, "softmax_us", run_softmax);
    emit_close(json);
    weights_release(&b.weights);
    arena_release(&b.memory);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : ROUNDS;
    struct text text;
    struct emit json;

    if (rounds < 1) {
        fprintf(stderr, "usage: bench_operators [N]\n");
        return 2;
    }
    text_init(&text, 0);
    emit_init(&json, &text);
    emit_open(&json, '[');
    for (const struct ops *const *ops = ops_all(); *ops && *ops != &ops_ref; ops++)
        for (int width = 32; width <= 64; width *= 2)
            bench_table(&json, *ops, width, rounds);
    emit_close(&json);
    printf("%s\n", text.bytes);
    text_release(&text);
    return 0;
}
