/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators in float: values against the formulas written out in double, and the tables of all
 * instruction sets against the portable one, bit by bit. Gradients are in test_ops_gradients.c.
 */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/rng.h"
#include "nn/edges.h"
#include "nn/ops.h"

enum { ROWS = 7, WIDTH = 37, HEADS = 3, HEAD = 5, OUT_NUMBERS = 8192 };

/* Inputs, and a place for everything that operators put out. */
struct bag {
    struct arena memory;
    struct rng rng;
    real *out;
    size_t outs;
};

static void bag_start(struct bag *bag)
{
    *bag = (struct bag){0};
    arena_init(&bag->memory);
    rng_stream(&bag->rng, 5, "ops");
    bag->out = arena_zalloc(&bag->memory, OUT_NUMBERS, sizeof *bag->out);
}

static void bag_end(struct bag *bag)
{
    arena_release(&bag->memory);
}

static real *take(struct bag *bag, size_t count)
{
    real *x = arena_zalloc(&bag->memory, count, sizeof *x);

    for (size_t i = 0; i < count; i++)
        x[i] = (real)(2 * rng_normal(&bag->rng));
    return x;
}

/* Zeros among what is compared. */
static real *put(struct bag *bag, size_t count)
{
    real *x = bag->out + bag->outs;

    bag->outs += count;
    BUG_ON(bag->outs > OUT_NUMBERS);
    return x;
}

static const int32_t FIRST[] = {0, 3, 3, 4, 7};
static const real WEIGHT[] = {1, 0, 2, 0, 1, 1, 3};
enum { SEGMENTS = 4 };

static void run_elements(const struct ops *ops, struct bag *bag)
{
    const real *x = take(bag, WIDTH), *dout = take(bag, WIDTH);

    for (int kind = 0; kind < ACTIVATIONS; kind++) {
        real *out = put(bag, WIDTH);

        ops->activate(out, x, WIDTH, (enum activation)kind);
        ops->activate_backward(put(bag, WIDTH), dout, out, x, WIDTH, (enum activation)kind);
    }
    ops->add(put(bag, WIDTH), x, WIDTH);
}

static void run_rows(const struct ops *ops, struct bag *bag)
{
    const real *x = take(bag, ROWS * WIDTH), *dout = take(bag, ROWS * WIDTH);
    const real *gain = take(bag, WIDTH), *bias = take(bag, WIDTH);
    real *mean = put(bag, ROWS), *rstd = put(bag, ROWS), *p = put(bag, ROWS);

    ops->layer_norm(put(bag, ROWS * WIDTH), mean, rstd, x, gain, bias, ROWS, WIDTH, (real)1e-5);
    ops->layer_norm_backward(put(bag, ROWS * WIDTH), put(bag, WIDTH), put(bag, WIDTH), dout, x,
                             mean, rstd, gain, ROWS, WIDTH);
    ops->softmax(p, x, NULL, FIRST, SEGMENTS);
    ops->softmax(p, x, WEIGHT, FIRST, SEGMENTS);
    ops->softmax_backward(put(bag, ROWS), dout, p, FIRST, SEGMENTS);
    ops->segment_mean(put(bag, SEGMENTS * WIDTH), x, WEIGHT, FIRST, SEGMENTS, WIDTH);
    ops->segment_mean_backward(put(bag, ROWS * WIDTH), dout, WEIGHT, FIRST, SEGMENTS, WIDTH);
    ops->column_sums(put(bag, WIDTH), x, ROWS, WIDTH);
    ops->gather(put(bag, 2 * WIDTH), x, (int32_t[]){4, 1}, 2, WIDTH);
    ops->gather_backward(put(bag, ROWS * WIDTH), dout, (int32_t[]){4, 4}, 2, WIDTH);
    ops->adam(put(bag, WIDTH), put(bag, WIDTH), put(bag, WIDTH), x, WIDTH, (real)0.9, (real)0.99,
              (real)0.1, (real)1e-3, (real)0.01);
}

static const int32_t EDGE_SOURCE[] = {0, 1, 2, 2, 0, 1, 1, 2};
static const int32_t EDGE_TARGET[] = {3, 0, 0, 3, 4, 4, 4, 1};
static const real EDGE_WEIGHT[] = {1, 2, 1, 0, 1, 5, 1, 1};
enum { SOURCES = 4, TARGETS = 5, EDGES = 8, ACROSS = HEADS * HEAD };

static void run_graph(const struct ops *ops, struct bag *bag)
{
    struct edges edges =
        edges_build(&bag->memory, TARGETS, SOURCES, EDGES, EDGE_SOURCE, EDGE_TARGET, EDGE_WEIGHT);
    const real *h = take(bag, SOURCES * ACROSS), *dout = take(bag, TARGETS * ACROSS);
    const real *source = take(bag, SOURCES * HEADS), *target = take(bag, TARGETS * HEADS);
    const real *edge = take(bag, EDGES * HEADS), *v = take(bag, ACROSS);
    real *alpha = put(bag, EDGES * HEADS), *t = put(bag, EDGES * ACROSS);

    ops->gat(put(bag, TARGETS * ACROSS), alpha, h, source, target, edge, &edges, HEADS, HEAD,
             (real)0.2);
    ops->gat_backward(put(bag, SOURCES * ACROSS), put(bag, SOURCES * HEADS),
                      put(bag, TARGETS * HEADS), put(bag, EDGES * HEADS), put(bag, EDGES * HEADS),
                      dout, alpha, h, source, target, edge, &edges, HEADS, HEAD, (real)0.2);
    ops->head_dot(put(bag, SOURCES * HEADS), h, v, SOURCES, HEADS, HEAD);
    ops->head_dot_backward(put(bag, SOURCES * ACROSS), put(bag, ACROSS), source, h, v, SOURCES,
                           HEADS, HEAD);
    ops->pointer(put(bag, EDGES), t, ACROSS, dout, h, v, &edges, ACROSS);
    ops->pointer_backward(put(bag, TARGETS * ACROSS), put(bag, SOURCES * ACROSS), put(bag, ACROSS),
                          edge, t, v, &edges, ACROSS);
}

static void run_semantic(const struct ops *ops, struct bag *bag)
{
    static const int32_t first[] = {0, 2, ROWS};
    static const real present[] = {1, 0, 1, 1};
    const real *z = take(bag, 2 * ROWS * WIDTH), *t = take(bag, 2 * ROWS * WIDTH);
    const real *q = take(bag, WIDTH), *dout = take(bag, ROWS * WIDTH);
    real *beta = put(bag, 4);

    ops->semantic(put(bag, ROWS * WIDTH), beta, z, t, q, present, first, 2, 2, WIDTH);
    ops->semantic_backward(put(bag, 2 * ROWS * WIDTH), put(bag, 2 * ROWS * WIDTH), put(bag, WIDTH),
                           dout, beta, z, t, q, first, 2, 2, WIDTH);
}

static void run_sequence(const struct ops *ops, struct bag *bag)
{
    struct attention_shape shape = {
        .segments = SEGMENTS,
        .heads = HEADS,
        .width = HEAD,
        .query_first = FIRST,
        .key_first = FIRST,
        .key_weight = WEIGHT,
        .query_stride = ACROSS,
        .key_stride = ACROSS,
        .value_stride = ACROSS,
        .out_stride = ACROSS,
    };
    const real *q = take(bag, ROWS * ACROSS), *k = take(bag, ROWS * ACROSS);
    const real *v = take(bag, ROWS * ACROSS), *dout = take(bag, ROWS * ACROSS);
    const real *x = take(bag, ROWS * 4 * HEAD), *h = take(bag, ROWS * 4 * HEAD);
    real *prob = put(bag, attention_size(&shape)), *gates = put(bag, ROWS * 4 * HEAD);
    real *cell = put(bag, ROWS * HEAD);

    ops->attention(put(bag, ROWS * ACROSS), prob, q, k, v, &shape);
    ops->attention_backward(put(bag, ROWS * ACROSS), put(bag, ROWS * ACROSS),
                            put(bag, ROWS * ACROSS), put(bag, attention_size(&shape)), dout, prob,
                            q, k, v, &shape);
    ops->gru(put(bag, ROWS * HEAD), gates, x, h, q, ROWS, HEAD);
    ops->gru_backward(put(bag, ROWS * 3 * HEAD), put(bag, ROWS * 3 * HEAD), put(bag, ROWS * HEAD),
                      dout, gates, h, q, ROWS, HEAD);
    ops->lstm(put(bag, ROWS * HEAD), cell, gates, x, q, ROWS, HEAD);
    ops->lstm_backward(put(bag, ROWS * 4 * HEAD), put(bag, ROWS * HEAD), dout, v, gates, q, cell,
                       ROWS, HEAD);
}

static void tables_agree_bit_by_bit(void **state)
{
    static void (*const runs[])(const struct ops *, struct bag *) = {
        run_elements, run_rows, run_graph, run_semantic, run_sequence};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(runs); i++) {
        struct bag reference, bag;

        bag_start(&reference);
        runs[i](&ops_ref, &reference);
        for (const struct ops *const *ops = ops_all(); *ops; ops++) {
            bag_start(&bag);
            runs[i](*ops, &bag);
            assert_int_equal(bag.outs, reference.outs);
            assert_memory_equal(bag.out, reference.out, bag.outs * sizeof(real));
            bag_end(&bag);
        }
        bag_end(&reference);
    }
}

static void assert_near(real got, double want)
{
    double off = fabs((double)got - want);

    if (!(off <= 2e-6 * (1 + fabs(want)))) {
        printf("got %.9g, expected %.9g\n", (double)got, want);
        fail();
    }
}

static void activations_follow_their_formulas(void **state)
{
    static const real x[] = {-12, -3, (real)-0.4, 0, (real)1e-4, (real)0.7, 2, 30};
    real out[ACTIVATIONS][8];
    (void)state;

    for (int kind = 0; kind < ACTIVATIONS; kind++)
        ops_best()->activate(out[kind], x, 8, (enum activation)kind);
    for (int i = 0; i < 8; i++) {
        double v = (double)x[i], s = 1 / (1 + exp(-v));

        assert_near(out[ACT_NONE][i], v);
        assert_near(out[ACT_RELU][i], v > 0 ? v : 0);
        assert_near(out[ACT_LEAKY_RELU][i], v > 0 ? v : 0.01 * v);
        assert_near(out[ACT_TANH][i], tanh(v));
        assert_near(out[ACT_SIGMOID][i], s);
        assert_near(out[ACT_GELU][i],
                    v / 2 * (1 + tanh(sqrt(2 / 3.14159265358979) * (v + 0.044715 * v * v * v))));
        assert_near(out[ACT_SILU][i], v * s);
    }
}

static void softmax_weighs_and_masks(void **state)
{
    static const real x[] = {1, 900, 2, 5, 0, (real)-0.5, 1};
    real p[ROWS];
    double sum;
    (void)state;

    ops_best()->softmax(p, x, WEIGHT, FIRST, SEGMENTS);
    sum = exp(1) + 2 * exp(2);
    assert_near(p[0], exp(1) / sum);
    assert_true(p[1] == 0); /* weight 0, though the largest by far */
    assert_near(p[2], 2 * exp(2) / sum);
    assert_true(p[3] == 0); /* alone and masked */
    sum = 1 + exp(-0.5) + 3 * exp(1);
    assert_near(p[4], 1 / sum);
    assert_near(p[6], 3 * exp(1) / sum);
    ops_best()->softmax(p, (real[]){-REAL_INF, 3, -REAL_INF}, NULL, FIRST, 1);
    assert_true(p[0] == 0 && p[1] == 1 && p[2] == 0);
    ops_best()->softmax(p, (real[]){NAN, 3, 1}, NULL, FIRST, 1);
    assert_true(isnan(p[0]) && isnan(p[1])); /* never hidden */
}

static void layer_norm_has_mean_and_variance(void **state)
{
    static const real x[] = {1, 2, 4, 9}, gain[] = {1, 1, 2, 1}, bias[] = {0, 0, 0, 5};
    double deviation = sqrt((9 + 4 + 0 + 25) / 4.0 + 1e-5); /* the mean is 4 */
    real out[4], mean, rstd;
    (void)state;

    ops_best()->layer_norm(out, &mean, &rstd, x, gain, bias, 1, 4, (real)1e-5);
    assert_near(mean, 4);
    assert_near(rstd, 1 / deviation);
    assert_near(out[0], -3 / deviation);
    assert_near(out[2], 0);
    assert_near(out[3], 5 / deviation + 5);
}

static void graph_attention_mixes_neighbours(void **state)
{
    static const int32_t source[] = {0, 1, 1}, target[] = {1, 1, 0};
    static const real weight[] = {1, 3, 1}, h[] = {1, 2, 5, 6}, a_source[] = {-1, 2};
    static const real a_target[] = {0, (real)0.5};
    struct edges edges;
    struct arena memory;
    real out[6], alpha[3];
    double first = exp(0.2 * -0.5), second = 3 * exp(2.5), sum = first + second;
    (void)state;

    arena_init(&memory);
    edges = edges_build(&memory, 3, 2, 3, source, target, weight);
    ops_best()->gat(out, alpha, h, a_source, a_target, NULL, &edges, 1, 2, (real)0.2);
    assert_near(alpha[0], 1); /* the only edge into target 0, from row 1 */
    assert_near(out[0], 5);
    assert_near(out[1], 6);
    assert_near(out[2], (1 * first + 5 * second) / sum);
    assert_near(out[3], (2 * first + 6 * second) / sum);
    assert_true(out[4] == 0 && out[5] == 0); /* no edge enters target 2 */
    arena_release(&memory);
}

static void attention_follows_its_formula(void **state)
{
    static const int32_t queries[] = {0, 1}, keys[] = {0, 2};
    static const real q[] = {1, 2}, k[] = {3, 1, -1, 1}, v[] = {10, 20, 30, 50};
    static const real weight[] = {2, 1};
    struct attention_shape shape = {1, 1, 2, queries, keys, weight, 2, 2, 2, 2};
    double a = 2 * exp(5 / sqrt(2)), b = exp(1 / sqrt(2)); /* q k = 5 and 1 */
    real out[2], prob[2];
    (void)state;

    ops_best()->attention(out, prob, q, k, v, &shape);
    assert_near(prob[0], a / (a + b));
    assert_near(out[0], (10 * a + 30 * b) / (a + b));
    assert_near(out[1], (20 * a + 50 * b) / (a + b));
}

static void additive_attention_follows_its_formula(void **state)
{
    static const int32_t first[] = {0, 2}, source[] = {1, 0};
    struct edges edges = {.targets = 1, .sources = 2, .count = 2, .first = first, .source = source};
    static const real query[] = {1, -1}, key[] = {2, 0, 0, (real)0.5}, v[] = {3, 4};
    real score[2], t[4], alone[2];
    (void)state;

    ops_best()->pointer(score, t, 2, query, key, v, &edges, 2);
    assert_near(score[0], 3 * tanh(1) + 4 * tanh(-0.5));
    assert_near(score[1], 3 * tanh(3) + 4 * tanh(-1));
    ops_best()->pointer(alone, t, 0, query, key, v, &edges, 2); /* one row of t, used again */
    assert_memory_equal(alone, score, sizeof score);
}

static void semantic_attention_leaves_out_what_is_absent(void **state)
{
    static const int32_t first[] = {0, 1, 3};
    static const real present[] = {1, 0, 1, 1}, q[] = {1};
    static const real z[] = {1, 2, 3, 10, 20, 30}, t[] = {0, 1, 3, 5, 0, 1};
    double a = exp(2), b = exp(0.5); /* means of t over the second segment */
    real out[3], beta[4];
    (void)state;

    ops_best()->semantic(out, beta, z, t, q, present, first, 2, 2, 1);
    assert_near(out[0], 1); /* the second relation scores more, but is absent */
    assert_near(beta[2], a / (a + b));
    assert_near(out[1], (2 * a + 20 * b) / (a + b));
    assert_near(out[2], (3 * a + 30 * b) / (a + b));
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void recurrent_cells_follow_their_formulas(void **state)
{
    static const real x[] = {(real)0.5, -1, 2, (real)0.3}, h[] = {1, (real)0.2, (real)-0.7};
    double reset = sigmoid(1.5), update = sigmoid(-0.8), fresh = tanh(2 - 0.7 * reset);
    double cell = sigmoid(-1) * 0.4 + sigmoid(0.5) * tanh(2);
    const real old = (real)0.4;
    real out, cell_out, gates[4];
    (void)state;

    ops_best()->gru(&out, gates, x, h, &old, 1, 1);
    assert_near(out, (1 - update) * fresh + update * 0.4);
    ops_best()->lstm(&out, &cell_out, gates, x, &old, 1, 1);
    assert_near(cell_out, cell);
    assert_near(out, sigmoid(0.3) * tanh(cell));
}

static void edges_are_sorted_by_target_and_stable(void **state)
{
    struct arena memory;
    struct edges edges;
    (void)state;

    arena_init(&memory);
    edges = edges_build(&memory, TARGETS, SOURCES, EDGES, EDGE_SOURCE, EDGE_TARGET, EDGE_WEIGHT);
    assert_memory_equal(edges.first, ((int32_t[]){0, 2, 3, 3, 5, 8}), 6 * sizeof(int32_t));
    assert_memory_equal(edges.source, ((int32_t[]){1, 2, 2, 0, 2, 0, 1, 1}), 8 * sizeof(int32_t));
    assert_true(edges.weight[0] == 2 && edges.weight[6] == 5);
    edges = edges_build(&memory, 0, 0, 0, NULL, NULL, NULL);
    assert_int_equal(edges.first[0], 0);
    arena_release(&memory);
}

static void tables_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(ops_find(NULL), ops_best());
    assert_ptr_equal(ops_find("best"), ops_best());
    assert_ptr_equal(ops_find("ref"), &ops_ref);
    assert_null(ops_find("none such"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tables_agree_bit_by_bit),
    cmocka_unit_test(activations_follow_their_formulas),
    cmocka_unit_test(softmax_weighs_and_masks),
    cmocka_unit_test(layer_norm_has_mean_and_variance),
    cmocka_unit_test(graph_attention_mixes_neighbours),
    cmocka_unit_test(attention_follows_its_formula),
    cmocka_unit_test(additive_attention_follows_its_formula),
    cmocka_unit_test(semantic_attention_leaves_out_what_is_absent),
    cmocka_unit_test(recurrent_cells_follow_their_formulas),
    cmocka_unit_test(edges_are_sorted_by_target_and_stable),
    cmocka_unit_test(tables_are_found_by_name),
};

RUN_TESTS(tests)
