/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paper's network once more, in double and as plainly as can be: one observation at a time, no
 * row merged, every relation and every softmax written out. Also random decision points for it.
 */
#ifndef TESTS_PAPER_REFERENCE_H
#define TESTS_PAPER_REFERENCE_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/paper_net.h"
#include "agent/paper_observe.h"
#include "base/arena.h"
#include "base/memory.h"
#include "base/rng.h"

enum { REFERENCE_SLOTS = 4, REFERENCE_AGENTS = 3, REFERENCE_RUNNING = 6, REFERENCE_TASKS = 5 };

static const struct paper_config REFERENCE_CONFIG = {
    .agents = REFERENCE_AGENTS,
    .slots = REFERENCE_SLOTS,
    .types = 2,
    .levels = {4, 3},
    .minimum = {{1, 1}, {2, 1}},
    .hidden = 8,
    .heads = 2,
    .layers = 3,
    .pointer_layers = 2,
    .pointer_heads = 4,
    .pointer_feed = 12,
    .slope = 0.2,
    .epsilon = 1e-5,
};

/* A random decision point: some slots empty, some tasks seen by several agents, maybe nothing
 * running, maybe an agent without any task. */
struct reference_scene {
    int32_t free[REFERENCE_AGENTS * PAPER_RESOURCES], behind[REFERENCE_AGENTS];
    int32_t slot_task[REFERENCE_AGENTS * REFERENCE_SLOTS];
    int32_t slot_type[REFERENCE_AGENTS * REFERENCE_SLOTS];
    struct paper_running running[REFERENCE_RUNNING];
    struct paper_observation observation;
};

static void reference_scene_draw(struct reference_scene *scene, struct arena *memory,
                                 struct rng *rng)
{
    struct paper_scene seen = {scene->free,      scene->behind,
                               scene->slot_task, scene->slot_type,
                               scene->running,   (int)rng_below(rng, REFERENCE_RUNNING + 1)};
    int taken[REFERENCE_AGENTS] = {0}, idle = (int)rng_below(rng, 2 * REFERENCE_AGENTS);

    for (int i = 0; i < REFERENCE_AGENTS * REFERENCE_SLOTS; i++)
        scene->slot_task[i] = scene->slot_type[i] = -1;
    for (int task = 0; task < REFERENCE_TASKS; task++) {
        uint32_t reach = 1 + rng_below(rng, (1u << REFERENCE_AGENTS) - 1);
        int type = (int)rng_below(rng, 2);

        for (int a = 0; a < REFERENCE_AGENTS; a++)
            if ((reach >> a & 1) && a != idle && taken[a] < REFERENCE_SLOTS) {
                scene->slot_task[a * REFERENCE_SLOTS + taken[a]] = 100 + task;
                scene->slot_type[a * REFERENCE_SLOTS + taken[a]++] = type;
            }
    }
    for (int i = 0; i < REFERENCE_AGENTS * PAPER_RESOURCES; i++)
        scene->free[i] = (int32_t)rng_below(rng, 5);
    for (int a = 0; a < REFERENCE_AGENTS; a++)
        scene->behind[a] = (int32_t)rng_below(rng, 3);
    for (int i = 0; i < REFERENCE_RUNNING; i++)
        scene->running[i] = (struct paper_running){.agent = (int)rng_below(rng, REFERENCE_AGENTS),
                                                   .type = (int)rng_below(rng, 2),
                                                   .slots_run = (int)rng_below(rng, 4),
                                                   .given = {1 + (int)rng_below(rng, 3), 1}};
    scene->observation = paper_observe(memory, &REFERENCE_CONFIG, &seen);
}

/* Weights drawn at random, biases and gains too. */
static void reference_draw_weights(struct paper_net *net, uint64_t seed)
{
    struct rng rng;

    weights_draw(&net->weights, seed);
    rng_stream(&rng, seed, "reference");
    for (size_t i = 0; i < net->weights.tensors.count; i++) {
        const struct tensor *tensor = &net->weights.tensors.item[i];

        for (size_t k = 0; tensor->ranks == 1 && k < tensor->count; k++)
            net->weights.value[tensor->offset + k] += (real)(0.3 * rng_normal(&rng));
    }
}

/* What a reference run works with. */
struct reference {
    const struct paper_net *net;
    struct arena *memory;
    bool own_message;
};

struct reference_output {
    double *rows[PAPER_NODES]; /* of the last layer; NULL without rows */
    double *pointer, *allocation, *value;
    double *raw_allocation; /* without masks, for every slot of every agent */
};

static const real *reference_tensor(const struct reference *r, const char *name, const char *part)
{
    char whole[256];
    const struct tensor *tensor;

    snprintf(whole, sizeof whole, "%s%s", name, part);
    tensor = weights_find(&r->net->weights, whole);
    BUG_ON(!tensor);
    return r->net->weights.value + tensor->offset;
}

static double *reference_take(const struct reference *r, int count)
{
    return arena_zalloc(r->memory, (size_t)count, sizeof(double));
}

/* x (rows, in) w (in, out) + b; without_bias for none. */
static double *reference_linear(const struct reference *r, const double *x, int rows, int in,
                                int out, const char *name, bool without_bias)
{
    const real *w = reference_tensor(r, name, ".weight");
    const real *b = without_bias ? NULL : reference_tensor(r, name, ".bias");
    double *y = reference_take(r, rows * out);

    for (int i = 0; i < rows; i++)
        for (int o = 0; o < out; o++) {
            y[i * out + o] = b ? (double)b[o] : 0;
            for (int k = 0; k < in; k++)
                y[i * out + o] += x[i * in + k] * (double)w[k * out + o];
        }
    return y;
}

static void reference_softmax(double *x, int n)
{
    double max = x[0], sum = 0;

    for (int i = 1; i < n; i++)
        max = fmax(max, x[i]);
    for (int i = 0; i < n; i++)
        sum += x[i] = exp(x[i] - max);
    for (int i = 0; i < n; i++)
        x[i] /= sum;
}

static const char *const REFERENCE_NODES[] = {"cluster", "waiting", "running", "hub"};
static const char *const REFERENCE_RELATIONS[] = {"cluster_to_waiting", "waiting_to_cluster",
                                                  "cluster_to_running", "running_to_cluster",
                                                  "cluster_to_hub",     "hub_to_cluster"};

/* One head of one relation's messages into row i. */
static void reference_head(const struct reference *r, double *z, const double *source,
                           const double *target, const struct paper_edges *edges, int i, int head,
                           const char *name)
{
    int hidden = r->net->config.hidden, width = hidden / r->net->config.heads;
    const real *vs = reference_tensor(r, name, ".source") + head * width;
    const real *vt = reference_tensor(r, name, ".target") + head * width;
    double *score = reference_take(r, edges->count + 1);
    int count = 0;

    for (int e = 0; e < edges->count; e++) {
        if (edges->target[e] != i)
            continue;
        for (int d = 0; d < width; d++)
            score[count] += source[edges->source[e] * hidden + head * width + d] * (double)vs[d] +
                            target[i * hidden + head * width + d] * (double)vt[d];
        if (score[count] < 0)
            score[count] *= r->net->config.slope;
        count++;
    }
    if (count == 0)
        return;
    reference_softmax(score, count);
    for (int e = 0, k = 0; e < edges->count; e++) {
        const double *h = r->own_message ? target + i * hidden : source + edges->source[e] * hidden;

        if (edges->target[e] != i)
            continue;
        for (int d = 0; d < width; d++)
            z[i * hidden + head * width + d] += score[k] * h[head * width + d];
        k++;
    }
}

/* Mixes `count` messages z into the clusters. */
static double *reference_mix(const struct reference *r, double *const *z, int count, int rows,
                             int layer)
{
    int hidden = r->net->config.hidden;
    double score[3] = {0}, *out = reference_take(r, rows * hidden);
    char name[64];
    const real *q;

    snprintf(name, sizeof name, "encoder.%d.", layer);
    q = reference_tensor(r, name, "query");
    snprintf(name, sizeof name, "encoder.%d.key", layer);
    for (int k = 0; k < count; k++) {
        double *t = reference_linear(r, z[k], rows, hidden, hidden, name, false);

        for (int i = 0; i < rows * hidden; i++)
            score[k] += (double)q[i % hidden] * tanh(t[i]) / rows;
    }
    reference_softmax(score, count);
    for (int k = 0; k < count; k++)
        for (int i = 0; i < rows * hidden; i++)
            out[i] += score[k] * z[k][i];
    return out;
}

static void reference_layer(const struct reference *r, const struct paper_observation *o,
                            double **x, int layer)
{
    int hidden = r->net->config.hidden, mixed = 0;
    double *h[PAPER_NODES] = {NULL}, *out[PAPER_NODES] = {NULL}, *into_cluster[3];
    char name[64];

    for (int node = 0; node < PAPER_NODES; node++) {
        int in = layer == 0 ? paper_features(&r->net->config, (enum paper_node)node) : hidden;

        snprintf(name, sizeof name, "encoder.%d.project.%s", layer, REFERENCE_NODES[node]);
        if (o->rows[node] > 0)
            h[node] = reference_linear(r, x[node], o->rows[node], in, hidden, name, false);
    }
    for (int e = 0; e < PAPER_RELATIONS; e++) {
        int source = (int)PAPER_ENDS[e].source, target = (int)PAPER_ENDS[e].target;
        double *z;

        if (!h[source] || !h[target])
            continue;
        z = reference_take(r, o->rows[target] * hidden);
        snprintf(name, sizeof name, "encoder.%d.%s", layer, REFERENCE_RELATIONS[e]);
        for (int i = 0; i < o->rows[target]; i++)
            for (int k = 0; k < r->net->config.heads; k++)
                reference_head(r, z, h[source], h[target], &o->edges[e], i, k, name);
        for (int i = 0; i < o->rows[target] * hidden; i++)
            z[i] = fmax(z[i], 0);
        if (target == PAPER_CLUSTER)
            into_cluster[mixed++] = z;
        else
            out[target] = z;
    }
    out[PAPER_CLUSTER] = reference_mix(r, into_cluster, mixed, o->rows[PAPER_CLUSTER], layer);
    memcpy(x, out, sizeof out);
}

static void reference_norm(const struct reference *r, double *x, int rows, const char *name)
{
    int n = r->net->config.hidden;
    const real *gain = reference_tensor(r, name, ".gain"),
               *bias = reference_tensor(r, name, ".bias");

    for (int i = 0; i < rows; i++, x += n) {
        double mean = 0, variance = 0;

        for (int d = 0; d < n; d++)
            mean += x[d] / n;
        for (int d = 0; d < n; d++)
            variance += (x[d] - mean) * (x[d] - mean) / n;
        for (int d = 0; d < n; d++)
            x[d] = (x[d] - mean) / sqrt(variance + r->net->config.epsilon) * (double)gain[d] +
                   (double)bias[d];
    }
}

static double *reference_transformer(const struct reference *r, const double *x, int rows,
                                     const char *name)
{
    int n = r->net->config.hidden, heads = r->net->config.pointer_heads, width = n / heads;
    int feed = r->net->config.pointer_feed;
    double *mixed = reference_take(r, rows * n), *qkv, *sum, *inner, *last;
    char part[96];

    snprintf(part, sizeof part, "%s.in", name);
    qkv = reference_linear(r, x, rows, n, 3 * n, part, false);
    for (int i = 0; i < rows * heads; i++) {
        int row = i / heads, column = i % heads * width;
        double *score = reference_take(r, rows);

        for (int j = 0; j < rows * width; j++)
            score[j / width] += qkv[row * 3 * n + column + j % width] *
                                qkv[j / width * 3 * n + n + column + j % width] / sqrt(width);
        reference_softmax(score, rows);
        for (int j = 0; j < rows * width; j++)
            mixed[row * n + column + j % width] +=
                score[j / width] * qkv[j / width * 3 * n + 2 * n + column + j % width];
    }
    snprintf(part, sizeof part, "%s.out", name);
    sum = reference_linear(r, mixed, rows, n, n, part, false);
    for (int i = 0; i < rows * n; i++)
        sum[i] += x[i];
    snprintf(part, sizeof part, "%s.norm1", name);
    reference_norm(r, sum, rows, part);
    snprintf(part, sizeof part, "%s.feed.0", name);
    inner = reference_linear(r, sum, rows, n, feed, part, false);
    for (int i = 0; i < rows * feed; i++)
        inner[i] = fmax(inner[i], 0);
    snprintf(part, sizeof part, "%s.feed.1", name);
    last = reference_linear(r, inner, rows, feed, n, part, false);
    for (int i = 0; i < rows * n; i++)
        last[i] += sum[i];
    snprintf(part, sizeof part, "%s.norm2", name);
    reference_norm(r, last, rows, part);
    return last;
}

static void reference_pointer(const struct reference *r, double *out, const double *window,
                              int agent)
{
    int n = r->net->config.hidden, slots = r->net->config.slots;
    double *mean = reference_take(r, n), *query, *key;
    const double *x = window;
    char name[64];
    const real *v;

    for (int l = 0; l < r->net->config.pointer_layers; l++) {
        snprintf(name, sizeof name, "actor.%d.pointer.%d", agent, l);
        x = reference_transformer(r, x, slots, name);
    }
    for (int i = 0; i < slots * n; i++)
        mean[i % n] += x[i] / slots;
    snprintf(name, sizeof name, "actor.%d.query", agent);
    query = reference_linear(r, mean, 1, n, n, name, true);
    snprintf(name, sizeof name, "actor.%d.key", agent);
    key = reference_linear(r, x, slots, n, n, name, true);
    snprintf(name, sizeof name, "actor.%d.", agent);
    v = reference_tensor(r, name, "score");
    for (int i = 0; i < slots * n; i++)
        out[i / n] += (double)v[i % n] * tanh(query[i % n] + key[i]);
}

/* A linear layer, a rectifier, a linear layer. */
static double *reference_two_layers(const struct reference *r, const double *x, int rows, int in,
                                    int out, const char *name)
{
    char part[96];
    double *inner;

    snprintf(part, sizeof part, "%s.0", name);
    inner = reference_linear(r, x, rows, in, in, part, false);
    for (int i = 0; i < rows * in; i++)
        inner[i] = fmax(inner[i], 0);
    snprintf(part, sizeof part, "%s.1", name);
    return reference_linear(r, inner, rows, in, out, part, false);
}

/* What may be given in slot k: README of the golden vectors, "allocation". */
static bool reference_allowed(const struct paper_config *config, int type, const int32_t *free,
                              int action)
{
    int given[2] = {action / config->levels[1], action % config->levels[1]};
    bool enough =
        type < 0 || (given[0] >= config->minimum[type][0] && given[1] >= config->minimum[type][1]);

    return (enough || action == 0) && given[0] <= free[0] && given[1] <= free[1];
}

static void reference_agent(const struct reference *r, const struct paper_observation *o,
                            struct reference_output *out, int agent, const double *waiting)
{
    const struct paper_config *config = &r->net->config;
    int n = config->hidden, slots = config->slots, actions = paper_actions(config), tasks = 0;
    double *window = reference_take(r, slots * n), *logits;
    const int32_t *type = o->slot_type + agent * slots;
    char name[64];

    for (int k = 0; k < slots; k++) {
        memcpy(window + k * n, waiting + o->slot_row[agent * slots + k] * n,
               (size_t)n * sizeof *window);
        tasks += type[k] >= 0;
    }
    snprintf(name, sizeof name, "critic.%d", agent);
    out->value[agent] = *reference_two_layers(r, window, 1, slots * n, 1, name);
    snprintf(name, sizeof name, "actor.%d.allocation", agent);
    logits = reference_two_layers(r, window, slots, n, actions, name);
    memcpy(out->raw_allocation + agent * slots * actions, logits,
           (size_t)(slots * actions) * sizeof *logits);
    if (tasks == 0)
        return;
    reference_pointer(r, out->pointer + agent * slots, window, agent);
    for (int k = 0; k < slots; k++) {
        if (type[k] < 0)
            out->pointer[agent * slots + k] = -HUGE_VAL;
        for (int i = 0; i < actions; i++)
            out->allocation[(agent * slots + k) * actions + i] =
                reference_allowed(config, type[k], o->free + agent * PAPER_RESOURCES, i)
                    ? logits[k * actions + i]
                    : -HUGE_VAL;
    }
}

static struct reference_output reference_run(const struct reference *r,
                                             const struct paper_observation *o)
{
    const struct paper_config *config = &r->net->config;
    int slots = config->agents * config->slots;
    struct reference_output out = {
        .pointer = reference_take(r, slots),
        .allocation = reference_take(r, slots * paper_actions(config)),
        .raw_allocation = reference_take(r, slots * paper_actions(config)),
        .value = reference_take(r, config->agents),
    };

    for (int node = 0; node < PAPER_NODES; node++) {
        int count = o->rows[node] * paper_features(config, (enum paper_node)node);

        out.rows[node] = reference_take(r, count);
        for (int i = 0; i < count; i++)
            out.rows[node][i] = (double)o->x[node][i];
    }
    for (int layer = 0; layer < config->layers; layer++)
        reference_layer(r, o, out.rows, layer);
    for (int a = 0; a < config->agents; a++)
        reference_agent(r, o, &out, a, out.rows[PAPER_WAITING]);
    return out;
}

#endif
