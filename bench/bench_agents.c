/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time for one decision of the policy `tapfinger`, as JSON: the best and the median of N repeated
 * decisions on one core, for 6 agents with ten waiting tasks each (hetero-6, flooded), and for
 * 1,000 clusters with about 5,000 waiting tasks where one event just happened.
 *
 *     bench_agents [N [6 | 1000]]
 *
 * With a number of clusters only that case.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/order.h"
#include "base/text.h"
#include "core/estimator.h"
#include "core/policy.h"
#include "core/scenario.h"
#include "policy/spec.h"
#include "sim/world.h"

enum { DECISIONS = 300 };

static const char large[] =
    "resources: [cpu, gpu]\nclusters: [{name: e, count: 1000, capacity: {cpu: 32, gpu: 8}}]\n"
    "arrivals: {process: at-once, tasks: 7900}\nreach: {kind: fixed, size: 3}\n"
    "types:\n"
    "  a: {min: {cpu: 8, gpu: 2}, max: {cpu: 32, gpu: 8}, speed: {model: amdahl, serial: 40, "
    "parallel: {cpu: 900, gpu: 700}}}\n"
    "  b: {min: {cpu: 8, gpu: 3}, max: {cpu: 16, gpu: 4}, speed: {model: power, scale: 0.002, "
    "exponents: {cpu: 0.8}}}\n";

struct stage {
    struct scenario *scenario;
    struct world *world;
    struct estimator estimator;
    struct policy_spec spec;
    struct policy policy;
    struct plan plan;
};

static void open_stage(struct stage *stage)
{
    struct policy_setup setup;
    struct err err;

    if (policy_spec_parse(&stage->spec, "tapfinger:speeds=true", &err) ||
        estimator_open(&stage->estimator, stage->scenario, 1, "true", &err))
        exit(1);
    setup = (struct policy_setup){.catalog = &stage->scenario->catalog,
                                  .params = &stage->spec.params,
                                  .estimator = &stage->estimator,
                                  .seed = 1};
    if (policy_open(&stage->policy, stage->spec.ops, &setup, &err))
        exit(1);
    stage->world = world_new(stage->scenario);
    plan_init(&stage->plan, stage->scenario->catalog.clusters);
    world_show(stage->world, INFO_ORACLE, &stage->estimator);
    if (world_reset(stage->world, 1, NULL, &err))
        exit(1);
}

static void close_stage(struct stage *stage)
{
    policy_close(&stage->policy);
    estimator_close(&stage->estimator);
    policy_spec_release(&stage->spec);
    plan_release(&stage->plan);
    world_free(stage->world);
    scenario_free(stage->scenario);
}

static void decide(struct stage *stage)
{
    plan_reset(&stage->plan, world_view(stage->world));
    stage->policy.ops->decide(stage->policy.state, world_view(stage->world), &stage->plan);
}

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void measure(struct emit *json, struct stage *stage, int decisions)
{
    const struct view *view = world_view(stage->world);
    double *took_us = xcalloc((size_t)decisions, sizeof *took_us);

    for (int i = -3; i < decisions; i++) {
        double start_us = now_us();

        decide(stage);
        if (i >= 0)
            took_us[i] = now_us() - start_us;
    }
    qsort(took_us, (size_t)decisions, sizeof *took_us, order_double);
    emit_open(json, '{');
    emit_key_int(json, "clusters", view->catalog->clusters);
    emit_key_int(json, "waiting", view->waiting);
    emit_key_int(json, "starts", stage->plan.actions);
    emit_key_real(json, "best_us", took_us[0]);
    emit_key_real(json, "median_us", took_us[decisions / 2]);
    emit_close(json);
    free(took_us);
}

static void fail(const struct err *err)
{
    fprintf(stderr, "bench_agents: %s\n", err->message);
    exit(1);
}

static void measure_six(struct emit *json, int decisions)
{
    static const char *const flood[] = {"arrivals.process=at-once", "arrivals.tasks=110"};
    struct stage stage = {0};
    struct err err;

    if (scenario_load(&stage.scenario, "scenarios/paper/hetero-6.yaml", flood, 2, &err))
        fail(&err);
    open_stage(&stage);
    measure(json, &stage, decisions);
    close_stage(&stage);
}

static void measure_thousand(struct emit *json, int decisions)
{
    struct stage stage = {0};
    struct err err;

    if (scenario_parse(&stage.scenario, "large", "", large, NULL, 0, &err))
        fail(&err);
    open_stage(&stage);
    decide(&stage);
    world_apply(stage.world, &stage.plan);
    measure(json, &stage, decisions);
    close_stage(&stage);
}

int main(int argc, char **argv)
{
    int decisions = argc > 1 ? (int)strtol(argv[1], NULL, 10) : DECISIONS;
    long clusters = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    struct text text;
    struct emit json;

    if (decisions < 1 || (clusters != 0 && clusters != 6 && clusters != 1000)) {
        fprintf(stderr, "usage: bench_agents [N [6 | 1000]]\n");
        return 2;
    }
    text_init(&text, 0);
    emit_init(&json, &text);
    emit_open(&json, '[');
    if (clusters != 1000)
        measure_six(&json, decisions);
    if (clusters != 6)
        measure_thousand(&json, decisions);
    emit_close(&json);
    printf("%s\n", text.bytes);
    text_release(&text);
    return 0;
}
