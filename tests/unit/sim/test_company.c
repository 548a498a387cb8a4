/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks that share one allocation, worked out by hand.
 *
 * Type `even` needs 10 s alone and tells cpu 3 (with loading), gpu 1. Two of them, at places 0 and
 * 1: loading ends with slots 1 and 2 and spans two each, computing is in slots 2 and 3. The
 * heaviest walk is the first one's loading, then slots 2 and 3: 3 + 1 + 1 = 5, against 6 by halves.
 * Pace 4/5.
 */
#include "scripted_run.h"

#include "core/stages.h"

#define EVEN                                                                       \
    "resources: [cpu]\n"                                                           \
    "clusters: [{name: a, capacity: {cpu: 10}}, {name: b, capacity: {cpu: 10}}]\n" \
    "arrivals: {process: at-once, tasks: 4}\n"                                     \
    "types:\n"                                                                     \
    "  even:\n"                                                                    \
    "    min: {cpu: 2}\n"                                                          \
    "    max: {cpu: 10}\n"                                                         \
    "    speed: {model: constant, value: 0.1}\n"                                   \
    "    stages: {cpu: 3, gpu: 1}\n"

static double period_of(const struct stages *a, const struct stages *b, const struct stages *c,
                        const struct stages *d)
{
    const struct stages *member[] = {a, b, c, d};

    return stages_period(member, 1 + !!b + !!c + !!d);
}

/* Four times the same stages 1, 2, 3, 4: in every slot each stage is done by somebody, 4 each time.
 * Two: (1,2,3,4) and the same one slot later: 4 + 2 + 3 + 4 = 13; by halves max(3, 7) twice = 14.
 * Different ones: cpu 5 against gpu 5: by halves 5 + 0. */
static void periods(void **state)
{
    static const struct stages steps = {{1, 2, 3, 4}, 10, false};
    static const struct stages cpu = {{0, 5, 0, 0}, 5, true}, gpu = {{0, 0, 5, 0}, 5, true};
    (void)state;

    assert_true(fabs(period_of(&steps, NULL, NULL, NULL) - (10)) < 1e-9);
    assert_true(fabs(period_of(&steps, &steps, &steps, &steps) - (16)) < 1e-9);
    assert_true(fabs(period_of(&steps, &steps, NULL, NULL) - (13)) < 1e-9);
    assert_true(fabs(period_of(&cpu, &gpu, NULL, NULL) - (5)) < 1e-9);
}

/* Task 0 alone until 5: half done. Task 1 joins; task 0 needs 5 / 0.8 = 6.25 more, until 11.25,
 * when task 1 is at 6.25 * 0.08 = 0.5 and goes on alone until 16.25. Both together held 10 cpus. */
static void a_task_joins_and_outlives(void **state)
{
    struct run run = open_run(EVEN);
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {5, ACTION_JOIN, 1, 0, 0}, {20, ACTION_START, 2, 0, 10},
         {20, ACTION_JOIN, 3, 2, 0});
    check_finish(&run, 0, 11.25);
    check_finish(&run, 1, 16.25);
    check_finish(&run, 2, 32.5); /* 10 / 0.8 */
    check_finish(&run, 3, 32.5);
    assert_true(fabs(world_totals(run.world)->used_s[0] - (10 * (16.25 + 12.5))) < 1e-9);
    assert_true(fabs(world_view(run.world)->task[1].service_s[0] - (10 * 11.25)) < 1e-9);
    close_run(&run);
}

/* At 5 both are at 0.4; task 0 goes, task 1 keeps the place: no room for task 2 before it ends at
 * 5 + 6 = 11. Task 0 comes back at 11 beside task 2, which started then: 0.6 / 0.08 = 7.5 until
 * 18.5, when task 2 has 0.6; it ends at 22.5. */
static void one_is_preempted(void **state)
{
    struct run run = open_run(EVEN);
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {0, ACTION_JOIN, 1, 0, 0}, {5, ACTION_PREEMPT, 0, 0, 0},
         {6, ACTION_START, 2, 0, 2}, {11, ACTION_START, 2, 0, 10}, {11, ACTION_JOIN, 0, 2, 0},
         {11, ACTION_START, 3, 1, 2});
    assert_int_equal(world_totals(run.world)->refused[REFUSED_CAPACITY], 1);
    check_finish(&run, 1, 11);
    check_finish(&run, 0, 18.5);
    check_finish(&run, 2, 22.5);
    close_run(&run);
}

/* At 5 task 1 moves out of company to b, task 2 comes into it from b: 0 and 1 at 0.4, 2 at 0.5. All
 * three at 0.8 or alone: 1 ends at 11; 2 at 5 + 0.5 / 0.08 = 11.25, when 0 is at 0.9; 0 at 12.25.
 */
static void running_tasks_change_company(void **state)
{
    struct run run = open_run(EVEN);
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {0, ACTION_JOIN, 1, 0, 0}, {0, ACTION_START, 2, 1, 10},
         {5, ACTION_MIGRATE, 1, 1, 10}, {5, ACTION_JOIN, 2, 0, 0}, {20, ACTION_START, 3, 1, 10});
    check_finish(&run, 1, 11);
    check_finish(&run, 2, 11.25);
    check_finish(&run, 0, 12.25);
    assert_int_equal(world_totals(run.world)->migrations, 2);
    close_run(&run);
}

/* Slots of 1: both at 0.08 a slot. Task 1 joins at 5, when task 0 is at 0.5: it ends with the slot
 * in which 0.5 + 0.08 n reaches 1, n = 7, at 12. Task 1 then is at 0.56, and 5 slots later at 1.06.
 */
static void companies_in_slots(void **state)
{
    struct run run = open_run("slot: 1\n" EVEN);
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {5, ACTION_JOIN, 1, 0, 0}, {5, ACTION_START, 2, 1, 5},
         {5, ACTION_START, 3, 1, 5});
    check_finish(&run, 0, 12);
    check_finish(&run, 1, 17);
    close_run(&run);
}

/* Start-ups of 2 s, one after the other: task 0 and 1 stand until 4, then 10 / 0.8 = 12.5. */
static void they_start_up_in_turn(void **state)
{
    struct run run = open_run(EVEN "    startup: 2\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {0, ACTION_JOIN, 1, 0, 0}, {0, ACTION_START, 2, 1, 5},
         {0, ACTION_START, 3, 1, 5});
    check_finish(&run, 0, 16.5);
    check_finish(&run, 1, 16.5);
    check_finish(&run, 2, 12);
    close_run(&run);
}

/* All of it fails at 5 with the cluster, and what it held comes free once. */
static void a_company_loses_its_cluster(void **state)
{
    struct run run = open_run(EVEN "outages: [{cluster: a, at: 5, for: 1}]\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {0, ACTION_JOIN, 1, 0, 0}, {5, ACTION_JOIN, 1, 0, 0},
         {6, ACTION_START, 0, 0, 10}, {6, ACTION_START, 1, 1, 10}, {12, ACTION_START, 2, 0, 5},
         {12, ACTION_START, 3, 0, 5});
    check_finish(&run, 0, 12); /* 0.4 of it was done */
    check_finish(&run, 1, 12);
    assert_int_equal(world_totals(run.world)->refused[REFUSED_STATE], 1);
    assert_int_equal(world_view(run.world)->cluster[0].free.amount[0], 10);
    close_run(&run);
}

static void what_is_refused(void **state)
{
    static const char odd[] = "resources: [cpu]\n"
                              "clusters: [{name: a, capacity: {cpu: 10}}]\n"
                              "sharing: {most: 2}\n"
                              "arrivals: {process: at-once, tasks: 4}\n"
                              "types:\n"
                              "  even:\n"
                              "    min: {cpu: 2}\n"
                              "    max: {cpu: 10}\n"
                              "    speed: {model: constant, value: 0.1}\n"
                              "    stages: {cpu: 3, gpu: 1}\n";
    struct run run = open_run(odd);
    const int64_t *refused = world_totals(run.world)->refused;
    (void)state;

    PLAY(&run, {0, ACTION_JOIN, 1, 0, 0}, {0, ACTION_START, 0, 0, 4}, {1, ACTION_JOIN, 1, 9, 0},
         {1.25, ACTION_JOIN, 1, 1, 0}, {1.5, ACTION_JOIN, 1, 0, 0}, {2, ACTION_JOIN, 2, 0, 0},
         {2, ACTION_RESIZE, 0, 0, 6}, {3, ACTION_START, 2, 0, 4}, {30, ACTION_START, 3, 0, 4});
    assert_int_equal(refused[REFUSED_STATE], 2);   /* 1 joins 0 too early, and itself */
    assert_int_equal(refused[REFUSED_NO_TASK], 1); /* 9 */
    assert_int_equal(refused[REFUSED_SHARED], 2);  /* a third one; a resize */
    close_run(&run);
}

/* A join that comes before its host is moved is refused, and no books suffer. */
static void a_host_that_moves_is_not_joined(void **state)
{
    struct run run = open_run(EVEN);
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {1, ACTION_JOIN, 1, 0, 0}, {2, ACTION_JOIN, 2, 0, 0},
         {3, ACTION_JOIN, 3, 0, 0}, {3, ACTION_MIGRATE, 0, 1, 10});
    assert_int_equal(world_totals(run.world)->refused[REFUSED_STATE], 1);
    assert_true(world_totals(run.world)->stuck); /* nobody starts task 3 */
    assert_int_equal(world_view(run.world)->cluster[0].free.amount[0], 10);
    assert_int_equal(world_view(run.world)->cluster[1].free.amount[0], 10);
    close_run(&run);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(periods),
    cmocka_unit_test(a_task_joins_and_outlives),
    cmocka_unit_test(one_is_preempted),
    cmocka_unit_test(running_tasks_change_company),
    cmocka_unit_test(companies_in_slots),
    cmocka_unit_test(they_start_up_in_turn),
    cmocka_unit_test(a_company_loses_its_cluster),
    cmocka_unit_test(what_is_refused),
    cmocka_unit_test(a_host_that_moves_is_not_joined),
};

RUN_TESTS(tests)
