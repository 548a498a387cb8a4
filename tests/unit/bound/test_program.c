/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs on random tiny worlds: bounds are ordered as theory says, no
 * policy beats the proven optimum, and the optimal schedule, carried out in the
 * world slot by slot, gives exactly the total that was promised. And one
 * instance by hand.
 *
 * TAP_SEED chooses the first world, TAP_CASES how many there are.
 */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "bound/bounds.h"
#include "bound/guess.h"
#include "bound/network.h"
#include "bound/program.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "policy/spec.h"
#include "sim/arrivals.h"
#include "sim/episode.h"

enum { CASES = 200 / HARNESS_SLOWDOWN, COLUMNS = 3000, NODES = 300, TASKS = 5 };

static int pick(struct rng *rng, int low, int high)
{
    return low + (int)rng_below(rng, (uint32_t)(high - low + 1));
}

static const char *pick_text(struct rng *rng, const char *const *text, int count)
{
    return text[rng_below(rng, (uint32_t)count)];
}

static void add_type(struct rng *rng, struct text *yaml, int index)
{
    static const char *const speed[] = {
        "{model: constant, value: 0.34}",
        "{model: power, scale: 0.3, exponents: {gpu: 0.8}}",
        "{model: saturating, scales: {gpu: 3}, curve: sqrt}",
        "{model: table, grid: {gpu: [1, 2]}, speeds: [0.3, 0.5], bends: [1, 1.2], curve: level}",
    };
    static const char *const extra[] = {
        "",
        "",
        "    switching: {factor: 0.5}\n",
        "    switching: {factor: 0, seconds: 1.5}\n    preemption: lose\n",
        "    noise: {kind: additive, width: 0.2}\n",
        "    noise: {kind: additive, width: 0.3}\n    switching: {factor: 0.5}\n",
        "    work: {draw: uniform, mean: 1, spread: 0.5}\n",
        "    noise: {kind: lognormal, width: 0.3, per: slot}\n",
    };

    text_printf(yaml, "  t%d:\n    min: {cpu: 1, gpu: 1}\n    max: {cpu: 1, gpu: %d}\n", index,
                pick(rng, 1, 3));
    text_printf(yaml, "%s", pick_text(rng, extra, COUNT_OF(extra)));
    text_printf(yaml, "    speed: %s\n", pick_text(rng, speed, COUNT_OF(speed)));
}

static struct scenario *tiny_scenario(uint64_t seed)
{
    struct scenario *scenario;
    struct text yaml;
    struct rng rng;
    struct err err;
    int types;

    rng_stream(&rng, seed, "tiny scenario");
    types = pick(&rng, 1, 2);
    text_init(&yaml, 0);
    text_printf(&yaml, "slot: %d\nrounds: %s\nresources: [cpu, gpu]\n", pick(&rng, 1, 2),
                rng_below(&rng, 2) ? "one" : "many");
    text_printf(&yaml, "clusters: [{name: a, capacity: {cpu: %d, gpu: %d}}", pick(&rng, 1, 3),
                pick(&rng, 1, 4));
    if (rng_below(&rng, 2))
        text_printf(&yaml, ", {name: b, capacity: {cpu: %d, gpu: %d}}", pick(&rng, 1, 3),
                    pick(&rng, 1, 3));
    text_printf(&yaml, "]\narrivals: {process: poisson-slot, rate: %g, tasks: %d}\n",
                0.5 * pick(&rng, 1, 6), pick(&rng, 2, TASKS));
    text_add(&yaml, "reach: {kind: random}\ntypes:\n");
    for (int i = 0; i < types; i++)
        add_type(&rng, &yaml, i);
    if (scenario_parse(&scenario, "tiny", ".", yaml.bytes, NULL, 0, &err))
        fail_msg("%s\n%s", err.message, yaml.bytes);
    text_release(&yaml);
    return scenario;
}

static struct bound bound_of(const struct scenario *scenario, const struct arrivals *arrivals,
                             uint64_t seed)
{
    struct bound_rules rules = {
        .strongest = BOUND_EXACT, .starts = 1, .columns = COLUMNS, .nodes = NODES, .jobs = 1};
    struct bound bound;

    bounds_of(scenario, arrivals, seed, &rules, &bound);
    return bound;
}

/* A relation that has to hold but for rounding. */
static void expect_order(double low, double high, const char *what, uint64_t seed)
{
    if (!(low <= high * (1 + 1e-9)))
        fail_msg("tiny world %llu: %s: %.17g > %.17g", (unsigned long long)seed, what, low, high);
}

static void check_policies(const struct scenario *scenario, double best, uint64_t seed)
{
    struct episode episode;
    struct err err;

    episode_init(&episode, scenario);
    for (int i = 0; policies[i]; i++) {
        struct contender contender = {.ops = policies[i]};
        struct policy_spec spec;
        struct metrics metrics;
        int rc;

        if (policy_spec_parse(&spec, policies[i]->name, &err))
            fail_msg("%s", err.message);
        contender.params = &spec.params;
        contender.model = spec.model;
        rc = episode_run(&episode, &contender, seed, NULL, &metrics, &err);
        policy_spec_release(&spec);
        if (rc == ERR_UNSUPPORTED || (rc == 0 && metrics.finished < metrics.tasks))
            continue;
        if (rc)
            fail_msg("%s: %s", policies[i]->name, err.message);
        expect_order(best, metrics.mean_completion, policies[i]->name, seed);
    }
    episode_release(&episode);
}

/* What one step asks of the world now. */
static void add_action(const struct view *view, const struct program_step *step, struct plan *plan)
{
    const struct task *task = &view->task[step->task];

    if (step->cluster < 0 && task->state == TASK_RUNNING)
        plan_preempt(plan, step->task);
    else if (step->cluster >= 0 && task->state == TASK_WAITING)
        plan_start(plan, step->task, step->cluster, &step->amount);
    else if (step->cluster >= 0 && task->cluster != step->cluster)
        plan_migrate(plan, step->task, step->cluster, &step->amount);
    else if (step->cluster >= 0 && !allocation_equal(&task->allocation, &step->amount))
        plan_resize(plan, step->task, &step->amount);
}

/* Total completion time in seconds when a schedule is carried out. */
static double replay(const struct scenario *scenario, const struct arrivals *arrivals,
                     uint64_t seed, const struct program_steps *steps)
{
    struct world *world = world_new(scenario);
    const struct view *view = world_view(world);
    struct plan plan;
    struct err err;
    double total_s = 0;

    plan_init(&plan, scenario->catalog.clusters);
    world_be_strict(world, true);
    world_allow_below_minimum(world, true);
    assert_int_equal(world_reset(world, seed, arrivals, &err), 0);
    while (!world_is_over(world)) {
        int64_t slot = llround(view->now_s / scenario->catalog.slot_s);

        plan_reset(&plan, view);
        for (size_t i = 0; view->round == 0 && i < steps->count; i++)
            if (steps->item[i].slot == slot)
                add_action(view, &steps->item[i], &plan);
        world_apply(world, &plan);
    }
    for (int32_t i = 0; i < arrivals->count; i++) {
        assert_int_equal(view->task[i].state, TASK_DONE);
        total_s += view->task[i].finish_s - view->task[i].arrival_s;
    }
    plan_release(&plan);
    world_free(world);
    return total_s;
}

/* Returns whether the optimum was proven. */
static bool check_schedule(const struct scenario *scenario, const struct arrivals *arrivals,
                           uint64_t seed)
{
    double slot_s = scenario->catalog.slot_s;
    int32_t least[TASKS], last[TASKS];
    struct program_result result;
    struct program_steps steps = {0};
    struct network network;
    int64_t known;

    for (int32_t i = 0; i < arrivals->count; i++)
        least[i] = 1; /* valid, if weak: the search has more to do */
    known = guess_total(scenario, arrivals, seed, least, last);
    if (!network_build(&network, scenario, arrivals, seed, 1, last, 0, COLUMNS))
        return false;
    program_solve(&network, known, NODES, &result, &steps);
    expect_order(result.relaxed, result.bound, "relaxation and bound", seed);
    expect_order(result.bound, result.schedule, "bound and schedule", seed);
    expect_order(result.schedule, (double)known, "schedule and guess", seed);
    if (steps.count > 0)
        assert_true(fabs(replay(scenario, arrivals, seed, &steps) - result.schedule * slot_s) <
                    1e-6);
    vector_release(&steps);
    network_release(&network);
    return result.is_optimal && steps.count == 0;
}

static void tiny_worlds_are_ordered_as_theory_says(void **state)
{
    const char *first = getenv("TAP_SEED"), *cases = getenv("TAP_CASES");
    uint64_t seed = first ? strtoull(first, NULL, 10) : 1;
    int count = cases ? (int)strtol(cases, NULL, 10) : CASES, proven = 0;
    (void)state;

    for (int i = 0; i < count; i++, seed++) {
        struct scenario *scenario = tiny_scenario(seed);
        struct arrivals arrivals;
        struct bound bound;
        struct err err;

        arrivals_init(&arrivals);
        assert_int_equal(arrivals_make(&arrivals, scenario, seed, &err), 0);
        bound = bound_of(scenario, &arrivals, seed);
        expect_order(bound.mean[BOUND_ALONE], bound.mean[BOUND_POOLED], "alone and pooled", seed);
        check_policies(scenario, bound.best, seed);
        if (!bound.obstacle) {
            expect_order(bound.mean[BOUND_ALONE], bound.mean[BOUND_LP], "alone and lp", seed);
            expect_order(bound.mean[BOUND_LP], bound.mean[BOUND_EXACT], "lp and exact", seed);
            expect_order(bound.mean[BOUND_EXACT], bound.schedule, "exact and schedule", seed);
            if (bound.is_optimal)
                expect_order(bound.mean[BOUND_POOLED], bound.mean[BOUND_EXACT], "pooled and exact",
                             seed);
            check_schedule(scenario, &arrivals, seed);
            proven += bound.is_optimal;
        }
        arrivals_release(&arrivals);
        scenario_free(scenario);
    }
    printf("%d of %d optima proven\n", proven, count);
    assert_true(2 * proven > count);
}

/*
 * Two tasks at once on two GPUs; with one GPU a task takes two slots, with two
 * one (speed is linear). One after another they end at 1 and 2, side by side
 * both at 2: 1.5 is the best. Alone each takes 1. By fractions, half of each
 * task first: no better, an area of four has to go through two GPUs, and one
 * can be done after 1, both after 2.
 */
static void one_after_another_is_best(void **state)
{
    struct scenario *scenario;
    struct arrivals arrivals;
    struct bound bound;
    struct err err;
    (void)state;

    assert_int_equal(scenario_parse(&scenario, "test", ".",
                                    "slot: 1\nrounds: many\nresources: [gpu]\n"
                                    "clusters: [{name: a, capacity: {gpu: 2}}]\n"
                                    "arrivals: {process: at-once, tasks: 2}\n"
                                    "types: {t: {min: {gpu: 1}, max: {gpu: 2}, "
                                    "speed: {model: power, scale: "
                                    "0.5, exponents: {gpu: 1}}}}\n",
                                    NULL, 0, &err),
                     0);
    arrivals_init(&arrivals);
    assert_int_equal(arrivals_make(&arrivals, scenario, 1, &err), 0);
    bound = bound_of(scenario, &arrivals, 1);
    assert_true(bound.mean[BOUND_ALONE] == 1);
    assert_true(bound.mean[BOUND_LP] == 1.5);
    assert_true(bound.mean[BOUND_EXACT] == 1.5);
    assert_true(bound.schedule == 1.5);
    assert_true(bound.is_optimal);
    arrivals_release(&arrivals);
    scenario_free(scenario);
}

static void what_is_too_large_or_continuous_says_so(void **state)
{
    static const char *const name[] = {"/scenarios/paper/hetero-6.yaml",
                                       "/scenarios/edge/day.yaml"};
    static const char *const why[] = {"too large", "time is continuous"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(name); i++) {
        char path[512];
        struct scenario *scenario;
        struct arrivals arrivals;
        struct bound bound;
        struct err err;

        snprintf(path, sizeof path, "%s%s", TEST_SOURCE_DIR, name[i]);
        assert_int_equal(scenario_load(&scenario, path, NULL, 0, &err), 0);
        arrivals_init(&arrivals);
        assert_int_equal(arrivals_make(&arrivals, scenario, 1, &err), 0);
        bound = bound_of(scenario, &arrivals, 1);
        assert_string_equal(bound.obstacle, why[i]);
        assert_true(isnan(bound.mean[BOUND_LP]) && isnan(bound.mean[BOUND_EXACT]));
        assert_true(bound.best >= bound.mean[BOUND_ALONE]);
        arrivals_release(&arrivals);
        scenario_free(scenario);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_after_another_is_best),
    cmocka_unit_test(what_is_too_large_or_continuous_says_so),
    cmocka_unit_test(tiny_worlds_are_ordered_as_theory_says),
};

RUN_TESTS(tests)
