/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns, windows and switching in slotted time, and failures, by hand: what the kept episodes do
 * not reach, because no policy there preempts a task out of a queue or asks out of turn.
 */
#include "harness.h"

#include <math.h>
#include <string.h>

#include "scripted_run.h"
#include "sim/arrivals.h"

/* Speed: one run takes 100 s on one CPU. */
#define LINEAR    "speed: {model: power, scale: 0.01, exponents: {cpu: 1}}"
#define TWO_SITES "clusters: [{name: a, capacity: {cpu: 10}}, {name: b, capacity: {cpu: 10}}]\n"

static void a_cluster_has_one_start_per_slot(void **state)
{
    struct run run = open_run("slot: 10\nrounds: one\nresources: [cpu]\n" TWO_SITES
                              "arrivals: {process: at-once, tasks: 3}\n"
                              "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    const int64_t *refused = world_totals(run.world)->refused;
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 4}, {0, ACTION_START, 1, 0, 4}, {0, ACTION_START, 1, 1, 4},
         {10, ACTION_START, 2, 0, 4});
    assert_int_equal(refused[REFUSED_TURN], 1);
    check_finish(&run, 0, 30); /* 40, 80, 120 */
    check_finish(&run, 1, 30);
    check_finish(&run, 2, 40);
    close_run(&run);
}

static void a_switch_slows_down_for_its_seconds(void **state)
{
    struct run run = open_run(
        "slot: 10\nresources: [cpu]\n" TWO_SITES "arrivals: {process: at-once, tasks: 1}\n"
        "types: {t: {min: {cpu: 1}, " LINEAR ", switching: {factor: 0.5, seconds: 15}}}\n");
    (void)state;

    /* 10 at 10; then 30 a slot, half of it in the first, three quarters in the next: 10, 25, 47.5,
     * 77.5, 107.5. */
    PLAY(&run, {0, ACTION_START, 0, 0, 1}, {10, ACTION_RESIZE, 0, 0, 3});
    check_finish(&run, 0, 50);
    close_run(&run);
}

/* Tasks at 0 that reach cluster a, or also b. */
static void arrive(struct arrivals *arrivals, const bool *both, int tasks)
{
    static const int32_t cluster[] = {0, 1};

    arrivals_init(arrivals);
    arrivals->item = xcalloc((size_t)tasks, sizeof *arrivals->item);
    arrivals->count = tasks;
    for (int i = 0; i < tasks; i++) {
        arrivals->item[i].work = 1;
        arrivals->item[i].reach =
            (struct reach){.cluster = cluster, .count = 1 + both[i], .bits = both[i] ? 3 : 1};
    }
}

static void a_task_that_comes_back_queues_at_the_end(void **state)
{
    static const bool both[] = {false, true, false};
    struct run run = open_run("slot: 10\nwindow: 1\nresources: [cpu]\n" TWO_SITES
                              "arrivals: {process: at-once, tasks: 3}\n"
                              "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    struct arrivals arrivals;
    struct err err;
    int32_t queue[4];
    (void)state;

    arrive(&arrivals, both, 3);
    assert_int_equal(world_reset(run.world, 1, &arrivals, &err), 0);
    assert_int_equal(world_queue(run.world, 0, queue, 4), 2);
    /* 1 leaves the queue of a from the front, and comes back behind 2; 0 makes room for 2. */
    PLAY(&run, {0, ACTION_START, 1, 1, 1}, {10, ACTION_PREEMPT, 1, 0, 0},
         {20, ACTION_START, 0, 0, 10}, {30, ACTION_START, 2, 0, 10}, {40, ACTION_START, 1, 0, 10});
    assert_int_equal(world_totals(run.world)->refused[REFUSED_WINDOW], 0);
    check_finish(&run, 0, 30);
    check_finish(&run, 2, 40);
    check_finish(&run, 1, 50); /* 10 done before, 100 more */
    close_run(&run);
    arrivals_release(&arrivals);
}

static void a_refused_growth_cannot_take_back_what_others_took(void **state)
{
    struct run run = open_run("resources: [cpu, gpu]\n"
                              "clusters: [{name: a, capacity: {cpu: 10, gpu: 4}}]\n"
                              "arrivals: {process: at-once, tasks: 3}\n"
                              "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    struct allocation first = {{8, 1}}, second = {{1, 3}}, wanted = {{2, 4}}, third = {{7, 0}};
    const struct view *view = world_view(run.world);
    (void)state;

    plan_reset(&run.plan, view);
    plan_start(&run.plan, 0, 0, &first);
    plan_start(&run.plan, 1, 0, &second);
    plan_wake(&run.plan, 1);
    assert_int_equal(world_apply(run.world, &run.plan), 2);
    /* Task 0 would give 6 CPUs for GPUs that there are not; task 2 takes them first, and the one
     * that was free. */
    plan_reset(&run.plan, view);
    plan_start(&run.plan, 2, 0, &third);
    plan_resize(&run.plan, 0, &wanted);
    plan_wake(&run.plan, 2);
    world_apply(run.world, &run.plan);
    assert_int_equal(world_totals(run.world)->refused[REFUSED_CAPACITY], 1);
    assert_int_equal(view->task[0].allocation.amount[0], 2); /* 10 - 1 - 7 */
    assert_int_equal(view->task[0].allocation.amount[1], 1);
    assert_int_equal(view->cluster[0].free.amount[0], 0);
    close_run(&run);
}

static void note_failure(void *arg, const struct event *event)
{
    double *failed_s = arg;

    if ((event->kind == EVENT_FAILURE || event->kind == EVENT_LOST) && *failed_s < 0)
        *failed_s = event->time_s;
}

/* When the task first fails that is started then and, if asked for, resized in between; -1: never.
 */
static double failure_s(uint64_t seed, double start_s, bool resized)
{
    struct run run =
        open_run("resources: [cpu]\n" TWO_SITES "arrivals: {process: at-once, tasks: 1}\n"
                 "types: {t: {min: {cpu: 1}, " LINEAR ", failures: {mtbf: 80, retries: 0}}}\n");
    struct step script[] = {{start_s, ACTION_START, 0, 0, 1},
                            {start_s + 1, ACTION_RESIZE, 0, 0, 1}};
    double failed_s = -1;
    struct err err;

    script[1].cpus = resized ? 2 : 1;
    assert_int_equal(world_reset(run.world, seed, NULL, &err), 0);
    world_watch(run.world, note_failure, &failed_s);
    while (!world_is_over(run.world)) {
        const struct view *view = world_view(run.world);
        size_t next = view->now_s >= start_s ? 1 : 0;

        plan_reset(&run.plan, view);
        if (view->task[0].state == TASK_WAITING && view->now_s >= start_s)
            add_step(&run.plan, &script[0]);
        if (view->task[0].state == TASK_RUNNING && view->now_s >= start_s + 1)
            add_step(&run.plan, &script[1]);
        if (view->now_s < script[next].at_s)
            plan_wake(&run.plan, script[next].at_s);
        world_apply(run.world, &run.plan);
    }
    close_run(&run);
    return failed_s;
}

static void failures_depend_on_the_time_run_alone(void **state)
{
    int failures = 0, survivors = 0;
    (void)state;

    for (uint64_t seed = 1; seed <= 40; seed++) {
        double plain = failure_s(seed, 0, false), later = failure_s(seed, 1000, false);
        double resized = failure_s(seed, 0, true);

        failures += plain >= 0;
        survivors += plain < 0;
        if (plain < 0) {
            assert_true(later < 0);
            continue;
        }
        assert_true(fabs(later - 1000 - plain) < 1e-9);
        /* Twice as fast from 1 s on, it is done at 50.5 s. */
        assert_true(plain < 50.5 ? fabs(resized - plain) < 1e-9 : resized < 0);
    }
    assert_true(failures > 10 && survivors > 5); /* 1 - exp(-100 / 80) is 0.71 */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_cluster_has_one_start_per_slot),
    cmocka_unit_test(a_switch_slows_down_for_its_seconds),
    cmocka_unit_test(a_task_that_comes_back_queues_at_the_end),
    cmocka_unit_test(a_refused_growth_cannot_take_back_what_others_took),
    cmocka_unit_test(failures_depend_on_the_time_run_alone),
};

RUN_TESTS(tests)
