/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear layers: by plain weights, by the long and by the short form of packed ones, on every
 * kernel table, for sizes around the edges of panels and tiles.
 */
#include "harness.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "nn/linear.h"

struct sizes {
    int rows, k, n;
};

static const struct sizes SIZES[] = {
    {1, 1, 1},     {1, 64, 64},  {2, 3, 31},  {3, 8, 32},   {4, 12, 33},    {5, 64, 7},
    {6, 16, 8},    {7, 20, 9},   {8, 4, 16},  {9, 40, 17},  {10, 256, 153}, {11, 8, 24},
    {12, 100, 26}, {13, 64, 45}, {24, 8, 63}, {25, 36, 65}, {0, 8, 8},
};

/* One layer with random weights, and its output in double. */
struct fixture {
    struct weights weights;
    struct arena memory;
    struct linear layer;
    real *x;
    double *want, *reach; /* of each output: the value, and the sum of |x w| */
    int rows;
};

static void start(struct fixture *f, const struct sizes *sizes)
{
    size_t k = (size_t)sizes->k, n = (size_t)sizes->n;
    const real *w, *b;
    struct rng rng;

    *f = (struct fixture){.rows = sizes->rows};
    weights_init(&f->weights);
    arena_init(&f->memory);
    linear_register(&f->layer, &f->weights, sizes->k, sizes->n, LINEAR_BIAS,
                    (struct initial){INITIAL_UNIFORM, 0.5}, "layer");
    weights_commit(&f->weights, 0);
    weights_draw(&f->weights, 3);
    rng_stream(&rng, 1, "linear");
    for (size_t i = 0; i < n; i++)
        f->weights.value[f->layer.bias + i] = (real)rng_normal(&rng);
    f->x = arena_zalloc(&f->memory, (size_t)f->rows * k, sizeof *f->x);
    f->want = arena_zalloc(&f->memory, (size_t)f->rows * n, sizeof *f->want);
    f->reach = arena_zalloc(&f->memory, (size_t)f->rows * n, sizeof *f->reach);
    for (size_t i = 0; i < (size_t)f->rows * k; i++)
        f->x[i] = (real)rng_normal(&rng);
    w = f->weights.value + f->layer.weight, b = f->weights.value + f->layer.bias;
    for (size_t i = 0; i < (size_t)f->rows * n; i++) {
        f->want[i] = (double)b[i % n];
        for (size_t j = 0; j < k; j++) {
            f->want[i] += (double)f->x[i / n * k + j] * (double)w[j * n + i % n];
            f->reach[i] += fabs((double)f->x[i / n * k + j]) * 0.5;
        }
    }
}

static void end(struct fixture *f)
{
    weights_release(&f->weights);
    arena_release(&f->memory);
}

static const real *forward(struct fixture *f, const struct ops *ops, bool packed)
{
    struct pass pass = {.ops = ops, .weights = &f->weights, .memory = &f->memory, .packed = packed};
    size_t numbers = (size_t)f->rows * (size_t)f->layer.out;
    real *out = pass_new(&pass, numbers + 1, 1);

    out[numbers] = 77; /* nothing may be written here */
    linear_forward(&pass, out, f->x, &f->layer, f->rows);
    assert_true(out[numbers] == 77);
    return out;
}

/* bound: of the error of a weight, relative to the largest. Rounding of sums comes on top. */
static void compare(const struct fixture *f, const real *out, double bound)
{
    for (int i = 0; i < f->rows * f->layer.out; i++)
        assert_true(fabs((double)out[i] - f->want[i]) <= (bound + 2e-7) * f->reach[i] + 1e-6);
}

/* What training computes is what a decision by the long form computes, to the bit. */
static void plain_weights_give_the_long_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        struct fixture f;
        const real *reference;

        start(&f, &SIZES[i]);
        weights_pack(&f.weights, PACKED_LONG);
        reference = forward(&f, &ops_ref, true);
        for (const struct ops *const *ops = ops_all(); *ops; ops++)
            assert_memory_equal(forward(&f, *ops, false), reference,
                                (size_t)(f.rows * f.layer.out) * sizeof *reference);
        end(&f);
    }
}

/* The portable table gives the product within the form's error; the others its very bits. */
static void check_form(enum packed_form form, double bound)
{
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        struct fixture f;
        const real *reference;

        start(&f, &SIZES[i]);
        weights_pack(&f.weights, form);
        assert_int_equal(f.weights.layers.item[0].form,
                         SIZES[i].k % SHORT_GROUP == 0 ? form : PACKED_LONG);
        reference = forward(&f, &ops_ref, true);
        compare(&f, reference, bound);
        for (const struct ops *const *ops = ops_all(); *ops; ops++)
            assert_memory_equal(forward(&f, *ops, true), reference,
                                (size_t)(f.rows * f.layer.out) * sizeof *reference);
        end(&f);
    }
}

static void long_form_gives_the_product(void **state)
{
    (void)state;
    check_form(PACKED_LONG, 0);
}

static void short_form_is_within_its_error(void **state)
{
    (void)state;
    check_form(PACKED_SHORT, 1e-6);
}

/* A row's result does not depend on the rows beside it. */
static void rows_are_independent(void **state)
{
    static const struct sizes sizes = {25, 64, 45};
    (void)state;

    for (int form = PACKED_LONG; form <= PACKED_SHORT; form++) {
        struct fixture f;
        const real *all, *one;

        start(&f, &sizes);
        weights_pack(&f.weights, (enum packed_form)form);
        all = forward(&f, ops_best(), true);
        f.x += 17 * sizes.k;
        f.rows = 1;
        one = forward(&f, ops_best(), true);
        assert_memory_equal(one, all + 17 * sizes.n, (size_t)sizes.n * sizeof *one);
        end(&f);
    }
}

static void packing_follows_the_weights(void **state)
{
    struct fixture f;
    const real *out, *w, *b;
    (void)state;

    start(&f, &(struct sizes){1, 8, 40});
    weights_pack(&f.weights, PACKED_SHORT);
    memset(f.weights.value + f.layer.weight, 0, (size_t)8 * 40 * sizeof(real));
    f.weights.value[f.layer.weight + 3 * 40 + 39] = 2;
    weights_pack(&f.weights, PACKED_SHORT);
    out = forward(&f, ops_best(), true);
    w = f.weights.value + f.layer.weight, b = f.weights.value + f.layer.bias;
    assert_true(out[0] == b[0]); /* a column of zeros */
    assert_true(fabs((double)(out[39] - (b[39] + w[3 * 40 + 39] * f.x[3]))) < 1e-5);
    end(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_weights_give_the_long_form),
    cmocka_unit_test(long_form_gives_the_product),
    cmocka_unit_test(short_form_is_within_its_error),
    cmocka_unit_test(rows_are_independent),
    cmocka_unit_test(packing_follows_the_weights),
};

RUN_TESTS(tests)
