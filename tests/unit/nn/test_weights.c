/* SPDX-License-Identifier: Apache-2.0 */
/* Registering, committing and drawing weights; optimisers and schedules on them. */
#include "harness.h"

#include <math.h>
#include <string.h>

#include "nn/adam.h"
#include "nn/linear.h"
#include "nn/schedule.h"

static void assert_near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-6 * (1 + fabs(want)))) {
        printf("got %.9g, expected %.9g\n", got, want);
        fail();
    }
}

static void tensors_lie_apart_and_aligned(void **state)
{
    struct weights weights;
    struct linear layer;
    size_t alone;
    (void)state;

    weights_init(&weights);
    linear_register(&layer, &weights, 3, 5, LINEAR_BIAS, INITIAL_ONES, "a.b");
    alone = weights_add(&weights, INITIAL_ZEROS, 1, (int[]){17}, "c.%d", 7);
    weights_commit(&weights, WEIGHTS_GRAD | WEIGHTS_MOMENTS);
    assert_int_equal(layer.weight, 0);
    assert_int_equal(layer.bias, 16);
    assert_int_equal(alone, 32);
    assert_int_equal(weights.numbers, 64);
    assert_int_equal((uintptr_t)(weights.value + alone) % 64, 0);
    assert_int_equal(weights_find(&weights, "c.7")->count, 17);
    assert_int_equal(weights_find(&weights, "a.b.weight")->size[1], 5);
    assert_null(weights_find(&weights, "c"));
    weights.grad[40] = 3;
    weights_zero_grad(&weights);
    assert_true(weights.grad[40] == 0);
    weights.value[layer.bias + 2] = NAN;
    assert_string_equal(weights_find_nonfinite(&weights, weights.value)->name, "a.b.bias");
    assert_null(weights_find_nonfinite(&weights, weights.grad));
    weights_release(&weights);
}

/* One tensor of the given kind; the caller looks at it and releases the weights. */
static const real *draw(struct weights *weights, struct initial initial, int in, int out,
                        uint64_t seed)
{
    size_t offset;

    weights_init(weights);
    offset = weights_add(weights, initial, 2, (int[]){in, out}, "w");
    weights_commit(weights, 0);
    weights_draw(weights, seed);
    return weights->value + offset;
}

static void check_uniform(enum initial_kind kind, double gain, double bound)
{
    enum { IN = 300, OUT = 100 };
    struct weights weights;
    const real *w = draw(&weights, (struct initial){kind, gain}, IN, OUT, 1);
    double largest = 0, sum = 0, squares = 0;

    for (int i = 0; i < IN * OUT; i++) {
        largest = fmax(largest, fabs((double)w[i]));
        sum += (double)w[i];
        squares += (double)w[i] * (double)w[i];
    }
    assert_true(largest <= bound && largest > 0.999 * bound);
    assert_true(fabs(sum) < 5 * bound * sqrt(IN * OUT / 3.0));
    assert_true(fabs(squares / (IN * OUT) / (bound * bound / 3) - 1) < 0.03);
    weights_release(&weights);
}

static void uniform_initialisers_have_their_bounds(void **state)
{
    (void)state;
    check_uniform(INITIAL_UNIFORM, 0.3, 0.3);
    check_uniform(INITIAL_XAVIER_UNIFORM, 2, 2 * sqrt(6.0 / 400));
    check_uniform(INITIAL_KAIMING_UNIFORM, 2, 2 * sqrt(3.0 / 300));
}

static void check_orthogonal(int in, int out)
{
    struct weights weights;
    const real *w = draw(&weights, (struct initial){INITIAL_ORTHOGONAL, 2}, in, out, 1);
    int short_side = in < out ? in : out, long_side = in < out ? out : in;

    for (int a = 0; a < short_side; a++)
        for (int b = 0; b <= a; b++) {
            double dot = 0;

            for (int i = 0; i < long_side; i++)
                dot += in < out ? (double)w[a * out + i] * (double)w[b * out + i]
                                : (double)w[i * out + a] * (double)w[i * out + b];
            assert_near(dot, a == b ? 4 : 0);
        }
    weights_release(&weights);
}

static void orthogonal_is_orthogonal(void **state)
{
    (void)state;
    check_orthogonal(8, 20);
    check_orthogonal(20, 8);
    check_orthogonal(6, 6);
}

/* A tensor's numbers depend on the seed and its name, not on what else there is. */
static void draws_go_by_name(void **state)
{
    struct weights one, two, three;
    const real *w = draw(&one, (struct initial){INITIAL_UNIFORM, 1}, 4, 4, 9);
    const real *other_seed = draw(&two, (struct initial){INITIAL_UNIFORM, 1}, 4, 4, 10);
    size_t at;
    (void)state;

    weights_init(&three);
    weights_add(&three, (struct initial){INITIAL_UNIFORM, 1}, 1, (int[]){100}, "before");
    at = weights_add(&three, (struct initial){INITIAL_UNIFORM, 1}, 2, (int[]){4, 4}, "w");
    weights_commit(&three, 0);
    weights_draw(&three, 9);
    assert_memory_equal(three.value + at, w, 16 * sizeof(real));
    assert_memory_not_equal(other_seed, w, 16 * sizeof(real));
    weights_release(&one);
    weights_release(&two);
    weights_release(&three);
}

enum { STEPS = 5, NUMBERS = 20 };

/* Adam as in the paper (Kingma and Ba, algorithm 1), in double. */
static void adam_follows_the_paper(void **state)
{
    struct adam adam = ADAM_USUAL;
    struct weights weights;
    double value[NUMBERS], m[NUMBERS] = {0}, v[NUMBERS] = {0};
    (void)state;

    weights_init(&weights);
    weights_add(&weights, (struct initial){INITIAL_UNIFORM, 1}, 2, (int[]){4, 5}, "w");
    weights_commit(&weights, WEIGHTS_GRAD | WEIGHTS_MOMENTS);
    weights_draw(&weights, 1);
    adam.decay = 0.1;
    for (int i = 0; i < NUMBERS; i++)
        value[i] = (double)weights.value[i];
    for (int step = 1; step <= STEPS; step++) {
        for (int i = 0; i < NUMBERS; i++) {
            double g = sin(step * (i + 1.0)), m_hat, v_hat;

            weights.grad[i] = (real)g;
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            m_hat = m[i] / (1 - pow(0.9, step));
            v_hat = v[i] / (1 - pow(0.999, step));
            value[i] -= 0.01 * (m_hat / (sqrt(v_hat) + 1e-8) + 0.1 * value[i]);
        }
        adam_step(&adam, &weights, ops_best(), 0.01);
    }
    assert_int_equal(adam.steps, STEPS);
    for (int i = 0; i < NUMBERS; i++)
        assert_near((double)weights.value[i], value[i]);
    weights_release(&weights);
}

static void decay_spares_biases(void **state)
{
    struct adam adam = ADAM_USUAL;
    struct weights weights;
    struct linear layer;
    (void)state;

    weights_init(&weights);
    linear_register(&layer, &weights, 2, 2, LINEAR_BIAS, INITIAL_ONES, "w");
    weights_commit(&weights, WEIGHTS_GRAD | WEIGHTS_MOMENTS);
    weights_draw(&weights, 1);
    weights.value[layer.bias] = 1;
    adam.decay = 0.5;
    adam_step(&adam, &weights, ops_best(), 0.1);
    assert_near((double)weights.value[layer.weight], 0.95);
    assert_true(weights.value[layer.bias] == 1);
    weights_release(&weights);
}

static void clipping_keeps_the_direction(void **state)
{
    struct weights weights;
    (void)state;

    weights_init(&weights);
    weights_add(&weights, INITIAL_ZEROS, 1, (int[]){1}, "a");
    weights_add(&weights, INITIAL_ZEROS, 1, (int[]){1}, "b");
    weights_commit(&weights, WEIGHTS_GRAD);
    weights.grad[0] = 3, weights.grad[16] = -4;
    assert_near(grad_clip(&weights, 10), 5);
    assert_true(weights.grad[0] == 3);
    assert_near(grad_clip(&weights, 1), 5);
    assert_near((double)weights.grad[0], 0.6);
    assert_near((double)weights.grad[16], -0.8);
    weights.grad[0] = NAN;
    assert_true(isnan(grad_clip(&weights, 1)));
    assert_near((double)weights.grad[16], -0.8);
    weights_release(&weights);
}

static void schedules_pass_their_points(void **state)
{
    struct schedule s = {
        .kind = SCHEDULE_LINEAR, .from = 8, .to = 2, .warmup_steps = 4, .steps = 10};
    (void)state;

    assert_near(schedule_at(&s, 0), 2);
    assert_near(schedule_at(&s, 3), 8);
    assert_near(schedule_at(&s, 4), 8);
    assert_near(schedule_at(&s, 7), 5);
    assert_near(schedule_at(&s, 10), 2);
    assert_near(schedule_at(&s, 99), 2);
    s.kind = SCHEDULE_COSINE;
    assert_near(schedule_at(&s, 4), 8);
    assert_near(schedule_at(&s, 7), 5);
    assert_near(schedule_at(&s, 6), 2 + 6 * (1 + cos(3.14159265358979 / 3)) / 2);
    assert_near(schedule_at(&s, 10), 2);
    s.kind = SCHEDULE_CONSTANT;
    assert_near(schedule_at(&s, 9), 8);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tensors_lie_apart_and_aligned),
    cmocka_unit_test(uniform_initialisers_have_their_bounds),
    cmocka_unit_test(orthogonal_is_orthogonal),
    cmocka_unit_test(draws_go_by_name),
    cmocka_unit_test(adam_follows_the_paper),
    cmocka_unit_test(decay_spares_biases),
    cmocka_unit_test(clipping_keeps_the_direction),
    cmocka_unit_test(schedules_pass_their_points),
};

RUN_TESTS(tests)
