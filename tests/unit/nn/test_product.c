/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products of matrices as they are, in every order, for sizes around the edges of vectors, tiles
 * and pieces: near the product in double, the same bits from every table, nothing written beside.
 */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "nn/product.h"

struct sizes {
    int m, n, k;
};

static const struct sizes SIZES[] = {
    {1, 1, 1},    {2, 3, 5},     {5, 4, 124},   {6, 8, 9},     {7, 9, 8},    {11, 15, 2},
    {12, 16, 32}, {13, 17, 33},  {23, 31, 127}, {24, 32, 128}, {60, 32, 32}, {61, 33, 129},
    {32, 1, 60},  {25, 64, 300}, {3, 97, 256},  {0, 4, 4},     {4, 0, 4},    {4, 4, 0},
};

/* One product: c as it was, what it should be, and how much was summed up for each item. */
struct fixture {
    struct sizes sizes;
    bool a_turned, b_turned;
    real *a, *b, *before, *after;
    double *want, *reach;
};

static real *draw(struct rng *rng, int numbers)
{
    real *x = xcalloc((size_t)numbers + 1, sizeof *x);

    for (int i = 0; i < numbers; i++)
        x[i] = (real)rng_normal(rng);
    return x;
}

static void start(struct fixture *f, const struct sizes *sizes, unsigned turned)
{
    int m = sizes->m, n = sizes->n, k = sizes->k;
    struct rng rng;

    rng_stream(&rng, 1, "product");
    *f = (struct fixture){*sizes, .a_turned = turned & 1, .b_turned = turned & 2};
    f->a = draw(&rng, m * k), f->b = draw(&rng, k * n), f->before = draw(&rng, m * n);
    f->after = xcalloc((size_t)(m * n) + 1, sizeof *f->after);
    f->want = xcalloc((size_t)(m * n) + 1, sizeof *f->want);
    f->reach = xcalloc((size_t)(m * n) + 1, sizeof *f->reach);
    for (int i = 0; i < m * n; i++) {
        f->want[i] = (double)f->before[i];
        for (int j = 0; j < k; j++) {
            int row = i / n, column = i % n;
            real a = f->a[f->a_turned ? j * m + row : row * k + j];
            real b = f->b[f->b_turned ? column * k + j : j * n + column];

            f->want[i] += (double)a * (double)b;
            f->reach[i] += fabs((double)a * (double)b);
        }
    }
}

static void end(struct fixture *f)
{
    free(f->a), free(f->b), free(f->before), free(f->after);
    free(f->want), free(f->reach);
}

static const real *multiply(struct fixture *f, const struct ops *ops)
{
    int numbers = f->sizes.m * f->sizes.n;

    memcpy(f->after, f->before, (size_t)numbers * sizeof *f->after);
    f->after[numbers] = 77; /* nothing may be written here */
    product_add(ops, f->after, f->a, f->a_turned, f->b, f->b_turned, f->sizes.m, f->sizes.n,
                f->sizes.k);
    assert_true(f->after[numbers] == 77);
    return f->after;
}

static void check(const struct sizes *sizes, unsigned turned)
{
    size_t numbers = (size_t)(sizes->m * sizes->n);
    real *reference = xcalloc(numbers + 1, sizeof *reference);
    struct fixture f;

    start(&f, sizes, turned);
    memcpy(reference, multiply(&f, &ops_ref), numbers * sizeof *reference);
    for (size_t i = 0; i < numbers; i++)
        assert_true(fabs((double)reference[i] - f.want[i]) <= 4e-7 * f.reach[i] + 1e-6);
    for (const struct ops *const *ops = ops_all(); *ops; ops++)
        assert_memory_equal(multiply(&f, *ops), reference, numbers * sizeof *reference);
    free(reference);
    end(&f);
}

static void every_order_and_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SIZES); i++)
        for (unsigned turned = 0; turned < 4; turned++)
            check(&SIZES[i], turned);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_order_and_size),
};

RUN_TESTS(tests)
