/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public face: every function translates between the plain structs of include/tapfinger.h and
 * the scenario, policies and world behind them. No logic of its own.
 */
#include "tapfinger.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "policy/spec.h"
#include "sim/episode.h"
#include "sim/ideal.h"
#include "sim/metrics.h"
#include "sim/world.h"

_Static_assert((int)TAP_RESOURCES == (int)MAX_RESOURCES, "arrays are copied whole");
_Static_assert((int)TAP_ERROR_BYTES >= (int)ERR_MESSAGE_BYTES, "messages are copied whole");
_Static_assert((int)TAP_INTERRUPTED == (int)ERR_INTERRUPTED, "codes are passed on");
_Static_assert((int)TAP_WAITING == (int)TASK_WAITING && (int)TAP_FAILED == (int)TASK_FAILED,
               "states are passed on");

struct tap_scenario {
    struct scenario *scenario;
};

struct tap_world {
    const struct scenario *scenario;
    struct world *world;
    struct ideal *ideal;
    struct plan plan;
    bool was_reset; /* successfully: before that there is nothing to look at */
};

static int report(int code, const struct err *err, char *error)
{
    if (code && error)
        memcpy(error, err->message, sizeof err->message);
    return code;
}

const char *tap_version(void)
{
    return TAP_VERSION;
}

static int wrap_scenario(struct tap_scenario **out, struct scenario *scenario)
{
    *out = xcalloc(1, sizeof **out);
    (*out)->scenario = scenario;
    return TAP_OK;
}

int tap_scenario_load(struct tap_scenario **out, const char *path, const char *const *overrides,
                      int override_count, char *error)
{
    struct scenario *scenario;
    struct err err;
    int rc = scenario_load(&scenario, path, overrides, override_count, &err);

    *out = NULL;
    return rc ? report(rc, &err, error) : wrap_scenario(out, scenario);
}

int tap_scenario_parse(struct tap_scenario **out, const char *name, const char *yaml, char *error)
{
    struct scenario *scenario;
    struct err err;
    int rc = scenario_parse(&scenario, name, "", yaml, NULL, 0, &err);

    *out = NULL;
    return rc ? report(rc, &err, error) : wrap_scenario(out, scenario);
}

void tap_scenario_free(struct tap_scenario *scenario)
{
    if (!scenario)
        return;
    scenario_free(scenario->scenario);
    free(scenario);
}

const char *tap_scenario_name(const struct tap_scenario *scenario)
{
    return scenario->scenario->name;
}

double tap_scenario_slot_s(const struct tap_scenario *scenario)
{
    return scenario->scenario->catalog.slot_s;
}

double tap_scenario_time_unit_s(const struct tap_scenario *scenario)
{
    return scenario->scenario->catalog.time_unit_s;
}

int tap_scenario_resources(const struct tap_scenario *scenario)
{
    return scenario->scenario->catalog.resources;
}

int tap_scenario_clusters(const struct tap_scenario *scenario)
{
    return scenario->scenario->catalog.clusters;
}

int tap_scenario_types(const struct tap_scenario *scenario)
{
    return scenario->scenario->catalog.types;
}

const char *tap_scenario_resource_name(const struct tap_scenario *scenario, int resource)
{
    const struct catalog *catalog = &scenario->scenario->catalog;

    return resource >= 0 && resource < catalog->resources ? catalog->resource[resource].name : NULL;
}

const char *tap_scenario_cluster_name(const struct tap_scenario *scenario, int cluster)
{
    const struct catalog *catalog = &scenario->scenario->catalog;

    return cluster >= 0 && cluster < catalog->clusters ? catalog->cluster[cluster].name : NULL;
}

const char *tap_scenario_type_name(const struct tap_scenario *scenario, int type)
{
    const struct catalog *catalog = &scenario->scenario->catalog;

    return type >= 0 && type < catalog->types ? catalog->type[type].name : NULL;
}

const char *tap_policy_name(int index)
{
    int count = 0;

    while (policies[count])
        count++;
    return index >= 0 && index < count ? policies[index]->name : NULL;
}

static void copy_metrics(const struct metrics *m, struct tap_metrics *out)
{
    *out = (struct tap_metrics){
        .tasks = m->tasks,
        .finished = m->finished,
        .lost = m->lost,
        .unfinished = m->unfinished,
        .mean_completion = m->mean_completion,
        .p50 = m->p50,
        .p95 = m->p95,
        .p99 = m->p99,
        .longest = m->longest,
        .mean_wait = m->mean_wait,
        .mean_slowdown = m->mean_slowdown,
        .fairness = m->fairness,
        .makespan = m->makespan,
        .starts = m->starts,
        .resizes = m->resizes,
        .preemptions = m->preemptions,
        .migrations = m->migrations,
        .failures = m->failures,
        .refusals = m->refusals,
        .decisions = m->decisions,
        .decision_us = m->decision_us,
    };
    memcpy(out->utilisation, m->utilisation, sizeof out->utilisation);
}

int tap_run(const struct tap_scenario *scenario, const char *policy, uint64_t seed,
            struct tap_metrics *out, char *error)
{
    struct policy_spec spec;
    struct episode episode;
    struct contender contender;
    struct metrics metrics;
    struct err err;
    int rc = policy_spec_parse(&spec, policy, &err);

    if (rc)
        return report(rc, &err, error);
    contender = (struct contender){spec.ops, &spec.params, spec.model};
    episode_init(&episode, scenario->scenario);
    rc = episode_run(&episode, &contender, seed, NULL, &metrics, &err);
    if (rc == 0)
        copy_metrics(&metrics, out);
    episode_release(&episode);
    policy_spec_release(&spec);
    return report(rc, &err, error);
}

void tap_world_new(struct tap_world **out, const struct tap_scenario *scenario)
{
    struct tap_world *world = xcalloc(1, sizeof *world);

    world->scenario = scenario->scenario;
    world->world = world_new(scenario->scenario);
    world->ideal = ideal_new(scenario->scenario);
    world_show(world->world, INFO_PROGRESS, NULL);
    plan_init(&world->plan, scenario->scenario->catalog.clusters);
    plan_reset(&world->plan, world_view(world->world));
    *out = world;
}

void tap_world_free(struct tap_world *world)
{
    if (!world)
        return;
    world_free(world->world);
    ideal_free(world->ideal);
    plan_release(&world->plan);
    free(world);
}

int tap_world_reset(struct tap_world *world, uint64_t seed, char *error)
{
    struct err err;
    int rc = world_reset(world->world, seed, NULL, &err);

    world->was_reset |= rc == 0;
    if (rc == 0)
        plan_reset(&world->plan, world_view(world->world));
    return report(rc, &err, error);
}

bool tap_world_done(const struct tap_world *world)
{
    return !world->was_reset || world_is_over(world->world);
}

void tap_world_view(const struct tap_world *world, struct tap_view *out)
{
    const struct view *view = world_view(world->world);

    *out = (struct tap_view){
        .now_s = view->now_s,
        .tasks = view->tasks,
        .waiting = view->waiting,
        .running = view->running,
        .round = view->round,
        .decision = view->decision,
    };
}

bool tap_world_task(const struct tap_world *world, int32_t id, struct tap_task *out)
{
    const struct view *view = world_view(world->world);
    const struct task *task;

    if (id < 0 || id >= view->tasks)
        return false;
    task = &view->task[id];
    *out = (struct tap_task){
        .id = id,
        .type = task->type,
        .state = (enum tap_task_state)task->state,
        .cluster = task->cluster,
        .home = task->home,
        .arrival_s = task->arrival_s,
        .first_start_s = task->first_start_s,
        .finish_s = task->finish_s,
        .progress = task->state == TASK_DONE ? 1 : view_progress(view, id),
        .reach = task->reach.cluster,
        .reach_count = task->reach.count,
    };
    memcpy(out->min, task->min.amount, sizeof out->min);
    memcpy(out->max, task->max.amount, sizeof out->max);
    memcpy(out->allocation, task->allocation.amount, sizeof out->allocation);
    return true;
}

bool tap_world_cluster(const struct tap_world *world, int32_t cluster, struct tap_cluster *out)
{
    const struct view *view = world_view(world->world);
    const struct cluster_view *at;

    if (cluster < 0 || cluster >= view->catalog->clusters)
        return false;
    at = &view->cluster[cluster];
    *out = (struct tap_cluster){
        .up = at->up,
        .may_start = at->may_start,
        .running = at->running,
        .running_count = at->runnings,
        .window = at->slot,
        .window_slots = at->slot ? view->catalog->window : 0,
        .queued = at->queued,
    };
    memcpy(out->capacity, view->catalog->cluster[cluster].capacity.amount, sizeof out->capacity);
    memcpy(out->free, at->free.amount, sizeof out->free);
    return true;
}

int32_t tap_world_waiting(const struct tap_world *world, int32_t cluster, int32_t *out, int32_t max)
{
    const struct view *view = world_view(world->world);
    int32_t count = 0, id;

    if (!world->was_reset || cluster >= view->catalog->clusters)
        return 0;
    if (cluster < 0) {
        for (id = view->first_waiting; id >= 0; id = view->task[id].next_waiting)
            if (count++ < max)
                out[count - 1] = id;
        return count;
    }
    view_each_waiting (view, cluster, id)
        if (count++ < max)
            out[count - 1] = id;
    return count;
}

/* Resources that the scenario does not have are not anybody's to ask for. */
static struct allocation amount_of(const struct tap_world *world, const int32_t *amount)
{
    struct allocation allocation = {0};

    for (int r = 0; r < world->scenario->catalog.resources; r++)
        allocation.amount[r] = amount[r];
    return allocation;
}

void tap_world_start(struct tap_world *world, int32_t task, int32_t cluster, const int32_t *amount)
{
    struct allocation allocation = amount_of(world, amount);

    plan_start(&world->plan, task, cluster, &allocation);
}

void tap_world_resize(struct tap_world *world, int32_t task, const int32_t *amount)
{
    struct allocation allocation = amount_of(world, amount);

    plan_resize(&world->plan, task, &allocation);
}

void tap_world_preempt(struct tap_world *world, int32_t task)
{
    plan_preempt(&world->plan, task);
}

void tap_world_migrate(struct tap_world *world, int32_t task, int32_t cluster,
                       const int32_t *amount)
{
    struct allocation allocation = amount_of(world, amount);

    plan_migrate(&world->plan, task, cluster, &allocation);
}

void tap_world_wake(struct tap_world *world, double at_s)
{
    plan_wake(&world->plan, at_s);
}

int32_t tap_world_apply(struct tap_world *world)
{
    int applied;

    if (tap_world_done(world))
        return 0;
    applied = world_apply(world->world, &world->plan);
    plan_reset(&world->plan, world_view(world->world));
    return applied;
}

const char *tap_world_refusal(const struct tap_world *world, int reason, int64_t *count)
{
    if (reason < 0 || reason >= REFUSALS)
        return NULL;
    *count = world_totals(world->world)->refused[reason];
    return refusal_word((enum refusal)reason);
}

void tap_world_metrics(const struct tap_world *world, struct tap_metrics *out)
{
    struct metrics metrics;

    if (!world->was_reset) {
        *out = (struct tap_metrics){0};
        return;
    }
    metrics_take(&metrics, world->world, world->ideal);
    copy_metrics(&metrics, out);
}
