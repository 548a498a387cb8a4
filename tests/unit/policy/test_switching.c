/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Presets of the switching cost, by hand: a task of 40 s on one CPU, 20 s on two. fair gives the
 * first all of the cluster, and half when the second comes; a type's own cost is 8 s at each start.
 */
#include "policy_run.h"

#define SCENARIO(preset)                                                                   \
    preset "resources: [cpu]\n"                                                            \
           "clusters: [{name: a, capacity: {cpu: 2}}]\n"                                   \
           "arrivals: {process: at-once, tasks: 1}\n"                                      \
           "types:\n"                                                                      \
           "  t: {min: {cpu: 1}, max: {cpu: 2}, startup: 8, speed: {model: power, scale: " \
           "0.025, exponents: {cpu: 1}}}\n"

#define ONE "{\"at\": 0, \"type\": \"t\"}\n"
#define TWO ONE "{\"at\": 10, \"type\": \"t\"}\n"

static void own_is_what_types_say(void **state)
{
    (void)state;
    check_policy_run("fair", SCENARIO(""), ONE, "0 start 0 a 2\n28 finish 0\n");
    check_policy_run("fair", SCENARIO("switching: own\n"), ONE, "0 start 0 a 2\n28 finish 0\n");
}

static void none_takes_all_costs_away(void **state)
{
    (void)state;
    check_policy_run("fair", SCENARIO("switching: none\n"), ONE, "0 start 0 a 2\n20 finish 0\n");
}

/*
 * After 5 s of stall task 0 does 5 s at 0.05 until 10; stalls to 15; then 0.75 is left at 0.025, up
 * to 45. Task 1 stalls to 15 and has done 0.75 by 45; it grows, stalls to 50 and needs 5 s.
 */
static void stall_stops_starts_and_changes(void **state)
{
    (void)state;
    check_policy_run("fair", SCENARIO("switching: stall-5\n"), TWO,
                     "0 start 0 a 2\n"
                     "10 resize 0 a 1\n"
                     "10 start 1 a 1\n"
                     "45 finish 0\n"
                     "45 resize 1 a 2\n"
                     "55 finish 1\n");
}

static void half_slot_needs_a_slot(void **state)
{
    struct scenario *scenario;
    struct err err;

    (void)state;
    assert_int_equal(scenario_parse(&scenario, "s", "", SCENARIO("switching: half-slot\n"), NULL, 0,
                                    &err),
                     ERR_INVALID);
    assert_non_null(strstr(err.message, "switching: half-slot only with a slot"));
    assert_int_equal(scenario_parse(&scenario, "s", "", SCENARIO("slot: 4\nswitching: half-slot\n"),
                                    NULL, 0, &err),
                     0);
    assert_true(scenario->catalog.type[0].startup_s == 0);
    assert_true(scenario->catalog.type[0].switching.factor == 0.5);
    assert_true(scenario->catalog.type[0].switching.seconds == 4);
    scenario_free(scenario);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(own_is_what_types_say),
    cmocka_unit_test(none_takes_all_costs_away),
    cmocka_unit_test(stall_stops_starts_and_changes),
    cmocka_unit_test(half_slot_needs_a_slot),
};

RUN_TESTS(tests)
