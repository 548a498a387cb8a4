/* SPDX-License-Identifier: Apache-2.0 */
/*
 * optimus, drf, afs-l and afs-p by hand. Cluster a has 4 CPUs and b has 3. A task of type v takes 1
 * to 4 CPUs and needs 100 s on one at work 1, half of that on two, and so on; one of type s, which
 * scales less, has speeds of 0.01, 0.015, 0.0175 and 0.019; one of type w takes 4 CPUs and 25 s.
 */
#include "policy_case.h"

#define SCENARIO                                                                               \
    "resources: [cpu]\n"                                                                       \
    "clusters: [{name: a, capacity: {cpu: 4}}, {name: b, capacity: {cpu: 3}}]\n"               \
    "arrivals: {process: at-once, tasks: 1}\n"                                                 \
    "types:\n"                                                                                 \
    "  v: {min: {cpu: 1}, max: {cpu: 4}, speed: {model: power, scale: 0.01, exponents: {cpu: " \
    "1}}}\n"                                                                                   \
    "  s: {min: {cpu: 1}, max: {cpu: 4}, speed: {model: table, grid: {cpu: [1, 2, 3, 4]}, "    \
    "speeds: [0.01, 0.015, 0.0175, 0.019]}}\n"                                                 \
    "  w: {min: {cpu: 4}, max: {cpu: 4}, speed: {model: power, scale: 0.01, exponents: {cpu: " \
    "1}}}\n"

/*
 * Both have 1 CPU of 4. The next saves task 0 100 - 50 = 50 s and 1 50 - 25 = 25; then 0 only 50 -
 * 33.3, so 1 gets the last. At 25 task 0 has 50 CPU seconds left and gets all: 12.5 s.
 */
static void optimus_deals_by_gain(void **state)
{
    (void)state;
    check_case("optimus:model=true", SCENARIO, "0 v a 1\n0 v a 0.5",
               "0 start 0 a 2\n"
               "0 start 1 a 2\n"
               "25 finish 1\n"
               "25 resize 0 a 4\n"
               "37.5 finish 0\n");
}

/*
 * Three tasks gain the same by the fourth CPU: the lowest number gets it. Task 3 fits beside none
 * and waits for all. At 50 tasks 1 and 2 have 50 CPU seconds left each.
 */
static void optimus_breaks_ties_by_number(void **state)
{
    (void)state;
    check_case("optimus:model=true", SCENARIO, "0 v a\n0 v a\n0 v a\n1 w a",
               "0 start 0 a 2\n"
               "0 start 1 a 1\n"
               "0 start 2 a 1\n"
               "50 finish 0\n"
               "50 resize 1 a 2\n"
               "50 resize 2 a 2\n"
               "75 finish 1\n"
               "75 finish 2\n"
               "75 start 3 a 4\n"
               "100 finish 3\n");
}

/* In rounds of 30 s nothing changes at 25, and nobody new starts before 60. */
static void optimus_acts_in_rounds(void **state)
{
    (void)state;
    check_case("optimus:model=true,round=30", SCENARIO, "0 v a 1\n0 v a 0.5\n45 w a 1",
               "0 start 0 a 2\n"
               "0 start 1 a 2\n"
               "25 finish 1\n"
               "30 resize 0 a 4\n"
               "40 finish 0\n"
               "60 start 2 a 4\n"
               "85 finish 2\n");
}

/*
 * At 20 task 0 has 20 CPU seconds left, all in its last epoch, and task 1 has 40. The exact one
 * gives both 2: 1 saves 20 s by its second CPU, then 0 saves 10 and 1 only 6.7. By epochs 0 is as
 * good as done, and 1 has its first epoch behind it from the start: 20 left, but still more.
 */
static void optimus_may_count_in_epochs(void **state)
{
    static const char *const scenario =
        "resources: [cpu]\n"
        "clusters: [{name: a, capacity: {cpu: 4}}]\n"
        "arrivals: {process: at-once, tasks: 1}\n"
        "types: {e: {min: {cpu: 1}, max: {cpu: 4}, epochs: 2,\n"
        "    speed: {model: power, scale: 0.01, exponents: {cpu: 1}}}}\n";
    (void)state;

    check_case("optimus:model=true", scenario, "0 e a 1\n20 e a 0.4",
               "0 start 0 a 4\n"
               "20 resize 0 a 2\n"
               "20 start 1 a 2\n"
               "30 finish 0\n"
               "30 resize 1 a 4\n"
               "35 finish 1\n");
    check_case("optimus:model=true,left=epochs", scenario, "0 e a 1\n20 e a 0.4",
               "0 start 0 a 4\n"
               "20 resize 0 a 1\n"
               "20 start 1 a 3\n"
               "33.333 finish 1\n"
               "33.333 resize 0 a 4\n"
               "35 finish 0\n");
}

#define FAIR                                                                                       \
    "resources: [cpu, mem]\n"                                                                      \
    "clusters: [{name: a, capacity: {cpu: 9, mem: 18}}]\n"                                         \
    "arrivals: {process: at-once, tasks: 1}\n"                                                     \
    "types:\n"                                                                                     \
    "  A: {min: {cpu: 1, mem: 4}, max: {cpu: 9, mem: 18}, speed: {model: constant, value: 0.1}}\n" \
    "  B: {min: {cpu: 3, mem: 1}, max: {cpu: 9, mem: 18}, speed: {model: constant, value: 0.1}}\n" \
    "  C: {min: {cpu: 8, mem: 1}, max: {cpu: 9, mem: 18}, speed: {model: constant, value: 0.1}}\n"

/*
 * The example of the paper. Bundles go to A (4/18), B (3/9), A (8/18 > 3/9), B (6/9 > 8/18), A
 * (12/18), and all 9 CPUs are out: A holds 3 and 12, B 6 and 2. At 10 task 0 is done; B takes a
 * third bundle.
 */
static void drf_is_that_of_the_paper(void **state)
{
    (void)state;
    check_case("drf", FAIR, "0 A a 1\n0 B a 2",
               "0 start 0 a 3 12\n"
               "0 start 1 a 6 2\n"
               "10 finish 0\n"
               "10 resize 1 a 9 3\n"
               "20 finish 1\n");
}

/* After three minima 6 of 18 are left: one bundle of 4, and all three have the same share. Task 3
 * (8 CPUs) does not fit beside them; alone it can take no second bundle. */
static void drf_breaks_ties_by_number(void **state)
{
    (void)state;
    check_case("drf", FAIR, "0 A a\n0 A a\n0 A a\n0 C a",
               "0 start 0 a 2 8\n"
               "0 start 1 a 1 4\n"
               "0 start 2 a 1 4\n"
               "10 finish 0\n"
               "10 finish 1\n"
               "10 finish 2\n"
               "10 start 3 a 8 1\n"
               "20 finish 3\n");
}

/* Task 0 holds four bundles of memory (16 of 18). B takes the CPUs but no memory above 2, so with
 * keep nobody shrinks; without, 0 gives back down to 12. */
static void drf_keeps_if_told_to(void **state)
{
    (void)state;
    check_case("drf:keep=true", FAIR, "0 A a 1\n5 B a 1",
               "0 start 0 a 4 16\n"
               "5 start 1 a 3 1\n"
               "10 finish 0\n"
               "10 resize 1 a 9 3\n"
               "15 finish 1\n");
    check_case("drf", FAIR, "0 A a 1\n5 B a 1",
               "0 start 0 a 4 16\n"
               "5 resize 0 a 3 12\n"
               "5 start 1 a 6 2\n"
               "10 finish 0\n"
               "10 resize 1 a 9 3\n"
               "15 finish 1\n");
}

/*
 * Shares of a step are all 1/4, so compare (1 - s'/s) of the longer with (s/s' - 1) of the shorter.
 * 1 is the shorter one (50 s) and has the first CPU. 0, with nothing, 1 against 0.5: the second.
 * 1 - 100/150 = 0.33 of 0 against 0.5 of 1: the third to 1. Then 0.33 against 0.0175/0.015 - 1 =
 * 0.17: the last to 0. At 33.333 task 0 has half left, and all four: 0.5 / 0.019 = 26.316.
 */
static void afs_l_compares_gains(void **state)
{
    (void)state;
    check_case("afs-l", SCENARIO, "0 s a 1\n0 s a 0.5",
               "0 start 0 a 2\n"
               "0 start 1 a 2\n"
               "33.333 finish 1\n"
               "33.333 resize 0 a 4\n"
               "59.649 finish 0\n");
}

/* On three CPUs two equal tasks: one each, and the third to the lower number (0.5 against 0.33).
 * 1 / 0.015 = 66.667; then 1 has 1 - 0.66667 left for all three: 0.33333 / 0.0175 = 19.048. */
static void afs_l_breaks_ties_by_number(void **state)
{
    (void)state;
    check_case("afs-l", SCENARIO, "0 s b 1\n0 s b 1",
               "0 start 0 b 2\n"
               "0 start 1 b 1\n"
               "66.667 finish 0\n"
               "66.667 resize 1 b 3\n"
               "85.714 finish 1\n");
}

/* At 10 task 1 needs 10 s, with four CPUs or none; 0 has 0.81 left, 81 s with one. The shorter has
 * the first step, which is all there is. Then 0.81 / 0.019 = 42.632. */
static void afs_l_sends_back(void **state)
{
    (void)state;
    check_case("afs-l", SCENARIO, "0 s a 1\n10 w a 0.4",
               "0 start 0 a 4\n"
               "10 preempt 0\n"
               "10 start 1 a 4\n"
               "20 finish 1\n"
               "20 start 0 a 4\n"
               "62.632 finish 0\n");
}

/*
 * At 10 task 0 has attained service and 1 none, so 1 is taken to be the shorter, although it has
 * more left: first CPU to 1, second to 0 (1 against 0.5), third to 1 (0.33 against 0.5), fourth to
 * 0 (0.33 against 0.17). 0.81 / 0.015 = 54 s. At 64 task 1 has 0.19 left: 10 s with all.
 */
static void afs_p_takes_the_new_for_short(void **state)
{
    (void)state;
    check_case("afs-p:model=true", SCENARIO, "0 s a 1\n10 s a 1",
               "0 start 0 a 4\n"
               "10 resize 0 a 2\n"
               "10 start 1 a 2\n"
               "64 finish 0\n"
               "64 resize 1 a 4\n"
               "74 finish 1\n");
}

/* Nobody has attained anything: the lower number is first, whatever its length. Task 1 does not fit
 * on the three CPUs that are left, and waits. On b a task of its own. */
static void afs_p_breaks_ties_by_number(void **state)
{
    (void)state;
    check_case("afs-p:model=true", SCENARIO, "0 v a 1\n0 w a 0.1\n0 v b 0.3",
               "0 start 0 a 4\n"
               "0 start 2 b 3\n"
               "10 finish 2\n"
               "25 finish 0\n"
               "25 start 1 a 4\n"
               "27.5 finish 1\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(optimus_deals_by_gain),
    cmocka_unit_test(optimus_breaks_ties_by_number),
    cmocka_unit_test(optimus_acts_in_rounds),
    cmocka_unit_test(optimus_may_count_in_epochs),
    cmocka_unit_test(drf_is_that_of_the_paper),
    cmocka_unit_test(drf_breaks_ties_by_number),
    cmocka_unit_test(drf_keeps_if_told_to),
    cmocka_unit_test(afs_l_compares_gains),
    cmocka_unit_test(afs_l_breaks_ties_by_number),
    cmocka_unit_test(afs_l_sends_back),
    cmocka_unit_test(afs_p_takes_the_new_for_short),
    cmocka_unit_test(afs_p_breaks_ties_by_number),
};

RUN_TESTS(tests)
