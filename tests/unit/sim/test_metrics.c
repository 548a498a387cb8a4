/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of episodes that are small enough to be added up by hand. */
#include "harness.h"

#include <math.h>

#include "scripted_run.h"
#include "sim/ideal.h"
#include "sim/metrics.h"

#define LINEAR "speed: {model: power, scale: 0.01, exponents: {cpu: 1}}"

static void check(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-9 * (1 + fabs(wanted)))
        fail_msg("%.12g, wanted %.12g", value, wanted);
}

static struct metrics take(const struct run *run)
{
    struct ideal *ideal = ideal_new(run->scenario);
    struct metrics metrics;

    metrics_take(&metrics, run->world, ideal);
    ideal_free(ideal);
    return metrics;
}

static void figures_add_up(void **state)
{
    struct run run = open_run("resources: [cpu]\n"
                              "clusters: [{name: a, capacity: {cpu: 10}}]\n"
                              "arrivals: {process: at-once, tasks: 3}\n"
                              "types: {t: {min: {cpu: 1}, max: {cpu: 10}, " LINEAR "}}\n");
    struct metrics m;
    (void)state;

    /* Alone, with all 10, a task takes 10 s. Task 2 does 20 from 20 to 30 and 80 from 40 to 60. */
    PLAY(&run, {0, ACTION_START, 0, 0, 5}, {10, ACTION_START, 1, 0, 5}, {20, ACTION_START, 2, 0, 2},
         {30, ACTION_PREEMPT, 2, 0, 0}, {40, ACTION_START, 2, 0, 4});
    check_finish(&run, 2, 60);
    m = take(&run);
    assert_int_equal(m.tasks, 3);
    assert_int_equal(m.finished, 3);
    check(m.longest, 60);
    check(m.mean_completion, (20 + 30 + 60) / 3.0);
    check(m.mean_wait, (0 + 10 + 30) / 3.0);
    check(m.p50, 30);
    check(m.p95, 57);   /* 0.9 of the way from the second to the third */
    check(m.p99, 59.4); /* 0.98 */
    check(m.mean_slowdown, (2 + 3 + 6) / 3.0);
    check(m.fairness, 11 * 11 / (3.0 * (4 + 9 + 36)));
    check(m.makespan, 60);
    check(m.in_system, (20 + 30 + 60) / 60.0);
    check(m.utilisation[0], (5 * 20 + 5 * 20 + 2 * 10 + 4 * 20) / (10.0 * 60));
    assert_int_equal(m.starts, 4);
    assert_int_equal(m.preemptions, 1);
    assert_int_equal(m.resizes + m.migrations + m.failures + m.refusals, 0);
    close_run(&run);
}

static void slots_are_the_unit_where_there_are_slots(void **state)
{
    struct run run = open_run("slot: 10\n"
                              "resources: [cpu]\n"
                              "clusters: [{name: a, capacity: {cpu: 10}}]\n"
                              "arrivals: {process: at-once, tasks: 2}\n"
                              "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    struct metrics m;
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {30, ACTION_START, 1, 0, 5});
    m = take(&run); /* one slot; three waiting and two */
    check(m.mean_completion, 3);
    check(m.mean_wait, 1.5);
    check(m.makespan, 5);
    check(m.utilisation[0], (10 + 2 * 5) / 50.0);
    close_run(&run);
}

static void unfinished_tasks_count_apart(void **state)
{
    struct run run = open_run("resources: [cpu]\n"
                              "horizon: 50\n"
                              "clusters: [{name: a, capacity: {cpu: 10}}]\n"
                              "arrivals: {process: at-once, tasks: 4}\n"
                              "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    struct metrics m;
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 5}, {0, ACTION_START, 1, 0, 1});
    m = take(&run);
    assert_int_equal(m.finished, 1);
    assert_int_equal(m.unfinished, 3);
    assert_int_equal(m.lost, 0);
    check(m.mean_completion, 20);
    check(m.p50, 20);
    check(m.p99, 20);
    check(m.makespan, 50);
    close_run(&run);
}

static void nothing_finished_has_no_means(void **state)
{
    struct run run = open_run("resources: [cpu]\n"
                              "horizon: 5\n"
                              "clusters: [{name: a, capacity: {cpu: 10}}]\n"
                              "arrivals: {process: at-once, tasks: 1}\n"
                              "types: {t: {min: {cpu: 1}, " LINEAR "}}\n");
    struct metrics m;
    (void)state;

    play(&run, NULL, 0);
    m = take(&run);
    assert_int_equal(m.unfinished, 1);
    assert_true(isnan(m.mean_completion) && isnan(m.p50) && isnan(m.mean_slowdown));
    close_run(&run);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(figures_add_up),
    cmocka_unit_test(slots_are_the_unit_where_there_are_slots),
    cmocka_unit_test(unfinished_tasks_count_apart),
    cmocka_unit_test(nothing_finished_has_no_means),
};

RUN_TESTS(tests)
