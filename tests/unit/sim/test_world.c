/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can happen to tasks in continuous and slotted time, each case small enough to be worked out
 * by hand; the arithmetic stands beside it.
 */
#include "harness.h"

#include <math.h>

#include "scripted_run.h"

#define HEAD                                                                       \
    "resources: [cpu]\n"                                                           \
    "clusters: [{name: a, capacity: {cpu: 10}}, {name: b, capacity: {cpu: 10}}]\n" \
    "arrivals: {process: at-once, tasks: 2}\n"

/* Speed: one run takes 100 s on one CPU, and twice the CPUs halve it. */
#define LINEAR "speed: {model: power, scale: 0.01, exponents: {cpu: 1}}"

static void a_task_runs_at_its_speed(void **state)
{
    struct run run = open_run(HEAD "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 4}, {10, ACTION_START, 1, 1, 10});
    check_finish(&run, 0, 25); /* 100 / 4 */
    check_finish(&run, 1, 20); /* 10 + 100 / 10 */
    close_run(&run);
}

static void a_resize_changes_the_speed_from_then_on(void **state)
{
    struct run run = open_run(HEAD "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 4}, {0, ACTION_START, 1, 0, 1}, {10, ACTION_RESIZE, 0, 0, 8},
         {20, ACTION_RESIZE, 0, 0, 1});
    /* 10 s at 4 make 40, 7.5 s at 8 make 60 more; it is gone before the second resize. */
    check_finish(&run, 0, 17.5);
    check_finish(&run, 1, 100);
    assert_int_equal(world_totals(run.world)->refused[REFUSED_STATE], 1);
    close_run(&run);
}

static void a_switch_costs_what_the_type_says(void **state)
{
    struct run run = open_run(HEAD "types: {t: {min: {cpu: 1}, " LINEAR
                                   ", switching: {factor: 0.5, seconds: 4}}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 5}, {0, ACTION_START, 1, 1, 5},
         {10, ACTION_RESIZE, 0, 0, 10});
    /* 50 done at 10; until 14 half of 10 a second make 20; 30 more take 3 s. */
    check_finish(&run, 0, 17);
    check_finish(&run, 1, 20);
    close_run(&run);
}

static void preemption_keeps_or_loses_progress(void **state)
{
    struct run keep = open_run(HEAD "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    struct run lose = open_run(HEAD "types: {t: {min: {cpu: 1}, preemption: lose, " LINEAR "}}\n");
    struct run *run[] = {&keep, &lose};
    (void)state;

    for (int i = 0; i < 2; i++) {
        PLAY(run[i], {0, ACTION_START, 0, 0, 10}, {0, ACTION_START, 1, 1, 10},
             {4, ACTION_PREEMPT, 0, 0, 0}, {20, ACTION_START, 0, 1, 10});
        check_finish(run[i], 0, i == 0 ? 26 : 30); /* 60 or 100 left at 20 */
        check_finish(run[i], 1, 10);
        assert_int_equal(world_view(run[i]->world)->task[0].preemptions, 1);
        close_run(run[i]);
    }
}

static void startup_and_data_hold_the_task_back(void **state)
{
    /* Every task's home is a; 100 MB at 80 Mbit/s take 10 s, the round trip another half. */
    struct run run = open_run("resources: [cpu]\n"
                              "clusters: [{name: a, capacity: {cpu: 10}}, "
                              "{name: b, capacity: {cpu: 10}, origin_weight: 0}]\n"
                              "reach: {kind: distance, within: 1}\n"
                              "links: {mbit: 80, rtt: 500}\n"
                              "arrivals: {process: at-once, tasks: 2}\n"
                              "types: {t: {min: {cpu: 1}, startup: 3, data: 100, " LINEAR "}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {0, ACTION_START, 1, 1, 10});
    check_finish(&run, 0, 13);
    check_finish(&run, 1, 23.5);
    close_run(&run);
}

static void migration_moves_data_and_state(void **state)
{
    struct run run = open_run("resources: [cpu]\n"
                              "clusters: [{name: a, capacity: {cpu: 10}}, "
                              "{name: b, capacity: {cpu: 10}, origin_weight: 0}]\n"
                              "reach: {kind: distance, within: 1}\n"
                              "links: {mbit: 80}\n"
                              "arrivals: {process: at-once, tasks: 1}\n"
                              "types: {t: {min: {cpu: 1}, data: 20, state: 30, " LINEAR "}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 5}, {10, ACTION_MIGRATE, 0, 1, 10});
    /* 50 done at 10, 50 MB take 5 s, 50 at 10 a second take 5 more. */
    check_finish(&run, 0, 20);
    assert_int_equal(world_view(run.world)->task[0].migrations, 1);
    close_run(&run);
}

static void a_lost_link_delays_the_transfer(void **state)
{
    struct run run =
        open_run("resources: [cpu]\n"
                 "clusters: [{name: a, capacity: {cpu: 10}}, "
                 "{name: b, capacity: {cpu: 10}, origin_weight: 0}]\n"
                 "reach: {kind: distance, within: 1}\n"
                 "links: {mbit: 80}\n"
                 "outages: [{link: [b, a], at: 4, for: 20}, {cluster: a, at: 90, for: 1}]\n"
                 "arrivals: {process: at-once, tasks: 1}\n"
                 "types: {t: {min: {cpu: 1}, data: 100, " LINEAR "}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 1, 10});
    /* 10 s of transfer, of which 4 before the outage and 6 after 24; then 10 s of work. */
    check_finish(&run, 0, 40);
    close_run(&run);
}

static void an_outage_sends_tasks_back(void **state)
{
    struct run run = open_run(HEAD "outages: [{cluster: a, at: 5, for: 10}]\n"
                                   "types: {t: {min: {cpu: 1}, " LINEAR
                                   ", failures: {mtbf: 1.0e+12, progress: lose}}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {0, ACTION_START, 1, 1, 10},
         {6, ACTION_START, 0, 0, 10}, {15, ACTION_START, 0, 0, 10});
    check_finish(&run, 0, 25);
    check_finish(&run, 1, 10);
    assert_int_equal(world_totals(run.world)->refused[REFUSED_DOWN], 1);
    assert_int_equal(world_totals(run.world)->failures, 0);
    close_run(&run);
}

static void a_task_out_of_retries_is_lost(void **state)
{
    struct run run =
        open_run("resources: [cpu]\n"
                 "clusters: [{name: a, capacity: {cpu: 10}}]\n"
                 "arrivals: {process: at-once, tasks: 1}\n"
                 "types: {t: {min: {cpu: 1}, " LINEAR ", failures: {mtbf: 0.001, retries: 2}}}\n");
    const struct view *view = world_view(run.world);
    (void)state;

    while (!world_is_over(run.world)) {
        struct allocation amount = {{1}};

        plan_reset(&run.plan, view);
        if (view->task[0].state == TASK_WAITING)
            plan_start(&run.plan, 0, 0, &amount);
        world_apply(run.world, &run.plan);
    }
    assert_int_equal(view->task[0].state, TASK_FAILED);
    assert_int_equal(view->task[0].failures, 3);
    assert_int_equal(world_totals(run.world)->lost, 1);
    close_run(&run);
}

static void neighbours_slow_each_other_down(void **state)
{
    struct run run =
        open_run(HEAD "types: {t: {min: {cpu: 1}, suffers: 1, pressure: 0.25, " LINEAR "}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 5}, {0, ACTION_START, 1, 0, 4});
    /* Together they make 5 and 4 over 1.25. Task 0 needs 25 s; task 1 has then done 80 and is
     * alone. */
    check_finish(&run, 0, 25);
    check_finish(&run, 1, 30);
    close_run(&run);
}

static void a_curve_is_integrated_in_closed_form(void **state)
{
    struct run run = open_run(HEAD "types: {t: {min: {cpu: 1}, speed: {model: power, scale: 0.1, "
                                   "exponents: {cpu: 1}, curve: sqrt, ceiling: 1.2}}}\n");
    double whole = 2 / 0.1 * (sqrt(1.2) - sqrt(0.2)); /* dy / sqrt(1.2 - y) from 0 to 1 */
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 1}, {0, ACTION_START, 1, 0, 2}, {1, ACTION_RESIZE, 1, 0, 1});
    check_finish(&run, 0, whole);
    check_finish(&run, 1, whole - 1); /* the first second did the work of two */
    close_run(&run);
}

static void every_bad_action_is_refused_with_its_reason(void **state)
{
    struct run run =
        open_run("resources: [cpu]\n"
                 "clusters: [{name: a, capacity: {cpu: 10}}, {name: b, capacity: {cpu: 10}}]\n"
                 "reach: {kind: listed, sets: [{clusters: [a]}]}\n"
                 "arrivals: {process: at-once, tasks: 3}\n"
                 "types: {t: {min: {cpu: 2}, max: {cpu: 8}, " LINEAR "}}\n");
    const int64_t *refused = world_totals(run.world)->refused;
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 1}, {0, ACTION_START, 0, 0, 9}, {0, ACTION_START, 0, 1, 4},
         {0, ACTION_START, 0, 7, 4}, {0, ACTION_START, 0, 0, -1}, {0, ACTION_START, 0, 0, 8},
         {0, ACTION_START, 0, 0, 2}, {0, ACTION_START, 1, 0, 4}, {1, ACTION_RESIZE, 1, 0, 4},
         {1, ACTION_PREEMPT, 2, 0, 0}, {1, ACTION_RESIZE, 0, 0, 6}, {1, ACTION_RESIZE, 0, 0, 5},
         {1, ACTION_MIGRATE, 0, 1, 2}, {60, ACTION_START, 1, 0, 8}, {60, ACTION_START, 2, 0, 2});
    assert_int_equal(refused[REFUSED_MINIMUM], 2);
    assert_int_equal(refused[REFUSED_MAXIMUM], 1);
    assert_int_equal(refused[REFUSED_REACH], 2);
    assert_int_equal(refused[REFUSED_NO_TASK], 1);
    assert_int_equal(refused[REFUSED_STATE], 3);
    assert_int_equal(refused[REFUSED_CAPACITY], 1);
    assert_int_equal(refused[REFUSED_TWICE], 1);
    assert_int_equal(world_view(run.world)->task[0].resizes, 1);
    close_run(&run);
}

static void shrinking_makes_room_for_others_in_the_same_plan(void **state)
{
    struct run run = open_run(HEAD "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    (void)state;

    /* The growth stands before the shrinking that it needs. */
    PLAY(&run, {0, ACTION_START, 0, 0, 2}, {0, ACTION_START, 1, 0, 8}, {5, ACTION_RESIZE, 0, 0, 9},
         {5, ACTION_RESIZE, 1, 0, 1});
    check_finish(&run, 0, 15); /* 10 done, 90 at 9 */
    check_finish(&run, 1, 65); /* 40 done, 60 at 1 */
    assert_int_equal(world_totals(run.world)->refused[REFUSED_CAPACITY], 0);
    close_run(&run);
}

static void a_refused_growth_keeps_what_is_left(void **state)
{
    struct run run = open_run(HEAD "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 2}, {0, ACTION_START, 1, 0, 8}, {5, ACTION_RESIZE, 0, 0, 3});
    check_finish(&run, 0, 50);
    assert_int_equal(world_totals(run.world)->refused[REFUSED_CAPACITY], 1);
    close_run(&run);
}

static void slots_count_whole(void **state)
{
    struct run run = open_run("slot: 10\n" HEAD "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 4}, {20, ACTION_START, 1, 0, 6});
    check_finish(&run, 0, 30); /* 40, 80, 120 */
    check_finish(&run, 1, 40); /* 60, 120 */
    close_run(&run);
}

static void a_policy_that_does_nothing_ends_stuck(void **state)
{
    struct run slotted = open_run("slot: 10\n" HEAD "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    struct run continuous = open_run(HEAD "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    (void)state;

    play(&slotted, NULL, 0);
    play(&continuous, NULL, 0);
    assert_true(world_totals(slotted.world)->stuck);
    assert_true(world_totals(continuous.world)->stuck);
    close_run(&slotted);
    close_run(&continuous);
}

static void the_horizon_ends_an_episode(void **state)
{
    struct run run = open_run(HEAD "horizon: 15\ntypes: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {0, ACTION_START, 1, 1, 1});
    check_finish(&run, 0, 10);
    check_finish(&run, 1, -1);
    assert_true(fabs(world_totals(run.world)->end_s - 15) < 1e-12);
    close_run(&run);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_task_runs_at_its_speed),
    cmocka_unit_test(a_resize_changes_the_speed_from_then_on),
    cmocka_unit_test(a_switch_costs_what_the_type_says),
    cmocka_unit_test(preemption_keeps_or_loses_progress),
    cmocka_unit_test(startup_and_data_hold_the_task_back),
    cmocka_unit_test(migration_moves_data_and_state),
    cmocka_unit_test(a_lost_link_delays_the_transfer),
    cmocka_unit_test(an_outage_sends_tasks_back),
    cmocka_unit_test(a_task_out_of_retries_is_lost),
    cmocka_unit_test(neighbours_slow_each_other_down),
    cmocka_unit_test(a_curve_is_integrated_in_closed_form),
    cmocka_unit_test(every_bad_action_is_refused_with_its_reason),
    cmocka_unit_test(shrinking_makes_room_for_others_in_the_same_plan),
    cmocka_unit_test(a_refused_growth_keeps_what_is_left),
    cmocka_unit_test(slots_count_whole),
    cmocka_unit_test(a_policy_that_does_nothing_ends_stuck),
    cmocka_unit_test(the_horizon_ends_an_episode),
};

RUN_TESTS(tests)
