/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers with weights, choices and losses against central differences, in double: inputs and every
 * learned tensor.
 */
#include "gradient.h"
#include "harness.h"

#include "nn/categorical.h"
#include "nn/edges.h"
#include "nn/graph_attention.h"
#include "nn/loss.h"
#include "nn/mlp.h"
#include "nn/norm.h"
#include "nn/transformer.h"

static const double BOUND = 1e-7;

struct layer {
    struct gradient_problem problem;
    struct weights weights;
    struct arena memory;
    struct pass pass;
    struct edges edges;
    struct linear linear;
    struct norm norm;
    struct mlp mlp;
    struct transformer transformer;
    struct graph_attention attention;
    real *dout;
    int rows, width;
};

static const struct initial UNIFORM = {INITIAL_UNIFORM, 0.7};

static void start(struct layer *layer, const char *name, int rows, int width)
{
    *layer = (struct layer){.rows = rows, .width = width};
    gradient_start(&layer->problem, name);
    weights_init(&layer->weights);
    arena_init(&layer->memory);
    layer->dout = gradient_random(&layer->problem, (size_t)rows * (size_t)width);
}

/* Every tensor becomes an input of the problem, in place. */
static void commit(struct layer *layer)
{
    weights_commit(&layer->weights, WEIGHTS_GRAD);
    for (size_t i = 0; i < layer->weights.tensors.count; i++) {
        const struct tensor *tensor = &layer->weights.tensors.item[i];
        struct gradient_input *input = &layer->problem.input[layer->problem.inputs];

        gradient_add(&layer->problem, tensor->name, tensor->count);
        memcpy(layer->weights.value + tensor->offset, input->value, tensor->count * sizeof(real));
        input->value = layer->weights.value + tensor->offset;
        input->grad = layer->weights.grad + tensor->offset;
    }
    layer->pass = (struct pass){.ops = &ops_ref,
                                .weights = &layer->weights,
                                .grad = layer->weights.grad,
                                .memory = &layer->memory};
}

static void check(struct layer *layer, double (*loss)(void *, bool))
{
    double error = gradient_error(&layer->problem, loss, layer);

    gradient_end(&layer->problem);
    weights_release(&layer->weights);
    arena_release(&layer->memory);
    assert_true(error < BOUND);
}

static real *value(const struct layer *layer, int input)
{
    return layer->problem.input[input].value;
}

static real *grad(const struct layer *layer, int input)
{
    return layer->problem.input[input].grad;
}

static double product(struct layer *layer, const real *out)
{
    double sum = 0;

    for (int i = 0; i < layer->rows * layer->width; i++)
        sum += (double)out[i] * (double)layer->dout[i];
    arena_reset(&layer->memory);
    return sum;
}

static double linear_loss(void *arg, bool backward)
{
    struct layer *layer = arg;
    real *out = pass_new(&layer->pass, 5, 3);

    linear_forward(&layer->pass, out, value(layer, 0), &layer->linear, 5);
    if (backward)
        linear_backward(&layer->pass, grad(layer, 0), layer->dout, value(layer, 0), &layer->linear,
                        5);
    return product(layer, out);
}

static void linear(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags <= LINEAR_BIAS; flags++) {
        struct layer layer;

        start(&layer, "linear", 5, 3);
        linear_register(&layer.linear, &layer.weights, 4, 3, flags, UNIFORM, "linear");
        gradient_add(&layer.problem, "x", 5 * 4);
        commit(&layer);
        check(&layer, linear_loss);
    }
}

static double norm_loss(void *arg, bool backward)
{
    struct layer *layer = arg;
    struct norm_state state;
    real *out = norm_forward(&layer->pass, &state, &layer->norm, value(layer, 0), 3);

    if (backward)
        norm_backward(&layer->pass, &state, &layer->norm, grad(layer, 0), layer->dout);
    return product(layer, out);
}

static void norm(void **state)
{
    struct layer layer;
    (void)state;

    start(&layer, "norm", 3, 6);
    norm_register(&layer.norm, &layer.weights, 6, 1e-5, "norm");
    gradient_add(&layer.problem, "x", 3 * 6);
    commit(&layer);
    check(&layer, norm_loss);
}

static double mlp_loss(void *arg, bool backward)
{
    struct layer *layer = arg;
    struct mlp_state state;
    real *out = mlp_forward(&layer->pass, &state, &layer->mlp, value(layer, 0), 5);

    if (backward)
        mlp_backward(&layer->pass, &state, &layer->mlp, grad(layer, 0), layer->dout);
    return product(layer, out);
}

static void mlp(void **state)
{
    struct layer layer;
    (void)state;

    start(&layer, "mlp", 5, 2);
    mlp_register(&layer.mlp, &layer.weights, 3, (int[]){4, 6, 3, 2}, ACT_SILU, UNIFORM, "mlp");
    gradient_add(&layer.problem, "x", 5 * 4);
    commit(&layer);
    check(&layer, mlp_loss);
}

static double transformer_loss(void *arg, bool backward)
{
    static const int32_t first[] = {0, 3, 7};
    static const real weight[] = {1, 2, 1, 1, 3, 1, 1};
    struct layer *layer = arg;
    struct transformer_state state;
    real *out = transformer_forward(&layer->pass, &state, &layer->transformer, value(layer, 0),
                                    first, weight, 2);

    if (backward)
        transformer_backward(&layer->pass, &state, &layer->transformer, grad(layer, 0),
                             layer->dout);
    return product(layer, out);
}

/* Fourteen tensors: two rounds, as a problem has room for eight inputs. */
static void transformer(void **state)
{
    struct layer layer;
    (void)state;

    for (int half = 0; half < 2; half++) {
        start(&layer, "transformer", 7, 4);
        transformer_register(&layer.transformer, &layer.weights, 4, 2, 5, 1e-5, UNIFORM, "layer");
        gradient_add(&layer.problem, "x", 7 * 4);
        weights_commit(&layer.weights, WEIGHTS_GRAD);
        weights_draw(&layer.weights, 3);
        layer.pass = (struct pass){.ops = &ops_ref,
                                   .weights = &layer.weights,
                                   .grad = layer.weights.grad,
                                   .memory = &layer.memory};
        for (size_t i = half ? 6 : 0; i < (half ? layer.weights.tensors.count : 6); i++) {
            const struct tensor *tensor = &layer.weights.tensors.item[i];

            layer.problem.input[layer.problem.inputs++] =
                (struct gradient_input){.name = tensor->name,
                                        .value = layer.weights.value + tensor->offset,
                                        .grad = layer.weights.grad + tensor->offset,
                                        .count = tensor->count};
        }
        check(&layer, transformer_loss);
    }
}

static double attention_loss(void *arg, bool backward)
{
    struct layer *layer = arg;
    struct graph_attention_state state;
    real *out = pass_new(&layer->pass, 3, 6);

    graph_attention_forward(&layer->pass, &state, &layer->attention, out, value(layer, 0),
                            value(layer, 1), value(layer, 2), NULL, &layer->edges);
    if (backward)
        graph_attention_backward(&layer->pass, &state, &layer->attention, grad(layer, 0),
                                 grad(layer, 1), grad(layer, 2), layer->dout);
    return product(layer, out);
}

static void graph_attention(void **state)
{
    static const int32_t source[] = {0, 1, 1, 3}, target[] = {2, 0, 2, 2};
    static const real weight[] = {1, 1, 4, 2};
    struct layer layer;
    (void)state;

    start(&layer, "graph_attention", 3, 6);
    graph_attention_register(&layer.attention, &layer.weights, 2, 3, 5, 0.2, UNIFORM, "edge");
    gradient_add(&layer.problem, "h_source", 4 * 6);
    gradient_add(&layer.problem, "h_target", 3 * 6);
    gradient_add(&layer.problem, "features", 4 * 5);
    layer.edges = edges_build(&layer.problem.arena, 3, 4, 4, source, target, weight);
    commit(&layer);
    check(&layer, attention_loss);
}

/* Log-probability of one choice and entropy, with two choices masked. */
static double categorical_loss(void *arg, bool backward)
{
    static const uint8_t mask[] = {1, 0, 1, 1, 1, 0, 1};
    struct layer *layer = arg;
    real logp[7];

    categorical_log_probs(logp, value(layer, 0), mask, 7);
    if (backward)
        categorical_backward(grad(layer, 0), logp, 7, 3, 1.5, -0.7);
    return 1.5 * (double)logp[3] - 0.7 * categorical_entropy(logp, 7);
}

static void categorical(void **state)
{
    struct layer layer;
    (void)state;

    start(&layer, "categorical", 1, 1);
    gradient_add(&layer.problem, "logits", 7);
    check(&layer, categorical_loss);
}

static double cross_entropy_loss(void *arg, bool backward)
{
    static const uint8_t mask[] = {1, 1, 1, 0, 1};
    static const real target[] = {(real)0.5, 0, (real)0.2, 0, (real)0.6};
    struct layer *layer = arg;
    real logp[5], ignored[5];

    categorical_log_probs(logp, value(layer, 0), mask, 5);
    return loss_cross_entropy(backward ? grad(layer, 0) : ignored, logp, target, 5, 0.3);
}

static void cross_entropy(void **state)
{
    struct layer layer;
    (void)state;

    start(&layer, "cross_entropy", 1, 1);
    gradient_add(&layer.problem, "logits", 5);
    check(&layer, cross_entropy_loss);
}

enum { ITEMS = 24 };

/* The three losses over items, with weights of which some are 0. */
static double items_loss(void *arg, bool backward)
{
    struct layer *layer = arg;
    real ignored[ITEMS] = {0}, weight[ITEMS];
    real *d = backward ? grad(layer, 0) : ignored;
    const real *x = value(layer, 0), *y = layer->dout, *z = layer->dout + ITEMS;

    for (int i = 0; i < ITEMS; i++)
        weight[i] = (real)(i % 3);
    if (layer->rows == 1)
        return loss_squares(d, x, y, weight, ITEMS, 0.1);
    if (layer->rows == 2)
        return loss_huber(d, x, y, weight, ITEMS, 0.8, 0.1);
    return loss_ppo_clip(d, x, y, z, weight, ITEMS, 0.2, 0.1);
}

static void losses(void **state)
{
    (void)state;
    for (int kind = 1; kind <= 3; kind++) {
        struct layer layer;

        start(&layer, "losses", kind, 2 * ITEMS);
        gradient_add(&layer.problem, "x", ITEMS);
        check(&layer, items_loss);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(linear),
    cmocka_unit_test(norm),
    cmocka_unit_test(mlp),
    cmocka_unit_test(transformer),
    cmocka_unit_test(graph_attention),
    cmocka_unit_test(categorical),
    cmocka_unit_test(cross_entropy),
    cmocka_unit_test(losses),
};

RUN_TESTS(tests)
