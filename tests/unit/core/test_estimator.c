/* SPDX-License-Identifier: Apache-2.0 */
/* What is learned of speeds from samples and from runs, held against the truth of small scenarios.
 */
#include "harness.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "core/estimator.h"
#include "core/event.h"
#include "core/scenario.h"
#include "core/speed_fit.h"
#include "core/task.h"

static const char head[] = "name: t\n"
                           "resources: [{name: cpu}, {name: gpu}]\n"
                           "clusters: [{name: c, capacity: {cpu: 16, gpu: 8}}]\n"
                           "arrivals: {process: poisson, rate: 1, tasks: 10}\n";

static struct scenario *load(const char *slot, const char *type)
{
    struct scenario *scenario;
    char yaml[2048];
    struct err err;

    snprintf(yaml, sizeof yaml,
             "%s%stypes:\n  a: {min: {cpu: 1, gpu: 1}, max: {cpu: 16, gpu: 8}, %s}\n", slot, head,
             type);
    if (scenario_parse(&scenario, "t.yaml", ".", yaml, NULL, 0, &err))
        fail_msg("%s", err.message);
    return scenario;
}

static struct allocation amount(int cpu, int gpu)
{
    return (struct allocation){{cpu, gpu}};
}

/* The largest relative error of the speed over all allocations. */
static double worst_error(const struct estimator *e, const struct estimator *truth, double progress)
{
    double worst = 0;

    for (int cpu = 1; cpu <= 16; cpu++)
        for (int gpu = 1; gpu <= 8; gpu++) {
            struct allocation a = amount(cpu, gpu);
            double speed = estimator_speed(truth, 0, &a, progress);

            worst = fmax(worst, fabs(estimator_speed(e, 0, &a, progress) / speed - 1));
        }
    return worst;
}

static double fitted_error(const char *type, const char *model, double progress)
{
    struct estimator fitted, truth;
    struct scenario *scenario;
    struct err err;
    double worst;

    scenario = load("", type);
    assert_int_equal(estimator_open(&fitted, scenario, 1, model, &err), 0);
    assert_int_equal(estimator_open(&truth, scenario, 1, "true", &err), 0);
    worst = worst_error(&fitted, &truth, progress);
    estimator_close(&fitted);
    estimator_close(&truth);
    scenario_free(scenario);
    return worst;
}

static void fits_find_each_family_again(void **state)
{
    static const char *const type[] = {
        "speed: {model: amdahl, serial: 40, parallel: {cpu: 100, gpu: 700}}",
        "speed: {model: power, scale: 0.001, exponents: {cpu: 0.3, gpu: 0.85}}",
        "speed: {model: saturating, form: tanh, peak: 0.01, scales: {cpu: 12, gpu: 6}}",
        ("speed: {model: saturating, form: tanh, peak: 0.01, scales: {gpu: 6}, curve: sqrt, "
         "ceiling: 1.2}"),
        "speed: {model: constant, value: 0.01}",
    };
    (void)state;

    for (size_t i = 0; i < sizeof type / sizeof *type; i++)
        for (int k = 0; k < 2; k++) {
            double error = fitted_error(type[i], "fitted:24", k * 0.5);

            if (error > 0.08)
                fail_msg("%s: %.3f off at progress %.1f", type[i], error, k * 0.5);
        }
}

static void few_noisy_samples_do_not_invent_a_gain(void **state)
{
    (void)state;
    assert_true(fitted_error("noise: {kind: lognormal, width: 0.2}, "
                             "speed: {model: constant, value: 0.01}",
                             "fitted:8", 0) < 0.25);
}

static void more_samples_tell_more(void **state)
{
    static const char type[] = "noise: {kind: lognormal, width: 0.3}, "
                               "speed: {model: amdahl, serial: 40, parallel: {cpu: 100, gpu: 700}}";
    (void)state;
    assert_true(fitted_error(type, "fitted:256", 0) < 0.15);
    assert_true(fitted_error(type, "fitted:256", 0) < fitted_error(type, "fitted:4", 0));
}

/* Four slots at 0.25 per slot, known exactly to the simulator; the fit may doubt whether the fourth
 * is enough. */
static void expected_slots_are_those_of_the_world(void **state)
{
    struct estimator fitted;
    struct scenario *scenario;
    struct allocation a = amount(4, 4);
    struct err err;
    double slots;
    (void)state;

    scenario = load("slot: 1\n", "speed: {model: constant, value: 0.25}");
    assert_int_equal(estimator_open(&fitted, scenario, 1, "fitted:8", &err), 0);
    slots = estimator_seconds(&fitted, 0, &a, 0);
    assert_true(slots >= 3.9 && slots <= 4.6);
    assert_true(estimator_seconds(&fitted, 0, &a, 1) == 0);
    a.amount[1] = 0; /* below the minimum */
    assert_true(estimator_seconds(&fitted, 0, &a, 0) == HUGE_VAL);
    assert_true(estimator_speed(&fitted, 0, &a, 0) == 0);
    estimator_close(&fitted);
    scenario_free(scenario);
}

static void tell(struct estimator *e, struct task *task, enum event_kind kind, double time_s,
                 const struct allocation *a, double progress)
{
    struct event event = {.time_s = time_s,
                          .kind = kind,
                          .task = task->id,
                          .cluster = 0,
                          .with = -1,
                          .allocation = *a,
                          .progress = progress};

    e->ops->observe(e->state, &event, task);
}

/* 100 s with one GPU, 60 s with four: the belief follows, and says that it has changed. */
static void online_learns_from_runs(void **state)
{
    struct allocation one = amount(2, 1), four = amount(2, 4);
    struct estimator online;
    struct scenario *scenario;
    struct task task = {0};
    int32_t before;
    struct err err;
    (void)state;

    scenario = load("", "startup: 5, speed: {model: constant, value: 77}");
    assert_int_equal(estimator_open(&online, scenario, 1, "online", &err), 0);
    assert_int_equal(online.ops->info, INFO_PROGRESS);
    before = estimator_version(&online, 0);
    assert_true(estimator_speed(&online, 0, &one, 0) < 1); /* knows nothing of the 77 */
    for (int i = 0; i < 20; i++) {
        double begin_s = i * 200;

        task.id = i;
        tell(&online, &task, EVENT_START, begin_s, i % 2 ? &four : &one, 0);
        tell(&online, &task, EVENT_FINISH, begin_s + 5 + (i % 2 ? 60 : 100), i % 2 ? &four : &one,
             1);
    }
    assert_true(estimator_version(&online, 0) > before);
    assert_true(fabs(estimator_seconds(&online, 0, &one, 0) - 100) < 5);
    assert_true(fabs(estimator_seconds(&online, 0, &four, 0) - 60) < 3);
    estimator_close(&online);
    scenario_free(scenario);
}

/* A constant of 0.01 per second according to the samples; but runs took 100 s only with one GPU and
 * 160 s with four, which no family has: the belief follows at these, if it was told to watch. */
static void fitted_is_corrected_by_runs_if_told_to(void **state)
{
    struct allocation one = amount(2, 1), four = amount(2, 4);
    struct scenario *scenario = load("", "speed: {model: constant, value: 0.01}");
    (void)state;

    for (int watching = 0; watching < 2; watching++) {
        struct estimator fitted;
        struct task task = {0};
        struct err err;
        double four_s;

        assert_int_equal(estimator_open(&fitted, scenario, 1, "fitted:8", &err), 0);
        if (watching)
            estimator_keep_watching(&fitted);
        assert_true(fabs(estimator_seconds(&fitted, 0, &four, 0) - 100) < 5);
        for (int i = 0; i < 60; i++) {
            const struct allocation *a = i % 2 ? &four : &one;

            task.id = i;
            tell(&fitted, &task, EVENT_START, i * 200, a, 0);
            tell(&fitted, &task, EVENT_FINISH, i * 200 + (i % 2 ? 160 : 100), a, 1);
        }
        four_s = estimator_seconds(&fitted, 0, &four, 0);
        assert_true(watching ? fabs(four_s - 160) < 8 : fabs(four_s - 100) < 5);
        assert_true(fabs(estimator_seconds(&fitted, 0, &one, 0) - 100) < 8);
        estimator_close(&fitted);
    }
    scenario_free(scenario);
}

/* Half of the way, then preempted; what follows a failure tells nothing. */
static void stretches_that_end_early_count_too(void **state)
{
    struct allocation a = amount(2, 2);
    struct estimator online;
    struct scenario *scenario;
    struct task task = {0};
    struct err err;
    (void)state;

    scenario = load("", "speed: {model: constant, value: 77}");
    assert_int_equal(estimator_open(&online, scenario, 1, "online", &err), 0);
    for (int i = 0; i < 8; i++) {
        task.id = i;
        tell(&online, &task, EVENT_START, 0, &a, 0);
        tell(&online, &task, EVENT_PREEMPT, 50, &a, 0.5);
        tell(&online, &task, EVENT_START, 70, &a, 0.5);
        tell(&online, &task, EVENT_FINISH, 120, &a, 1);
        tell(&online, &task, EVENT_START, 200, &a, 0);
        tell(&online, &task, EVENT_FAILURE, 1e6, &a, 0);
    }
    assert_true(fabs(estimator_seconds(&online, 0, &a, 0) - 100) < 5);
    estimator_close(&online);
    scenario_free(scenario);
}

static void a_fit_without_observations_is_its_prior(void **state)
{
    struct fit_frame frame = {
        .min = amount(1, 1), .max = amount(16, 16), .resources = 2, .speed = 0.1, .speed_span = 1};
    struct allocation middle = amount(4, 4);
    struct speed_fit fit;
    (void)state;

    speed_fit_make(&fit, &frame, NULL, 0);
    assert_true(fabs(speed_fit_at(&fit, &middle, 0) - 0.1) < 1e-6);
    assert_true(isfinite(speed_fit_seconds(&fit, &middle, 0)));
}

static void wrong_models_are_refused(void **state)
{
    static const char *const model[] = {"",         "fitted",     "fitted:",    "fitted:0",
                                        "fitted:x", "fitted:2.5", "fitted:1e9", "noisy:-1",
                                        "noisy:",   "online:3",   "truth"};
    struct estimator e;
    struct scenario *scenario;
    struct err err;
    (void)state;

    scenario = load("", "speed: {model: constant, value: 1}");
    for (size_t i = 0; i < sizeof model / sizeof *model; i++) {
        assert_int_not_equal(estimator_open(&e, scenario, 1, model[i], &err), 0);
        assert_non_null(strstr(err.message, "model: expected"));
    }
    scenario_free(scenario);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(fits_find_each_family_again),
    cmocka_unit_test(few_noisy_samples_do_not_invent_a_gain),
    cmocka_unit_test(more_samples_tell_more),
    cmocka_unit_test(expected_slots_are_those_of_the_world),
    cmocka_unit_test(online_learns_from_runs),
    cmocka_unit_test(fitted_is_corrected_by_runs_if_told_to),
    cmocka_unit_test(stretches_that_end_early_count_too),
    cmocka_unit_test(a_fit_without_observations_is_its_prior),
    cmocka_unit_test(wrong_models_are_refused),
};

RUN_TESTS(tests)
