/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No policy below I3 can tell the true speeds. Two worlds are alike in all that may be known and
 * differ in how fast tasks really are and how much work each has; the model, where a policy takes
 * one, is the same stub in both. Whoever is not shown the truth must do the same in both, event by
 * event: policies of class I0 as long as nothing has finished, the others at time 0, because the
 * progress that they see later tells of speeds, as it may. Requests are minima: how users who know
 * their types ask ("tuned") may follow from the truth.
 */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "core/estimator.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "sim/world.h"

/* How long I0 is looked at. All tasks have come by then, and in neither world one has finished. */
static const double LOOK_S = 60;

#define WORLD(arrivals, speed_t, speed_u, spread)                                                  \
    "resources: [cpu, gpu]\n"                                                                      \
    "clusters:\n"                                                                                  \
    "  - {name: a, capacity: {cpu: 12, gpu: 4}}\n"                                                 \
    "  - {name: b, capacity: {cpu: 7, gpu: 3}}\n"                                                  \
    "arrivals: {process: " arrivals ", rate: 0.5, tasks: 24}\n"                                    \
    "types:\n"                                                                                     \
    "  t: {min: {cpu: 1}, max: {cpu: 8, gpu: 0}, work: {draw: lognormal, mean: 1, spread: " spread \
    "},\n"                                                                                         \
    "      speed: {model: power, scale: " speed_t "}}\n"                                           \
    "  u: {min: {cpu: 2, gpu: 1}, max: {cpu: 8, gpu: 4}, work: {draw: lognormal, mean: 1, "        \
    "spread: " spread "},\n"                                                                       \
    "      speed: {model: power, scale: " speed_u "}}\n"

#define POWER(scale, cpu) scale ", exponents: {cpu: " cpu "}"

#define ONE_WORLD(arrivals)   WORLD(arrivals, POWER("1e-7", "0.9"), POWER("5e-8", "0.2"), "0.1")
#define OTHER_WORLD(arrivals) WORLD(arrivals, POWER("3e-8", "0.3"), POWER("2e-7", "0.8"), "0.7")

static const char *const slowly[] = {ONE_WORLD("regular"), OTHER_WORLD("regular")};
static const char *const at_once[] = {ONE_WORLD("at-once"), OTHER_WORLD("at-once")};

/* A model that knows nothing of the worlds. */
static double stub_speed(const void *state, int32_t type, const struct allocation *amount,
                         double progress)
{
    (void)state;
    (void)progress;
    return 1e-7 * (type + 1) * pow(amount->amount[0], 0.7);
}

static double stub_seconds(const void *state, int32_t type, const struct allocation *amount,
                           double from)
{
    return (1 - from) / stub_speed(state, type, amount, from);
}

static double stub_sample(const void *state, int32_t type, const struct allocation *amount,
                          double progress, uint64_t draw)
{
    (void)draw;
    return stub_speed(state, type, amount, progress);
}

static const struct estimator_ops stub_ops = {
    .name = "stub",
    .summary = "a power law that is true nowhere",
    .info = INFO_MODEL,
    .speed = stub_speed,
    .seconds = stub_seconds,
    .sample = stub_sample,
};

struct story {
    struct text text;
    double look_s;
};

static void tell(void *arg, const struct event *event)
{
    struct story *story = arg;

    if (event->time_s > story->look_s)
        return;
    if (event->kind == EVENT_FINISH)
        fail_msg("task %d finished at %g, too early for this test", event->task, event->time_s);
    text_printf(&story->text, "%.9g %s %d %d", event->time_s, event_word(event->kind), event->task,
                event->cluster);
    for (int r = 0; r < MAX_RESOURCES; r++)
        text_printf(&story->text, " %d", event->allocation.amount[r]);
    text_add(&story->text, "\n");
}

static void take_minima(const struct policy_ops *ops, struct params *params)
{
    struct err err;

    params_init(params, ops->options);
    if (ops->options && option_find(ops->options, "req") >= 0)
        assert_int_equal(params_set(params, "req", "min", &err), 0);
}

/* What the policy does at first; false if it cannot be asked here. */
static bool watch(const struct policy_ops *ops, const char *yaml, enum info_class info,
                  const struct estimator *estimator, struct story *story)
{
    struct scenario *scenario;
    struct params params;
    struct policy policy;
    struct policy_setup setup = {.params = &params, .seed = 1, .estimator = estimator};
    struct world *world;
    struct plan plan;
    struct err err;
    int rc;

    assert_int_equal(scenario_parse(&scenario, "test", "", yaml, NULL, 0, &err), 0);
    setup.catalog = &scenario->catalog;
    take_minima(ops, &params);
    world = world_new(scenario);
    plan_init(&plan, scenario->catalog.clusters);
    text_init(&story->text, 0);
    rc = policy_open(&policy, ops, &setup, &err);
    if (rc == 0) {
        world_allow_below_minimum(world, ops->traits & POLICY_BELOW_MINIMUM);
        world_show(world, info, estimator);
        if (ops->observe)
            world_watch(world, ops->observe, policy.state);
        world_watch(world, tell, story);
        assert_int_equal(world_reset(world, 1, NULL, &err), 0);
        while (!world_is_over(world) && world_view(world)->now_s <= story->look_s) {
            plan_reset(&plan, world_view(world));
            policy.ops->decide(policy.state, world_view(world), &plan);
            world_apply(world, &plan);
        }
        policy_close(&policy);
    }
    plan_release(&plan);
    world_free(world);
    params_release(&params);
    scenario_free(scenario);
    return rc == 0;
}

/* Whether the policy acts alike in both worlds. */
static bool acts_alike(const struct policy_ops *ops, const char *const *yaml, enum info_class info,
                       const struct estimator *one, const struct estimator *other)
{
    double look_s = yaml == slowly ? LOOK_S : 0;
    struct story first = {.look_s = look_s}, second = {.look_s = look_s};
    bool alike = true;

    if (watch(ops, yaml[0], info, one, &first) && watch(ops, yaml[1], info, other, &second)) {
        alike = strcmp(first.text.bytes, second.text.bytes) == 0;
        text_release(&second.text);
    }
    text_release(&first.text);
    return alike;
}

static void nobody_below_i3_can_tell_true_speeds(void **state)
{
    const struct estimator stub = {.ops = &stub_ops};
    (void)state;

    for (int i = 0; policies[i]; i++) {
        const struct policy_ops *ops = policies[i];
        bool model = ops->traits & POLICY_MODEL;

        if (!acts_alike(ops, ops->info == INFO_BLIND ? slowly : at_once,
                        model ? INFO_MODEL : ops->info, model ? &stub : NULL, model ? &stub : NULL))
            fail_msg("%s acts by what it may not know", ops->name);
    }
}

/* The two worlds can be told apart: an oracle acts otherwise. So the test above can fail. */
static void an_oracle_can(void **state)
{
    static const char *const seer[] = {"srtf", "sjf", "tetris", "afs-l", "oracle"};
    struct scenario *one, *other;
    struct estimator truth_of_one, truth_of_other;
    struct err err;
    (void)state;

    assert_int_equal(scenario_parse(&one, "test", "", at_once[0], NULL, 0, &err), 0);
    assert_int_equal(scenario_parse(&other, "test", "", at_once[1], NULL, 0, &err), 0);
    assert_int_equal(estimator_open(&truth_of_one, one, 1, "true", &err), 0);
    assert_int_equal(estimator_open(&truth_of_other, other, 1, "true", &err), 0);
    for (size_t i = 0; i < COUNT_OF(seer); i++)
        if (acts_alike(policy_find(seer[i]), at_once, INFO_ORACLE, &truth_of_one, &truth_of_other))
            fail_msg("%s does not act by true speeds", seer[i]);
    estimator_close(&truth_of_one);
    estimator_close(&truth_of_other);
    scenario_free(one);
    scenario_free(other);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nobody_below_i3_can_tell_true_speeds),
    cmocka_unit_test(an_oracle_can),
};

RUN_TESTS(tests)
