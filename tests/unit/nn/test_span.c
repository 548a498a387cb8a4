/* SPDX-License-Identifier: Apache-2.0 */
/* The exponential and the hyperbolic tangent against the C library's, and sums in fixed order. */
#include "harness.h"

#include "nn/span.h"

/* Every 997th float. */
enum { STRIDE = 997 };

static void exponential_is_close(void **state)
{
    double worst = 0;
    (void)state;

    for (uint64_t bits = 0; bits < UINT32_MAX; bits += STRIDE) {
        uint32_t word = (uint32_t)bits;
        float x;

        memcpy(&x, &word, sizeof x);
        if (x > -87.3f && x < 88)
            worst = fmax(worst, fabs((double)span_exp1(x) / exp((double)x) - 1));
    }
    assert_true(worst < 1e-7);
}

static void tangent_is_close(void **state)
{
    double worst = 0;
    (void)state;

    for (uint64_t bits = 0; bits < UINT32_MAX; bits += STRIDE) {
        uint32_t word = (uint32_t)bits;
        float x;

        memcpy(&x, &word, sizeof x);
        if (fabsf(x) > 1e-30f)
            worst = fmax(worst, fabs((double)span_tanh1(x) / tanh((double)x) - 1));
    }
    assert_true(worst < 2e-7);
}

static void limits_are_kept(void **state)
{
    (void)state;
    assert_true(span_exp1(-INFINITY) == 0);
    assert_true(span_exp1(-1000) == 0);
    assert_true(span_exp1(0) == 1);
    assert_true(isfinite(span_exp1(INFINITY)) && span_exp1(INFINITY) > 1e38f);
    assert_true(isnan(span_exp1(NAN)) && isnan(span_tanh1(NAN)));
    assert_true(span_tanh1(INFINITY) == 1 && span_tanh1(-100) == -1);
    assert_true(span_tanh1(0) == 0 && span_sigmoid1(0) == 0.5f);
}

/* Item i goes to lane i % 16, and lanes are added in halves: here that can be told from any other
 * order, as the large number swallows what it meets first. */
static void sums_have_a_fixed_order(void **state)
{
    float x[40] = {0};
    (void)state;

    x[0] = 1e8f, x[16] = -1e8f, x[32] = 1; /* one lane */
    assert_true(span_sum(x, 40) == 1);
    x[16] = 0, x[8] = -1e8f; /* two lanes that meet first; 1 is lost in lane 0 */
    assert_true(span_sum(x, 40) == 0);
    for (int n = 0; n <= 40; n++) {
        float ones[40];

        for (int i = 0; i < 40; i++)
            ones[i] = i < n ? 1 : 7;
        assert_true(span_sum(ones, n) == (float)n);
        assert_true(span_dot(ones, ones, n) == (float)n);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(exponential_is_close),
    cmocka_unit_test(tangent_is_close),
    cmocka_unit_test(limits_are_kept),
    cmocka_unit_test(sums_have_a_fixed_order),
};

RUN_TESTS(tests)
