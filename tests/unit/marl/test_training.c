/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training on a toy: it beats random and what it began with, does not depend on the number of
 * threads, goes on after a stop as if there had been none, and drawn scenarios are fit to train on.
 */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "core/scenario.h"
#include "marl/domain.h"
#include "marl/practice.h"
#include "marl/training.h"
#include "nn/checkpoint.h"
#include "policy/registry.h"
#include "policy/spec.h"
#include "sim/episode.h"

static const char toy[] =
    "slot: 1\nrounds: many\nwindow: 6\nresources: [cpu, gpu]\nclusters:\n"
    "  - {name: a, capacity: {cpu: 6, gpu: 4}}\n  - {name: b, capacity: {cpu: 12, gpu: 8}}\n"
    "arrivals: {process: poisson-slot, rate: 1.5, tasks: 60}\nreach: {kind: random}\n"
    "types:\n"
    "  short: {min: {cpu: 1, gpu: 1}, max: {cpu: 6, gpu: 4}, speed: {model: constant, value: "
    "0.5}}\n"
    "  wide: {min: {cpu: 1, gpu: 1}, max: {cpu: 8, gpu: 8}, speed: {model: saturating, form: tanh, "
    "scales: {gpu: 8}}}\n";

struct trial {
    struct scenario *scenario;
    char folder[64], model[96], state[112];
    struct training training;
    atomic_int stop;
    int stop_after; /* iterations; 0: never */
    int64_t rows;
    double first, last; /* scores */
};

static void note(void *arg, const struct training_row *row)
{
    struct trial *trial = arg;

    trial->rows++;
    if (!isnan(row->exam)) {
        trial->first = trial->first > 0 ? trial->first : row->exam;
        trial->last = row->exam;
    }
    if (trial->stop_after > 0 && trial->rows >= trial->stop_after)
        atomic_store(&trial->stop, 1);
}

static void start(struct trial *trial, int jobs)
{
    const struct scenario *const *list;
    struct err err;

    *trial = (struct trial){.folder = "/tmp/tap-train-XXXXXX"};
    assert_non_null(mkdtemp(trial->folder));
    snprintf(trial->model, sizeof trial->model, "%s/toy.tap", trial->folder);
    snprintf(trial->state, sizeof trial->state, "%s.state", trial->model);
    if (scenario_parse(&trial->scenario, "toy", "", toy, NULL, 0, &err))
        fail_msg("%s", err.message);
    list = (const struct scenario *const *)&trial->scenario;
    trial->training = (struct training){
        .scenario = list,
        .scenarios = 1,
        .teacher = policy_find("oracle"),
        .surveyor = policy_find("random"),
        .speeds = "true",
        .seed = 3,
        .jobs = jobs,
        .hidden = 16,
        .heads = 4,
        .layers = 1,
        .lessons = 6,
        .trials = 2,
        .lesson_episodes = 4,
        .groups = 2,
        .siblings = 3,
        .batch = 32,
        .lesson_epochs = 2,
        .trial_epochs = 1,
        .lesson_rate = 0.003,
        .trial_rate = 0.0003,
        .clip = 0.2,
        .entropy = 0.003,
        .horizon = 4,
        .exam_every = 2,
        .exam_seeds = 3,
        .out = trial->model,
        .stop = &trial->stop,
        .report = note,
        .report_arg = trial,
    };
}

static void run(struct trial *trial)
{
    struct err err;

    if (training_run(&trial->training, &err))
        fail_msg("%s", err.message);
}

static void end(struct trial *trial)
{
    unlink(trial->model);
    unlink(trial->state);
    rmdir(trial->folder);
    scenario_free(trial->scenario);
}

/* The same training, whose steps are of length 0: the weights stay as they were drawn. */
static void start_idle(struct trial *trial)
{
    start(trial, 2);
    trial->training.lessons = 2;
    trial->training.trials = 0;
    trial->training.lesson_rate = 0;
}

/* Mean completion time over some seeds. */
static double mean_of(const struct scenario *scenario, const char *policy)
{
    struct policy_spec spec;
    struct episode episode;
    double sum = 0;
    struct err err;

    if (policy_spec_parse(&spec, policy, &err))
        fail_msg("%s", err.message);
    episode_init(&episode, scenario);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct contender contender = {spec.ops, &spec.params, spec.model};
        struct metrics metrics;

        if (episode_run(&episode, &contender, seed, NULL, &metrics, &err))
            fail_msg("%s", err.message);
        sum += metrics.mean_completion / 20;
    }
    episode_release(&episode);
    policy_spec_release(&spec);
    return sum;
}

static void it_learns(void **state)
{
    double random, untrained, trained, remembered, oracle;
    struct trial trial, idle;
    char spec[160];
    (void)state;

    start_idle(&idle);
    run(&idle);
    snprintf(spec, sizeof spec, "tapfinger:model=%s,speeds=true", idle.model);
    untrained = mean_of(idle.scenario, spec);
    end(&idle);

    start(&trial, 2);
    trial.training.lessons = 16;
    trial.training.trials = 0;
    run(&trial);
    random = mean_of(trial.scenario, "random");
    oracle = mean_of(trial.scenario, "oracle");
    snprintf(spec, sizeof spec, "tapfinger:model=%s,speeds=true", trial.model);
    trained = mean_of(trial.scenario, spec);
    snprintf(spec, sizeof spec, "tapfinger:model=%s,speeds=online", trial.model);
    remembered = mean_of(trial.scenario, spec);
    if (!(trained < 0.8 * untrained && trained < 0.7 * random && trained < 1.15 * oracle &&
          remembered < 1.15 * trained))
        fail_msg("random %g, untrained %g, trained %g, from experience %g, oracle %g", random,
                 untrained, trained, remembered, oracle);
    end(&trial);
}

static void assert_same_weights(const char *one, const char *other)
{
    struct checkpoint *a, *b;
    struct err err;

    assert_int_equal(checkpoint_open(&a, one, &err), 0);
    assert_int_equal(checkpoint_open(&b, other, &err), 0);
    assert_int_equal(a->entries, b->entries);
    for (int i = 0; i < a->entries; i++) {
        const struct checkpoint_entry *left = &a->entry[i];
        const struct checkpoint_entry *right = checkpoint_find(b, left->role, left->name);

        assert_non_null(right);
        if (left->role == CHECKPOINT_STATE) /* knows how long it took */
            continue;
        assert_int_equal(left->bytes, right->bytes);
        assert_memory_equal(left->data, right->data, left->bytes);
    }
    checkpoint_close(a);
    checkpoint_close(b);
}

static void threads_do_not_matter(void **state)
{
    struct trial one, two;
    (void)state;

    start(&one, 1);
    start(&two, 3);
    run(&one);
    run(&two);
    assert_same_weights(one.state, two.state);
    assert_same_weights(one.model, two.model);
    end(&one);
    end(&two);
}

static void a_stop_does_not_matter(void **state)
{
    struct trial whole, parts;
    (void)state;

    start(&whole, 2);
    run(&whole);
    for (int after = 1; after <= 7; after += 3) {
        start(&parts, 2);
        parts.stop_after = after;
        run(&parts);
        assert_int_equal(parts.rows, after);
        atomic_store(&parts.stop, 0);
        parts.stop_after = 0;
        parts.training.resume = true;
        run(&parts);
        assert_int_equal(parts.rows, whole.rows);
        assert_same_weights(whole.state, parts.state);
        assert_same_weights(whole.model, parts.model);
        end(&parts);
    }
    end(&whole);
}

static void read_all(const char *path, struct text *out)
{
    FILE *file = fopen(path, "rb");
    char bytes[4096];
    size_t count;

    assert_non_null(file);
    text_init(out, 0);
    while ((count = fread(bytes, 1, sizeof bytes, file)) > 0)
        text_add_bytes(out, bytes, count);
    fclose(file);
}

/* Steps so long that the numbers end: training stops, says where, and leaves the model as it was.
 */
static void a_breakdown_keeps_the_last_good_model(void **state)
{
    struct text before, after;
    struct trial trial;
    struct err err;
    (void)state;

    start(&trial, 2);
    trial.training.trials = 0;
    trial.training.lessons = 2;
    run(&trial);
    read_all(trial.model, &before);
    trial.training.lessons = 40;
    trial.training.lesson_rate = 1e36;
    trial.training.resume = true;
    assert_int_equal(training_run(&trial.training, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.message, "not finite"));
    assert_true(trial.rows < 40);
    read_all(trial.model, &after);
    assert_int_equal(before.length, after.length);
    assert_memory_equal(before.bytes, after.bytes, before.length);
    text_release(&before);
    text_release(&after);
    end(&trial);
}

static void nothing_to_resume_is_an_error(void **state)
{
    struct trial trial;
    struct err err;
    (void)state;

    start(&trial, 1);
    trial.training.resume = true;
    assert_int_not_equal(training_run(&trial.training, &err), 0);
    end(&trial);
}

static void drawn_scenarios_are_fit_to_train_on(void **state)
{
    int slotted = 0, wide = 0;
    (void)state;

    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct scenario *scenario;
        struct err err;

        if (domain_draw(&scenario, seed, &err))
            fail_msg("drawn scenario %llu: %s", (unsigned long long)seed, err.message);
        slotted += scenario->catalog.slot_s > 0;
        wide += scenario->catalog.resources > 2;
        if (seed <= 30)
            assert_true(mean_of(scenario, "fifo-min") > 0);
        scenario_free(scenario);
    }
    assert_in_range(slotted, 100, 250);
    assert_in_range(wide, 50, 200);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_learns),
    cmocka_unit_test(threads_do_not_matter),
    cmocka_unit_test(a_stop_does_not_matter),
    cmocka_unit_test(a_breakdown_keeps_the_last_good_model),
    cmocka_unit_test(nothing_to_resume_is_an_error),
    cmocka_unit_test(drawn_scenarios_are_fit_to_train_on),
};

RUN_TESTS(tests)
