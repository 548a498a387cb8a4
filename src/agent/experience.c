/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/experience.h"

#include <math.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "core/catalog.h"
#include "core/estimator.h"

/* As often as this at most the estimator is told of one allocation: enough to be believed. */
enum { TOLD_AT_MOST = 4 };

void experience_release(struct experience *e)
{
    for (size_t i = 0; i < e->types.count; i++) {
        free(e->types.item[i].name);
        vector_release(&e->types.item[i].cells);
    }
    for (int r = 0; r < e->resources; r++)
        free(e->resource[r]);
    vector_release(&e->types);
    *e = (struct experience){0};
}

static void name_resources(struct experience *e, const struct catalog *catalog)
{
    if (e->resources > 0)
        return;
    e->resources = catalog->resources;
    for (int r = 0; r < e->resources; r++)
        e->resource[r] = xstrdup(catalog->resource[r].name);
}

static bool same_resources(const struct experience *e, const struct catalog *catalog)
{
    bool same = e->resources == catalog->resources;

    for (int r = 0; same && r < e->resources; r++)
        same = strcmp(e->resource[r], catalog->resource[r].name) == 0;
    return same;
}

static struct experience_type *find_type(const struct experience *e, const char *name)
{
    for (size_t i = 0; i < e->types.count; i++)
        if (strcmp(e->types.item[i].name, name) == 0)
            return &e->types.item[i];
    return NULL;
}

static struct experience_type *need_type(struct experience *e, const char *name)
{
    struct experience_type *type = find_type(e, name);

    if (type)
        return type;
    vector_push(&e->types, (struct experience_type){.name = xstrdup(name)});
    return vector_last(&e->types);
}

void experience_note(struct experience *e, const struct catalog *catalog, int32_t type,
                     const struct allocation *amount, double seconds)
{
    struct experience_type *known;

    name_resources(e, catalog);
    if (!same_resources(e, catalog))
        return;
    known = need_type(e, catalog->type[type].name);
    for (size_t i = 0; i < known->cells.count; i++) {
        struct experience_cell *cell = &known->cells.item[i];

        if (allocation_equal(&cell->amount, amount)) {
            double off_s = seconds - cell->seconds;

            cell->seconds += off_s / ++cell->count;
            cell->variance += (off_s * (seconds - cell->seconds) - cell->variance) / cell->count;
            return;
        }
    }
    if (known->cells.count < EXPERIENCE_CELLS)
        vector_push(&known->cells, ((struct experience_cell){*amount, seconds, 0, 1}));
}

void experience_emit(const struct experience *e, struct emit *json)
{
    emit_open(json, '{');
    emit_key(json, "resources");
    emit_open(json, '[');
    for (int r = 0; r < e->resources; r++)
        emit_string(json, e->resource[r]);
    emit_close(json);
    emit_key(json, "types");
    emit_open(json, '{');
    for (size_t i = 0; i < e->types.count; i++) {
        const struct experience_type *type = &e->types.item[i];

        emit_key(json, type->name);
        emit_open(json, '[');
        for (size_t k = 0; k < type->cells.count; k++) {
            emit_open(json, '[');
            for (int r = 0; r < e->resources; r++)
                emit_int(json, type->cells.item[k].amount.amount[r]);
            emit_real(json, type->cells.item[k].seconds);
            emit_real(json, type->cells.item[k].variance);
            emit_int(json, type->cells.item[k].count);
            emit_close(json);
        }
        emit_close(json);
    }
    emit_close(json);
    emit_close(json);
}

static int read_cell(struct experience *e, struct experience_type *type,
                     const struct yaml_node *node, struct err *err)
{
    struct experience_cell cell = {.count = 0};
    int64_t value;
    int rc = yaml_need_kind(node, YAML_LIST, "experience", err);

    if (rc == 0 && node->items != e->resources + 3)
        rc = yaml_error(node, err, "experience: expected %d numbers", e->resources + 3);
    for (int r = 0; rc == 0 && r < e->resources; r++) {
        rc = yaml_int(node->item[r], "experience", 0, MAX_QUANTITY, &value, err);
        cell.amount.amount[r] = rc == 0 ? (int32_t)value : 0;
    }
    if (rc == 0)
        rc = yaml_real(node->item[e->resources], "experience", 0, 1e12, &cell.seconds, err);
    if (rc == 0)
        rc = yaml_real(node->item[e->resources + 1], "experience", 0, 1e24, &cell.variance, err);
    if (rc == 0)
        rc = yaml_int(node->item[e->resources + 2], "experience", 1, INT32_MAX, &value, err);
    if (rc)
        return rc;
    cell.count = (int32_t)value;
    vector_push(&type->cells, cell);
    return 0;
}

static int read_types(struct experience *e, const struct yaml_node *map, struct err *err)
{
    int rc = yaml_need_kind(map, YAML_MAP, "experience.types", err);

    for (int i = 0; rc == 0 && i < map->items; i++) {
        const struct yaml_node *list = map->item[i];
        struct experience_type *type = need_type(e, map->key[i]);

        rc = yaml_need_kind(list, YAML_LIST, "experience.types", err);
        if (rc == 0 && list->items > EXPERIENCE_CELLS)
            rc = yaml_error(list, err, "experience: more than %d allocations", EXPERIENCE_CELLS);
        for (int k = 0; rc == 0 && k < list->items; k++)
            rc = read_cell(e, type, list->item[k], err);
    }
    return rc;
}

int experience_read(struct experience *e, const struct yaml_node *node, struct err *err)
{
    const struct yaml_node *names, *types;
    int rc;

    *e = (struct experience){0};
    if (!node)
        return 0;
    rc = yaml_need_kind(node, YAML_MAP, "experience", err);
    if (rc)
        return rc;
    names = yaml_find(node, "resources");
    types = yaml_find(node, "types");
    if (!names || !types || names->kind != YAML_LIST || names->items > MAX_RESOURCES)
        return yaml_error(node, err, "experience: expected resources and types");
    for (int r = 0; rc == 0 && r < names->items; r++) {
        const char *name;

        rc = yaml_string(names->item[r], "experience.resources", &name, err);
        if (rc == 0)
            e->resource[e->resources++] = xstrdup(name);
    }
    if (rc == 0)
        rc = read_types(e, types, err);
    if (rc)
        experience_release(e);
    return rc;
}

/*
 * The estimator. A remembered mean is drawn towards what the fit of all cells says, the more the
 * fewer runs stand behind it: with sigma^2 the variance of single runs and tau^2 that of what the
 * fit misses, a mean of n runs has the weight tau^2 / (tau^2 + sigma^2 / n) (empirical Bayes).
 */

enum { BUCKETS = 1024 };

struct remembered {
    struct allocation amount;
    double seconds;
    int32_t type, next; /* in its bucket, or -1 */
};

struct memory {
    struct estimator inner;
    bool *knows; /* by type */
    VECTOR(struct remembered) cells;
    int32_t bucket[BUCKETS];
};

static uint32_t bucket_of(int32_t type, const struct allocation *a)
{
    uint64_t hash = (uint64_t)type;

    for (int r = 0; r < MAX_RESOURCES; r++)
        hash = (hash ^ (uint64_t)a->amount[r]) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32) % BUCKETS;
}

static const struct remembered *find_cell(const struct memory *m, int32_t type,
                                          const struct allocation *a)
{
    int32_t at = m->knows[type] ? m->bucket[bucket_of(type, a)] : -1;

    while (at >= 0 &&
           (m->cells.item[at].type != type || !allocation_equal(&m->cells.item[at].amount, a)))
        at = m->cells.item[at].next;
    return at >= 0 ? &m->cells.item[at] : NULL;
}

static double memory_speed(const void *state, int32_t type, const struct allocation *a,
                           double progress)
{
    const struct memory *m = state;

    return estimator_speed(&m->inner, type, a, progress);
}

/* In the middle of a run the fit says what part of it is left. */
static double memory_seconds(const void *state, int32_t type, const struct allocation *a,
                             double from)
{
    const struct memory *m = state;
    const struct remembered *cell = find_cell(m, type, a);
    double all_s, left_s;

    if (!cell)
        return estimator_seconds(&m->inner, type, a, from);
    if (from <= 0)
        return cell->seconds;
    all_s = estimator_seconds(&m->inner, type, a, 0);
    left_s = estimator_seconds(&m->inner, type, a, from);
    return all_s > 0 && all_s < HUGE_VAL ? cell->seconds * left_s / all_s : left_s;
}

static double memory_sample(const void *state, int32_t type, const struct allocation *a,
                            double progress, uint64_t draw)
{
    const struct memory *m = state;

    return estimator_sample(&m->inner, type, a, progress, draw);
}

/* What is remembered does not change. */
static int32_t memory_version(const void *state, int32_t type)
{
    const struct memory *m = state;

    return m->knows[type] ? 0 : estimator_version(&m->inner, type);
}

static void memory_release(void *state)
{
    struct memory *m = state;

    vector_release(&m->cells);
    free(m->knows);
    free(m);
}

static const struct estimator_ops memory_ops = {
    .name = "experience",
    .summary = "what a model remembers of known types, before what is seen in the run",
    .info = INFO_PROGRESS,
    .speed = memory_speed,
    .seconds = memory_seconds,
    .sample = memory_sample,
    .version = memory_version,
    .release = memory_release,
};

bool experience_suits(const struct estimator *inner)
{
    return strcmp(inner->ops->name, "online") == 0;
}

static void tell(const struct experience_type *known, int32_t type, const struct estimator *inner)
{
    struct estimator told = *inner;

    for (size_t k = 0; k < known->cells.count; k++)
        for (int n = 0; n < known->cells.item[k].count && n < TOLD_AT_MOST; n++)
            estimator_learn(&told, type, &known->cells.item[k].amount, 0, 1,
                            known->cells.item[k].seconds);
}

/* sigma^2 and tau^2 over a type's cells, relative to the square of the fit. */
static void find_variances(const struct experience_type *known, int32_t type,
                           const struct estimator *inner, double *single, double *missed)
{
    double squares = 0, weights = 0, misses = 0;

    for (size_t k = 0; k < known->cells.count; k++) {
        const struct experience_cell *cell = &known->cells.item[k];
        double fit_s = estimator_seconds(inner, type, &cell->amount, 0);

        squares += (cell->count - 1) * cell->variance / (fit_s * fit_s);
        weights += cell->count - 1;
    }
    *single = weights > 0 ? squares / weights : 0;
    for (size_t k = 0; k < known->cells.count; k++) {
        const struct experience_cell *cell = &known->cells.item[k];
        double off = cell->seconds / estimator_seconds(inner, type, &cell->amount, 0) - 1;

        misses += off * off - *single / cell->count;
    }
    *missed = fmax(0, misses / (double)known->cells.count);
}

static void remember_type(struct memory *m, const struct experience_type *known, int32_t type)
{
    double single, missed;

    find_variances(known, type, &m->inner, &single, &missed);
    m->knows[type] = true;
    for (size_t k = 0; k < known->cells.count; k++) {
        const struct experience_cell *cell = &known->cells.item[k];
        double fit_s = estimator_seconds(&m->inner, type, &cell->amount, 0);
        double noise = single / cell->count, weight = noise > 0 ? missed / (missed + noise) : 1;
        uint32_t bucket = bucket_of(type, &cell->amount);

        vector_push(&m->cells, ((struct remembered){
                                   .amount = cell->amount,
                                   .seconds = weight * cell->seconds + (1 - weight) * fit_s,
                                   .type = type,
                                   .next = m->bucket[bucket],
                               }));
        m->bucket[bucket] = (int32_t)m->cells.count - 1;
    }
}

void experience_estimator_open(struct estimator *out, const struct experience *e,
                               const struct catalog *catalog, const struct estimator *inner)
{
    struct memory *m = xcalloc(1, sizeof *m);

    BUG_ON(!experience_suits(inner));
    m->inner = *inner;
    m->knows = xcalloc((size_t)catalog->types, sizeof *m->knows);
    for (int i = 0; i < BUCKETS; i++)
        m->bucket[i] = -1;
    *out = (struct estimator){&memory_ops, m};
    if (!same_resources(e, catalog))
        return;
    for (int32_t i = 0; i < catalog->types; i++) {
        const struct experience_type *known = find_type(e, catalog->type[i].name);

        if (!known || known->cells.count == 0)
            continue;
        tell(known, i, inner);
        remember_type(m, known, i);
    }
}
