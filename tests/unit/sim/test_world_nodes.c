/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters that are split into nodes, by hand: who fits where, and what plans make of it. */
#include "harness.h"

#include <string.h>

#include "scripted_run.h"

/* Three nodes of 4 CPUs; one run takes 100 s on one CPU, and twice the CPUs halve it. */
#define NODES_AND(rule, more)                                                                \
    "resources: [cpu]\n"                                                                     \
    "clusters: [{name: a, nodes: 3, placement: " rule ", capacity: {cpu: 12}}]\n"            \
    "arrivals: {process: at-once, tasks: 4}\n"                                               \
    "types: {t: {min: {cpu: 1}, max: {cpu: 12}, " more "speed: {model: power, scale: 0.01, " \
    "exponents: {cpu: 1}}}}\n"
#define NODES(rule) NODES_AND(rule, "")

static int32_t node_of(const struct run *run, int32_t task, int32_t share)
{
    const struct placement *at = &world_view(run->world)->task[task].placement;

    return share < at->shares ? at->share[share].node : -1;
}

static int32_t node_free(const struct run *run, int32_t node)
{
    return world_view(run->world)->cluster[0].node_free[node].amount[0];
}

/* One decision at the time at hand, of the steps that are due. */
static void decide(struct run *run, const struct step *step, size_t steps)
{
    plan_reset(&run->plan, world_view(run->world));
    for (size_t i = 0; i < steps; i++)
        add_step(&run->plan, &step[i]);
    plan_wake(&run->plan, world_view(run->world)->now_s + 1);
    world_apply(run->world, &run->plan);
}

#define DECIDE(run, ...)                                   \
    do {                                                   \
        static const struct step script[] = {__VA_ARGS__}; \
        decide(run, script, COUNT_OF(script));             \
    } while (0)

static void fragments_are_refused_by_their_name(void **state)
{
    struct run run = open_run(NODES("consolidated"));
    (void)state;

    /* 3 + 3 + 3 leave one CPU on each node: a task of 2 fits the cluster, but no node. */
    DECIDE(&run, {0, ACTION_START, 0, 0, 3}, {0, ACTION_START, 1, 0, 3},
           {0, ACTION_START, 2, 0, 3});
    plan_reset(&run.plan, world_view(run.world));
    assert_false(plan_fits(&run.plan, 0, &(struct allocation){{2}}));
    assert_true(plan_fits(&run.plan, 0, &(struct allocation){{1}}));
    DECIDE(&run, {0, ACTION_START, 3, 0, 2});
    assert_int_equal(world_totals(run.world)->refused[REFUSED_NODES], 1);
    assert_int_equal(world_totals(run.world)->refused[REFUSED_CAPACITY], 0);
    DECIDE(&run, {0, ACTION_START, 3, 0, 1});
    assert_int_equal(node_of(&run, 3, 0), 0);
    assert_int_equal(node_free(&run, 0), 0);
    close_run(&run);
}

static void any_nodes_take_any_pieces(void **state)
{
    struct run run = open_run(NODES("any"));
    (void)state;

    DECIDE(&run, {0, ACTION_START, 0, 0, 3}, {0, ACTION_START, 1, 0, 3}, {0, ACTION_START, 2, 0, 3},
           {0, ACTION_START, 3, 0, 3});
    assert_int_equal(world_view(run.world)->task[3].placement.shares, 3);
    assert_int_equal(world_totals(run.world)->refused[REFUSED_NODES], 0);
    close_run(&run);
}

/* 6 CPUs on nodes of 4 make half of 0.06 a second, 0.3 of the work in 10 s. The 3 that task 0 has
 * then lie on one node, and 12 on 4 + 4 + 4 are not listed either. */
static void speed_may_depend_on_the_placement(void **state)
{
    struct run run = open_run(NODES_AND("any", "placements: {2+4: 0.5}, "));
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 6}, {10, ACTION_RESIZE, 0, 0, 3},
         {50, ACTION_START, 1, 0, 12}, {60, ACTION_START, 2, 0, 12}, {70, ACTION_START, 3, 0, 12});
    check_finish(&run, 0, 10 + 0.7 * 100 / 3);
    check_finish(&run, 1, 50 + 100.0 / 12);
    close_run(&run);
}

static void a_resize_may_take_another_node_too(void **state)
{
    struct run run = open_run(NODES("consolidated"));
    (void)state;

    DECIDE(&run, {0, ACTION_START, 0, 0, 2}, {0, ACTION_START, 1, 0, 3});
    DECIDE(&run, {0, ACTION_RESIZE, 1, 0, 5}, {0, ACTION_RESIZE, 0, 0, 3});
    /* Task 1 had node 1 and fills it; its fifth CPU is beside task 0. */
    assert_int_equal(node_of(&run, 1, 0), 1);
    assert_int_equal(node_of(&run, 1, 1), 0);
    assert_int_equal(node_of(&run, 0, 0), 0);
    assert_int_equal(node_free(&run, 0), 0);
    assert_int_equal(node_free(&run, 2), 4);
    close_run(&run);
}

static void growth_may_stand_before_what_makes_room_for_it(void **state)
{
    struct run run = open_run(NODES("consolidated"));
    (void)state;

    DECIDE(&run, {0, ACTION_START, 0, 0, 12});
    DECIDE(&run, {0, ACTION_START, 1, 0, 4}, {0, ACTION_RESIZE, 0, 0, 8});
    /* The plan could not name nodes for the start; the world finds the first that is let go of. */
    assert_int_equal(world_totals(run.world)->refused[REFUSED_NODES], 0);
    assert_int_equal(node_of(&run, 1, 0), 0);
    assert_int_equal(node_of(&run, 0, 0), 1);
    assert_int_equal(node_of(&run, 0, 1), 2);
    close_run(&run);
}

static void tasks_may_change_places(void **state)
{
    struct run run = open_run(NODES("consolidated"));
    (void)state;

    /* Both are lifted by their migrations, so each finds room; the smaller is placed first. */
    DECIDE(&run, {0, ACTION_START, 0, 0, 8}, {0, ACTION_START, 1, 0, 4});
    assert_int_equal(node_of(&run, 1, 0), 2);
    DECIDE(&run, {0, ACTION_PREEMPT, 0, 0, 0});
    DECIDE(&run, {0, ACTION_MIGRATE, 1, 0, 4}, {0, ACTION_START, 0, 0, 8});
    assert_int_equal(node_of(&run, 1, 0), 0);
    assert_int_equal(node_of(&run, 0, 0), 1);
    assert_int_equal(world_totals(run.world)->refused[REFUSED_NODES], 0);
    close_run(&run);
}

static void nodes_are_whole_again_after_an_outage(void **state)
{
    struct run run = open_run(NODES("consolidated") "outages: [{cluster: a, at: 5, for: 5}]\n");
    (void)state;

    PLAY(&run, {0, ACTION_START, 0, 0, 10}, {10, ACTION_START, 0, 0, 12},
         {20, ACTION_START, 1, 0, 12}, {30, ACTION_START, 2, 0, 12}, {40, ACTION_START, 3, 0, 12});
    check_finish(&run, 0, 10 + 50.0 / 12); /* 50 were done when the outage came */
    assert_int_equal(world_totals(run.world)->refused[REFUSED_NODES], 0);
    for (int32_t n = 0; n < 3; n++)
        assert_int_equal(node_free(&run, n), 4);
    close_run(&run);
}

static void what_cannot_be_divided_is_an_error(void **state)
{
    struct scenario *scenario;
    struct err err;
    (void)state;

    assert_int_equal(scenario_parse(&scenario, "test", "",
                                    "resources: [cpu]\n"
                                    "clusters: [{name: a, nodes: 3, capacity: {cpu: 10}}]\n"
                                    "arrivals: {process: at-once, tasks: 1}\n"
                                    "types: {t: {min: {cpu: 1}, speed: {model: constant}}}\n",
                                    NULL, 0, &err),
                     ERR_INVALID);
    assert_non_null(strstr(err.message, "10 units of cpu cannot be divided among 3 nodes"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(fragments_are_refused_by_their_name),
    cmocka_unit_test(any_nodes_take_any_pieces),
    cmocka_unit_test(speed_may_depend_on_the_placement),
    cmocka_unit_test(a_resize_may_take_another_node_too),
    cmocka_unit_test(growth_may_stand_before_what_makes_room_for_it),
    cmocka_unit_test(tasks_may_change_places),
    cmocka_unit_test(nodes_are_whole_again_after_an_outage),
    cmocka_unit_test(what_cannot_be_divided_is_an_error),
};

RUN_TESTS(tests)
