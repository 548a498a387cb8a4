/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds that are played by a script of actions at given times, for cases worked out by hand. */
#ifndef TESTS_SCRIPTED_RUN_H
#define TESTS_SCRIPTED_RUN_H

#include "harness.h"

#include <math.h>

#include "base/err.h"
#include "base/memory.h"
#include "core/scenario.h"
#include "sim/world.h"

/* One step of a script: at this time (or the first decision after it) do this. A join has the task
 * to be joined in the place of the cluster. */
struct step {
    double at_s;
    enum action_kind kind;
    int32_t task, cluster;
    int32_t cpus;
};

struct run {
    struct scenario *scenario;
    struct world *world;
    struct plan plan;
};

static struct run open_run(const char *yaml)
{
    struct run run = {0};
    struct err err;

    if (scenario_parse(&run.scenario, "test", "", yaml, NULL, 0, &err))
        fail_msg("%s", err.message);
    run.world = world_new(run.scenario);
    plan_init(&run.plan, run.scenario->catalog.clusters);
    world_show(run.world, INFO_ORACLE, NULL);
    assert_int_equal(world_reset(run.world, 1, NULL, &err), 0);
    return run;
}

static void close_run(struct run *run)
{
    plan_release(&run->plan);
    world_free(run->world);
    scenario_free(run->scenario);
}

static void add_step(struct plan *plan, const struct step *step)
{
    struct allocation amount = {{step->cpus}};

    switch (step->kind) {
    case ACTION_START:
        plan_start(plan, step->task, step->cluster, &amount);
        break;
    case ACTION_RESIZE:
        plan_resize(plan, step->task, &amount);
        break;
    case ACTION_PREEMPT:
        plan_preempt(plan, step->task);
        break;
    case ACTION_MIGRATE:
        plan_migrate(plan, step->task, step->cluster, &amount);
        break;
    case ACTION_JOIN:
        plan_join(plan, step->task, step->cluster);
        break;
    }
}

/* Carries out the script, then lets the world run to its end. */
static void play(struct run *run, const struct step *step, size_t steps)
{
    size_t next = 0;

    while (!world_is_over(run->world)) {
        const struct view *view = world_view(run->world);

        plan_reset(&run->plan, view);
        for (; next < steps && step[next].at_s <= view->now_s + 1e-9; next++)
            add_step(&run->plan, &step[next]);
        if (next < steps)
            plan_wake(&run->plan, step[next].at_s);
        world_apply(run->world, &run->plan);
    }
    assert_int_equal(next, steps);
}

#define PLAY(run, ...)                                     \
    do {                                                   \
        static const struct step script[] = {__VA_ARGS__}; \
        play(run, script, COUNT_OF(script));               \
    } while (0)

static void check_finish(const struct run *run, int32_t task, double wanted_s)
{
    double finish_s = world_view(run->world)->task[task].finish_s;

    if (fabs(finish_s - wanted_s) > 1e-9)
        fail_msg("task %d finished at %.12g, not at %.12g", task, finish_s, wanted_s);
}

#endif
