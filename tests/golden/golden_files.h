/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the golden files of the network (../shared/golden/network/README.md says what is in
 * them) and comparing with them. A file that is not as the README says ends the program.
 */
#ifndef TESTS_GOLDEN_FILES_H
#define TESTS_GOLDEN_FILES_H

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/paper_graph.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

/* The golden files' names of the node types, in the order of enum paper_node. */
static const char *const GOLDEN_NODES[PAPER_NODES] = {"servers", "devices", "running", "central"};

enum { GOLDEN_NAME_BYTES = 160 };

static const double GOLDEN_NEVER = -1e30; /* minus infinity, as JSON has none */

_Noreturn static void golden_stop(const char *what, const char *where)
{
    fprintf(stderr, "golden_network: %s: %s\n", where, what);
    printf("0 passed, 1 failed\n");
    exit(1);
}

static json_t *golden_load(const char *dir, const char *file)
{
    char path[4096];
    json_error_t error;
    json_t *json;

    snprintf(path, sizeof path, "%s/%s", dir, file);
    json = json_load_file(path, 0, &error);
    if (!json)
        golden_stop(error.text, path);
    return json;
}

static json_t *golden_get(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (!value)
        golden_stop("missing key", key);
    return value;
}

static int golden_int(const json_t *object, const char *key)
{
    json_t *value = golden_get(object, key);

    if (!json_is_integer(value))
        golden_stop("expected a whole number", key);
    return (int)json_integer_value(value);
}

static double golden_number(const json_t *object, const char *key)
{
    json_t *value = golden_get(object, key);

    if (!json_is_number(value))
        golden_stop("expected a number", key);
    return json_number_value(value);
}

/* A flat array of numbers; nested arrays are run together. */
struct golden_array {
    size_t count;
    double *value;
};

static size_t golden_count(const json_t *json)
{
    size_t count = 0;

    if (!json_is_array(json))
        return 1;
    for (size_t i = 0; i < json_array_size(json); i++)
        count += golden_count(json_array_get(json, i));
    return count;
}

static double *golden_flatten(const json_t *json, double *out)
{
    if (!json_is_array(json)) {
        if (!json_is_number(json) && !json_is_boolean(json))
            golden_stop("expected numbers", "array");
        *out = json_is_boolean(json) ? json_is_true(json) : json_number_value(json);
        return out + 1;
    }
    for (size_t i = 0; i < json_array_size(json); i++)
        out = golden_flatten(json_array_get(json, i), out);
    return out;
}

/* Numbers from a list, or from an object with "data". */
static struct golden_array golden_numbers(struct arena *memory, const json_t *json)
{
    const json_t *data = json_is_object(json) ? golden_get(json, "data") : json;
    struct golden_array array = {.count = golden_count(data)};

    array.value = arena_zalloc(memory, array.count, sizeof *array.value);
    golden_flatten(data, array.value);
    return array;
}

static real *golden_reals(struct arena *memory, const json_t *json, size_t count)
{
    struct golden_array array = golden_numbers(memory, json);
    real *out = arena_zalloc(memory, array.count, sizeof *out);

    if (array.count != count)
        golden_stop("wrong number of numbers", "array");
    for (size_t i = 0; i < count; i++)
        out[i] = (real)array.value[i];
    return out;
}

static int32_t *golden_ints(struct arena *memory, const json_t *json, size_t count)
{
    struct golden_array array = golden_numbers(memory, json);
    int32_t *out = arena_zalloc(memory, array.count, sizeof *out);

    if (array.count != count)
        golden_stop("wrong number of whole numbers", "array");
    for (size_t i = 0; i < count; i++)
        out[i] = (int32_t)array.value[i];
    return out;
}

static uint8_t *golden_flags(struct arena *memory, const json_t *json, size_t count)
{
    int32_t *numbers = golden_ints(memory, json, count);
    uint8_t *out = arena_zalloc(memory, count, 1);

    for (size_t i = 0; i < count; i++)
        out[i] = numbers[i] != 0;
    return out;
}

static struct paper_config golden_config(const json_t *json)
{
    struct paper_config config = {
        .agents = golden_int(json, "agents"),
        .slots = golden_int(json, "pending"),
        .types = golden_int(json, "job_types"),
        .levels = {golden_int(json, "cpu_levels"), golden_int(json, "gpu_levels")},
        .hidden = golden_int(json, "hidden"),
        .heads = golden_int(json, "han_heads"),
        .layers = golden_int(json, "han_inner_layers") + 2,
        .pointer_layers = golden_int(json, "enc_layers"),
        .pointer_heads = golden_int(json, "enc_heads"),
        .pointer_feed = golden_int(json, "enc_ff"),
        .slope = golden_number(json, "leaky_slope"),
        .epsilon = golden_number(json, "ln_eps"),
    };
    const json_t *minimum = golden_get(json, "min_requirement");

    for (int t = 0; t < config.types && t < PAPER_TYPES; t++)
        for (int r = 0; r < PAPER_RESOURCES; r++)
            config.minimum[t][r] = (int)json_integer_value(
                json_array_get(json_array_get(minimum, (size_t)t), (size_t)r));
    if (golden_int(json, "alloc_actions") != paper_actions(&config))
        golden_stop("is not the product of the levels", "alloc_actions");
    return config;
}

static struct paper_edges golden_edges(struct arena *memory, const json_t *json, int relation)
{
    static const char *const names[PAPER_RELATIONS] = {"allocate1", "connect1",  "allocate2",
                                                       "connect2",  "shortcut1", "shortcut2"};
    const char *name = json_string_value(golden_get(json, "name"));
    size_t count = json_array_size(golden_get(json, "src"));

    if (!name || strcmp(name, names[relation]) != 0)
        golden_stop("relations are not in the order of the README", "obs.json");
    return (struct paper_edges){
        .count = (int)count,
        .source = golden_ints(memory, golden_get(json, "src"), count),
        .target = golden_ints(memory, golden_get(json, "dst"), count),
    };
}

static struct paper_observation golden_observation(struct arena *memory, const json_t *json,
                                                   const struct paper_config *config)
{
    size_t windows = (size_t)config->agents, slots = windows * (size_t)config->slots;
    struct paper_observation o = {
        .slot_type = golden_ints(memory, golden_get(json, "job_types"), slots),
        .slot_row = golden_ints(memory, golden_get(json, "connections_index"), slots),
        .free = golden_ints(memory, golden_get(json, "resource"), windows * PAPER_RESOURCES),
    };

    for (int node = 0; node < PAPER_NODES; node++) {
        const json_t *rows = golden_get(golden_get(json, "nodes"), GOLDEN_NODES[node]);
        int features = paper_features(config, (enum paper_node)node);

        o.rows[node] = (int)json_integer_value(json_array_get(golden_get(rows, "shape"), 0));
        o.x[node] = golden_reals(memory, rows, (size_t)o.rows[node] * (size_t)features);
    }
    for (int r = 0; r < PAPER_RELATIONS; r++)
        o.edges[r] = golden_edges(memory, json_array_get(golden_get(json, "edges"), (size_t)r), r);
    return o;
}

/* One group of comparisons, and a line about it at its end. */
struct golden_group {
    const char *name;
    double tolerance, worst;
    int passed, failed;
};

static void golden_check(struct golden_group *group, const char *what, double deviation)
{
    if (!(deviation <= group->tolerance)) {
        if (group->failed < 5)
            printf("  %s: %s is off by %.3g\n", group->name, what, deviation);
        group->failed++;
    } else {
        group->passed++;
    }
    if (!(deviation <= group->worst))
        group->worst = deviation;
}

/* The largest absolute deviation; infinite if the two do not agree on what is minus infinity. */
static double golden_deviation(const real *got, const double *want, size_t count)
{
    double worst = 0;

    for (size_t i = 0; i < count; i++) {
        bool never = want[i] <= GOLDEN_NEVER / 2;
        double off = fabs((double)got[i] - want[i]);

        if (never != (got[i] == -REAL_INF))
            return HUGE_VAL;
        if (!never && !(off <= worst))
            worst = off;
    }
    return worst;
}

static void golden_compare(struct golden_group *group, const char *what, const real *got,
                           const struct golden_array *want, size_t count)
{
    golden_check(group, what,
                 want->count == count && (got || count == 0)
                     ? golden_deviation(got, want->value, count)
                     : HUGE_VAL);
}

/* The weight generator: u_i of stream(seed), in [-1, 1). */
static double golden_unit(uint64_t seed, uint64_t i)
{
    uint64_t z = (seed + 1) * 0xD1B54A32D192ED03u + (i + 1) * 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (double)((int64_t)(z >> 40) - 8388608) / 8388608.0;
}

/* Replaces the first `from` in text by `to`; false if there is none. */
static bool golden_replace(char *text, const char *from, const char *to)
{
    char *at = strstr(text, from), rest[GOLDEN_NAME_BYTES];

    if (!at)
        return false;
    snprintf(rest, sizeof rest, "%s", at + strlen(from));
    snprintf(at, GOLDEN_NAME_BYTES - (size_t)(at - text), "%s%s", to, rest);
    return true;
}

/* The golden name of a tensor, turned into ours. */
static void golden_translate(char *name, const char *golden_name, const struct paper_config *config)
{
    static const char *const words[][2] = {
        {"han.input.", "encoder.0."},
        {"proj.servers", "project.cluster"},
        {"proj.devices", "project.waiting"},
        {"proj.running", "project.running"},
        {"proj.central", "project.hub"},
        {"lin_src.servers__allocate1__devices", "cluster_to_waiting.source"},
        {"lin_dst.servers__allocate1__devices", "cluster_to_waiting.target"},
        {"lin_src.devices__connect1__servers", "waiting_to_cluster.source"},
        {"lin_dst.devices__connect1__servers", "waiting_to_cluster.target"},
        {"lin_src.servers__allocate2__running", "cluster_to_running.source"},
        {"lin_dst.servers__allocate2__running", "cluster_to_running.target"},
        {"lin_src.running__connect2__servers", "running_to_cluster.source"},
        {"lin_dst.running__connect2__servers", "running_to_cluster.target"},
        {"lin_src.servers__shortcut1__central", "cluster_to_hub.source"},
        {"lin_dst.servers__shortcut1__central", "cluster_to_hub.target"},
        {"lin_src.central__shortcut2__servers", "hub_to_cluster.source"},
        {"lin_dst.central__shortcut2__servers", "hub_to_cluster.target"},
        {"k_lin.", "key."},
        {"pointer.enc.", "pointer."},
        {"self_attn.in_proj_", "in."},
        {"self_attn.out_proj.", "out."},
        {"linear1.", "feed.0."},
        {"linear2.", "feed.1."},
        {"norm1.weight", "norm1.gain"},
        {"norm2.weight", "norm2.gain"},
        {"pointer.V", "score"},
        {"pointer.project_query.", "query."},
        {"pointer.project_ref.", "key."},
        {"last.0.", "allocation.0."},
        {"last.2.", "allocation.1."},
    };
    char output[32], inner[32], next[32];
    size_t length;

    snprintf(name, GOLDEN_NAME_BYTES, "%s", golden_name);
    snprintf(output, sizeof output, "encoder.%d.", config->layers - 1);
    golden_replace(name, "han.output.", output);
    for (int i = 0; i + 2 < config->layers; i++) {
        snprintf(inner, sizeof inner, "han.convs.%d.", i);
        snprintf(next, sizeof next, "encoder.%d.", i + 1);
        if (golden_replace(name, inner, next))
            break;
    }
    for (size_t i = 0; i < COUNT_OF(words); i++)
        golden_replace(name, words[i][0], words[i][1]);
    length = strlen(name);
    if (strncmp(name, "encoder.", 8) == 0 && length > 2 && strcmp(name + length - 2, ".q") == 0)
        snprintf(name + length - 1, GOLDEN_NAME_BYTES - length + 1, "query");
    if (strncmp(name, "critic.", 7) == 0 && (golden_replace(name, ".2.weight", ".1.weight") ||
                                             golden_replace(name, ".2.bias", ".1.bias")))
        return;
}

#endif
