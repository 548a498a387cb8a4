/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/paper_observe.h"

#include "base/arena.h"
#include "base/memory.h"

static real *new_rows(struct arena *memory, const struct paper_config *config,
                      struct paper_observation *o, enum paper_node node, int rows)
{
    real *x = arena_zalloc(memory, (size_t)rows * (size_t)paper_features(config, node), sizeof *x);

    o->x[node] = x;
    return x;
}

/* The edges source[e] -> target[e] and, as `back`, the same the other way. */
static void join(struct paper_observation *o, enum paper_relation there, enum paper_relation back,
                 int count, const int32_t *source, const int32_t *target)
{
    o->edges[there] = (struct paper_edges){.count = count, .source = source, .target = target};
    o->edges[back] = (struct paper_edges){.count = count, .source = target, .target = source};
}

static void observe_clusters(struct arena *memory, const struct paper_config *config,
                             const struct paper_scene *scene, struct paper_observation *o)
{
    real *x = new_rows(memory, config, o, PAPER_CLUSTER, config->agents);

    o->rows[PAPER_CLUSTER] = config->agents;
    for (int a = 0; a < config->agents; a++) {
        for (int r = 0; r < PAPER_RESOURCES; r++)
            *x++ = (real)scene->free[a * PAPER_RESOURCES + r];
        *x++ = (real)scene->behind[a];
    }
}

/* Minimum, whether the slot is empty, type. */
static void describe_waiting(real *x, const struct paper_config *config, int type)
{
    BUG_ON(type >= config->types);
    if (type < 0) {
        x[PAPER_RESOURCES] = 1;
        return;
    }
    for (int r = 0; r < PAPER_RESOURCES; r++)
        x[r] = (real)config->minimum[type][r];
    x[PAPER_RESOURCES + 1 + type] = 1;
}

/* The slot before `end` that shows the same task, or -1. */
static int find_seen(const int32_t *slot_task, int end)
{
    for (int k = 0; k < end && slot_task[end] >= 0; k++)
        if (slot_task[k] == slot_task[end])
            return k;
    return -1;
}

static void observe_waiting(struct arena *memory, const struct paper_config *config,
                            const struct paper_scene *scene, struct paper_observation *o)
{
    int slots = config->agents * config->slots, features = paper_features(config, PAPER_WAITING);
    real *x = new_rows(memory, config, o, PAPER_WAITING, slots);
    int32_t *agent = arena_zalloc(memory, (size_t)slots, sizeof *agent);
    int32_t *row = arena_zalloc(memory, (size_t)slots, sizeof *row);

    for (int k = 0; k < slots; k++) {
        int seen = find_seen(scene->slot_task, k);

        agent[k] = k / config->slots;
        row[k] = seen >= 0 ? row[seen] : o->rows[PAPER_WAITING]++;
        if (seen < 0)
            describe_waiting(x + row[k] * features, config, scene->slot_type[k]);
    }
    o->slot_row = row;
    join(o, CLUSTER_TO_WAITING, WAITING_TO_CLUSTER, slots, agent, row);
}

static void observe_running(struct arena *memory, const struct paper_config *config,
                            const struct paper_scene *scene, struct paper_observation *o)
{
    real *x = new_rows(memory, config, o, PAPER_RUNNING, scene->runnings);
    int32_t *agent = arena_zalloc(memory, (size_t)scene->runnings, sizeof *agent);
    int32_t *row = arena_zalloc(memory, (size_t)scene->runnings, sizeof *row);

    o->rows[PAPER_RUNNING] = scene->runnings;
    for (int i = 0; i < scene->runnings; i++) {
        const struct paper_running *running = &scene->running[i];

        BUG_ON(running->type < 0 || running->type >= config->types);
        for (int r = 0; r < PAPER_RESOURCES; r++)
            x[r] = (real)running->given[r];
        x[PAPER_RESOURCES + running->type] = 1;
        x[PAPER_RESOURCES + config->types] = (real)running->slots_run;
        x += paper_features(config, PAPER_RUNNING);
        agent[i] = running->agent;
        row[i] = i;
    }
    join(o, CLUSTER_TO_RUNNING, RUNNING_TO_CLUSTER, scene->runnings, agent, row);
}

static void observe_hub(struct arena *memory, const struct paper_config *config,
                        struct paper_observation *o)
{
    int32_t *agent = arena_zalloc(memory, (size_t)config->agents, sizeof *agent);
    int32_t *hub = arena_zalloc(memory, (size_t)config->agents, sizeof *hub);

    new_rows(memory, config, o, PAPER_HUB, 1);
    o->rows[PAPER_HUB] = 1;
    for (int a = 0; a < config->agents; a++)
        agent[a] = a;
    join(o, CLUSTER_TO_HUB, HUB_TO_CLUSTER, config->agents, agent, hub);
}

struct paper_observation paper_observe(struct arena *memory, const struct paper_config *config,
                                       const struct paper_scene *scene)
{
    struct paper_observation o = {.slot_type = scene->slot_type, .free = scene->free};

    observe_clusters(memory, config, scene, &o);
    observe_waiting(memory, config, scene, &o);
    observe_running(memory, config, scene, &o);
    observe_hub(memory, config, &o);
    return o;
}
