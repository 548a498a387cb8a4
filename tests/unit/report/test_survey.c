/* SPDX-License-Identifier: Apache-2.0 */
/* Offered load against figures worked out by hand. */
#include "harness.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "core/scenario.h"
#include "report/survey.h"
#include "report/survey_print.h"

static void survey(const char *yaml, struct survey *out, struct scenario **scenario)
{
    atomic_int stop = 0;
    struct err err = {0};

    if (scenario_parse(scenario, "test", "", yaml, NULL, 0, &err) ||
        survey_make(out, *scenario, 2, 1, &stop, &err))
        fail_msg("%s", err.message);
}

static void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-9 * fabs(wanted) + 1e-12))
        fail_msg("got %.17g, wanted %.17g", got, wanted);
}

/*
 * One task every 10 s, 100 s alone on one core, 20 + 80/c on c. Two clusters, 4 and 2 cores, all in
 * reach: half of the work each. Minimum: 1 core for 100 s, every 20 s: 5 cores asked of 4 and of 2.
 */
static void loads_follow_the_definition(void **state)
{
    struct scenario *scenario;
    struct survey s;
    (void)state;

    survey("resources: [cpu]\n"
           "clusters: [{name: a, capacity: {cpu: 4}}, {name: b, capacity: {cpu: 2}}]\n"
           "arrivals: {process: regular, rate: 0.1, tasks: 50}\n"
           "types: {t: {min: {cpu: 1}, speed: {model: amdahl, serial: 20, parallel: {cpu: 80}}}}\n",
           &s, &scenario);
    assert_near(s.tasks, 50);
    assert_near(s.arrival_s, 500);
    assert_near(s.cluster[0].tasks, 25);
    assert_near(s.cluster[0].load.minimum[0], 1.25);
    assert_near(s.cluster[1].load.minimum[0], 2.5);
    /* a core is used best alone: 1 * 100 < 2 * 60 < 4 * 40 */
    assert_near(s.cluster[0].load.thrifty[0], 1.25);
    assert_near(s.load.minimum[0], 50 * 100 / (6 * 500.0));
    assert_near(s.type[0].seconds_min, 100);
    assert_near(s.type[0].seconds_best, 40);
    assert_int_equal(s.nowhere, 0);
    assert_true(s.trial[0].waited_share > 0.5);
    survey_release(&s, scenario);
    scenario_free(scenario);
}

static void tasks_that_can_run_nowhere_are_found(void **state)
{
    struct scenario *scenario;
    struct survey s;
    struct text text;
    (void)state;

    survey("resources: [cpu]\n"
           "clusters: [{name: a, capacity: {cpu: 4}}, {name: b, capacity: {cpu: 1}}]\n"
           "arrivals: {process: regular, rate: 0.001, tasks: 10}\n"
           "reach: {kind: listed, sets: [{clusters: [b]}]}\n"
           "horizon: 20000\n"
           "types: {t: {min: {cpu: 2}, speed: {model: constant, value: 1}}}\n",
           &s, &scenario);
    text_init(&text, 0);
    survey_warnings(&s, scenario, &text);
    assert_int_equal(s.nowhere, 20);
    assert_non_null(strstr(text.bytes, "20 of 20 tasks of type t can run nowhere: no cluster of "
                                       "their reach holds their minimum, or they would never end; "
                                       "task 0 of seed 1 reaches b"));
    assert_non_null(strstr(text.bytes, "2 of 2 clusters are in no task's reach, or can hold none"));
    text_release(&text);
    survey_release(&s, scenario);
    scenario_free(scenario);
}

static void an_empty_scenario_is_warned_of(void **state)
{
    struct scenario *scenario;
    struct survey s;
    struct text text;
    (void)state;

    survey("resources: [cpu]\n"
           "clusters: [{name: a, capacity: {cpu: 4}}]\n"
           "arrivals: {process: regular, rate: 0.01, tasks: 10}\n"
           "types: {t: {min: {cpu: 1}, speed: {model: constant, value: 0.5}}}\n",
           &s, &scenario);
    text_init(&text, 0);
    survey_warnings(&s, scenario, &text);
    assert_string_equal(text.bytes, "nothing ever contends: no task waited under any simple "
                                    "policy, so a comparison would be empty\n");
    text_release(&text);
    survey_release(&s, scenario);
    scenario_free(scenario);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(loads_follow_the_definition),
    cmocka_unit_test(tasks_that_can_run_nowhere_are_found),
    cmocka_unit_test(an_empty_scenario_is_warned_of),
};

RUN_TESTS(tests)
