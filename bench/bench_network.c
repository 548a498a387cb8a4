/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time for one round of decisions by the paper's network, as JSON: for 3 and 6 agents, each kernel
 * table and both forms of packed weights, the best and the median of N rounds on one core. Every
 * agent's ten slots are full, and no two tasks agree in both type and reach, so that no rows can be
 * merged: the slowest case.
 *
 *     bench_network [N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/paper_act.h"
#include "agent/paper_observe.h"
#include "base/emit.h"
#include "base/memory.h"
#include "base/order.h"
#include "base/rng.h"
#include "base/text.h"

enum { AGENTS = 6, SLOTS = 10, TYPES = 3, RUNNING_EACH = 4, ROUNDS = 300 };

/* One decision point, with the memory that it lies in. */
struct scene {
    int32_t free[AGENTS * PAPER_RESOURCES], behind[AGENTS];
    int32_t slot_task[AGENTS * SLOTS], slot_type[AGENTS * SLOTS];
    struct paper_running running[AGENTS * RUNNING_EACH];
};

static struct paper_config paper_sizes(int agents)
{
    struct paper_config config = paper_config_published();

    config.agents = agents;
    config.slots = SLOTS;
    config.types = TYPES;
    config.levels[0] = 17;
    config.levels[1] = 9;
    for (int t = 0; t < TYPES; t++) {
        config.minimum[t][0] = 2;
        config.minimum[t][1] = 1;
    }
    return config;
}

static bool all_have_room(const int *taken, int agents, unsigned reach)
{
    for (int a = 0; a < agents; a++)
        if ((reach >> a & 1) && taken[a] == SLOTS)
            return false;
    return true;
}

/* Offers one task of each type to each set of `size` agents that all have room for it. */
static void offer_tasks(struct scene *scene, int *taken, int agents, int size)
{
    for (int type = 0; type < TYPES; type++)
        for (unsigned reach = 1; reach < 1u << agents; reach++) {
            if (__builtin_popcount(reach) != size || !all_have_room(taken, agents, reach))
                continue;
            for (int a = 0; a < agents; a++)
                if (reach >> a & 1) {
                    scene->slot_task[a * SLOTS + taken[a]] = (int32_t)(reach * TYPES) + type;
                    scene->slot_type[a * SLOTS + taken[a]++] = type;
                }
        }
}

static void fill_slots(struct scene *scene, int agents)
{
    int taken[AGENTS] = {0};

    offer_tasks(scene, taken, agents, 2);
    offer_tasks(scene, taken, agents, 3);
    offer_tasks(scene, taken, agents, 1);
    for (int a = 0; a < agents; a++)
        BUG_ON(taken[a] != SLOTS);
}

static struct paper_observation random_scene(struct scene *scene, struct arena *memory,
                                             const struct paper_config *config)
{
    struct paper_scene seen = {
        .free = scene->free,
        .behind = scene->behind,
        .slot_task = scene->slot_task,
        .slot_type = scene->slot_type,
        .running = scene->running,
        .runnings = config->agents * RUNNING_EACH,
    };
    struct rng rng;

    rng_stream(&rng, 1, "scene");
    fill_slots(scene, config->agents);
    for (int a = 0; a < config->agents; a++) {
        scene->free[a * PAPER_RESOURCES] = 16;
        scene->free[a * PAPER_RESOURCES + 1] = 8;
        scene->behind[a] = (int32_t)rng_below(&rng, 5);
    }
    for (int i = 0; i < seen.runnings; i++)
        scene->running[i] = (struct paper_running){.agent = i / RUNNING_EACH,
                                                   .type = (int)rng_below(&rng, TYPES),
                                                   .slots_run = (int)rng_below(&rng, 9),
                                                   .given = {4, 2}};
    return paper_observe(memory, config, &seen);
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void time_rounds(struct emit *json, const struct pass *pass, const struct paper_net *net,
                        const struct paper_observation *observation, int rounds)
{
    double *took_s = xcalloc((size_t)rounds, sizeof *took_s);
    struct paper_decision decision[AGENTS];

    for (int i = -2; i < rounds; i++) { /* two rounds to warm up */
        double start = now_s();

        paper_act(pass, decision, net, observation, 0, NULL);
        arena_reset(pass->memory);
        if (i >= 0)
            took_s[i] = now_s() - start;
    }
    qsort(took_s, (size_t)rounds, sizeof *took_s, order_double);
    emit_key_real(json, "best_ms", took_s[0] * 1e3);
    emit_key_real(json, "median_ms", took_s[rounds / 2] * 1e3);
    free(took_s);
}

static void bench_form(struct emit *json, struct paper_net *net,
                       const struct paper_observation *observation, enum packed_form form,
                       int rounds)
{
    struct arena memory;

    arena_init(&memory);
    weights_pack(&net->weights, form);
    for (const struct ops *const *ops = ops_all(); *ops && *ops != &ops_ref; ops++) {
        struct pass pass = {
            .ops = *ops, .weights = &net->weights, .memory = &memory, .packed = true};

        emit_open(json, '{');
        emit_key_string(json, "network", "paper");
        emit_key_int(json, "agents", net->config.agents);
        emit_key_string(json, "kernels", (*ops)->name);
        emit_key_string(json, "weights", form == PACKED_SHORT ? "20 bit" : "float");
        time_rounds(json, &pass, net, observation, rounds);
        emit_close(json);
    }
    arena_release(&memory);
}

static void bench_agents(struct emit *json, int agents, int rounds)
{
    struct paper_config config = paper_sizes(agents);
    struct paper_observation observation;
    struct scene scene = {0};
    struct paper_net net;
    struct arena memory;

    arena_init(&memory);
    paper_net_init(&net, &config, 0);
    weights_draw(&net.weights, 1);
    observation = random_scene(&scene, &memory, &config);
    bench_form(json, &net, &observation, PACKED_LONG, rounds);
    bench_form(json, &net, &observation, PACKED_SHORT, rounds);
    paper_net_release(&net);
    arena_release(&memory);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : ROUNDS;
    struct text text;
    struct emit json;

    if (rounds < 1) {
        fprintf(stderr, "usage: bench_network [N]\n");
        return 2;
    }
    text_init(&text, 0);
    emit_init(&json, &text);
    emit_open(&json, '[');
    bench_agents(&json, 3, rounds);
    bench_agents(&json, 6, rounds);
    emit_close(&json);
    printf("%s\n", text.bytes);
    text_release(&text);
    return 0;
}
