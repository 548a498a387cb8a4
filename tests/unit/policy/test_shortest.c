/* SPDX-License-Identifier: Apache-2.0 */
/*
 * srtf, srsf and sjf by hand. A task of type t takes 2 CPUs, one of type u 4; at work 1 both need
 * 10 s. Both clusters have 4 CPUs.
 */
#include "policy_case.h"

#define SCENARIO                                                                                \
    "resources: [cpu]\n"                                                                        \
    "clusters: [{name: a, capacity: {cpu: 4}}, {name: b, capacity: {cpu: 4}}]\n"                \
    "arrivals: {process: at-once, tasks: 1}\n"                                                  \
    "types:\n"                                                                                  \
    "  t: {min: {cpu: 2}, max: {cpu: 2}, speed: {model: power, scale: 0.05, exponents: {cpu: "  \
    "1}}}\n"                                                                                    \
    "  u: {min: {cpu: 4}, max: {cpu: 4}, speed: {model: power, scale: 0.025, exponents: {cpu: " \
    "1}}}\n"

/*
 * At 5 task 0 has 15 s left and makes room for 1 (4 s), beside which it does not fit. At 6 task 2
 * (30 s) fits beside 1, although 0 comes before it. At 9 task 0 (15 s) goes before 2 (30 - 3 = 27
 * s) and takes all; 2 goes on at 9 + 15 = 24 and ends at 24 + 27 = 51.
 */
static void srtf_preempts_and_fills_up(void **state)
{
    (void)state;
    check_case("srtf:req=min", SCENARIO, "0 u a 2\n5 t a 0.4\n6 t a 3",
               "0 start 0 a 4\n"
               "5 preempt 0\n"
               "5 start 1 a 2\n"
               "6 start 2 a 2\n"
               "9 finish 1\n"
               "9 preempt 2\n"
               "9 start 0 a 4\n"
               "24 finish 0\n"
               "24 start 2 a 2\n"
               "51 finish 2\n");
}

/*
 * A start takes 1 s. When 1 comes at 4, task 0 has done 3 s, is started anew and up at 5, and ends
 * 7 s later; task 1 has then done 7 s too, is started anew in its turn, up at 13, and ends at 16.
 */
static void restarts_are_charged_at_every_event(void **state)
{
    static const char slow[] =
        "resources: [cpu]\n"
        "clusters: [{name: a, capacity: {cpu: 4}}]\n"
        "arrivals: {process: at-once, tasks: 1}\n"
        "types:\n"
        "  t: {min: {cpu: 2}, max: {cpu: 2}, startup: 1, speed: {model: constant, value: 0.1}}\n";
    (void)state;

    check_case("srtf:req=min,restarts=true", slow, "0 t a 1\n4 t a 1",
               "0 start 0 a 2\n"
               "4 migrate 0 a 2\n"
               "4 start 1 a 2\n"
               "12 finish 0\n"
               "12 migrate 1 a 2\n"
               "16 finish 1\n");
    check_case("srtf:req=min", slow, "0 t a 1\n4 t a 1",
               "0 start 0 a 2\n"
               "4 start 1 a 2\n"
               "11 finish 0\n"
               "15 finish 1\n");
}

/* At 4 all three have 6 s left. Who runs goes on; of the others the lower number is first. */
static void srtf_keeps_running_at_a_tie(void **state)
{
    (void)state;
    check_case("srtf:req=min", SCENARIO, "0 u a 1\n4 u a 0.6\n4 u a 0.6",
               "0 start 0 a 4\n"
               "10 finish 0\n"
               "10 start 1 a 4\n"
               "16 finish 1\n"
               "16 start 2 a 4\n"
               "22 finish 2\n");
}

/* At 1 task 1 (4 s) goes before 0 (9 s left), which moves to b in place of waiting. */
static void srtf_moves_whom_it_displaces(void **state)
{
    (void)state;
    check_case("srtf:req=min", SCENARIO, "0 t ab 1\n1 u a 0.4",
               "0 start 0 a 2\n"
               "1 start 1 a 4\n"
               "1 migrate 0 b 2\n"
               "5 finish 1\n"
               "10 finish 0\n");
}

/* By part (DL2's key) task 0, at 5 of 100 s, has 0.95 left and goes before 1 with all of its 1 s.
 */
static void srtf_by_part_errs_as_dl2_does(void **state)
{
    (void)state;
    check_case("srtf:req=min,by=part", SCENARIO, "0 u a 10\n5 u a 0.1",
               "0 start 0 a 4\n"
               "100 finish 0\n"
               "100 start 1 a 4\n"
               "101 finish 1\n");
}

/* With rounds of 10 s the task that comes at 5 is looked at when the clock says 10. */
static void srtf_acts_in_rounds(void **state)
{
    (void)state;
    check_case("srtf:req=min,round=10", SCENARIO, "0 u a 2\n5 t a 0.4",
               "0 start 0 a 4\n"
               "10 preempt 0\n"
               "10 start 1 a 2\n"
               "14 finish 1\n"
               "20 start 0 a 4\n"
               "30 finish 0\n");
}

/*
 * Of all 8 CPUs t has a share of 1/4 and u of 1/2: task 1 (10/4 = 2.5) comes before 0 (6/2 = 3) and
 * that before 2 (14/4 = 3.5), but 0 does not fit beside 1. At 10 task 2 has 4/4 = 1 left and goes
 * on. By time alone 0 would be first.
 */
static void srsf_weighs_by_width(void **state)
{
    (void)state;
    check_case("srsf:req=min", SCENARIO, "0 u a 0.6\n0 t a 1\n0 t a 1.4",
               "0 start 1 a 2\n"
               "0 start 2 a 2\n"
               "10 finish 1\n"
               "14 finish 2\n"
               "14 start 0 a 4\n"
               "20 finish 0\n");
    check_case("srtf:req=min", SCENARIO, "0 u a 0.6\n0 t a 1\n0 t a 1.4",
               "0 start 0 a 4\n"
               "6 finish 0\n"
               "6 start 1 a 2\n"
               "6 start 2 a 2\n"
               "16 finish 1\n"
               "20 finish 2\n");
}

/* 5/2 = 10/4: the lower number goes first. At 1 a shorter one (2/2 = 1 against 4/2 = 2) preempts.
 */
static void srsf_breaks_ties_by_number(void **state)
{
    (void)state;
    check_case("srsf:req=min", SCENARIO, "0 u a 0.5\n0 t a 1\n1 u a 0.2",
               "0 start 0 a 4\n"
               "1 preempt 0\n"
               "1 start 2 a 4\n"
               "3 finish 2\n"
               "3 start 0 a 4\n"
               "7 finish 0\n"
               "7 start 1 a 2\n"
               "17 finish 1\n");
}

/* Nobody is interrupted. At 20 the order is 3 (2 s), 2 (5 s), 1 (10 s); 2 does not fit beside 3,
 * nor 1 beside 2. */
static void sjf_lets_everybody_finish(void **state)
{
    (void)state;
    check_case("sjf:req=min", SCENARIO, "0 u a 2\n1 u a 1\n2 t a 0.5\n3 u a 0.2",
               "0 start 0 a 4\n"
               "20 finish 0\n"
               "20 start 3 a 4\n"
               "22 finish 3\n"
               "22 start 2 a 2\n"
               "27 finish 2\n"
               "27 start 1 a 4\n"
               "37 finish 1\n");
}

/* All need 10 s. 0 fills a; 1 does not fit there, 2 fills b, and 3 is too wide for what is free. */
static void sjf_breaks_ties_by_number(void **state)
{
    (void)state;
    check_case("sjf:req=min", SCENARIO, "0 u a\n0 t a\n0 t b\n0 u ab",
               "0 start 0 a 4\n"
               "0 start 2 b 2\n"
               "10 finish 0\n"
               "10 finish 2\n"
               "10 start 1 a 2\n"
               "10 start 3 b 4\n"
               "20 finish 1\n"
               "20 finish 3\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(srtf_preempts_and_fills_up),
    cmocka_unit_test(restarts_are_charged_at_every_event),
    cmocka_unit_test(srtf_keeps_running_at_a_tie),
    cmocka_unit_test(srtf_moves_whom_it_displaces),
    cmocka_unit_test(srtf_by_part_errs_as_dl2_does),
    cmocka_unit_test(srtf_acts_in_rounds),
    cmocka_unit_test(srsf_weighs_by_width),
    cmocka_unit_test(srsf_breaks_ties_by_number),
    cmocka_unit_test(sjf_lets_everybody_finish),
    cmocka_unit_test(sjf_breaks_ties_by_number),
};

RUN_TESTS(tests)
