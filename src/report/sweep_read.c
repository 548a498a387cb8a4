/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep.json says what was varied; who was compared, on which seeds and in which unit stands in
 * every cell's file and is taken from the first that is there.
 */
#include "report/sweep_read.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "core/policy.h"
#include "report/folder.h"
#include "report/result_json.h"
#include "report/sweep_folder.h"
#include "sim/comparison.h"

enum { MOST = 1000000 };

static int load(const char *path, json_t **out, struct err *err)
{
    json_error_t error;

    *out = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (*out)
        return 0;
    return err_set(err, ERR_CORRUPT, "%s:%d: %s", path, error.line, error.text);
}

static const char *copy_text(struct sweep_record *s, json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return arena_strdup(&s->arena, text ? text : "");
}

/* The grid, from the --vary of the command line. */
static int read_arguments(struct sweep_record *s, json_t *list, const char *path, struct err *err)
{
    int rc = 0;

    s->arguments = (int)json_array_size(list);
    s->argument = arena_zalloc(&s->arena, (size_t)s->arguments, sizeof *s->argument);
    for (int i = 0; rc == 0 && i < s->arguments; i++) {
        const char *text = json_string_value(json_array_get(list, (size_t)i));

        s->argument[i] = arena_strdup(&s->arena, text ? text : "");
        if (i > 0 && strcmp(s->argument[i - 1], "--vary") == 0)
            rc = grid_add(&s->grid, s->argument[i], err);
        if (rc)
            err_prefix(err, "%s: argv", path);
    }
    if (rc == 0 && s->grid.keys == 0)
        rc = err_set(err, ERR_CORRUPT, "%s: \"argv\": nothing was varied", path);
    return rc;
}

static int read_plan(struct sweep_record *s, struct err *err)
{
    char *path = folder_join(s->path, "sweep.json");
    json_t *root, *list;
    int rc = load(path, &root, err);

    list = json_object_get(root, "argv");
    if (rc == 0 && strcmp(copy_text(s, root, "schema"), "tapfinger.sweep-plan/1") != 0)
        rc = err_set(err, ERR_CORRUPT, "%s: \"schema\": expected tapfinger.sweep-plan/1", path);
    if (rc == 0 && (!json_is_array(list) || json_array_size(list) > MOST))
        rc = err_set(err, ERR_CORRUPT, "%s: \"argv\": expected a list", path);
    if (rc == 0) {
        s->version = copy_text(s, root, "version");
        s->scenario = copy_text(s, root, "scenario");
        rc = read_arguments(s, list, path, err);
    }
    json_decref(root);
    free(path);
    return rc;
}

/* Cells */

static void take_policies(struct sweep_record *s, json_t *policies)
{
    s->entrants = (int)json_array_size(policies);
    s->entrant = arena_zalloc(&s->arena, (size_t)s->entrants, sizeof *s->entrant);
    for (int i = 0; i < s->entrants; i++) {
        json_t *policy = json_array_get(policies, (size_t)i);

        s->entrant[i] = (struct entrant){
            .name = copy_text(s, policy, "name"),
            .policy = copy_text(s, policy, "policy"),
            .info = info_class_find(copy_text(s, policy, "info")),
        };
    }
}

static void take_catalog(struct sweep_record *s, json_t *root, json_t *shares)
{
    struct resource_info *resource = arena_zalloc(&s->arena, MAX_RESOURCES, sizeof *resource);
    const char *name;
    json_t *value;

    json_object_foreach (shares, name, value) {
        if (s->catalog.resources == MAX_RESOURCES)
            break;
        resource[s->catalog.resources++] =
            (struct resource_info){.name = arena_strdup(&s->arena, name), .unit = ""};
    }
    s->catalog.resource = resource;
    s->catalog.time_unit = copy_text(s, root, "time_unit");
    s->catalog.time_unit_s = json_number_value(json_object_get(root, "time_unit_s"));
    if (strcmp(s->catalog.time_unit, "slot") == 0)
        s->catalog.slot_s = s->catalog.time_unit_s;
}

/* What all cells have in common. */
static int take_common(struct sweep_record *s, const char *path, struct err *err)
{
    json_t *root, *policies, *seeds;
    int rc = load(path, &root, err);

    policies = json_object_get(root, "policies");
    seeds = json_object_get(root, "seeds");
    if (rc == 0 && (json_array_size(policies) == 0 || json_array_size(policies) > MOST ||
                    json_array_size(seeds) == 0 || json_array_size(seeds) > MOST))
        rc = err_set(err, ERR_CORRUPT, "%s: expected \"policies\" and \"seeds\"", path);
    if (rc == 0) {
        take_policies(s, policies);
        take_catalog(s, root, json_object_get(json_array_get(policies, 0), "utilisation"));
        s->seeds = (int)json_array_size(seeds);
        s->seed = arena_zalloc(&s->arena, (size_t)s->seeds, sizeof *s->seed);
        for (int i = 0; i < s->seeds; i++)
            s->seed[i] = (uint64_t)json_integer_value(json_array_get(seeds, (size_t)i));
        s->summary = arena_zalloc(&s->arena, (size_t)grid_cells(&s->grid) * (size_t)s->entrants,
                                  sizeof *s->summary);
    }
    json_decref(root);
    return rc;
}

static int read_cell(struct sweep_record *s, int cell, const char *path, struct err *err)
{
    size_t pieces = (size_t)s->entrants * (size_t)s->seeds;
    struct outcome *outcome = xcalloc(pieces, sizeof *outcome);
    struct result result = {
        .catalog = &s->catalog,
        .scenario = s->scenario,
        .entrant = s->entrant,
        .entrants = s->entrants,
        .seed = s->seed,
        .seeds = s->seeds,
        .outcome = outcome,
    };
    int rc = result_read(&result, path, outcome, err);

    if (rc == 0) {
        result_sum_up(&result);
        memcpy(&s->summary[cell * s->entrants], result.summary,
               (size_t)s->entrants * sizeof *s->summary);
        s->done++;
    }
    result_release(&result);
    free(outcome);
    return rc;
}

static int read_cells(struct sweep_record *s, struct err *err)
{
    int rc = 0;

    for (int cell = 0; rc == 0 && cell < grid_cells(&s->grid); cell++) {
        char *path = sweep_folder_cell(s->path, cell);

        if (access(path, F_OK) == 0) {
            if (!s->entrant)
                rc = take_common(s, path, err);
            if (rc == 0)
                rc = read_cell(s, cell, path, err);
        }
        free(path);
    }
    if (rc == 0 && s->done == 0)
        rc = err_set(err, ERR_NOT_FOUND, "%s: no cell of this sweep is finished yet", s->path);
    return rc;
}

bool sweep_is_there(const char *path)
{
    return folder_has(path, "sweep.json");
}

int sweep_read(struct sweep_record **out, const char *path, struct err *err)
{
    struct sweep_record *s = xcalloc(1, sizeof *s);
    int rc;

    arena_init(&s->arena);
    s->path = xstrdup(path);
    s->is_finished = folder_has(path, "DONE");
    rc = read_plan(s, err);
    if (rc == 0)
        rc = read_cells(s, err);
    *out = s;
    if (rc) {
        sweep_free(s);
        *out = NULL;
    }
    return rc;
}

void sweep_free(struct sweep_record *sweep)
{
    if (!sweep)
        return;
    grid_release(&sweep->grid);
    arena_release(&sweep->arena);
    free(sweep->path);
    free(sweep);
}
