/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the world asks again in the same slot (rounds: many), the agents are asked again: that is
 * the paper's multi-task version. What they see differs from ours in that a task's age is missing,
 * and types are told apart by number: a network acts only where it was made for the clusters, types
 * and window that there are.
 */
#include "agent/paper_team.h"

#include "agent/paper_act.h"
#include "agent/paper_observe.h"
#include "base/err.h"
#include "core/catalog.h"
#include "core/plan.h"
#include "core/view.h"

static int suits_types(const struct paper_config *config, const struct catalog *catalog,
                       struct err *err)
{
    for (int t = 0; t < catalog->types; t++)
        for (int r = 0; r < PAPER_RESOURCES; r++) {
            const struct type_info *type = &catalog->type[t];

            if (type->min.amount[r] != config->minimum[t][r])
                return err_set(err, ERR_INVALID,
                               "arch=paper: type %s needs at least %d %s, in the model %d",
                               type->name, type->min.amount[r], catalog->resource[r].name,
                               config->minimum[t][r]);
            if (type->max.amount[r] < config->levels[r] - 1)
                return err_set(err, ERR_INVALID,
                               "arch=paper: type %s takes at most %d %s, in the model %d",
                               type->name, type->max.amount[r], catalog->resource[r].name,
                               config->levels[r] - 1);
        }
    return 0;
}

int paper_team_suits(const struct paper_config *config, const struct catalog *catalog,
                     struct err *err)
{
    if (catalog->slot_s <= 0 || catalog->window == 0)
        return err_set(err, ERR_INVALID, "arch=paper: needs slots and a window");
    if (catalog->resources != PAPER_RESOURCES)
        return err_set(err, ERR_INVALID, "arch=paper: needs %d resources, there are %d",
                       PAPER_RESOURCES, catalog->resources);
    if (config->agents != catalog->clusters || config->types != catalog->types ||
        config->slots != catalog->window)
        return err_set(
            err, ERR_INVALID,
            "arch=paper: the model is for %d clusters, %d types and a window of %d; there "
            "are %d, %d and %d",
            config->agents, config->types, config->slots, catalog->clusters, catalog->types,
            catalog->window);
    return suits_types(config, catalog, err);
}

int paper_team_config(struct paper_config *config, const struct catalog *catalog, struct err *err)
{
    *config = paper_config_published();
    config->agents = catalog->clusters;
    config->slots = catalog->window;
    config->types = catalog->types;
    for (int r = 0; r < PAPER_RESOURCES && catalog->types <= PAPER_TYPES; r++)
        for (int t = 0; t < catalog->types; t++) {
            int levels = catalog->type[t].max.amount[r] + 1;

            config->minimum[t][r] = catalog->type[t].min.amount[r];
            if (t == 0 || levels < config->levels[r])
                config->levels[r] = levels;
        }
    return catalog->window > 0 ? paper_config_check(config, err)
                               : paper_team_suits(config, catalog, err);
}

void paper_team_init(struct paper_team *team, const struct paper_net *net)
{
    *team = (struct paper_team){.net = net};
    arena_init(&team->memory);
}

void paper_team_release(struct paper_team *team)
{
    arena_release(&team->memory);
}

static struct paper_running describe_running(const struct view *view, int32_t id, int agent)
{
    const struct task *task = &view->task[id];
    struct paper_running running = {
        .agent = agent,
        .type = task->type,
        .slots_run = (int)(task_ran_s(task, view->now_s) / view->catalog->slot_s + 0.5),
    };

    for (int r = 0; r < PAPER_RESOURCES; r++)
        running.given[r] = task->allocation.amount[r];
    return running;
}

/* A cluster that is down, or had its start of this slot, has nothing free. */
static void look_at_cluster(struct paper_scene *scene, const struct view *view, int agent,
                            int32_t *free, int32_t *behind, int32_t *slot_task, int32_t *slot_type,
                            struct paper_running *running)
{
    const struct cluster_view *at = &view->cluster[agent];
    int window = view->catalog->window;

    for (int r = 0; r < PAPER_RESOURCES; r++)
        free[agent * PAPER_RESOURCES + r] = at->may_start ? at->free.amount[r] : 0;
    behind[agent] = at->queued;
    for (int k = 0; k < window; k++) {
        int32_t id = at->slot[k];

        slot_task[agent * window + k] = id;
        slot_type[agent * window + k] = id >= 0 ? view->task[id].type : -1;
    }
    for (int32_t i = 0; i < at->runnings; i++)
        running[scene->runnings++] = describe_running(view, at->running[i], agent);
}

static struct paper_scene look(struct arena *memory, const struct view *view)
{
    size_t agents = (size_t)view->catalog->clusters, window = (size_t)view->catalog->window;
    int32_t *free = arena_alloc(memory, agents * PAPER_RESOURCES * sizeof *free);
    int32_t *behind = arena_alloc(memory, agents * sizeof *behind);
    int32_t *slot_task = arena_alloc(memory, agents * window * sizeof *slot_task);
    int32_t *slot_type = arena_alloc(memory, agents * window * sizeof *slot_type);
    struct paper_running *running =
        arena_alloc(memory, ((size_t)view->running + 1) * sizeof *running);
    struct paper_scene scene = {free, behind, slot_task, slot_type, running, 0};

    for (int a = 0; a < view->catalog->clusters; a++)
        look_at_cluster(&scene, view, a, free, behind, slot_task, slot_type, running);
    return scene;
}

static void plan_decision(const struct paper_team *team, const struct view *view,
                          const struct paper_scene *scene, int agent,
                          const struct paper_decision *decision, struct plan *plan)
{
    int levels = team->net->config.levels[1];
    struct allocation amount = {{decision->allocation / levels, decision->allocation % levels}};
    int32_t task;

    if (decision->skipped || decision->conflict || decision->allocation == 0)
        return;
    task = scene->slot_task[agent * view->catalog->window + decision->slot];
    if (plan_may_start(plan, task, agent) && plan_fits(plan, agent, &amount))
        plan_start(plan, task, agent, &amount);
}

void paper_team_decide(struct paper_team *team, const struct view *view, struct plan *plan)
{
    const struct paper_config *config = &team->net->config;
    struct pass pass = {
        .ops = ops_best(), .weights = &team->net->weights, .memory = &team->memory, .packed = true};
    struct paper_scene scene = look(&team->memory, view);
    struct paper_observation observation = paper_observe(&team->memory, config, &scene);
    struct paper_decision *decision =
        arena_alloc(&team->memory, (size_t)config->agents * sizeof *decision);

    paper_act(&pass, decision, team->net, &observation, team->faults, team->rng);
    for (int a = 0; a < config->agents; a++)
        plan_decision(team, view, &scene, a, &decision[a], plan);
    arena_reset(&team->memory);
}
