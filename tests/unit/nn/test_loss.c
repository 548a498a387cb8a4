/* SPDX-License-Identifier: Apache-2.0 */
/* Losses and choices against values worked out by hand; gradients are in test_layer_gradients.c. */
#include "harness.h"

#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "nn/categorical.h"
#include "nn/loss.h"

static void assert_near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-6 * (1 + fabs(want)))) {
        printf("got %.9g, expected %.9g\n", got, want);
        fail();
    }
}

static void squares_and_huber(void **state)
{
    static const real out[] = {1, 5, -2}, target[] = {0, 1, -2}, weight[] = {1, 2, 1};
    real dout[3] = {10, 0, 0};
    (void)state;

    assert_near(loss_squares(dout, out, target, weight, 3, 0.5), 0.5 * (1 + 2 * 16));
    assert_near((double)dout[0], 10 + 0.5 * 2); /* gradients are added */
    assert_near((double)dout[1], 0.5 * 2 * 2 * 4);
    dout[0] = dout[1] = 0;
    assert_near(loss_huber(dout, out, target, NULL, 3, 1.5, 1), 0.5 + 1.5 * (4 - 0.75));
    assert_near((double)dout[0], 1);
    assert_near((double)dout[1], 1.5);
}

static void cross_entropy_is_minus_the_log_probability(void **state)
{
    static const real logits[] = {1, 2, 3}, target[] = {0, (real)0.25, (real)0.75};
    double log_sum = log(exp(1) + exp(2) + exp(3));
    real logp[3], dlogits[3] = {0};
    (void)state;

    categorical_log_probs(logp, logits, NULL, 3);
    assert_near(loss_cross_entropy(dlogits, logp, target, 3, 2),
                2 * (log_sum - 0.25 * 2 - 0.75 * 3));
    assert_near((double)dlogits[0], 2 * exp(1 - log_sum));
    assert_near((double)dlogits[2], 2 * (exp(3 - log_sum) - 0.75));
}

/* ratio 1.5 or 0.5, advantage of either sign: the loss is flat where the ratio has gone too far in
 * the direction that the advantage asks for. */
static void ppo_is_clipped_on_one_side(void **state)
{
    real old[] = {0, 0, 0, 0, 0}, advantage[] = {2, -2, 2, -2, 100};
    real logp[] = {(real)log(1.5), (real)log(1.5), (real)log(0.5), (real)log(0.5), 3};
    static const real weight[] = {1, 1, 1, 1, 0};
    real dlogp[5] = {0};
    double loss = loss_ppo_clip(dlogp, logp, old, advantage, weight, 5, 0.2, 1);
    (void)state;

    assert_near(loss, -(1.2 * 2 + 1.5 * -2 + 0.5 * 2 + 0.8 * -2));
    assert_true(dlogp[0] == 0 && dlogp[3] == 0 && dlogp[4] == 0);
    assert_near((double)dlogp[1], 1.5 * 2);
    assert_near((double)dlogp[2], -0.5 * 2);
    logp[0] = NAN;
    assert_true(isnan(loss_ppo_clip(dlogp, logp, old, advantage, weight, 5, 0.2, 1)));
}

static void normalise_gives_mean_0_and_deviation_1(void **state)
{
    real x[] = {1, 2, 3, 6};
    (void)state;

    loss_normalise(x, 4);
    assert_near((double)x[0], -2 / sqrt(14.0 / 3));
    assert_near((double)x[3], 3 / sqrt(14.0 / 3));
}

static void log_probs_and_entropy(void **state)
{
    static const real logits[] = {1, 50, 2, -REAL_INF};
    static const uint8_t mask[] = {1, 0, 1, 1};
    double p = 1 / (1 + exp(1));
    real logp[4];
    (void)state;

    categorical_log_probs(logp, logits, mask, 4);
    assert_near((double)logp[0], log(p));
    assert_near((double)logp[2], log(1 - p));
    assert_true(logp[1] == -REAL_INF && logp[3] == -REAL_INF);
    assert_near(categorical_entropy(logp, 4), -p * log(p) - (1 - p) * log(1 - p));
    assert_int_equal(categorical_best(logp, 4), 2);
}

static void nothing_allowed_is_no_choice(void **state)
{
    static const uint8_t mask[] = {0, 0};
    static const real logits[] = {1, 2};
    real logp[2];
    (void)state;

    categorical_log_probs(logp, logits, mask, 2);
    assert_true(logp[0] == -REAL_INF && logp[1] == -REAL_INF);
    assert_true(categorical_entropy(logp, 2) == 0);
    assert_int_equal(categorical_best(logp, 2), -1);
    assert_int_equal(categorical_sample(logp, 2, 0.5), -1);
}

static void samples_follow_the_probabilities(void **state)
{
    static const real logits[] = {0, (real)0.6931471806, -REAL_INF,
                                  (real)1.6094379124}; /* 1 2 - 5 */
    static const double share[] = {1 / 8.0, 2 / 8.0, 0, 5 / 8.0};
    enum { DRAWS = 80000 };
    int count[4] = {0};
    struct rng rng;
    real logp[4];
    (void)state;

    categorical_log_probs(logp, logits, NULL, 4);
    rng_stream(&rng, 1, "samples");
    for (int i = 0; i < DRAWS; i++)
        count[categorical_sample(logp, 4, rng_unit(&rng))]++;
    for (int i = 0; i < 4; i++) /* five standard errors */
        assert_true(fabs(count[i] - share[i] * DRAWS) <=
                    5 * sqrt(share[i] * (1 - share[i]) * DRAWS));
    assert_int_equal(categorical_sample(logp, 4, 0), 0);
    assert_int_equal(categorical_sample(logp, 4, 1 - 0x1p-53), 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(squares_and_huber),
    cmocka_unit_test(cross_entropy_is_minus_the_log_probability),
    cmocka_unit_test(ppo_is_clipped_on_one_side),
    cmocka_unit_test(normalise_gives_mean_0_and_deviation_1),
    cmocka_unit_test(log_probs_and_entropy),
    cmocka_unit_test(nothing_allowed_is_no_choice),
    cmocka_unit_test(samples_follow_the_probabilities),
};

RUN_TESTS(tests)
