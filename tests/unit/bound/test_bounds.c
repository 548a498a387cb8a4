/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds on instances that are worked out by hand, and the law that no policy
 * beats them: every policy on random scenarios, with noise, switching costs,
 * start-up, failures and outages, in slots and in continuous time.
 *
 * TAP_SEED chooses the first random scenario, TAP_CASES how many there are.
 */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "bound/bounds.h"
#include "bound/menu.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "policy/spec.h"
#include "random_scenario.h"
#include "sim/episode.h"

enum { CASES = 24 / HARNESS_SLOWDOWN };

static struct scenario *parse(const char *yaml)
{
    struct scenario *scenario;
    struct err err;

    if (scenario_parse(&scenario, "test", ".", yaml, NULL, 0, &err))
        fail_msg("%s\n%s", err.message, yaml);
    return scenario;
}

static struct bound bound_at(const struct scenario *scenario, uint64_t seed, int starts)
{
    struct bound_rules rules = {.strongest = BOUND_POOLED, .starts = starts, .jobs = 1};
    struct bound bound;
    struct err err;

    if (bounds_run(scenario, &seed, 1, &rules, &bound, &err))
        fail_msg("%s", err.message);
    return bound;
}

static void expect(const char *yaml, double alone, double pooled)
{
    struct scenario *scenario = parse(yaml);
    struct bound bound = bound_at(scenario, 1, BOUND_STARTS);

    assert_true(fabs(bound.mean[BOUND_ALONE] - alone) < 1e-6);
    assert_true(fabs(bound.mean[BOUND_POOLED] - pooled) < 1e-6);
    assert_true(bound.best == bound.mean[BOUND_POOLED]);
    scenario_free(scenario);
}

/* Eight tasks at once, each a slot of all four CPUs: alone 1; one after another
 * 1, 2, .., 8, so 4.5 in the mean. With two CPUs for two slots each it is the
 * same area. */
static void one_resource_serves_one_after_another(void **state)
{
    (void)state;
    expect("slot: 1\nresources: [cpu]\nclusters: [{name: a, capacity: {cpu: 4}}]\n"
           "arrivals: {process: at-once, tasks: 8}\n"
           "types: {t: {min: {cpu: 1}, max: {cpu: 4}, speed: {model: power, scale: "
           "0.25, "
           "exponents: {cpu: 1}}}}\n",
           1, 4.5);
}

/* The scarcer of two resources counts: CPUs 1 of 8, GPUs 2 of 4, so two tasks
 * per slot in all. Six tasks at once finish 1, 1, 2, 2, 3, 3. */
static void the_scarcer_resource_counts(void **state)
{
    (void)state;
    expect("slot: 1\nresources: [cpu, gpu]\nclusters: [{name: a, capacity: {cpu: "
           "8, gpu: 4}}]\n"
           "arrivals: {process: at-once, tasks: 6}\n"
           "types: {t: {min: {cpu: 1, gpu: 2}, max: {cpu: 1, gpu: 2}, speed: "
           "{model: constant, "
           "value: 1}}}\n",
           1, 2);
}

/* Ten times 0.1 is less than 1 in double: eleven slots, as in the world. */
static void slots_are_rounded_as_the_world_rounds(void **state)
{
    (void)state;
    expect("slot: 1\nresources: [cpu]\nclusters: [{name: a, capacity: {cpu: 4}}]\n"
           "arrivals: {process: at-once, tasks: 1}\n"
           "types: {t: {min: {cpu: 1}, max: {cpu: 1}, speed: {model: constant, "
           "value: 0.1}}}\n",
           11, 11);
}

/* Continuous: one task a second from 0 on, each 2 s on the only CPU: 2, 4 - 1,
 * 6 - 2. Alone 2. A start-up of half a second lengthens each alone, and frees
 * nothing in the pool. */
static void continuous_time_is_served_shortest_first(void **state)
{
    (void)state;
    expect("resources: [cpu]\nclusters: [{name: a, capacity: {cpu: 1}}]\n"
           "arrivals: {process: regular, rate: 1, tasks: 3}\n"
           "types: {t: {min: {cpu: 1}, max: {cpu: 1}, speed: {model: constant, "
           "value: 0.5}}}\n",
           2, 3);
    expect("resources: [cpu]\nclusters: [{name: a, capacity: {cpu: 1}}]\n"
           "arrivals: {process: regular, rate: 0.1, tasks: 3}\n"
           "types: {t: {min: {cpu: 1}, max: {cpu: 1}, startup: 0.5, speed: "
           "{model: constant, "
           "value: 0.5}}}\n",
           2.5, 2.5);
}

/* Tasks of which none reaches both clusters are no help to each other: three on
 * a of one slot each, nobody on b. */
static void clusters_that_nobody_shares_are_not_pooled(void **state)
{
    (void)state;
    expect("slot: 1\nresources: [cpu]\nclusters: [{name: a, capacity: {cpu: 1}}, "
           "{name: b, "
           "capacity: {cpu: 9}}]\n"
           "arrivals: {process: at-once, tasks: 3}\nreach: {kind: listed, sets: "
           "[{clusters: [a]}]}\n"
           "types: {t: {min: {cpu: 1}, max: {cpu: 1}, speed: {model: constant, "
           "value: 1}}}\n",
           1, 2);
}

/* Allocations that a box stands for: none takes less, none is faster. */
static void boxes_hold_every_allocation_once(void **state)
{
    struct allocation min = {{1, 0}}, max = {{70, 40}}, *box;
    int32_t boxes = menu_boxes(&min, &max, 2, 200, &box);
    (void)state;

    assert_in_range(boxes, 100, 200);
    for (int c = 1; c <= 70; c++)
        for (int g = 0; g <= 40; g++) {
            struct allocation a = {{c, g}};
            int holders = 0;

            for (int32_t i = 0; i < boxes; i++)
                holders += allocation_within(&box[2 * i], &a, &box[2 * i + 1]);
            assert_int_equal(holders, 1);
        }
    free(box);
}

static void a_box_is_no_slower_than_what_is_in_it(void **state)
{
    static const char *const speed[] = {
        "{model: optimus, workers: gpu, servers: cpu, a: 9, b: 6, c: 4, d: 1.5, "
        "e: 0.7}",
        "{model: power, exponents: {cpu: -0.5, gpu: 0.5}}",
        "{model: table, grid: {cpu: [1, 3, 6], gpu: [0, 4]}, speeds: [[1, 5], "
        "[9, 2], [3, 4]], "
        "between: linear}",
        "{model: table, grid: {cpu: [1, 3, 6], gpu: [0, 4]}, speeds: [[1, 5], "
        "[9, 2], [3, 4]]}",
        "{model: amdahl, serial: 1, parallel: {cpu: 3, gpu: 2}}",
        "{model: saturating, scales: {cpu: 3, gpu: 2}}",
    };
    (void)state;

    for (size_t k = 0; k < COUNT_OF(speed); k++) {
        struct text yaml;
        struct scenario *scenario;
        struct allocation low = {{2, 1}}, high = {{7, 5}};
        struct rate most;

        text_init(&yaml, 0);
        text_printf(&yaml,
                    "resources: [cpu, gpu]\nclusters: [{name: a, capacity: {cpu: "
                    "8, gpu: 8}}]\n"
                    "arrivals: {process: at-once, tasks: 1}\n"
                    "types: {t: {min: {cpu: 1, gpu: 0}, max: {cpu: 8, gpu: 8}, "
                    "speed: %s}}\n",
                    speed[k]);
        scenario = parse(yaml.bytes);
        most = speed_rate_most(&scenario->truth[0].speed, &low, &high);
        for (int c = 2; c <= 7; c++)
            for (int g = 1; g <= 5; g++) {
                struct allocation a = {{c, g}};

                assert_true(speed_rate(&scenario->truth[0].speed, &a).base <= most.base);
            }
        scenario_free(scenario);
        text_release(&yaml);
    }
}

/* False if the policy cannot do with such a scenario. */
static bool play(struct episode *episode, const struct policy_ops *ops, uint64_t seed,
                 struct metrics *metrics)
{
    struct contender contender = {.ops = ops};
    struct policy_spec spec;
    struct err err;
    int rc;

    if (policy_spec_parse(&spec, ops->name, &err))
        fail_msg("%s", err.message);
    contender.params = &spec.params;
    contender.model = spec.model;
    rc = episode_run(episode, &contender, seed, NULL, metrics, &err);
    if (rc && rc != ERR_UNSUPPORTED)
        fail_msg("%s: %s", ops->name, err.message);
    policy_spec_release(&spec);
    return rc == 0;
}

/* Returns how many policies had an outcome to hold against the bound. */
static int check_policies(const struct scenario *scenario, uint64_t seed)
{
    struct bound one = bound_at(scenario, seed, 1), many = bound_at(scenario, seed, BOUND_STARTS);
    struct episode episode;
    int checked = 0;

    assert_true(one.mean[BOUND_POOLED] >= one.mean[BOUND_ALONE] * (1 - 1e-9));
    assert_true(one.best >= many.best * (1 - 1e-9));
    episode_init(&episode, scenario);
    for (int i = 0; policies[i]; i++) {
        struct metrics m;
        double best;

        if (!play(&episode, policies[i], seed, &m) || m.finished < m.tasks ||
            m.most_starts > BOUND_STARTS)
            continue;
        best = m.most_starts <= 1 ? one.best : many.best;
        if (m.mean_completion < best * (1 - 1e-9))
            fail_msg("%s beats the bound on random scenario %llu: %.17g < %.17g", policies[i]->name,
                     (unsigned long long)seed, m.mean_completion, best);
        checked++;
    }
    episode_release(&episode);
    return checked;
}

static void no_policy_beats_a_bound(void **state)
{
    const char *first = getenv("TAP_SEED"), *cases = getenv("TAP_CASES");
    uint64_t seed = first ? strtoull(first, NULL, 10) : 1;
    int count = cases ? (int)strtol(cases, NULL, 10) : CASES, checked = 0;
    (void)state;

    for (int i = 0; i < count; i++, seed++) {
        char *yaml = random_scenario(seed);
        struct scenario *scenario = parse(yaml);

        checked += check_policies(scenario, seed);
        scenario_free(scenario);
        free(yaml);
    }
    assert_true(checked >= count);
}

static void any_number_of_threads_gives_the_same(void **state)
{
    enum { SEEDS = 12 };
    struct bound_rules rules = {.strongest = BOUND_POOLED, .starts = 1, .jobs = 1};
    struct bound one[SEEDS], many[SEEDS];
    uint64_t seed[SEEDS];
    struct scenario *scenario;
    struct err err;
    (void)state;

    for (int i = 0; i < SEEDS; i++)
        seed[i] = (uint64_t)i + 3;
    if (scenario_load(&scenario, TEST_SOURCE_DIR "/scenarios/paper/hetero-6.yaml", NULL, 0, &err))
        fail_msg("%s", err.message);
    assert_int_equal(bounds_run(scenario, seed, SEEDS, &rules, one, &err), 0);
    rules.jobs = 4;
    assert_int_equal(bounds_run(scenario, seed, SEEDS, &rules, many, &err), 0);
    for (int i = 0; i < SEEDS; i++) {
        assert_true(one[i].best == many[i].best);
        assert_true(one[i].mean[BOUND_ALONE] == many[i].mean[BOUND_ALONE]);
    }
    scenario_free(scenario);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_resource_serves_one_after_another),
    cmocka_unit_test(the_scarcer_resource_counts),
    cmocka_unit_test(slots_are_rounded_as_the_world_rounds),
    cmocka_unit_test(continuous_time_is_served_shortest_first),
    cmocka_unit_test(clusters_that_nobody_shares_are_not_pooled),
    cmocka_unit_test(boxes_hold_every_allocation_once),
    cmocka_unit_test(a_box_is_no_slower_than_what_is_in_it),
    cmocka_unit_test(no_policy_beats_a_bound),
    cmocka_unit_test(any_number_of_threads_gives_the_same),
};

RUN_TESTS(tests)
