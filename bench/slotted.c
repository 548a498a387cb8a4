/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slotted [--scenario FILE] [--policy NAME] [--seeds N] [--repeats N] [--mode all|episodes|world]
 *
 * How fast slotted mode is on one core. A round is one call of the policy for all agents, what the
 * paper's authors call a step of their environment; a decision is one agent's part in it, so a
 * round over six clusters holds six. Two figures, each the best of many short repeats, so that a
 * busy machine has its quiet moments in them:
 *     episodes   whole episodes: arrivals, reset, view, policy, apply, metrics
 *     world      the world alone: the plans of the same episodes, recorded before, applied again
 * Prints one JSON object per figure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/vector.h"
#include "bench.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "sim/arrivals.h"
#include "sim/episode.h"

static const struct option_spec options[] = {
    {"scenario", OPTION_STRING, "scenarios/paper/hetero-6.yaml", .help = "scenario file"},
    {"policy", OPTION_STRING, "paper-min", .help = "policy"},
    {"seeds", OPTION_INT, "10", .low = 1, .high = 100000, .help = "episodes per repeat"},
    {"repeats", OPTION_INT, "300", .low = 1, .high = 1000, .help = "the best of so many counts"},
    {"mode", OPTION_CHOICE, "all", .choices = "all|episodes|world", .help = "what to measure"},
    {0},
};

struct bench {
    struct scenario *scenario;
    struct contender contender;
    struct params policy_params;
    struct episode episode;
    int seeds, repeats;
};

/* The plans of one episode, end to end. */
struct recording {
    struct arrivals arrivals;
    VECTOR(struct action) actions;
    VECTOR(int32_t) lengths; /* actions per round */
};

static int64_t run_episodes(struct bench *bench)
{
    int64_t rounds = 0;

    for (int seed = 1; seed <= bench->seeds; seed++) {
        struct metrics metrics;
        struct err err;

        if (episode_run(&bench->episode, &bench->contender, (uint64_t)seed, NULL, &metrics, &err))
            bench_fail(&err);
        rounds += metrics.decisions;
    }
    return rounds;
}

static void record(struct bench *bench, uint64_t seed, struct recording *recording)
{
    struct world *world = bench->episode.world;
    struct plan *plan = &bench->episode.plan;
    struct policy policy;
    struct policy_setup setup = {
        .catalog = &bench->scenario->catalog, .params = &bench->policy_params, .seed = seed};
    struct err err;

    arrivals_init(&recording->arrivals);
    if (arrivals_make(&recording->arrivals, bench->scenario, seed, &err) ||
        policy_open(&policy, bench->contender.ops, &setup, &err) ||
        world_reset(world, seed, &recording->arrivals, &err))
        bench_fail(&err);
    while (!world_is_over(world)) {
        plan_reset(plan, world_view(world));
        policy.ops->decide(policy.state, world_view(world), plan);
        for (int32_t i = 0; i < plan->actions; i++)
            vector_push(&recording->actions, plan->action[i]);
        vector_push(&recording->lengths, plan->actions);
        world_apply(world, plan);
    }
    policy_close(&policy);
}

/* The recorded actions stand in for what a policy would have planned. */
static int64_t replay(struct bench *bench, uint64_t seed, const struct recording *recording)
{
    struct world *world = bench->episode.world;
    struct plan plan = {.action = recording->actions.item};
    struct err err;

    if (world_reset(world, seed, &recording->arrivals, &err))
        bench_fail(&err);
    for (size_t i = 0; i < recording->lengths.count; i++) {
        plan.actions = recording->lengths.item[i];
        world_apply(world, &plan);
        plan.action += plan.actions;
    }
    BUG_ON(!world_is_over(world));
    return (int64_t)recording->lengths.count;
}

static void report(const struct bench *bench, const char *mode, int64_t rounds, double best_s)
{
    struct bench_line line;
    int clusters = bench->scenario->catalog.clusters;

    bench_begin(&line, "slotted");
    emit_key_string(&line.emit, "mode", mode);
    emit_key_string(&line.emit, "scenario", bench->scenario->name);
    emit_key_string(&line.emit, "policy", bench->contender.ops->name);
    emit_key_int(&line.emit, "rounds", rounds);
    emit_key_int(&line.emit, "clusters", clusters);
    bench_real(&line, "rounds_per_s", (double)rounds / best_s);
    bench_real(&line, "decisions_per_s", (double)rounds * clusters / best_s);
    bench_end(&line);
}

static void measure_episodes(struct bench *bench)
{
    double best_s = 1e99;
    int64_t rounds = 0;

    for (int i = 0; i < bench->repeats; i++) {
        double begun_s = bench_now_s();

        rounds = run_episodes(bench);
        best_s = bench_least(best_s, bench_now_s() - begun_s);
    }
    report(bench, "episodes", rounds, best_s);
}

static void measure_world(struct bench *bench)
{
    struct recording *recording = xcalloc((size_t)bench->seeds, sizeof *recording);
    double best_s = 1e99;
    int64_t rounds = 0;

    for (int i = 0; i < bench->seeds; i++)
        record(bench, (uint64_t)i + 1, &recording[i]);
    for (int i = 0; i < bench->repeats; i++) {
        double begun_s = bench_now_s();

        rounds = 0;
        for (int k = 0; k < bench->seeds; k++)
            rounds += replay(bench, (uint64_t)k + 1, &recording[k]);
        best_s = bench_least(best_s, bench_now_s() - begun_s);
    }
    report(bench, "world", rounds, best_s);
    for (int i = 0; i < bench->seeds; i++) {
        arrivals_release(&recording[i].arrivals);
        vector_release(&recording[i].actions);
        vector_release(&recording[i].lengths);
    }
    free(recording);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct params params;
    struct err err;
    int mode;

    bench_options(&params, options, argc, argv);
    mode = params_choice(&params, "mode");
    bench.seeds = (int)params_int(&params, "seeds");
    bench.repeats = (int)params_int(&params, "repeats");
    if (scenario_load(&bench.scenario, params_string(&params, "scenario"), NULL, 0, &err))
        bench_fail(&err);
    bench.contender.ops = bench_policy(params_string(&params, "policy"));
    bench.contender.params = &bench.policy_params;
    bench.contender.model = "true";
    params_init(&bench.policy_params, bench.contender.ops->options);
    episode_init(&bench.episode, bench.scenario);
    if (mode != 2)
        measure_episodes(&bench);
    if (mode != 1)
        measure_world(&bench);
    episode_release(&bench.episode);
    params_release(&bench.policy_params);
    params_release(&params);
    scenario_free(bench.scenario);
    return 0;
}
