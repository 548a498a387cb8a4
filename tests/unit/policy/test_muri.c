/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules of muri-s and muri-l worked out by hand. Types load for 4 and compute for nothing (io),
 * or compute for 4 and load for nothing (gpu): an io and a gpu task together take 4 by halves, so
 * neither slows the other down; two of a kind take 8 and go at half speed.
 */
#include "policy_run.h"

#define SITE(GPUS)                                                                 \
    "resources: [gpu]\n"                                                           \
    "arrivals: {process: at-once, tasks: 1}\n"                                     \
    "types:\n"                                                                     \
    "  io: {min: {gpu: 1}, max: {gpu: 4}, speed: {model: constant, value: 1},\n"   \
    "       stages: {storage: 0, cpu: 4}}\n"                                       \
    "  gpu: {min: {gpu: 1}, max: {gpu: 4}, speed: {model: constant, value: 1},\n"  \
    "        stages: {storage: 0, gpu: 4}}\n"                                      \
    "  lone: {min: {gpu: 1}, max: {gpu: 4}, speed: {model: constant, value: 1}}\n" \
    "clusters: [{name: a, capacity: {gpu: " GPUS "}}]\n"

static const char two_kinds[] =
    "{\"at\":0,\"type\":\"io\",\"work\":6}\n{\"at\":0,\"type\":\"io\",\"work\":4}\n"
    "{\"at\":0,\"type\":\"gpu\",\"work\":2}\n{\"at\":1,\"type\":\"gpu\",\"work\":5}\n";

/*
 * One GPU, all ask for one. At 0: by service 2 (2 s), 1 (4), 0 (6); task 2 claims for all three,
 * which are too many for one GPU. Matching: 2 with 1 or 0 (worth 8/4), 0 with 1 (8/8 = 1); the best
 * is one pair, and of the equal ones that of 2 with 1. A second round would make a group of all
 * three, with 12 busy in 8: it is done, since there is still too much. Its period is 8, no more
 * than the 12 apart, so it stays: pace 1/2 for each. 0..1   2, 1, 0 at 1/2: left 1.5, 3.5, 5.5 1
 * task 3 (5) arrives: four claimants, order 2, 1, 3, 0. Pairs of io with gpu, twice; then all four:
 * period 8, pace 1/2. The host is one of those who run; 3 joins. 4      2 ends; left: 1 2, 3 3.5, 0
 * 4 8      1 ends: three at 1/2 for 4 s; 3 1.5, 0 2: io and gpu go at full speed 9.5    3 ends; 0
 * has 0.5 10     0 ends
 */
static void groups_of_complements(void **state)
{
    (void)state;
    check_policy_run("muri-s:req=min", SITE("1"), two_kinds,
                     "0 start 2 a 1\n0 start 1 a 1\n0 start 0 a 1\n1 start 3 a 1\n"
                     "4 finish 2\n8 finish 1\n9.5 finish 3\n10 finish 0\n");
}

/*
 * At most two on an allocation: task 2 claims for itself and 1; task 0 does not fit and waits.
 *   0      2 and 1, full speed
 *   1      task 3 arrives; by service 2 (1), 1 (3), 3 (5), 0 (6): 2 claims for 1 again, nothing
 * changes 2      2 ends. 1 (2) claims for 3 (5), which joins it 4      1 ends. 3 (3) claims for 0
 * (6) 7      3 ends, 0 has 3 left 10     0 ends
 */
static void pairs_at_most(void **state)
{
    (void)state;
    check_policy_run("muri-s:req=min,group=2", SITE("1"), two_kinds,
                     "0 start 2 a 1\n0 start 1 a 1\n2 finish 2\n2 start 3 a 1\n4 finish 1\n"
                     "4 start 0 a 1\n7 finish 3\n10 finish 0\n");
}

/*
 * Two GPUs. Tasks 0 and 1 tell no stages and ask for both, tasks 2 and 3 for one each.
 *   0      0 starts
 *   1      the others arrive. By service (seconds times half the GPUs): 0 and 1 have 1 each, a tie
 * in which the one that runs goes on; 2 and 3 have 1.5. Nobody fits beside 0 2      0 ends, 1 takes
 * both GPUs 3      1 ends; 2 claims for 3, but there is room for both apart, each at full speed
 */
static void a_tie_and_tasks_that_do_not_fit(void **state)
{
    (void)state;
    check_policy_run("muri-s", SITE("2"),
                     "{\"at\":0,\"type\":\"lone\",\"work\":2,\"request\":{\"gpu\":2}}\n"
                     "{\"at\":1,\"type\":\"lone\",\"work\":1,\"request\":{\"gpu\":2}}\n"
                     "{\"at\":1,\"type\":\"io\",\"work\":3,\"request\":{\"gpu\":1}}\n"
                     "{\"at\":1,\"type\":\"io\",\"work\":3,\"request\":{\"gpu\":1}}\n",
                     "0 start 0 a 2\n2 finish 0\n2 start 1 a 2\n3 finish 1\n3 start 2 a 1\n"
                     "3 start 3 a 1\n6 finish 2\n6 finish 3\n");
}

/*
 * muri-l, at most two.
 *   0      nobody has had anything, so 0, 1, 2 by arrival; 0 claims for 1. Two of a kind take 8, no
 * more than one after the other, so they stay together, pace 1/2. 2 finds no room 1      3 arrives.
 * 2 and 3 have had nothing and come first: pace 1/2. 0 has 5.5 left, 1 has 3.5 5      2 ends, 3 has
 * 3 left and has had 4 s; 0 and 1 have had 1 s each and run 12     1 ends, 0 has 2 left and has had
 * 8 s; 3 claims for it: full speed 14     0 ends, 3 has 1 left
 */
static void least_attained_first(void **state)
{
    (void)state;
    check_policy_run("muri-l:req=min,group=2", SITE("1"), two_kinds,
                     "0 start 0 a 1\n0 start 1 a 1\n1 preempt 0\n1 preempt 1\n1 start 2 a 1\n"
                     "1 start 3 a 1\n5 finish 2\n5 preempt 3\n5 start 0 a 1\n5 start 1 a 1\n"
                     "12 finish 1\n12 start 3 a 1\n14 finish 0\n15 finish 3\n");
}

/* Without company: task 1 has had nothing when it comes, and needs 1. A third asks for more GPUs
 * than it could get beside it and waits although it has had nothing either. */
static void one_task_to_an_allocation(void **state)
{
    (void)state;
    check_policy_run("muri-l:group=1", SITE("2"),
                     "{\"at\":0,\"type\":\"io\",\"work\":3,\"request\":{\"gpu\":2}}\n"
                     "{\"at\":1,\"type\":\"gpu\",\"work\":1,\"request\":{\"gpu\":1}}\n"
                     "{\"at\":1,\"type\":\"gpu\",\"work\":1,\"request\":{\"gpu\":2}}\n",
                     "0 start 0 a 2\n1 preempt 0\n1 start 1 a 1\n2 finish 1\n2 start 2 a 2\n"
                     "3 finish 2\n3 start 0 a 2\n5 finish 0\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(groups_of_complements),           cmocka_unit_test(pairs_at_most),
    cmocka_unit_test(a_tie_and_tasks_that_do_not_fit), cmocka_unit_test(least_attained_first),
    cmocka_unit_test(one_task_to_an_allocation),
};

RUN_TESTS(tests)
