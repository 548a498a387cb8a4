/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.json is read with jansson into the record's arena. Whoever wrote the directory may be another
 * version or another program, so every value is checked: a report is no place to crash.
 */
#include "report/run_read.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/plan.h"
#include "core/policy.h"
#include "report/csv_reader.h"
#include "report/folder.h"
#include "report/measure.h"
#include "sim/comparison.h"

enum { MOST_ENTRANTS = 1000, MOST_SEEDS = 1000000, MOST_ARGUMENTS = 10000 };

struct json_place {
    struct run_record *run;
    const char *file;
    struct err *err;
    int rc; /* the first error */
};

static void refuse(struct json_place *at, const char *key, const char *expected)
{
    if (at->rc == 0)
        at->rc = err_set(at->err, ERR_CORRUPT, "%s: \"%s\": expected %s", at->file, key, expected);
}

/* Text of a key; an optional one is "" when it is missing. */
static const char *read_text(struct json_place *at, json_t *object, const char *key, bool optional)
{
    json_t *value = json_object_get(object, key);

    if (!json_is_string(value)) {
        if (!optional)
            refuse(at, key, "text");
        return "";
    }
    return arena_strdup(&at->run->arena, json_string_value(value));
}

/* A list of at most so many; *count is its length. */
static json_t *read_list(struct json_place *at, json_t *object, const char *key, int least,
                         int most, int *count)
{
    json_t *list = json_object_get(object, key);
    size_t length = json_array_size(list);

    *count = 0;
    if (!json_is_array(list) || length < (size_t)least || length > (size_t)most) {
        char expected[64];

        snprintf(expected, sizeof expected, "a list of %d to %d", least, most);
        refuse(at, key, expected);
        return NULL;
    }
    *count = (int)length;
    return list;
}

static void read_arguments(struct json_place *at, json_t *root)
{
    struct run_record *run = at->run;
    json_t *list = read_list(at, root, "argv", 0, MOST_ARGUMENTS, &run->arguments);

    run->argument = arena_zalloc(&run->arena, (size_t)run->arguments, sizeof *run->argument);
    for (int i = 0; i < run->arguments; i++) {
        const char *text = json_string_value(json_array_get(list, (size_t)i));

        if (!text)
            refuse(at, "argv", "a list of texts");
        run->argument[i] = arena_strdup(&run->arena, text ? text : "");
    }
}

static void read_seeds(struct json_place *at, json_t *root)
{
    struct run_record *run = at->run;
    json_t *list = read_list(at, root, "seeds", 1, MOST_SEEDS, &run->result.seeds);

    run->seed = arena_zalloc(&run->arena, (size_t)run->result.seeds, sizeof *run->seed);
    for (int i = 0; i < run->result.seeds; i++) {
        json_t *value = json_array_get(list, (size_t)i);

        if (!json_is_integer(value))
            refuse(at, "seeds", "whole numbers");
        run->seed[i] = (uint64_t)json_integer_value(value);
    }
}

/* A folder is one name below the run's: nothing leads out of it. */
static bool is_plain_name(const char *name)
{
    return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static void read_policies(struct json_place *at, json_t *root)
{
    struct run_record *run = at->run;
    json_t *list = read_list(at, root, "policies", 1, MOST_ENTRANTS, &run->result.entrants);
    size_t count = (size_t)run->result.entrants;

    run->entrant = arena_zalloc(&run->arena, count, sizeof *run->entrant);
    run->folder = arena_zalloc(&run->arena, count, sizeof *run->folder);
    for (size_t i = 0; i < count; i++) {
        json_t *policy = json_array_get(list, i);

        run->entrant[i] = (struct entrant){
            .name = read_text(at, policy, "name", false),
            .policy = read_text(at, policy, "policy", true),
            .info = info_class_find(read_text(at, policy, "info", true)),
        };
        run->folder[i] = read_text(at, policy, "folder", false);
        if (!is_plain_name(run->folder[i]))
            refuse(at, "folder", "the name of a folder");
    }
}

static void read_resources(struct json_place *at, json_t *root)
{
    struct run_record *run = at->run;
    struct resource_info *resource;
    json_t *list = read_list(at, root, "resources", 1, MAX_RESOURCES, &run->catalog.resources);

    resource = arena_zalloc(&run->arena, MAX_RESOURCES, sizeof *resource);
    for (int r = 0; r < run->catalog.resources; r++) {
        json_t *object = json_array_get(list, (size_t)r);

        resource[r].name = read_text(at, object, "name", false);
        resource[r].unit = read_text(at, object, "unit", true);
    }
    run->catalog.resource = resource;
}

static int compare_clusters(const void *a, const void *b)
{
    const struct cluster_info *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

int run_find_cluster(const struct run_record *run, const char *name)
{
    struct cluster_info wanted = {.name = name};
    const struct cluster_info *key = &wanted, **found;

    found = bsearch(&key, run->by_name, (size_t)run->catalog.clusters, sizeof *run->by_name,
                    compare_clusters);
    return found ? (int)(*found - run->catalog.cluster) : -1;
}

static void read_clusters(struct json_place *at, json_t *root)
{
    struct run_record *run = at->run;
    struct catalog *catalog = &run->catalog;
    struct cluster_info *cluster;
    json_t *list = read_list(at, root, "clusters", 1, MAX_CLUSTERS, &catalog->clusters);

    cluster = arena_zalloc(&run->arena, (size_t)catalog->clusters, sizeof *cluster);
    for (int c = 0; c < catalog->clusters; c++) {
        json_t *object = json_array_get(list, (size_t)c);

        cluster[c].name = read_text(at, object, "name", false);
        for (int r = 0; r < catalog->resources; r++) {
            json_t *value = json_object_get(object, catalog->resource[r].name);
            json_int_t amount = json_integer_value(value);

            if (!json_is_integer(value) || amount < 0 || amount > MAX_QUANTITY)
                refuse(at, catalog->resource[r].name, "a quantity of the cluster");
            else
                cluster[c].capacity.amount[r] = (int32_t)amount;
        }
        allocation_add(&catalog->total, &cluster[c].capacity);
    }
    catalog->cluster = cluster;
    run->by_name = arena_zalloc(&run->arena, (size_t)catalog->clusters, sizeof *run->by_name);
    for (int c = 0; c < catalog->clusters; c++)
        run->by_name[c] = &cluster[c];
    qsort(run->by_name, (size_t)catalog->clusters, sizeof *run->by_name, compare_clusters);
}

static void read_unit(struct json_place *at, json_t *root)
{
    struct catalog *catalog = &at->run->catalog;
    json_t *seconds = json_object_get(root, "time_unit_s");

    catalog->time_unit = read_text(at, root, "time_unit", false);
    catalog->time_unit_s = json_number_value(seconds);
    if (!json_is_number(seconds) || !(catalog->time_unit_s > 0))
        refuse(at, "time_unit_s", "a number above 0");
    if (strcmp(catalog->time_unit, "slot") == 0)
        catalog->slot_s = catalog->time_unit_s;
}

static void read_root(struct json_place *at, json_t *root)
{
    struct run_record *run = at->run;

    if (strcmp(read_text(at, root, "schema", false), "tapfinger.run/1") != 0)
        refuse(at, "schema", "tapfinger.run/1");
    run->version = read_text(at, root, "version", true);
    run->commit = read_text(at, root, "commit", true);
    run->command = read_text(at, root, "command", true);
    run->summary = read_text(at, root, "summary", true);
    run->config_sha256 = read_text(at, root, "config_sha256", true);
    run->result.scenario = read_text(at, root, "scenario", false);
    read_arguments(at, root);
    read_seeds(at, root);
    read_policies(at, root);
    read_resources(at, root);
    read_clusters(at, root);
    read_unit(at, root);
}

static int read_json(struct run_record *run, struct err *err)
{
    char *path = folder_join(run->path, "run.json");
    struct json_place at = {.run = run, .file = path, .err = err};
    json_error_t error;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

    if (!root)
        at.rc = err_set(err, ERR_CORRUPT, "%s:%d: %s", path, error.line, error.text);
    else
        read_root(&at, root);
    json_decref(root);
    free(path);
    return at.rc;
}

/* summary.csv */

struct summary_columns {
    int policy, seed, measure[MEASURES], utilisation[MAX_RESOURCES], refused[REFUSALS];
};

/* A column that is not there (decision_us, or one that came later) has index -1. */
static int optional_column(const struct csv_reader *csv, const char *prefix, const char *name)
{
    char whole[128];
    int column = -1;

    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    for (char *c = whole; *prefix && *c; c++)
        if (*c == '-' && strcmp(prefix, "refused_") == 0)
            *c = '_';
    return csv_reader_column(csv, whole, &column, NULL) == 0 ? column : -1;
}

static int find_columns(const struct csv_reader *csv, const struct catalog *catalog,
                        struct summary_columns *out, struct err *err)
{
    int rc = csv_reader_column(csv, "policy", &out->policy, err);

    if (rc == 0)
        rc = csv_reader_column(csv, "seed", &out->seed, err);
    for (int i = 0; i < MEASURES; i++)
        out->measure[i] = optional_column(csv, "", measure_info[i].name);
    for (int r = 0; r < catalog->resources; r++)
        out->utilisation[r] = optional_column(csv, "utilisation_", catalog->resource[r].name);
    for (int i = 0; i < REFUSALS; i++)
        out->refused[i] = optional_column(csv, "refused_", refusal_word((enum refusal)i));
    return rc;
}

static int read_optional(const struct csv_reader *csv, int column, double *out, struct err *err)
{
    *out = (double)NAN;
    return column < 0 ? 0 : csv_reader_real(csv, column, out, err);
}

/* No run counts further, so that every value fits where counts are kept. */
static double count(double value)
{
    return fmin(fmax(value, 0), 1e15);
}

static int read_metrics(const struct run_record *run, const struct csv_reader *csv,
                        const struct summary_columns *column, struct metrics *metrics,
                        struct err *err)
{
    double value;
    int rc = 0;

    *metrics = (struct metrics){.tasks = 0};
    for (int i = 0; rc == 0 && i < MEASURES; i++) {
        rc = read_optional(csv, column->measure[i], &value, err);
        if (measure_info[i].unit != UNIT_COUNT)
            measure_set(metrics, (enum measure)i, value);
        else if (isfinite(value))
            measure_set(metrics, (enum measure)i, i == MEASURE_STUCK ? value != 0 : count(value));
    }
    for (int r = 0; rc == 0 && r < run->catalog.resources; r++) {
        rc = read_optional(csv, column->utilisation[r], &value, err);
        metrics->utilisation[r] = isfinite(value) ? value : 0;
    }
    for (int i = 0; rc == 0 && i < REFUSALS; i++) {
        rc = read_optional(csv, column->refused[i], &value, err);
        metrics->refused[i] = isfinite(value) ? (int64_t)count(value) : 0;
    }
    return rc;
}

static int find_entrant(const struct run_record *run, const char *name)
{
    for (int e = 0; e < run->result.entrants; e++)
        if (strcmp(run->entrant[e].name, name) == 0)
            return e;
    return -1;
}

/* Rows come by policy and then by seed, so the search begins where the last one ended. */
static int find_seed(const struct run_record *run, uint64_t seed, int from)
{
    for (int i = 0; i < run->result.seeds; i++) {
        int at = (from + i) % run->result.seeds;

        if (run->seed[at] == seed)
            return at;
    }
    return -1;
}

static int read_rows(struct run_record *run, struct csv_reader *csv, struct err *err)
{
    struct summary_columns column;
    int rc = find_columns(csv, &run->catalog, &column, err), seed_index = 0;

    while (rc == 0 && (rc = csv_reader_next(csv, err)) == 1) {
        const char *policy = csv->field.item[column.policy];
        int entrant = find_entrant(run, policy);
        struct outcome *outcome;

        seed_index = find_seed(run, strtoull(csv->field.item[column.seed], NULL, 10), seed_index);
        if (entrant < 0 || seed_index < 0)
            return lines_error(&csv->lines, err, ERR_CORRUPT,
                               "policy %.60s with seed %.60s is not of this run", policy,
                               csv->field.item[column.seed]);
        outcome = &run->outcome[seed_index * run->result.entrants + entrant];
        outcome->done = true;
        rc = read_metrics(run, csv, &column, &outcome->metrics, err);
    }
    return rc;
}

static int read_summary(struct run_record *run, struct err *err)
{
    char *path = folder_join(run->path, "summary.csv");
    struct csv_reader csv;
    int rc = csv_reader_open(&csv, path, err);

    if (rc == 0)
        rc = read_rows(run, &csv, err);
    csv_reader_close(&csv);
    free(path);
    return rc;
}

bool run_is_there(const char *path)
{
    return folder_has(path, "run.json");
}

/* Sets what result borrows. */
static void connect(struct run_record *run)
{
    struct result *result = &run->result;
    size_t pieces = (size_t)result->entrants * (size_t)result->seeds;

    run->outcome = arena_zalloc(&run->arena, pieces, sizeof *run->outcome);
    result->catalog = &run->catalog;
    result->entrant = run->entrant;
    result->seed = run->seed;
    result->outcome = run->outcome;
}

int run_read(struct run_record **out, const char *path, struct err *err)
{
    struct run_record *run = xcalloc(1, sizeof *run);
    int rc;

    arena_init(&run->arena);
    run->path = xstrdup(path);
    run->is_finished = folder_has(path, "DONE");
    rc = read_json(run, err);
    if (rc == 0) {
        connect(run);
        rc = read_summary(run, err);
    }
    if (rc == 0)
        result_sum_up(&run->result);
    *out = run;
    if (rc) {
        run_free(run);
        *out = NULL;
    }
    return rc;
}

void run_free(struct run_record *run)
{
    if (!run)
        return;
    result_release(&run->result);
    arena_release(&run->arena);
    free(run->path);
    free(run);
}

char *run_episode_path(const struct run_record *run, int entrant, int seed_index, const char *name)
{
    char *path;

    BUG_ON(asprintf(&path, "%s/%s/seed-%" PRIu64 "/%s", run->path, run->folder[entrant],
                    run->seed[seed_index], name) < 0);
    return path;
}
