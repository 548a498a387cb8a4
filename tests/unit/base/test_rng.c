/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <math.h>

#include "base/rng.h"

enum { DRAWS = 200000 };

static void first_outputs_are_pinned(void **state)
{
    struct rng rng;
    (void)state;

    rng_stream(&rng, 1, "arrivals");
    assert_int_equal(rng_u64(&rng), 0x5e0e888756c6f6b8);
    assert_int_equal(rng_u64(&rng), 0xe8500522a11d5903);
    assert_int_equal(rng_hash(1, 2, 3), 0xee3bb459e9e297b);
}

static void streams_differ_by_name_and_seed(void **state)
{
    struct rng a, b, c;
    (void)state;

    rng_stream(&a, 1, "arrivals");
    rng_stream(&b, 1, "reach");
    rng_stream(&c, 2, "arrivals");
    assert_int_not_equal(rng_u64(&a), rng_u64(&b));
    rng_stream(&a, 1, "arrivals");
    assert_int_not_equal(rng_u64(&a), rng_u64(&c));
}

/* Mean and variance of n draws, each within five standard errors of what theory says. */
static void check_moments(const double *x, int n, double mean, double variance, double fourth)
{
    double sum = 0, squares = 0;

    for (int i = 0; i < n; i++)
        sum += x[i];
    for (int i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    assert_true(fabs(sum / n - mean) < 5 * sqrt(variance / n));
    assert_true(fabs(squares / n - variance) < 5 * sqrt((fourth - variance * variance) / n));
}

static void distributions_have_their_moments(void **state)
{
    static double x[DRAWS];
    struct rng rng;
    (void)state;

    rng_stream(&rng, 7, "test");
    for (int i = 0; i < DRAWS; i++)
        x[i] = rng_unit(&rng);
    check_moments(x, DRAWS, 0.5, 1.0 / 12, 1.0 / 80);
    for (int i = 0; i < DRAWS; i++)
        x[i] = rng_exponential(&rng, 2);
    check_moments(x, DRAWS, 2, 4, 9 * 16);
    for (int i = 0; i < DRAWS; i++)
        x[i] = rng_normal(&rng);
    check_moments(x, DRAWS, 0, 1, 3);
    for (int i = 0; i < DRAWS; i++)
        x[i] = rng_poisson(&rng, 6);
    check_moments(x, DRAWS, 6, 6, 6 * (1 + 18));
    for (int i = 0; i < DRAWS; i++)
        x[i] = rng_poisson(&rng, 100);
    check_moments(x, DRAWS, 100, 100, 100 * (1 + 300));
}

static void below_is_uniform(void **state)
{
    int count[6] = {0};
    struct rng rng;
    double chi = 0;
    (void)state;

    rng_stream(&rng, 3, "test");
    for (int i = 0; i < 60000; i++)
        count[rng_below(&rng, 6)]++;
    for (int i = 0; i < 6; i++)
        chi += (count[i] - 10000.0) * (count[i] - 10000.0) / 10000;
    assert_true(chi < 25.7); /* chi-squared with 5 degrees of freedom, p = 1e-4 */
}

static void normal_quantile_inverts_the_distribution(void **state)
{
    (void)state;
    for (double x = -6; x <= 4; x += 0.25) {
        double p = 0.5 * erfc(-x * 0.70710678118654752440);

        assert_true(fabs(rng_normal_quantile(p) - x) < 1e-9);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(first_outputs_are_pinned),
    cmocka_unit_test(streams_differ_by_name_and_seed),
    cmocka_unit_test(distributions_have_their_moments),
    cmocka_unit_test(below_is_uniform),
    cmocka_unit_test(normal_quantile_inverts_the_distribution),
};

RUN_TESTS(tests)
