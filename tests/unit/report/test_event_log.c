/* SPDX-License-Identifier: Apache-2.0 */
/* Logs written, read, run again, compared - and damaged in every line. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "core/scenario.h"
#include "policy/spec.h"
#include "report/event_diff.h"
#include "report/event_log.h"
#include "report/event_reader.h"
#include "report/event_replay.h"
#include "report/result.h"

#define LOG   TEST_BUILD_DIR "/test_event_log.jsonl"
#define OTHER TEST_BUILD_DIR "/test_event_log.other.jsonl"

static void write_log(const char *scenario_path, const char *override, const char *policy,
                      int seeds, int jobs, const char *path)
{
    static const uint64_t seed[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct entrant entrant = {policy, policy, INFO_BLIND};
    struct outcome outcome[8] = {{false, {0}}};
    struct comparison comparison = {.seed = seed, .seeds = seeds, .contenders = 1, .jobs = jobs};
    struct scenario *scenario;
    struct contender contender;
    struct policy_spec spec;
    struct event_log *log;
    struct err err = {0};

    if (scenario_load(&scenario, scenario_path, &override, override != NULL, &err) ||
        policy_spec_parse(&spec, policy, &err))
        fail_msg("%s", err.message);
    contender = (struct contender){spec.ops, &spec.params, spec.model};
    comparison.scenario = scenario;
    comparison.contender = &contender;
    assert_int_equal(event_log_open(&log, path, scenario, &entrant, seeds, &err), 0);
    comparison.observer[comparison.observers++] = event_log_observer(log);
    assert_int_equal(comparison_run(&comparison, outcome, &err), 0);
    assert_int_equal(event_log_close(log, &err), 0);
    policy_spec_release(&spec);
    scenario_free(scenario);
}

static void read_text(const char *path, struct text *text)
{
    struct err err;

    text_init(text, 0);
    assert_int_equal(text_read_file(text, path, &err), 0);
}

static void assert_agrees(const char *path, int runs)
{
    atomic_int stop = 0;
    struct replay replay;
    struct err err = {0};

    if (replay_log(&replay, path, &stop, &err) || replay.differs)
        fail_msg("%s: %s%s", path, err.message, replay.differs ? "differs" : "");
    assert_int_equal(replay.runs, runs);
    replay_release(&replay);
}

static void a_log_runs_again(void **state)
{
    (void)state;
    write_log(TEST_SOURCE_DIR "/scenarios/paper/synthetic.yaml", NULL, "paper-tiresias", 2, 1, LOG);
    assert_agrees(LOG, 2);
    write_log(TEST_SOURCE_DIR "/tests/fuzz/corpus/scenario/events.yaml", NULL, "knee:within=0.2", 3,
              2, LOG);
    assert_agrees(LOG, 3);
    write_log(TEST_SOURCE_DIR "/scenarios/edge/site-down.yaml", NULL, "fair", 1, 1, LOG);
    assert_agrees(LOG, 1);
}

static void threads_do_not_change_a_log(void **state)
{
    struct text one, many;
    (void)state;

    write_log(TEST_SOURCE_DIR "/scenarios/paper/multi.yaml", NULL, "fair", 8, 1, LOG);
    read_text(LOG, &one);
    for (int jobs = 2; jobs <= 4; jobs++) {
        write_log(TEST_SOURCE_DIR "/scenarios/paper/multi.yaml", NULL, "fair", 8, jobs, OTHER);
        read_text(OTHER, &many);
        assert_int_equal(one.length, many.length);
        assert_memory_equal(one.bytes, many.bytes, one.length);
        text_release(&many);
    }
    text_release(&one);
    assert_int_not_equal(access(OTHER ".1.part", F_OK), 0);
}

static void arrivals_of_a_file_travel_in_the_log(void **state)
{
    const char *arrivals = TEST_BUILD_DIR "/test_event_log.arrivals.jsonl";
    char override[400];
    struct text text;
    struct err err;
    (void)state;

    text_init(&text, 0);
    text_add(&text, "{\"step\":0,\"type\":\"image\"}\n"
                    "{\"step\":3,\"type\":\"lm\",\"clusters\":[\"edge1\",\"edge2\"],\"work\":0.3}\n"
                    "{\"step\":1,\"type\":\"lm\",\"agents\":[0],\"min\":{\"cpu\":3}}\n");
    assert_int_equal(text_write_file(&text, arrivals, &err), 0);
    text_release(&text);
    snprintf(override, sizeof override, "arrivals={process: file, file: \"%s\"}", arrivals);
    write_log(TEST_SOURCE_DIR "/scenarios/paper/multi.yaml", override, "fair", 2, 2, LOG);
    unlink(arrivals); /* the log has them */
    assert_agrees(LOG, 2);
}

/* Every line of a log changed in turn: replay must say it is this line, or that it is damaged. */
static void replay_finds_any_changed_line(void **state)
{
    struct text whole;
    int line = 1;
    (void)state;

    write_log(TEST_SOURCE_DIR "/tests/fuzz/corpus/scenario/slotted.yaml", NULL, "fair", 1, 1, LOG);
    read_text(LOG, &whole);
    for (char *at = strchr(whole.bytes, '\n') + 1; *at; at = strchr(at, '\n') + 1) {
        char *digit = strpbrk(at, "0123456789"), kept = *digit;
        atomic_int stop = 0;
        struct replay replay;
        struct text copy;
        struct err err = {0};

        line++;
        *digit = kept == '7' ? '8' : '7';
        text_init(&copy, 0);
        text_add(&copy, whole.bytes);
        assert_int_equal(text_write_file(&copy, OTHER, &err), 0);
        assert_int_equal(replay_log(&replay, OTHER, &stop, &err), 0);
        assert_true(replay.differs);
        assert_int_equal(replay.line, line);
        *digit = kept;
        text_release(&copy);
        replay_release(&replay);
    }
    assert_true(line > 20);
    text_release(&whole);
}

static void write_text(const char *text)
{
    struct text out;
    struct err err;

    text_init(&out, 0);
    text_add(&out, text);
    assert_int_equal(text_write_file(&out, OTHER, &err), 0);
    text_release(&out);
}

#define HEADER                                                                                   \
    "{\"event\":\"run\",\"schema\":\"tapfinger.events/1\",\"version\":\"0\",\"scenario\":\"s\"," \
    "\"policy\":\"fair\",\"seed\":1,\"arrivals\":0,\"config\":\"\"}\n"

static void damage_has_a_message(void **state)
{
    static const struct {
        const char *text, *message;
    } damaged[] = {
        {"[1]\n", ":1: expected a JSON object"},
        {"{\"event\":\"start\"}\n", ":1: expected the header of a run, {\"event\":\"run\",...}"},
        {"{\"event\":\"run\",\"schema\":\"x/9\"}\n",
         ":1: schema \"x/9\"; this version reads \"tapfinger.events/1\""},
        {"{\"event\":\"run\",\"schema\":\"tapfinger.events/1\",\"version\":\"0\"}\n",
         ":1: run: \"scenario\": expected text"},
        {HEADER, ":2: the log breaks off; the run that begins in line 1 has no end"},
        {HEADER "{\"at\":1,\"event\":\"strat\",\"task\":0}\n",
         ":2: unknown event \"strat\"; did you mean \"start\"?"},
        {HEADER "{\"at\":1,\"event\":\"start\",\"task\":0}\n", ":2: task 0 has not arrived"},
        {HEADER "{\"at\":-1,\"event\":\"arrival\",\"task\":0}\n",
         ":2: \"at\": expected seconds, a number from 0"},
        {HEADER "{\"at\":1,\"event\":\"arrival\",\"task\":1}\n",
         ":2: task 1 arrives, but the next one is 0"},
        {HEADER "{\"at\":2,\"event\":\"arrival\",\"task\":0}\n"
                "{\"at\":1,\"event\":\"arrival\",\"task\":1}\n",
         ":3: \"at\": 1 comes before 2 in the line above"},
        {HEADER "{\"at\":2,\"event\":\"arrival\",\"task\":1e9}\n",
         ":2: \"task\": expected a whole number from 0 to 2147483647"},
        {HEADER "{\"at\":2,\"at\":3}\n",
         ":2: expected a JSON object: duplicate object key near '\"at\"'"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(damaged); i++) {
        struct event_diff diff;
        struct err err = {0};
        char wanted[400];

        write_text(damaged[i].text);
        assert_int_not_equal(event_diff_make(&diff, OTHER, OTHER, &err), 0);
        snprintf(wanted, sizeof wanted, "%s%s", OTHER, damaged[i].message);
        assert_string_equal(err.message, wanted);
        event_diff_release(&diff);
    }
}

static void an_unknown_policy_in_a_log_is_an_error(void **state)
{
    atomic_int stop = 0;
    struct replay replay;
    struct err err = {0};
    (void)state;

    write_text(HEADER);
    assert_int_not_equal(replay_log(&replay, OTHER, &stop, &err), 0);
    assert_string_equal(err.message, OTHER ":1: s: the file is empty; expected a scenario");
    replay_release(&replay);
    write_text("");
    assert_int_not_equal(replay_log(&replay, OTHER, &stop, &err), 0);
    assert_string_equal(err.message, OTHER ": an empty log");
    replay_release(&replay);
}

static void a_diff_counts_tasks(void **state)
{
    struct event_diff diff;
    const struct run_diff *run;
    struct err err = {0};
    (void)state;

    write_log(TEST_SOURCE_DIR "/scenarios/paper/multi.yaml", NULL, "fair", 1, 1, LOG);
    write_log(TEST_SOURCE_DIR "/scenarios/paper/multi.yaml", NULL, "fifo-min", 2, 1, OTHER);
    assert_int_equal(event_diff_make(&diff, LOG, LOG, &err), 0);
    assert_false(diff.differs);
    event_diff_release(&diff);
    assert_int_equal(event_diff_make(&diff, LOG, OTHER, &err), 0);
    run = &diff.run[0];
    assert_true(diff.differs);
    assert_int_equal(diff.runs[0], 1);
    assert_int_equal(diff.runs[1], 2);
    assert_int_equal(run->both, 192);
    assert_int_equal(run->alike + run->earlier + run->later, 192);
    assert_true(run->mean_s[1] > run->mean_s[0]); /* the minimum is slow */
    assert_true(run->same_config && run->same_arrivals);
    assert_int_equal(run->events[0][EVENT_ARRIVAL], 192);
    assert_true(run->events[0][EVENT_RESIZE] > 0 && run->events[1][EVENT_RESIZE] == 0);
    event_diff_release(&diff);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_log_runs_again),
    cmocka_unit_test(threads_do_not_change_a_log),
    cmocka_unit_test(arrivals_of_a_file_travel_in_the_log),
    cmocka_unit_test(replay_finds_any_changed_line),
    cmocka_unit_test(damage_has_a_message),
    cmocka_unit_test(an_unknown_policy_in_a_log_is_an_error),
    cmocka_unit_test(a_diff_counts_tasks),
};

RUN_TESTS(tests)
