/* SPDX-License-Identifier: Apache-2.0 */
/* gandiva by hand, in slices of 10 s. A run of wide takes 20 s on its 2 CPUs, one of grower 20 s on
 * one CPU and 10 s on two. */
#include "policy_run.h"

#define SCENARIO                                                                              \
    "resources: [cpu]\n"                                                                      \
    "clusters: [{name: a, capacity: {cpu: 2}}, {name: b, capacity: {cpu: 2}}]\n"              \
    "arrivals: {process: at-once, tasks: 1}\n"                                                \
    "types:\n"                                                                                \
    "  wide: {min: {cpu: 2}, max: {cpu: 2}, speed: {model: constant, value: 0.05}}\n"         \
    "  grower: {min: {cpu: 1}, max: {cpu: 2}, speed: {model: power, scale: 0.05, exponents: " \
    "{cpu: 1}}}\n"

/*
 * Two that came at once share the cluster in turns, the lower number first: 10 s each, then each
 * its other 10 s. A third one would be more than twice the capacity: it does not fit, and is let in
 * at 30, behind the other.
 */
static void equals_take_turns_and_a_third_waits(void **state)
{
    (void)state;
    check_policy_run("gandiva:round=10", SCENARIO,
                     "{\"at\": 0, \"type\": \"wide\", \"clusters\": [\"a\"]}\n"
                     "{\"at\": 0, \"type\": \"wide\", \"clusters\": [\"a\"]}\n"
                     "{\"at\": 0, \"type\": \"wide\", \"clusters\": [\"a\"]}\n",
                     "0 start 0 a 2\n"
                     "10 preempt 0\n"
                     "10 start 1 a 2\n"
                     "20 preempt 1\n"
                     "20 start 0 a 2\n"
                     "30 finish 0\n"
                     "30 start 1 a 2\n"
                     "40 finish 1\n"
                     "40 start 2 a 2\n"
                     "60 finish 2\n");
}

/*
 * Alone, the task grows to 2 CPUs and has done half of its work when another comes at 5; with one
 * CPU the rest takes it 10 s more. The other has then done half of its work, grows, and needs 5 s.
 */
static void what_is_idle_is_lent(void **state)
{
    (void)state;
    check_policy_run("gandiva:round=10,req=min", SCENARIO,
                     "{\"at\": 0, \"type\": \"grower\", \"clusters\": [\"a\"]}\n"
                     "{\"at\": 5, \"type\": \"grower\", \"clusters\": [\"a\"]}\n",
                     "0 start 0 a 2\n"
                     "5 resize 0 a 1\n"
                     "5 start 1 a 1\n"
                     "15 finish 0\n"
                     "15 resize 1 a 2\n"
                     "20 finish 1\n");
}

/* On 2 CPUs: io loads and gpu computes, so both go at full speed together; two of a kind would each
 * go at half speed, and with a stretch of 1.25 at 0.4. */
#define SHARED                                                                       \
    "resources: [cpu]\n"                                                             \
    "clusters: [{name: a, capacity: {cpu: 2}}]\n"                                    \
    "arrivals: {process: at-once, tasks: 1}\n"                                       \
    "types:\n"                                                                       \
    "  io: {min: {cpu: 2}, max: {cpu: 2}, speed: {model: constant, value: 0.05},\n"  \
    "       stages: {storage: 0, cpu: 4}}\n"                                         \
    "  gpu: {min: {cpu: 2}, max: {cpu: 2}, speed: {model: constant, value: 0.05},\n" \
    "        stages: {storage: 0, gpu: 4}}\n"

/* Tasks 0 and 1 came at once; there is room for one, so 1 shares it: 20 s each. The third would be
 * more than twice the capacity and does not fit: it is let in at 20. */
static void complements_are_packed(void **state)
{
    (void)state;
    check_policy_run("gandiva:round=10", SHARED,
                     "{\"at\": 0, \"type\": \"io\"}\n{\"at\": 0, \"type\": \"gpu\"}\n"
                     "{\"at\": 0, \"type\": \"gpu\"}\n",
                     "0 start 0 a 2\n0 start 1 a 2\n20 finish 0\n20 finish 1\n"
                     "20 start 2 a 2\n40 finish 2\n");
}

/* Measured at the end of the slice: 0.4 + 0.4 is less than 1, so they take turns from then on. Each
 * has done 4 s of 20: 0 10 s more, then 1, then 0 its last 6, then 1. */
static void rivals_are_separated(void **state)
{
    (void)state;
    check_policy_run("gandiva:round=10", "sharing: {stretch: [1.25]}\n" SHARED,
                     "{\"at\": 0, \"type\": \"io\"}\n{\"at\": 0, \"type\": \"io\"}\n",
                     "0 start 0 a 2\n0 start 1 a 2\n10 preempt 1\n20 preempt 0\n"
                     "20 start 1 a 2\n30 preempt 1\n30 start 0 a 2\n36 finish 0\n"
                     "36 start 1 a 2\n42 finish 1\n");
}

/*
 * Two that compute, side by side at half speed, on 4 CPUs beside a short one; a wide one needs all.
 * Tasks 0 and 1 have the first turns; 2 finds no room and can only share with 0. At 10 (5 s of 20
 * done each) 1 is done and it is the wide one's turn. At 20 task 2 comes back to 0, though 2 CPUs
 * are left, for the wide one lacks its room (10 s done each at 30). At 40, when that is done,
 * nobody lacks any: each has 2 CPUs to itself and needs its other 10 s.
 */
static void partners_come_back_until_nobody_lacks_room(void **state)
{
    (void)state;
    check_policy_run(
        "gandiva:round=10,over=3",
        "resources: [cpu]\n"
        "clusters: [{name: a, capacity: {cpu: 4}}]\n"
        "arrivals: {process: at-once, tasks: 1}\n"
        "types:\n"
        "  gpu: {min: {cpu: 2}, max: {cpu: 2}, speed: {model: constant, value: 0.05},\n"
        "        stages: {storage: 0, gpu: 4}}\n"
        "  alone: {min: {cpu: 2}, max: {cpu: 2}, speed: {model: constant, value: "
        "0.1}}\n"
        "  wide: {min: {cpu: 4}, max: {cpu: 4}, speed: {model: constant, value: "
        "0.05}}\n",
        "{\"at\": 0, \"type\": \"gpu\"}\n{\"at\": 0, \"type\": \"alone\"}\n"
        "{\"at\": 0, \"type\": \"gpu\"}\n{\"at\": 0, \"type\": \"wide\"}\n",
        "0 start 0 a 2\n0 start 1 a 2\n0 start 2 a 2\n"
        "10 finish 1\n10 preempt 0\n10 preempt 2\n10 start 3 a 4\n"
        "20 preempt 3\n20 start 0 a 2\n20 start 2 a 2\n"
        "30 preempt 0\n30 preempt 2\n30 start 3 a 4\n"
        "40 finish 3\n40 start 0 a 2\n40 start 2 a 2\n"
        "50 finish 0\n50 finish 2\n");
}

/* At 10, b falls idle; it is the third one's turn on a, and the first, which also reaches b, moves
 * there in place of waiting. */
static void who_finds_no_room_moves(void **state)
{
    (void)state;
    check_policy_run("gandiva:round=10", SCENARIO,
                     "{\"at\": 0, \"type\": \"wide\", \"clusters\": [\"a\", \"b\"]}\n"
                     "{\"at\": 0, \"type\": \"wide\", \"clusters\": [\"b\"], \"work\": 0.5}\n"
                     "{\"at\": 0, \"type\": \"wide\", \"clusters\": [\"a\"]}\n",
                     "0 start 0 a 2\n"
                     "0 start 1 b 2\n"
                     "10 finish 1\n"
                     "10 start 2 a 2\n"
                     "10 migrate 0 b 2\n"
                     "20 finish 0\n"
                     "30 finish 2\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(complements_are_packed),
    cmocka_unit_test(rivals_are_separated),
    cmocka_unit_test(partners_come_back_until_nobody_lacks_room),
    cmocka_unit_test(equals_take_turns_and_a_third_waits),
    cmocka_unit_test(what_is_idle_is_lent),
    cmocka_unit_test(who_finds_no_room_moves),
};

RUN_TESTS(tests)
