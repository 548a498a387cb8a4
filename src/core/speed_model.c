/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The speed models, each an ops table: how it reads its keys, and its rate under an allocation a.
 *     constant    value
 *     amdahl      1 / (serial + sum over r of parallel_r / a_r)
 *     power       scale * product over r of a_r ^ exponent_r
 *     saturating  peak * product over r of f(a_r / scale_r), f(x) = tanh x, 1 - e^-x or x / (1 + x)
 *     optimus     1 / (a*batch/w + b + c*w/p + d*w + e*p), workers w, servers p (Peng et al.,
 * EuroSys'18, section 3.2, synchronous training) table       measured figures on a grid of levels
 * A resource that a model needs and the allocation lacks makes the rate 0.
 */
#include "core/speed_model.h"

#include <math.h>
#include <stddef.h>

#include "base/err.h"
#include "base/option.h"
#include "base/yaml.h"
#include "core/amounts.h"
#include "core/catalog.h"
#include "core/speed.h"

/* Reads scalar keys of map by the table; OPTION_NODE rows are left to the caller. */
static int read_scalars(const struct yaml_node *map, const struct option_spec *options,
                        struct params *params, struct err *err)
{
    params_init(params, options);
    for (int i = 0; i < map->items; i++) {
        int at = option_find(options, map->key[i]);

        if (at < 0 || options[at].type == OPTION_NODE)
            continue;
        if (params_set(params, map->key[i], map->item[i]->text, err))
            return err_place(err, map->file, map->key_line[i]);
    }
    return 0;
}

static int need_key(const struct yaml_node *map, const char *key, const struct yaml_node **out,
                    struct err *err)
{
    *out = yaml_find(map, key);
    return *out ? 0 : yaml_error(map, err, "speed: missing %s", key);
}

/* constant */

static const struct option_spec constant_options[] = {
    {"value", OPTION_REAL, .low = 0, .high = 1e9, .unit = "progress per second",
     .flags = OPTION_REQUIRED, .help = "speed under any sufficient allocation"},
    {0},
};

static int constant_read(const struct yaml_node *map, const struct catalog *catalog,
                         struct arena *arena, const void **out, struct err *err)
{
    double *value = arena_zalloc(arena, 1, sizeof *value);

    (void)catalog;
    *out = value;
    return yaml_real(yaml_find(map, "value"), "value", 0, 1e9, value, err);
}

static struct rate constant_rate(const void *params, const struct allocation *a)
{
    const double *value = params;

    (void)a;
    return (struct rate){.base = *value};
}

static const struct speed_ops constant_ops = {
    .name = "constant",
    .summary = "the same speed under any sufficient allocation",
    .formula = "value",
    .options = constant_options,
    .read = constant_read,
    .rate = constant_rate,
};

/* amdahl */

struct amdahl {
    double serial_s, parallel_s[MAX_RESOURCES];
    bool given[MAX_RESOURCES];
};

static const struct option_spec amdahl_options[] = {
    {"serial", OPTION_REAL, "0", .low = 0, .high = 1e12, .unit = "s",
     .help = "seconds of work that no resource shortens"},
    {"parallel", OPTION_NODE, .flags = OPTION_REQUIRED,
     .help = "per resource: seconds of work that one unit would need"},
    {0},
};

static int amdahl_read(const struct yaml_node *map, const struct catalog *catalog,
                       struct arena *arena, const void **out, struct err *err)
{
    struct amdahl *m = arena_zalloc(arena, 1, sizeof *m);
    const struct yaml_node *serial = yaml_find(map, "serial");
    int rc = 0;

    *out = m;
    if (serial)
        rc = yaml_real(serial, "serial", 0, 1e12, &m->serial_s, err);
    if (rc == 0)
        rc = amounts_read_real(yaml_find(map, "parallel"), "parallel", catalog, 0, 1e12,
                               m->parallel_s, m->given, err);
    return rc;
}

static struct rate amdahl_rate(const void *params, const struct allocation *a)
{
    const struct amdahl *m = params;
    double seconds = m->serial_s;

    for (int r = 0; r < MAX_RESOURCES; r++)
        if (m->given[r] && m->parallel_s[r] > 0)
            seconds += m->parallel_s[r] / a->amount[r];
    return (struct rate){.base = seconds > 0 ? 1 / seconds : 0};
}

static const struct speed_ops amdahl_ops = {
    .name = "amdahl",
    .summary = "a serial part and, per resource, a part that it divides",
    .formula = "1 / (serial + sum of parallel_r / a_r)",
    .options = amdahl_options,
    .read = amdahl_read,
    .rate = amdahl_rate,
};

/* power */

struct power {
    double scale, exponent[MAX_RESOURCES];
    bool given[MAX_RESOURCES];
};

static const struct option_spec power_options[] = {
    {"scale", OPTION_REAL, "1", .low = 0, .high = 1e9, .unit = "progress per second",
     .help = "speed at one unit of everything"},
    {"exponents", OPTION_NODE, .flags = OPTION_REQUIRED,
     .help = "per resource: the power to which its amount is raised"},
    {0},
};

static int power_read(const struct yaml_node *map, const struct catalog *catalog,
                      struct arena *arena, const void **out, struct err *err)
{
    struct power *m = arena_zalloc(arena, 1, sizeof *m);
    struct params params;
    int rc = read_scalars(map, power_options, &params, err);

    *out = m;
    if (rc == 0) {
        m->scale = params_real(&params, "scale");
        rc = amounts_read_real(yaml_find(map, "exponents"), "exponents", catalog, -10, 10,
                               m->exponent, m->given, err);
    }
    params_release(&params);
    return rc;
}

static struct rate power_rate(const void *params, const struct allocation *a)
{
    const struct power *m = params;
    double speed = m->scale;

    for (int r = 0; r < MAX_RESOURCES; r++) {
        if (!m->given[r])
            continue;
        if (a->amount[r] <= 0)
            return (struct rate){0};
        speed *= m->exponent[r] == 1 ? a->amount[r] : pow(a->amount[r], m->exponent[r]);
    }
    return (struct rate){.base = speed};
}

/* A negative power is largest at the smallest amount; nothing of a resource gives nothing. */
static struct rate power_most(const void *params, const struct allocation *low,
                              const struct allocation *high)
{
    const struct power *m = params;
    struct allocation best = *high;

    for (int r = 0; r < MAX_RESOURCES; r++)
        if (m->given[r] && m->exponent[r] < 0)
            best.amount[r] = low->amount[r] < 1 && high->amount[r] > 0 ? 1 : low->amount[r];
    return power_rate(params, &best);
}

static const struct speed_ops power_ops = {
    .name = "power",
    .summary = "a product of powers of the amounts",
    .formula = "scale * product of a_r ^ exponent_r",
    .options = power_options,
    .read = power_read,
    .rate = power_rate,
    .most = power_most,
};

/* saturating */

enum saturation { FORM_TANH, FORM_EXP, FORM_HYPERBOLIC };

struct saturating {
    double peak, scale[MAX_RESOURCES];
    bool given[MAX_RESOURCES];
    enum saturation form;
};

static const struct option_spec saturating_options[] = {
    {"form", OPTION_CHOICE, "tanh", .choices = "tanh|exp|hyperbolic",
     .help = "f(x) = tanh x, 1 - e^-x, or x / (1 + x)"},
    {"peak", OPTION_REAL, "1", .low = 0, .high = 1e9, .unit = "progress per second",
     .help = "speed that it approaches"},
    {"scales", OPTION_NODE, .flags = OPTION_REQUIRED,
     .help = "per resource: the amount at which x is 1"},
    {0},
};

static int saturating_read(const struct yaml_node *map, const struct catalog *catalog,
                           struct arena *arena, const void **out, struct err *err)
{
    struct saturating *m = arena_zalloc(arena, 1, sizeof *m);
    struct params params;
    int rc = read_scalars(map, saturating_options, &params, err);

    *out = m;
    if (rc == 0) {
        m->peak = params_real(&params, "peak");
        m->form = (enum saturation)params_choice(&params, "form");
        rc = amounts_read_real(yaml_find(map, "scales"), "scales", catalog, 1e-6, 1e9, m->scale,
                               m->given, err);
    }
    params_release(&params);
    return rc;
}

static double saturation(enum saturation form, double x)
{
    switch (form) {
    case FORM_TANH:
        return tanh(x);
    case FORM_EXP:
        return -expm1(-x);
    case FORM_HYPERBOLIC:
        return x / (1 + x);
    }
    return 0;
}

static struct rate saturating_rate(const void *params, const struct allocation *a)
{
    const struct saturating *m = params;
    double speed = m->peak;

    for (int r = 0; r < MAX_RESOURCES; r++)
        if (m->given[r])
            speed *= saturation(m->form, a->amount[r] / m->scale[r]);
    return (struct rate){.base = speed};
}

static const struct speed_ops saturating_ops = {
    .name = "saturating",
    .summary = "each resource helps less the more there is of it",
    .formula = "peak * product of f(a_r / scale_r)",
    .options = saturating_options,
    .read = saturating_read,
    .rate = saturating_rate,
};

/* optimus */

struct optimus {
    double a, b, c, d, e, batch;
    int workers, servers;
};

static const struct option_spec optimus_options[] = {
    {"workers", OPTION_STRING, .choices = "resource", .flags = OPTION_REQUIRED,
     .help = "the resource that counts as workers (w)"},
    {"servers", OPTION_STRING, .choices = "resource", .flags = OPTION_REQUIRED,
     .help = "the resource that counts as parameter servers (p)"},
    {"batch", OPTION_REAL, "1", .low = 0, .high = 1e9, .help = "global batch size"},
    {"a", OPTION_REAL, "0", .low = 0, .high = 1e12, .unit = "s", .help = "times batch/w"},
    {"b", OPTION_REAL, "0", .low = 0, .high = 1e12, .unit = "s", .help = "fixed part"},
    {"c", OPTION_REAL, "0", .low = 0, .high = 1e12, .unit = "s", .help = "times w/p"},
    {"d", OPTION_REAL, "0", .low = 0, .high = 1e12, .unit = "s", .help = "times w"},
    {"e", OPTION_REAL, "0", .low = 0, .high = 1e12, .unit = "s", .help = "times p"},
    {0},
};

static int optimus_read(const struct yaml_node *map, const struct catalog *catalog,
                        struct arena *arena, const void **out, struct err *err)
{
    struct optimus *m = arena_zalloc(arena, 1, sizeof *m);
    struct params params;
    int rc = read_scalars(map, optimus_options, &params, err);

    *out = m;
    if (rc == 0) {
        m->a = params_real(&params, "a");
        m->b = params_real(&params, "b");
        m->c = params_real(&params, "c");
        m->d = params_real(&params, "d");
        m->e = params_real(&params, "e");
        m->batch = params_real(&params, "batch");
        rc = amounts_find_resource(map, "workers", params_string(&params, "workers"), catalog,
                                   &m->workers, err);
    }
    if (rc == 0)
        rc = amounts_find_resource(map, "servers", params_string(&params, "servers"), catalog,
                                   &m->servers, err);
    params_release(&params);
    return rc;
}

static struct rate optimus_rate(const void *params, const struct allocation *a)
{
    const struct optimus *m = params;
    double w = a->amount[m->workers], p = a->amount[m->servers], seconds;

    if (w <= 0 || p <= 0)
        return (struct rate){0};
    seconds = m->a * m->batch / w + m->b + m->c * w / p + m->d * w + m->e * p;
    return (struct rate){.base = seconds > 0 ? 1 / seconds : 0};
}

/* Every term at its least. */
static struct rate optimus_most(const void *params, const struct allocation *low,
                                const struct allocation *high)
{
    const struct optimus *m = params;
    double w = high->amount[m->workers], p = high->amount[m->servers], seconds;
    double least_w = fmax(low->amount[m->workers], 1), least_p = fmax(low->amount[m->servers], 1);

    if (w <= 0 || p <= 0)
        return (struct rate){0};
    seconds = m->a * m->batch / w + m->b + m->c * least_w / p + m->d * least_w + m->e * least_p;
    return (struct rate){.base = seconds > 0 ? 1 / seconds : 0};
}

static const struct speed_ops optimus_ops = {
    .name = "optimus",
    .summary = "workers and parameter servers in synchronous training",
    .formula = "1 / (a*batch/w + b + c*w/p + d*w + e*p)",
    .options = optimus_options,
    .read = optimus_read,
    .rate = optimus_rate,
    .most = optimus_most,
};

/* table */

enum { TABLE_CELLS = 1 << 20, TABLE_LEVELS = 4096 };

static const struct option_spec table_options[] = {
    {"grid", OPTION_NODE, .flags = OPTION_REQUIRED,
     .help = "per resource: the levels that were measured, ascending"},
    {"speeds", OPTION_NODE, .help = "progress per second, nested lists in the order of the grid"},
    {"seconds", OPTION_NODE, .help = "or: seconds of a whole run, likewise"},
    {"bends", OPTION_NODE, .help = "for the level curve: the exponents, likewise"},
    {"overhead", OPTION_REAL, "0", .low = 0, .high = 1e9, .unit = "s",
     .help = "added to every entry of seconds"},
    {"between", OPTION_CHOICE, "lower", .choices = "lower|linear",
     .help = "between two levels: the lower one counts, or both by their distance"},
    {0},
};

static int read_axis(const struct yaml_node *list, const char *name, struct arena *arena,
                     struct speed_table *table, struct err *err)
{
    int rc = yaml_need_kind(list, YAML_LIST, name, err);
    int32_t *level;

    if (rc)
        return rc;
    if (list->items == 0 || list->items > TABLE_LEVELS)
        return yaml_error(list, err, "%s: expected 1 to %d levels", name, TABLE_LEVELS);
    level = arena_zalloc(arena, (size_t)list->items, sizeof *level);
    for (int i = 0; rc == 0 && i < list->items; i++) {
        int64_t value = 0;

        rc = yaml_int(list->item[i], name, 0, MAX_QUANTITY, &value, err);
        level[i] = (int32_t)value;
        if (rc == 0 && i > 0 && level[i] <= level[i - 1])
            rc = yaml_error(list->item[i], err, "%s: levels must ascend", name);
    }
    table->level[table->axes] = level;
    table->levels[table->axes++] = list->items;
    return rc;
}

static int read_grid(const struct yaml_node *grid, const struct catalog *catalog,
                     struct arena *arena, struct speed_table *table, struct err *err)
{
    int64_t cells = 1;
    int rc = yaml_need_kind(grid, YAML_MAP, "grid", err);

    if (rc == 0 && grid->items == 0)
        rc = yaml_error(grid, err, "grid: expected at least one resource");
    for (int i = 0; rc == 0 && i < grid->items; i++) {
        rc = amounts_find_resource(grid->item[i], "grid", grid->key[i], catalog,
                                   &table->resource[i], err);
        if (rc == 0)
            rc = read_axis(grid->item[i], grid->key[i], arena, table, err);
        if (rc == 0)
            cells *= table->levels[i];
        if (cells > TABLE_CELLS)
            rc = yaml_error(grid, err, "grid: more than %d cells", TABLE_CELLS);
    }
    return rc;
}

struct cell_reader {
    const struct speed_table *table;
    double *out;
    int next;
};

/* Nested lists, one level of nesting per axis. */
static int read_cells(struct cell_reader *reader, const struct yaml_node *list, const char *what,
                      int axis, struct err *err)
{
    int wanted = reader->table->levels[axis];
    int rc = yaml_need_kind(list, YAML_LIST, what, err);

    if (rc == 0 && list->items != wanted)
        rc = yaml_error(list, err, "%s: expected %d entries, one per level of the grid, not %d",
                        what, wanted, list->items);
    for (int i = 0; rc == 0 && i < wanted; i++) {
        if (axis + 1 < reader->table->axes)
            rc = read_cells(reader, list->item[i], what, axis + 1, err);
        else
            rc = yaml_real(list->item[i], what, 0, 1e12, &reader->out[reader->next++], err);
    }
    return rc;
}

static int read_values(const struct yaml_node *map, const char *key,
                       const struct speed_table *table, struct arena *arena, double **out,
                       struct err *err)
{
    const struct yaml_node *list = yaml_find(map, key);
    struct cell_reader reader = {.table = table};
    size_t cells = 1;

    *out = NULL;
    if (!list)
        return 0;
    for (int i = 0; i < table->axes; i++)
        cells *= (size_t)table->levels[i];
    *out = reader.out = arena_zalloc(arena, cells, sizeof *reader.out);
    return read_cells(&reader, list, key, 0, err);
}

static const struct rate *make_cells(const struct speed_table *table, const double *speeds,
                                     const double *seconds, const double *bends, double overhead_s,
                                     struct arena *arena)
{
    struct rate *cell;
    size_t cells = 1;

    for (int i = 0; i < table->axes; i++)
        cells *= (size_t)table->levels[i];
    cell = arena_zalloc(arena, cells, sizeof *cell);
    for (size_t i = 0; i < cells; i++) {
        if (speeds)
            cell[i].base = speeds[i];
        else if (seconds[i] + overhead_s > 0)
            cell[i].base = 1 / (seconds[i] + overhead_s);
        cell[i].bend = bends ? bends[i] : 1;
    }
    return cell;
}

static int table_read(const struct yaml_node *map, const struct catalog *catalog,
                      struct arena *arena, const void **out, struct err *err)
{
    struct speed_table *table = arena_zalloc(arena, 1, sizeof *table);
    double *speeds = NULL, *seconds = NULL, *bends = NULL;
    const struct yaml_node *grid;
    struct params params;
    int rc = read_scalars(map, table_options, &params, err);

    *out = table;
    if (rc == 0)
        rc = need_key(map, "grid", &grid, err);
    if (rc == 0)
        rc = read_grid(grid, catalog, arena, table, err);
    if (rc == 0)
        rc = read_values(map, "speeds", table, arena, &speeds, err);
    if (rc == 0)
        rc = read_values(map, "seconds", table, arena, &seconds, err);
    if (rc == 0)
        rc = read_values(map, "bends", table, arena, &bends, err);
    if (rc == 0 && !speeds == !seconds)
        rc = yaml_error(map, err, "speed: expected either speeds or seconds");
    if (rc == 0) {
        table->interpolate = params_choice(&params, "between") == 1;
        table->cell =
            make_cells(table, speeds, seconds, bends, params_real(&params, "overhead"), arena);
    }
    params_release(&params);
    return rc;
}

/* The last level that is not above the amount, or -1. */
static int find_level(const struct speed_table *table, int axis, int32_t amount)
{
    const int32_t *level = table->level[axis];
    int low = 0, high = table->levels[axis];

    if (amount >= level[0] && amount - level[0] < high && level[amount - level[0]] == amount)
        return amount - level[0];
    while (low < high) {
        int middle = (low + high) / 2;

        if (level[middle] <= amount)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

/* Multilinear: the weighted sum over the corners of the cell that holds the amounts. */
static struct rate interpolate(const struct speed_table *table, const int *index,
                               const double *weight)
{
    struct rate sum = {0};

    for (unsigned corner = 0; corner < 1u << table->axes; corner++) {
        double share = 1;
        size_t at = 0;

        for (int i = 0; i < table->axes; i++) {
            unsigned upper = corner >> i & 1;

            share *= upper ? weight[i] : 1 - weight[i];
            at = at * (size_t)table->levels[i] + (size_t)index[i] +
                 (upper && index[i] + 1 < table->levels[i]);
        }
        sum.base += share * table->cell[at].base;
        sum.bend += share * table->cell[at].bend;
    }
    return sum;
}

static struct rate table_rate(const void *params, const struct allocation *a)
{
    const struct speed_table *table = params;
    double weight[MAX_RESOURCES] = {0};
    int index[MAX_RESOURCES];
    size_t at = 0;

    for (int i = 0; i < table->axes; i++) {
        const int32_t *level = table->level[i];
        int32_t amount = a->amount[table->resource[i]];
        int k = find_level(table, i, amount);

        if (k < 0)
            return (struct rate){0};
        index[i] = k;
        if (k + 1 < table->levels[i])
            weight[i] = (double)(amount - level[k]) / (level[k + 1] - level[k]);
        at = at * (size_t)table->levels[i] + (size_t)k;
    }
    return table->interpolate ? interpolate(table, index, weight) : table->cell[at];
}

/* The largest entries of all cells that the box touches, the next levels above it included. A speed
 * of the level curve grows with its base and with its bend. */
static struct rate table_most(const void *params, const struct allocation *low,
                              const struct allocation *high)
{
    const struct speed_table *table = params;
    int first[MAX_RESOURCES] = {0}, last[MAX_RESOURCES] = {0}, at[MAX_RESOURCES] = {0}, axis = 0;
    struct rate most = {0};

    for (int i = 0; i < table->axes; i++) {
        first[i] = find_level(table, i, low->amount[table->resource[i]]);
        last[i] = find_level(table, i, high->amount[table->resource[i]]);
        if (last[i] < 0)
            return most;
        first[i] = first[i] < 0 ? 0 : first[i];
        last[i] += last[i] + 1 < table->levels[i];
        at[i] = first[i];
    }
    while (axis >= 0) {
        size_t cell = 0;

        for (int i = 0; i < table->axes; i++)
            cell = cell * (size_t)table->levels[i] + (size_t)at[i];
        most.base = fmax(most.base, table->cell[cell].base);
        most.bend = fmax(most.bend, table->cell[cell].bend);
        for (axis = table->axes - 1; axis >= 0 && at[axis] == last[axis]; axis--)
            at[axis] = first[axis];
        if (axis >= 0)
            at[axis]++;
    }
    return most;
}

static const struct speed_ops table_ops = {
    .name = "table",
    .summary = "measured figures on a grid of levels; above the grid its last level counts",
    .formula = "the grid's entry",
    .options = table_options,
    .read = table_read,
    .rate = table_rate,
    .most = table_most,
};

struct speed_model speed_from_table(const struct speed_table *table, enum speed_curve curve)
{
    struct speed_model model = {.ops = &table_ops, .params = table};

    speed_set_curve(&model, curve, 1);
    return model;
}

const struct speed_ops *const speed_models[] = {
#define X(name) &name##_ops,
    SPEED_MODEL_LIST(X)
#undef X
        NULL,
};
