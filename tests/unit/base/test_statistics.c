/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <math.h>

#include "base/memory.h"
#include "base/statistics.h"

static void assert_near(double got, double wanted, double relative)
{
    if (!(fabs(got - wanted) <= relative * fabs(wanted)))
        fail_msg("got %.17g, wanted %.17g", got, wanted);
}

/* scipy.stats.t.ppf(p, degrees), SciPy 1.17.1 */
static void t_quantiles_agree_with_known_values(void **state)
{
    static const struct {
        double p;
        int degrees;
        double t;
    } known[] = {
        {0.975, 1, 12.706204736174694},      {0.975, 2, 4.302652729749462},
        {0.975, 4, 2.7764451051977934},      {0.975, 9, 2.262157162798205},
        {0.975, 29, 2.045229642132703},      {0.975, 99, 1.9842169515864174},
        {0.975, 100000, 1.9599877075346095}, {0.95, 7, 1.8945786050900062},
        {0.005, 3, -5.840909309733357},      {0.5, 5, 0},
        {0.6, 12, 0.25903274567688733},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        double t = student_t_quantile(known[i].p, known[i].degrees);

        if (known[i].t == 0)
            assert_true(fabs(t) < 1e-7);
        else
            assert_near(t, known[i].t, 1e-9);
    }
}

static void t_quantile_inverts_the_probability(void **state)
{
    (void)state;
    for (int degrees = 1; degrees < 2000; degrees = degrees * 3 + 1)
        for (double p = 0.01; p < 0.995; p += 0.03)
            assert_near(student_t_probability(student_t_quantile(p, degrees), degrees), p, 1e-9);
}

static void mean_and_interval_of_a_sample(void **state)
{
    static const double x[] = {5.1, 4.9, 6.2, 5.8, 5.5};
    struct estimate e = estimate_mean(x, 5);
    (void)state;

    assert_int_equal(e.count, 5);
    assert_near(e.mean, 5.5, 1e-15);
    assert_near(e.half, 0.6511340938852176, 1e-12); /* t.ppf(.975, 4) * std(ddof=1) / sqrt(5) */
}

static void few_samples_have_no_interval(void **state)
{
    static const double x[] = {3};
    (void)state;

    assert_true(isnan(estimate_mean(x, 0).mean));
    assert_true(estimate_mean(x, 1).mean == 3);
    assert_true(isnan(estimate_mean(x, 1).half));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(t_quantiles_agree_with_known_values),
    cmocka_unit_test(t_quantile_inverts_the_probability),
    cmocka_unit_test(mean_and_interval_of_a_sample),
    cmocka_unit_test(few_samples_have_no_interval),
};

RUN_TESTS(tests)
