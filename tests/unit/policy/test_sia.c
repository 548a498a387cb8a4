/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sia and pollux by hand. A run of t takes 40 s on one CPU and scales without loss, u is a t that
 * cannot do with less than 4.
 */
#include "policy_run.h"

#define SCENARIO(switching)                                                               \
    "resources: [cpu]\n"                                                                  \
    "clusters: [{name: a, capacity: {cpu: 4}}]\n"                                         \
    "arrivals: {process: at-once, tasks: 1}\n"                                            \
    "types:\n"                                                                            \
    "  t: {min: {cpu: 1}, max: {cpu: 4}, speed: {model: power, scale: 0.025, exponents: " \
    "{cpu: 1}}" switching "}\n"                                                           \
    "  u: {min: {cpu: 4}, max: {cpu: 4}, speed: {model: power, scale: 0.025, exponents: " \
    "{cpu: 1}}}\n"

#define TIE_AND_MISFIT               \
    "{\"at\": 0, \"type\": \"t\"}\n" \
    "{\"at\": 0, \"type\": \"t\"}\n" \
    "{\"at\": 5, \"type\": \"u\"}\n"
#define ALONE "{\"at\": 0, \"type\": \"t\"}\n"

#define HALVES_THEN_THE_LARGE \
    "0 start 0 a 2\n"         \
    "0 start 1 a 2\n"         \
    "20 finish 0\n"           \
    "20 finish 1\n"           \
    "20 start 2 a 4\n"        \
    "30 finish 2\n"

/*
 * On 1, 2, 3 and 4 CPUs a t costs 1, 0.707, 0.577 and 0.5, with nothing 1.1. Of two equal ones
 * (2, 2) costs 1.41, (3, 1) 1.58 and (4, none) 1.6: they share, and both need 20 s. The u does not
 * fit beside them, and in place of both it would cost 1 + 1.1 + 1.1 rather than 1.41 + 1.1.
 */
static void sia_shares_among_equals(void **state)
{
    (void)state;
    check_policy_run("sia:model=true,round=10", SCENARIO(""), TIE_AND_MISFIT,
                     HALVES_THEN_THE_LARGE);
}

/* Twice its minimum first, at the next round twice that: 10 s at 0.05, and 5 s at 0.1. */
static void sia_doubles(void **state)
{
    (void)state;
    check_policy_run("sia:model=true,round=10", SCENARIO(""), ALONE,
                     "0 start 0 a 2\n10 resize 0 a 4\n15 finish 0\n");
    check_policy_run("sia:model=true,round=10,doubling=false", SCENARIO(""), ALONE,
                     "0 start 0 a 4\n10 finish 0\n");
}

/*
 * A restart of 5 s: at 10 s the task keeps 10 / 15 of its life, so 4 CPUs cost (4 * 0.667)^-0.5 =
 * 0.61 against 0.71 for the 2 it has: it changes, stands still for 5 s, and runs 5 s more. At 8 s,
 * with a restart of 8 s, it would keep 8 / 16: (4 * 0.5)^-0.5 is no better than what it has.
 */
static void sia_weighs_restarts(void **state)
{
    (void)state;
    check_policy_run("sia:model=true,round=10", SCENARIO(", switching: {factor: 0, seconds: 5}"),
                     ALONE, "0 start 0 a 2\n10 resize 0 a 4\n20 finish 0\n");
    check_policy_run("sia:model=true,round=8", SCENARIO(", switching: {factor: 0, seconds: 8}"),
                     ALONE, "0 start 0 a 2\n20 finish 0\n");
}

/*
 * Among two, the fair share of a t is 2 CPUs, that is 20 s, and its weight 1/4: on n CPUs its
 * speedup is n / 8 and its cost 1 / (n / 8 + 0.001): 7.9, 4.0, 2.7, 2.0, and with nothing 1000.
 * (2, 2) costs 8.0, (3, 1) 10.6. A u would cost 1, but two tasks with nothing 2000.
 */
static void pollux_shares_among_equals(void **state)
{
    (void)state;
    check_policy_run("pollux:model=true,round=10", SCENARIO(""), TIE_AND_MISFIT,
                     HALVES_THEN_THE_LARGE);
}

/*
 * Alone, the fair share is all 4 CPUs (10 s): the speedup is 1/8 on 2 and 1/4 on 4 CPUs. With a
 * restart of 5 s the change counts 10 / 15 of 1/4, more than 1/8; with one of 20 s 10 / 30 of it.
 */
static void pollux_weighs_restarts(void **state)
{
    (void)state;
    check_policy_run("pollux:model=true,round=10", SCENARIO(", switching: {factor: 0, seconds: 5}"),
                     ALONE, "0 start 0 a 2\n10 resize 0 a 4\n20 finish 0\n");
    check_policy_run("pollux:model=true,round=10",
                     SCENARIO(", switching: {factor: 0, seconds: 20}"), ALONE,
                     "0 start 0 a 2\n20 finish 0\n");
}

/*
 * Of the four widths two are considered, 4 and 1. The task wants exactly 2, as its arrival says:
 * 40 / 2 seconds.
 */
static void own_minimum_is_a_choice(void **state)
{
    (void)state;
    check_policy_run("sia:model=true,round=10,choices=2", SCENARIO(""),
                     "{\"at\": 0, \"type\": \"t\", \"min\": {\"cpu\": 2}, \"max\": {\"cpu\": 2}}\n",
                     "0 start 0 a 2\n20 finish 0\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sia_shares_among_equals), cmocka_unit_test(sia_doubles),
    cmocka_unit_test(sia_weighs_restarts),     cmocka_unit_test(pollux_shares_among_equals),
    cmocka_unit_test(pollux_weighs_restarts),  cmocka_unit_test(own_minimum_is_a_choice),
};

RUN_TESTS(tests)
