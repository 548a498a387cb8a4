/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tetris, kubernetes, yarn and wang-online by hand. In the one-resource scenario a task of type t
 * takes 2 CPUs and one of type u 4, and at work 1 both need 10 s.
 */
#include "policy_case.h"

#define SPEEDS                                                                    \
    "arrivals: {process: at-once, tasks: 1}\n"                                    \
    "types:\n"                                                                    \
    "  t: {min: {cpu: 2}, max: {cpu: 2}, speed: {model: constant, value: 0.1}}\n" \
    "  u: {min: {cpu: 4}, max: {cpu: 4}, speed: {model: constant, value: 0.1}}\n"

#define EQUAL            \
    "resources: [cpu]\n" \
    "clusters: [{name: a, capacity: {cpu: 4}}, {name: b, capacity: {cpu: 4}}]\n" SPEEDS

#define UNEQUAL          \
    "resources: [cpu]\n" \
    "clusters: [{name: a, capacity: {cpu: 4}}, {name: b, capacity: {cpu: 8}}]\n" SPEEDS

#define PACKING                                                                                   \
    "resources: [cpu, gpu]\n"                                                                     \
    "clusters: [{name: a, capacity: {cpu: 8, gpu: 4}}]\n"                                         \
    "arrivals: {process: at-once, tasks: 1}\n"                                                    \
    "types:\n"                                                                                    \
    "  x: {min: {cpu: 4, gpu: 1}, max: {cpu: 4, gpu: 1}, speed: {model: constant, value: 0.1}}\n" \
    "  y: {min: {cpu: 2, gpu: 3}, max: {cpu: 2, gpu: 3}, speed: {model: constant, value: 0.1}}\n" \
    "  z: {min: {cpu: 6}, max: {cpu: 6, gpu: 0}, speed: {model: constant, value: 0.1}}\n"

/*
 * Alignments with all free: x 4/8 + 1/4 = 0.75, y 2/8 + 3/4 = 1, z 6/8 = 0.75. After y, 6 CPUs and
 * 1 GPU are free: x 4/8 * 6/8 + 1/4 * 1/4 = 0.4375, z 6/8 * 6/8 = 0.5625. Then x does not fit.
 */
static void tetris_packs_by_alignment(void **state)
{
    (void)state;
    check_case("tetris:req=min,srtf=0,fairness=0", PACKING, "0 x a\n0 y a\n0 z a",
               "0 start 1 a 2 3\n"
               "0 start 2 a 6 0\n"
               "10 finish 1\n"
               "10 finish 2\n"
               "10 start 0 a 4 1\n"
               "20 finish 0\n");
}

/*
 * Three times the same request; two fit. The alignment is the same, so work decides: 10 s before
 * 20, and of the two of 20 s the older. With the sign of DL2 long work goes first.
 */
static void tetris_prefers_short_work(void **state)
{
    (void)state;
    check_case("tetris:req=min,fairness=0", PACKING, "0 x a 2\n0 x a 2\n0 x a 1",
               "0 start 2 a 4 1\n"
               "0 start 0 a 4 1\n"
               "10 finish 2\n"
               "10 start 1 a 4 1\n"
               "20 finish 0\n"
               "30 finish 1\n");
    check_case("tetris:req=min,fairness=0,srtf=-1", PACKING, "0 x a 2\n0 x a 2\n0 x a 1",
               "0 start 0 a 4 1\n"
               "0 start 1 a 4 1\n"
               "20 finish 0\n"
               "20 finish 1\n"
               "20 start 2 a 4 1\n"
               "30 finish 2\n");
}

/* Of four that fit a quarter, the youngest, is not looked at, though it is by far the shortest: 0
 * starts. Of the other three 3 * 0.75 = 2.25 may not wait, so all are looked at, and 3 starts. */
static void tetris_lets_the_young_wait(void **state)
{
    (void)state;
    check_case("tetris:req=min", PACKING, "0 x a 2\n0 x a 2\n0 x a 2\n0 x a 0.1",
               "0 start 0 a 4 1\n"
               "0 start 3 a 4 1\n"
               "1 finish 3\n"
               "1 start 1 a 4 1\n"
               "20 finish 0\n"
               "20 start 2 a 4 1\n"
               "21 finish 1\n"
               "40 finish 2\n");
}

/*
 * Scores with the pod counted in; balance is 100 everywhere (one resource). Task 0: a (4 - 2) * 100
 * / 4 = 50, b (8 - 2) * 100 / 8 = 75. Task 1 (4 CPUs): a 0, b (8 - 6) * 100 / 8 = 25. Task 2: a 50,
 * b 0. At 9.5 task 3 finds 2 CPUs on a and is set aside; 4 overtakes it. It is back a second later,
 * finds the same, and may try again when something comes free after 12.5.
 *
 * In the second case all is free at 10, but its second is over at 10.5; then a scores 0 and b 50.
 */
static void kubernetes_scores_and_backs_off(void **state)
{
    (void)state;
    check_case("kubernetes:req=min", UNEQUAL, "0 t ab\n0 u ab\n0 t ab\n9.5 u a\n9.5 t a\n",
               "0 start 0 b 2\n"
               "0 start 1 b 4\n"
               "0 start 2 a 2\n"
               "9.5 start 4 a 2\n"
               "10 finish 0\n"
               "10 finish 1\n"
               "10 finish 2\n"
               "19.5 finish 4\n"
               "19.5 start 3 a 4\n"
               "29.5 finish 3\n");
    check_case("kubernetes:req=min", UNEQUAL, "0 t ab\n0 u ab\n0 t ab\n9.5 u ab",
               "0 start 0 b 2\n"
               "0 start 1 b 4\n"
               "0 start 2 a 2\n"
               "10 finish 0\n"
               "10 finish 1\n"
               "10 finish 2\n"
               "10.5 start 3 b 4\n"
               "20.5 finish 3\n");
}

/* Most allocated: a scores 50 against 25, then 100 against 25; what does not fit goes to b. Task 3
 * does not fit at 0.5; nothing comes free before 10, long after its back-off. */
static void kubernetes_can_pack(void **state)
{
    (void)state;
    check_case("kubernetes:req=min,score=most", UNEQUAL, "0 t ab\n0 t ab\n0 u ab\n0.5 u a",
               "0 start 0 a 2\n"
               "0 start 1 a 2\n"
               "0 start 2 b 4\n"
               "10 finish 0\n"
               "10 finish 1\n"
               "10 finish 2\n"
               "10 start 3 a 4\n"
               "20 finish 3\n");
}

/* Two that came together are tried in the order of their numbers; of equal clusters one is drawn.
 * Pods that keep to their home (the first that is named) have no choice. */
static void kubernetes_breaks_ties(void **state)
{
    (void)state;
    check_case("kubernetes:req=min,home=true", EQUAL, "0 u ab\n0 u ab",
               "0 start 0 a 4\n"
               "10 finish 0\n"
               "10 start 1 a 4\n"
               "20 finish 1\n");
}

/* Task 1 does not fit beside 0 and reserves a: 2 would fit and has to wait behind it. Task 3
 * reaches b, which nobody has reserved. */
static void yarn_lets_nobody_pass(void **state)
{
    (void)state;
    check_case("yarn:req=min", EQUAL, "0 t a\n1 u a\n2 t a\n3 t b",
               "0 start 0 a 2\n"
               "3 start 3 b 2\n"
               "10 finish 0\n"
               "10 start 1 a 4\n"
               "13 finish 3\n"
               "20 finish 1\n"
               "20 start 2 a 2\n"
               "30 finish 2\n");
}

/* All come at once. a and b would be left with as little: the lower one. Task 2 does not fit beside
 * 1 and is before 3 when all is free. */
static void yarn_goes_by_number(void **state)
{
    (void)state;
    check_case("yarn:req=min", EQUAL, "0 u ab\n0 t ab\n0 u ab\n0 t ab",
               "0 start 0 a 4\n"
               "0 start 1 b 2\n"
               "10 finish 0\n"
               "10 finish 1\n"
               "10 start 2 a 4\n"
               "10 start 3 b 2\n"
               "20 finish 2\n"
               "20 finish 3\n");
}

/* Tenant a runs task 0 on a (to 20) and 1 on b (to 10), tenant b nothing: when b comes free, its
 * task 3 goes before 2, which is older. */
static void yarn_serves_who_has_least(void **state)
{
    (void)state;
    check_policy_run(
        "yarn:req=min,queues=home", EQUAL,
        "{\"at\": 0, \"type\": \"u\", \"work\": 2, \"clusters\": [\"a\"]}\n"
        "{\"at\": 0, \"type\": \"u\", \"clusters\": [\"a\", \"b\"], \"home\": \"a\"}\n"
        "{\"at\": 1, \"type\": \"u\", \"clusters\": [\"a\", \"b\"], \"home\": \"a\"}\n"
        "{\"at\": 2, \"type\": \"u\", \"clusters\": [\"a\", \"b\"], \"home\": \"b\"}\n",
        "0 start 0 a 4\n"
        "0 start 1 b 4\n"
        "10 finish 1\n"
        "10 start 3 b 4\n"
        "20 finish 0\n"
        "20 finish 3\n"
        "20 start 2 a 4\n"
        "30 finish 2\n");
}

/*
 * All take whole clusters. 0: 20 on either, a. 1 (10 s): a 10 + 10 for 0 behind it, b 10. 2 (5 s)
 * at 2: a 5 + 5 for 0 (18 left), b 5 + 5 for 1 (9 left): a tie, a. 3 (3 s) at 3: a 3 + 3 for 2 (4
 * left)
 * + 3 for 0, b 3 + 3 for 1 (8 left): b.
 */
static void wang_dispatches_where_it_adds_least(void **state)
{
    (void)state;
    check_case("wang-online:req=min", EQUAL, "0 u ab 2\n1 u ab 1\n2 u ab 0.5\n3 u ab 0.3",
               "0 start 0 a 4\n"
               "1 start 1 b 4\n"
               "2 preempt 0\n"
               "2 start 2 a 4\n"
               "3 preempt 1\n"
               "3 start 3 b 4\n"
               "6 finish 3\n"
               "6 start 1 b 4\n"
               "7 finish 2\n"
               "7 start 0 a 4\n"
               "14 finish 1\n"
               "25 finish 0\n");
}

/*
 * 0 (10 s): a. 1 (30 s): a 30 + 10, b 30. 2 (2 s): 2 + 2 on either, a, where it goes before 0. 3
 * (20 s on half a cluster) at 13: a 20, b (1 has 17 left) 20 + 17: a. There 4 does not fit beside
 * it and goes first (5 s against 19); 3 waits for a to 19 and would, if b were free.
 */
static void wang_never_moves(void **state)
{
    (void)state;
    check_case("wang-online:req=min", EQUAL,
               "0 u ab 1\n0 u ab 3\n0 u ab 0.2\n13 t ab 2\n14 u a 0.5",
               "0 start 2 a 4\n"
               "0 start 1 b 4\n"
               "2 finish 2\n"
               "2 start 0 a 4\n"
               "12 finish 0\n"
               "13 start 3 a 2\n"
               "14 preempt 3\n"
               "14 start 4 a 4\n"
               "19 finish 4\n"
               "19 start 3 a 2\n"
               "30 finish 1\n"
               "38 finish 3\n");
}

/*
 * While a is down 0 has nowhere else to go. It is counted there once all the same: when 2 (10 s)
 * comes at 24, a costs 10 + 6 for 0 before it, b 10 + 10 for 1 behind it.
 */
static void wang_counts_once_who_waits_for_a_cluster_that_is_down(void **state)
{
    (void)state;
    check_case("wang-online:req=min", EQUAL "outages: [{cluster: a, at: 2, for: 10}]\n",
               "0 u a 2\n0 u b 6\n24 u ab 1",
               "0 start 0 a 4\n"
               "0 start 1 b 4\n"
               "12 start 0 a 4\n"
               "30 finish 0\n"
               "30 start 2 a 4\n"
               "40 finish 2\n"
               "60 finish 1\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tetris_packs_by_alignment),
    cmocka_unit_test(tetris_prefers_short_work),
    cmocka_unit_test(tetris_lets_the_young_wait),
    cmocka_unit_test(kubernetes_scores_and_backs_off),
    cmocka_unit_test(kubernetes_can_pack),
    cmocka_unit_test(kubernetes_breaks_ties),
    cmocka_unit_test(yarn_lets_nobody_pass),
    cmocka_unit_test(yarn_goes_by_number),
    cmocka_unit_test(yarn_serves_who_has_least),
    cmocka_unit_test(wang_dispatches_where_it_adds_least),
    cmocka_unit_test(wang_never_moves),
    cmocka_unit_test(wang_counts_once_who_waits_for_a_cluster_that_is_down),
};

RUN_TESTS(tests)
