/* SPDX-License-Identifier: Apache-2.0 */
/* What tasks ask for under every rule, and when policies that act in rounds are due. */
#include "harness.h"

#include <math.h>

#include "base/err.h"
#include "core/scenario.h"
#include "policy/request.h"
#include "policy/rounds.h"
#include "sim/world.h"

static const struct option_spec options[] = {REQUEST_OPTION, {0}};

/* Eight tasks at once. A run takes 12 + 60/n seconds on n CPUs; on 2, 4, 6 and 8 that is an
 * efficiency of 72/84 = 0.86, 72/108 = 0.67, 72/132 = 0.55 and 72/156 = 0.46: tuned users of "some"
 * ask for 4 or 6. A run of "long" lasts above twelve hours on all of them, so they ask for 1. */
#define SCENARIO                                                                    \
    "resources: [cpu]\n"                                                            \
    "clusters: [{name: a, capacity: {cpu: 6}}, {name: b, capacity: {cpu: 10}}]\n"   \
    "arrivals: {process: at-once, tasks: 8}\n"                                      \
    "types: {some: {min: {cpu: 1}, max: {cpu: 16}, speed: {model: amdahl, serial: " \
    "12, parallel: {cpu: 60}}}}\n"
#define LONG                                                                               \
    "resources: [cpu]\n"                                                                   \
    "clusters: [{name: a, capacity: {cpu: 9}}]\n"                                          \
    "arrivals: {process: at-once, tasks: 8}\n"                                             \
    "types: {long: {min: {cpu: 1}, max: {cpu: 8}, speed: {model: amdahl, serial: 120000, " \
    "parallel: {cpu: 600000}}}}\n"

struct fixture {
    struct scenario *scenario;
    struct world *world;
};

static struct fixture open_fixture(const char *yaml)
{
    struct fixture f = {0};
    struct err err;

    if (scenario_parse(&f.scenario, "test", "", yaml, NULL, 0, &err))
        fail_msg("%s", err.message);
    f.world = world_new(f.scenario);
    assert_int_equal(world_reset(f.world, 1, NULL, &err), 0);
    return f;
}

static void close_fixture(struct fixture *f)
{
    world_free(f->world);
    scenario_free(f->scenario);
}

static void open_requests(struct requests *requests, const struct fixture *f, const char *rule)
{
    struct params params;
    struct err err;

    params_init(&params, options);
    assert_int_equal(params_set(&params, "req", rule, &err), 0);
    requests_init(requests, &(struct policy_setup){
                                .catalog = &f->scenario->catalog, .params = &params, .seed = 7});
    params_release(&params);
}

static int32_t asked(const char *yaml, const char *rule, int32_t task)
{
    struct fixture f = open_fixture(yaml);
    struct requests requests;
    int32_t cpus;

    open_requests(&requests, &f, rule);
    cpus = request_of(&requests, world_view(f.world), task)->amount[0];
    assert_int_equal(request_of(&requests, world_view(f.world), task)->amount[0], cpus);
    requests_release(&requests);
    close_fixture(&f);
    return cpus;
}

static void every_rule_asks_for_its_own(void **state)
{
    (void)state;
    assert_int_equal(asked(SCENARIO, "min", 3), 1);
    assert_int_equal(asked(SCENARIO, "max", 3), 10);      /* the larger cluster has no more */
    assert_int_equal(asked(SCENARIO, "fair", 3), 16 / 8); /* all capacity over all tasks */
    assert_int_equal(asked(LONG, "max", 3), 8);
    assert_int_equal(asked(LONG, "fair", 3), 9 / 8);
    assert_int_equal(asked(LONG, "tuned", 3), 1);
}

static void tuned_users_differ(void **state)
{
    int32_t four = 0, six = 0;
    (void)state;

    for (int32_t task = 0; task < 8; task++) {
        int32_t cpus = asked(SCENARIO, "tuned", task);

        assert_int_equal(asked(SCENARIO, "trace", task), cpus); /* nobody said anything */
        four += cpus == 4;
        six += cpus == 6;
    }
    assert_int_equal(four + six, 8);
    assert_true(four > 0 && six > 0);
}

static void rounds_come_at_whole_multiples(void **state)
{
    struct fixture f = open_fixture(SCENARIO);
    struct view view = *world_view(f.world);
    struct plan plan;
    (void)state;

    plan_init(&plan, 2);
    view.now_s = 120;
    plan_reset(&plan, &view);
    assert_true(rounds_due(60, &view, &plan));
    assert_float_equal(plan.wake_s, 180, 1e-9);
    view.now_s = 130;
    plan_reset(&plan, &view);
    assert_false(rounds_due(60, &view, &plan));
    assert_float_equal(plan.wake_s, 180, 1e-9);
    assert_true(rounds_due(0, &view, &plan));
    view.waiting = view.running = 0;
    plan_reset(&plan, &view);
    assert_false(rounds_due(60, &view, &plan));
    assert_true(plan.wake_s == HUGE_VAL);
    plan_release(&plan);
    close_fixture(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_rule_asks_for_its_own),
    cmocka_unit_test(tuned_users_differ),
    cmocka_unit_test(rounds_come_at_whole_multiples),
};

RUN_TESTS(tests)
