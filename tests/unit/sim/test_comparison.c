/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "core/scenario.h"
#include "policy/spec.h"
#include "sim/comparison.h"

enum { SEEDS = 12, CONTENDERS = 3, PIECES = SEEDS * CONTENDERS };

static const char *const name[CONTENDERS] = {"fifo-min", "fair", "random"};

struct setting {
    struct scenario *scenario;
    struct policy_spec spec[CONTENDERS];
    struct contender contender[CONTENDERS];
    uint64_t seed[SEEDS];
    struct comparison comparison;
    struct outcome outcome[PIECES];
};

static void open_setting(struct setting *s)
{
    const char *override = "arrivals.tasks=60";
    struct err err;

    memset(s, 0, sizeof *s);
    if (scenario_load(&s->scenario, TEST_SOURCE_DIR "/scenarios/paper/multi.yaml", &override, 1,
                      &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < CONTENDERS; i++) {
        assert_int_equal(policy_spec_parse(&s->spec[i], name[i], &err), 0);
        s->contender[i] = (struct contender){s->spec[i].ops, &s->spec[i].params, s->spec[i].model};
    }
    for (int i = 0; i < SEEDS; i++)
        s->seed[i] = (uint64_t)(i + 1) * 7;
    s->comparison = (struct comparison){.scenario = s->scenario,
                                        .contender = s->contender,
                                        .contenders = CONTENDERS,
                                        .seed = s->seed,
                                        .seeds = SEEDS,
                                        .jobs = 1};
}

static void close_setting(struct setting *s)
{
    for (int i = 0; i < CONTENDERS; i++)
        policy_spec_release(&s->spec[i]);
    scenario_free(s->scenario);
}

static void any_number_of_threads_gives_the_same(void **state)
{
    static struct setting one, many;
    struct err err;
    (void)state;

    open_setting(&one);
    assert_int_equal(comparison_run(&one.comparison, one.outcome, &err), 0);
    for (int jobs = 2; jobs <= 5; jobs++) {
        open_setting(&many);
        many.comparison.jobs = jobs;
        assert_int_equal(comparison_run(&many.comparison, many.outcome, &err), 0);
        for (int i = 0; i < PIECES; i++) {
            one.outcome[i].metrics.decision_us = many.outcome[i].metrics.decision_us = 0;
            assert_true(one.outcome[i].done && many.outcome[i].done);
            assert_memory_equal(&one.outcome[i].metrics, &many.outcome[i].metrics,
                                sizeof one.outcome[i].metrics);
        }
        close_setting(&many);
    }
    close_setting(&one);
}

/* Stops when so many pieces have begun, or fails at one. */
struct meddler {
    atomic_int begun, ended, stop;
    int stop_at, fail_at; /* piece; -1: never */
};

static int begin(void *arg, const struct piece *piece, struct err *err)
{
    struct meddler *m = arg;

    atomic_fetch_add(&m->begun, 1);
    if (piece->index == m->stop_at)
        atomic_store(&m->stop, 1);
    if (piece->index >= m->fail_at && m->fail_at >= 0)
        return err_set(err, ERR_IO, "piece %d", piece->index);
    return 0;
}

static int end(void *arg, const struct piece *piece, const struct metrics *metrics, struct err *err)
{
    struct meddler *m = arg;

    (void)piece;
    (void)metrics;
    (void)err;
    atomic_fetch_add(&m->ended, 1);
    return 0;
}

static void stopping_keeps_what_is_finished(void **state)
{
    static struct setting s, whole;
    struct meddler meddler = {.stop_at = 10, .fail_at = -1};
    struct err err;
    int done = 0;
    (void)state;

    open_setting(&whole);
    assert_int_equal(comparison_run(&whole.comparison, whole.outcome, &err), 0);
    open_setting(&s);
    s.comparison.stop = &meddler.stop;
    s.comparison.observer[s.comparison.observers++] =
        (struct observer){.arg = &meddler, .begin = begin, .end = end};
    assert_int_equal(comparison_run(&s.comparison, s.outcome, &err), ERR_INTERRUPTED);
    assert_string_equal(err.message, "stopped");
    for (int i = 0; i < PIECES; i++) {
        if (!s.outcome[i].done)
            continue;
        done++;
        assert_true(s.outcome[i].metrics.mean_completion ==
                    whole.outcome[i].metrics.mean_completion);
    }
    assert_int_equal(done, 10); /* one thread: those before the stop */
    assert_int_equal(meddler.begun, meddler.ended);
    close_setting(&s);
    close_setting(&whole);
}

static void the_first_failure_is_reported(void **state)
{
    struct err err;
    (void)state;

    for (int jobs = 1; jobs <= 4; jobs++) {
        static struct setting s;
        struct meddler meddler = {.stop_at = -1, .fail_at = 9};

        open_setting(&s);
        s.comparison.jobs = jobs;
        s.comparison.observer[s.comparison.observers++] =
            (struct observer){.arg = &meddler, .begin = begin, .end = end};
        assert_int_equal(comparison_run(&s.comparison, s.outcome, &err), ERR_IO);
        assert_string_equal(err.message, "piece 9");
        for (int i = 0; i < 9; i++)
            assert_true(s.outcome[i].done);
        assert_false(s.outcome[9].done);
        close_setting(&s);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(any_number_of_threads_gives_the_same),
    cmocka_unit_test(stopping_keeps_what_is_finished),
    cmocka_unit_test(the_first_failure_is_reported),
};

RUN_TESTS(tests)
