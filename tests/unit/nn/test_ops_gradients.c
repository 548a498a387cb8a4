/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operator's backward against central differences of its forward, in double. The loss is the
 * product of the outputs with fixed random numbers, so that each output counts.
 */
#include "gradient.h"
#include "harness.h"

#include "base/memory.h"
#include "nn/edges.h"
#include "nn/ops.h"

static const double BOUND = 1e-7;

/* What the loss functions get: the problem and whatever sizes the operator has. */
struct op {
    struct gradient_problem problem;
    real *out, *dout, *weight, *extra[4];
    size_t outs;
    struct edges edges;
    struct attention_shape shape;
    const int32_t *first;
    int kind, segments, rows, heads, width;
};

static real *value(const struct op *op, int input)
{
    return op->problem.input[input].value;
}

static real *grad(struct op *op, int input)
{
    return op->problem.input[input].grad;
}

static void start(struct op *op, const char *name, size_t outs)
{
    *op = (struct op){.outs = outs};
    gradient_start(&op->problem, name);
    op->out = gradient_random(&op->problem, outs);
    op->dout = gradient_random(&op->problem, outs);
}

static double product(const struct op *op)
{
    double sum = 0;

    for (size_t i = 0; i < op->outs; i++)
        sum += (double)op->out[i] * (double)op->dout[i];
    return sum;
}

static void check(struct op *op, double (*loss)(void *, bool))
{
    double error = gradient_error(&op->problem, loss, op);

    gradient_end(&op->problem);
    assert_true(error < BOUND);
}

static double activate_loss(void *arg, bool backward)
{
    struct op *op = arg;
    enum activation kind = (enum activation)op->kind;

    ops_ref.activate(op->out, value(op, 0), op->outs, kind);
    if (backward)
        ops_ref.activate_backward(grad(op, 0), op->dout, op->out, value(op, 0), op->outs, kind);
    return product(op);
}

static void activations(void **state)
{
    (void)state;
    for (int kind = ACT_NONE; kind < ACTIVATIONS; kind++) {
        struct op op;

        start(&op, "activate", 40);
        op.kind = kind;
        gradient_add(&op.problem, "x", 40);
        check(&op, activate_loss);
    }
}

static const int32_t SEGMENTS[] = {0, 3, 3, 4, 9}; /* one of them empty */
enum { SEGMENT_COUNT = 4, SEGMENT_ROWS = 9 };

/* Weights of rows or edges, some of them 0 and some more than 1. */
static real *some_weights(struct op *op, size_t count)
{
    real *weight = gradient_random(&op->problem, count);

    for (size_t i = 0; i < count; i++)
        weight[i] = (real)(i % 4);
    return weight;
}

static double softmax_loss(void *arg, bool backward)
{
    struct op *op = arg;

    ops_ref.softmax(op->out, value(op, 0), op->weight, SEGMENTS, SEGMENT_COUNT);
    if (backward)
        ops_ref.softmax_backward(grad(op, 0), op->dout, op->out, SEGMENTS, SEGMENT_COUNT);
    return product(op);
}

static void softmax(void **state)
{
    struct op op;
    (void)state;

    for (int weighted = 0; weighted < 2; weighted++) {
        start(&op, "softmax", SEGMENT_ROWS);
        gradient_add(&op.problem, "x", SEGMENT_ROWS);
        op.weight = weighted ? some_weights(&op, SEGMENT_ROWS) : NULL;
        check(&op, softmax_loss);
    }
}

static double layer_norm_loss(void *arg, bool backward)
{
    struct op *op = arg;

    ops_ref.layer_norm(op->out, op->extra[0], op->extra[1], value(op, 0), value(op, 1),
                       value(op, 2), op->rows, op->width, (real)1e-5);
    if (backward)
        ops_ref.layer_norm_backward(grad(op, 0), grad(op, 1), grad(op, 2), op->dout, value(op, 0),
                                    op->extra[0], op->extra[1], value(op, 1), op->rows, op->width);
    return product(op);
}

static void layer_norm(void **state)
{
    struct op op;
    (void)state;

    start(&op, "layer_norm", 3 * 21);
    op.rows = 3, op.width = 21;
    gradient_add(&op.problem, "x", 3 * 21);
    gradient_add(&op.problem, "gain", 21);
    gradient_add(&op.problem, "bias", 21);
    op.extra[0] = gradient_random(&op.problem, 3);
    op.extra[1] = gradient_random(&op.problem, 3);
    check(&op, layer_norm_loss);
}

static double gather_loss(void *arg, bool backward)
{
    static const int32_t index[] = {2, 0, 2, 1};
    struct op *op = arg;

    ops_ref.gather(op->out, value(op, 0), index, 4, 5);
    if (backward)
        ops_ref.gather_backward(grad(op, 0), op->dout, index, 4, 5);
    return product(op);
}

static void gather(void **state)
{
    struct op op;
    (void)state;

    start(&op, "gather", 4 * 5);
    gradient_add(&op.problem, "x", 3 * 5);
    check(&op, gather_loss);
}

static double segment_mean_loss(void *arg, bool backward)
{
    struct op *op = arg;

    ops_ref.segment_mean(op->out, value(op, 0), op->weight, SEGMENTS, SEGMENT_COUNT, 5);
    if (backward)
        ops_ref.segment_mean_backward(grad(op, 0), op->dout, op->weight, SEGMENTS, SEGMENT_COUNT,
                                      5);
    return product(op);
}

static void segment_mean(void **state)
{
    struct op op;
    (void)state;

    for (int weighted = 0; weighted < 2; weighted++) {
        start(&op, "segment_mean", SEGMENT_COUNT * 5);
        gradient_add(&op.problem, "x", SEGMENT_ROWS * 5);
        op.weight = weighted ? some_weights(&op, SEGMENT_ROWS) : NULL;
        check(&op, segment_mean_loss);
    }
}

static double head_dot_loss(void *arg, bool backward)
{
    struct op *op = arg;

    ops_ref.head_dot(op->out, value(op, 0), value(op, 1), 4, 2, 5);
    if (backward)
        ops_ref.head_dot_backward(grad(op, 0), grad(op, 1), op->dout, value(op, 0), value(op, 1), 4,
                                  2, 5);
    return product(op);
}

static void head_dot(void **state)
{
    struct op op;
    (void)state;

    start(&op, "head_dot", 4 * 2);
    gradient_add(&op.problem, "h", 4 * 2 * 5);
    gradient_add(&op.problem, "v", 2 * 5);
    check(&op, head_dot_loss);
}

/* Five targets, one without edges; four sources, one of them unused; a double edge. */
enum { SOURCES = 4, TARGETS = 5, EDGES = 8, HEADS = 2, WIDTH = 3 };
static const int32_t EDGE_SOURCE[EDGES] = {0, 1, 2, 2, 0, 1, 1, 2};
static const int32_t EDGE_TARGET[EDGES] = {3, 0, 0, 3, 4, 4, 4, 1};

static void add_edges(struct op *op, bool weighted)
{
    const real *weight = weighted ? some_weights(op, EDGES) : NULL;

    op->edges =
        edges_build(&op->problem.arena, TARGETS, SOURCES, EDGES, EDGE_SOURCE, EDGE_TARGET, weight);
}

static double gat_loss(void *arg, bool backward)
{
    struct op *op = arg;
    const real *edge_score = op->kind ? value(op, 3) : NULL;

    ops_ref.gat(op->out, op->extra[0], value(op, 0), value(op, 1), value(op, 2), edge_score,
                &op->edges, HEADS, WIDTH, (real)0.2);
    if (backward)
        ops_ref.gat_backward(grad(op, 0), grad(op, 1), grad(op, 2), op->kind ? grad(op, 3) : NULL,
                             op->extra[1], op->dout, op->extra[0], value(op, 0), value(op, 1),
                             value(op, 2), edge_score, &op->edges, HEADS, WIDTH, (real)0.2);
    return product(op);
}

static void graph_attention(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct op op;

        start(&op, "gat", TARGETS * HEADS * WIDTH);
        op.kind = kind & 1;
        gradient_add(&op.problem, "h", SOURCES * HEADS * WIDTH);
        gradient_add(&op.problem, "source_score", SOURCES * HEADS);
        gradient_add(&op.problem, "target_score", TARGETS * HEADS);
        if (op.kind)
            gradient_add(&op.problem, "edge_score", EDGES * HEADS);
        op.extra[0] = gradient_random(&op.problem, EDGES * HEADS);
        op.extra[1] = gradient_random(&op.problem, EDGES * HEADS);
        add_edges(&op, kind & 2);
        check(&op, gat_loss);
    }
}

/* Three relations over two segments, one relation absent from the first. */
static const int32_t SEMANTIC_FIRST[] = {0, 2, 5};
static const real SEMANTIC_PRESENT[] = {1, 0, 1, 1, 1, 1};

static double semantic_loss(void *arg, bool backward)
{
    struct op *op = arg;

    ops_ref.semantic(op->out, op->extra[0], value(op, 0), value(op, 1), value(op, 2),
                     SEMANTIC_PRESENT, SEMANTIC_FIRST, 2, 3, 4);
    if (backward)
        ops_ref.semantic_backward(grad(op, 0), grad(op, 1), grad(op, 2), op->dout, op->extra[0],
                                  value(op, 0), value(op, 1), value(op, 2), SEMANTIC_FIRST, 2, 3,
                                  4);
    return product(op);
}

static void semantic(void **state)
{
    struct op op;
    (void)state;

    start(&op, "semantic", 5 * 4);
    gradient_add(&op.problem, "z", 3 * 5 * 4);
    gradient_add(&op.problem, "t", 3 * 5 * 4);
    gradient_add(&op.problem, "q", 4);
    op.extra[0] = gradient_random(&op.problem, 2 * 3);
    check(&op, semantic_loss);
}

static double pointer_loss(void *arg, bool backward)
{
    struct op *op = arg;

    ops_ref.pointer(op->out, op->extra[0], 7, value(op, 0), value(op, 1), value(op, 2), &op->edges,
                    7);
    if (backward)
        ops_ref.pointer_backward(grad(op, 0), grad(op, 1), grad(op, 2), op->dout, op->extra[0],
                                 value(op, 2), &op->edges, 7);
    return product(op);
}

static void pointer(void **state)
{
    struct op op;
    (void)state;

    start(&op, "pointer", EDGES);
    gradient_add(&op.problem, "query", TARGETS * 7);
    gradient_add(&op.problem, "key", SOURCES * 7);
    gradient_add(&op.problem, "v", 7);
    op.extra[0] = gradient_random(&op.problem, EDGES * 7);
    add_edges(&op, false);
    check(&op, pointer_loss);
}

static double attention_loss(void *arg, bool backward)
{
    struct op *op = arg;

    ops_ref.attention(op->out, op->extra[0], value(op, 0), value(op, 1), value(op, 2), &op->shape);
    if (backward)
        ops_ref.attention_backward(grad(op, 0), grad(op, 1), grad(op, 2), op->extra[1], op->dout,
                                   op->extra[0], value(op, 0), value(op, 1), value(op, 2),
                                   &op->shape);
    return product(op);
}

/* Queries and keys of different counts, one segment without keys. */
static void attention(void **state)
{
    static const int32_t queries[] = {0, 2, 3, 5}, keys[] = {0, 4, 4, 7};
    (void)state;

    for (int weighted = 0; weighted < 2; weighted++) {
        struct op op;

        start(&op, "attention", 5 * HEADS * WIDTH);
        gradient_add(&op.problem, "query", 5 * HEADS * WIDTH);
        gradient_add(&op.problem, "key", 7 * HEADS * WIDTH);
        gradient_add(&op.problem, "value", 7 * HEADS * WIDTH);
        op.shape = (struct attention_shape){
            .segments = 3,
            .heads = HEADS,
            .width = WIDTH,
            .query_first = queries,
            .key_first = keys,
            .key_weight = weighted ? some_weights(&op, 7) : NULL,
            .query_stride = HEADS * WIDTH,
            .key_stride = HEADS * WIDTH,
            .value_stride = HEADS * WIDTH,
            .out_stride = HEADS * WIDTH,
        };
        op.extra[0] = gradient_random(&op.problem, attention_size(&op.shape));
        op.extra[1] = gradient_random(&op.problem, attention_size(&op.shape));
        check(&op, attention_loss);
    }
}

static double gru_loss(void *arg, bool backward)
{
    struct op *op = arg;

    ops_ref.gru(op->out, op->extra[0], value(op, 0), value(op, 1), value(op, 2), 3, 4);
    if (backward)
        ops_ref.gru_backward(grad(op, 0), grad(op, 1), grad(op, 2), op->dout, op->extra[0],
                             value(op, 1), value(op, 2), 3, 4);
    return product(op);
}

static void gru(void **state)
{
    struct op op;
    (void)state;

    start(&op, "gru", 3 * 4);
    gradient_add(&op.problem, "from_x", 3 * 3 * 4);
    gradient_add(&op.problem, "from_h", 3 * 3 * 4);
    gradient_add(&op.problem, "h", 3 * 4);
    op.extra[0] = gradient_random(&op.problem, 3 * 3 * 4);
    check(&op, gru_loss);
}

/* The loss takes state and cell, one behind the other in op->out. */
static double lstm_loss(void *arg, bool backward)
{
    struct op *op = arg;

    ops_ref.lstm(op->out, op->out + 12, op->extra[0], value(op, 0), value(op, 1), 3, 4);
    if (backward)
        ops_ref.lstm_backward(grad(op, 0), grad(op, 1), op->dout, op->dout + 12, op->extra[0],
                              value(op, 1), op->out + 12, 3, 4);
    return product(op);
}

static void lstm(void **state)
{
    struct op op;
    (void)state;

    start(&op, "lstm", 2 * 12);
    gradient_add(&op.problem, "sums", 3 * 4 * 4);
    gradient_add(&op.problem, "cell", 3 * 4);
    op.extra[0] = gradient_random(&op.problem, 3 * 4 * 4);
    check(&op, lstm_loss);
}

static double column_sums_loss(void *arg, bool backward)
{
    struct op *op = arg;

    memset(op->out, 0, op->outs * sizeof *op->out);
    ops_ref.column_sums(op->out, value(op, 0), 4, 5);
    for (int i = 0; backward && i < 20; i++)
        grad(op, 0)[i] += op->dout[i % 5];
    return product(op);
}

static void column_sums(void **state)
{
    struct op op;
    (void)state;

    start(&op, "column_sums", 5);
    gradient_add(&op.problem, "x", 4 * 5);
    check(&op, column_sums_loss);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(activations),     cmocka_unit_test(softmax),      cmocka_unit_test(layer_norm),
    cmocka_unit_test(gather),          cmocka_unit_test(segment_mean), cmocka_unit_test(head_dot),
    cmocka_unit_test(graph_attention), cmocka_unit_test(semantic),     cmocka_unit_test(pointer),
    cmocka_unit_test(attention),       cmocka_unit_test(gru),          cmocka_unit_test(lstm),
    cmocka_unit_test(column_sums),
};

RUN_TESTS(tests)
