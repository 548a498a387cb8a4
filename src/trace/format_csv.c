/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any table of jobs, one per row. Which column holds what is said by a mapping in YAML, or guessed
 * from the names that such columns commonly have:
 *
 *     separator: ","                         # "tab", "space", or any character
 *     header: true                           # false: columns go by their number, from 1
 *     time: {column: submit, unit: ms}       # s, ms, us, min, h, d, or date
 *     duration: {column: runtime, unit: s}   # or end: {column: ..., unit: ...}, taken less the
 * start start: {column: started}               # default: the time work: {column: steps} # in units
 * of the type type: model demand: {cpu: {column: cores, scale: 0.001}, gpu: num_gpu} units: {cpu:
 * cores, gpu: GPUs} keep: {column: status, values: [Pass]} # other rows never ran limits: rigid #
 * at-most, free
 *
 * A plain word in place of a map is the column. Without a demand a job asks for one cpu.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "trace/calendar.h"
#include "trace/format.h"

enum what { TIME, DURATION, END, START, WORK, TYPE, KEEP, WHATS };

struct source_column {
    const char *name; /* NULL: not there */
    int index;
    double scale; /* 0: a date */
};

struct mapping {
    struct yaml_document document;
    struct source_column column[WHATS], demand[MAX_RESOURCES];
    int resources; /* with a demand: the first so many of the trace */
    int cpu;       /* what a job asks for if there are none */
    char separator;
    bool header, has_values;
    const struct yaml_node *values;
    enum trace_limits limits;
};

static const char *const whats[WHATS] = {"time", "duration", "end", "start",
                                         "work", "type",     "keep"};

/* Reading the mapping */

static int read_unit(const struct yaml_node *node, double *scale, struct err *err)
{
    static const struct {
        const char *name;
        double scale;
    } units[] = {{"s", 1},    {"ms", 1e-3}, {"us", 1e-6}, {"min", 60},
                 {"h", 3600}, {"d", 86400}, {"date", 0}};

    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (node->kind == YAML_SCALAR && strcmp(node->text, units[i].name) == 0) {
            *scale = units[i].scale;
            return 0;
        }
    return yaml_error(node, err, "unit: expected s, ms, us, min, h, d or date");
}

static int read_column(const struct yaml_node *node, const char *what, struct source_column *out,
                       struct err *err)
{
    const struct yaml_node *column = node, *scale, *unit;
    int rc;

    out->scale = 1;
    out->index = -1;
    if (node->kind == YAML_MAP) {
        for (int i = 0; i < node->items; i++)
            if (strcmp(node->key[i], "column") != 0 && strcmp(node->key[i], "scale") != 0 &&
                strcmp(node->key[i], "unit") != 0 && strcmp(node->key[i], "values") != 0)
                return yaml_error(
                    node, err, "%s: unknown key \"%.40s\"; known are column, unit, scale, values",
                    what, node->key[i]);
        column = yaml_find(node, "column");
        scale = yaml_find(node, "scale");
        unit = yaml_find(node, "unit");
        if (!column)
            return yaml_error(node, err, "%s: missing column", what);
        rc = unit ? read_unit(unit, &out->scale, err) : 0;
        if (rc == 0 && scale)
            rc = yaml_real(scale, "scale", 1e-12, 1e12, &out->scale, err);
        if (rc)
            return rc;
    }
    return yaml_string(column, what, &out->name, err);
}

static int read_demand(struct mapping *m, struct trace *trace, const struct yaml_node *root,
                       struct err *err)
{
    const struct yaml_node *map = yaml_find(root, "demand"), *units = yaml_find(root, "units");
    int rc = yaml_need_kind(map, YAML_MAP, "demand", err);

    if (rc == 0 && map->items > MAX_RESOURCES)
        rc = yaml_error(map, err, "demand: more than %d resources", MAX_RESOURCES);
    for (int i = 0; rc == 0 && i < map->items; i++) {
        const struct yaml_node *unit = yaml_find(units, map->key[i]);
        int r = trace_resource(trace, trace_clean_name(map->key[i]).text,
                               unit && unit->kind == YAML_SCALAR ? unit->text : "");

        if (r < 0)
            return yaml_error(map, err, "demand: more than %d resources", MAX_RESOURCES);
        rc = read_column(map->item[i], "demand", &m->demand[r], err);
        if (r >= m->resources)
            m->resources = r + 1;
    }
    return rc;
}

static int read_separator(struct mapping *m, const struct yaml_node *node, struct err *err)
{
    if (node->kind != YAML_SCALAR)
        return yaml_error(node, err, "separator: expected one character, tab or space");
    if (strcmp(node->text, "tab") == 0)
        m->separator = '\t';
    else if (strcmp(node->text, "space") == 0)
        m->separator = ' ';
    else if (strlen(node->text) == 1 && node->text[0] != '"')
        m->separator = node->text[0];
    else
        return yaml_error(node, err, "separator: expected one character, tab or space");
    return 0;
}

static int read_word(const struct yaml_node *node, const char *what, const char *words, int *out,
                     struct err *err)
{
    struct params params;
    struct option_spec spec[] = {
        {.name = what, .type = OPTION_CHOICE, .choices = words, .help = ""}, {0}};
    int rc = yaml_need_kind(node, YAML_SCALAR, what, err);

    if (rc)
        return rc;
    params_init(&params, spec);
    rc = params_set(&params, what, node->text, err);
    if (rc)
        err_place(err, node->file, node->line);
    else
        *out = params_choice(&params, what);
    params_release(&params);
    return rc;
}

static int read_key(struct mapping *m, struct trace *trace, const struct yaml_node *root, int i,
                    struct err *err)
{
    const char *key = root->key[i];
    const struct yaml_node *item = root->item[i];
    int choice = 0, rc;

    for (int w = 0; w < WHATS; w++)
        if (strcmp(key, whats[w]) == 0)
            return read_column(item, key, &m->column[w], err);
    if (strcmp(key, "separator") == 0)
        return read_separator(m, item, err);
    if (strcmp(key, "demand") == 0)
        return read_demand(m, trace, root, err);
    if (strcmp(key, "units") == 0)
        return yaml_need_kind(item, YAML_MAP, key, err);
    if (strcmp(key, "header") == 0) {
        rc = read_word(item, key, "false|true", &choice, err);
        m->header = choice == 1;
        return rc;
    }
    if (strcmp(key, "limits") == 0) {
        rc = read_word(item, key, "rigid|at-most|free", &choice, err);
        m->limits = (enum trace_limits)choice;
        return rc;
    }
    return yaml_error(root, err,
                      "unknown key \"%.40s\"; known are separator, header, time, duration, end, "
                      "start, work, type, demand, units, keep, limits",
                      key);
}

static int read_mapping(struct mapping *m, struct trace *trace, const char *path, struct err *err)
{
    const struct yaml_node *root, *keep;
    int rc = yaml_open(&m->document, path, err);

    if (rc)
        return rc;
    root = m->document.root;
    if (!root)
        return err_set(err, ERR_INVALID, "%s: empty; expected a mapping of columns", path);
    rc = yaml_need_kind(root, YAML_MAP, "mapping", err);
    for (int i = 0; rc == 0 && i < root->items; i++)
        rc = read_key(m, trace, root, i, err);
    if (rc == 0 && !m->column[TIME].name)
        rc = yaml_error(root, err, "missing time: the column of the submit time");
    keep = yaml_find(root, "keep");
    if (rc == 0 && keep) {
        m->values = yaml_find(keep, "values");
        rc = m->values ? yaml_need_kind(m->values, YAML_LIST, "values", err)
                       : yaml_error(keep, err, "keep: missing values");
    }
    return rc;
}

/* Guessing */

static const char *guess(const struct csv *csv, const char *const *name)
{
    for (int i = 0; name[i]; i++)
        if (csv_column(csv, name[i]) >= 0)
            return name[i];
    return NULL;
}

static void guess_mapping(struct mapping *m, struct trace *trace, const struct csv *csv)
{
    static const char *const names[WHATS][9] = {
        [TIME] = {"at", "submit_time", "submission_time", "time", "timestamp", "arrival",
                  "arrival_time", "creation_time", NULL},
        [DURATION] = {"duration", "duration_s", "runtime", "run_time", "seconds", NULL},
        [WORK] = {"work", "iterations", NULL},
        [TYPE] = {"type", "application", "model", "model_name", "job_type", NULL},
    };
    static const char *const gpus[] = {"gpus", "num_gpu", "num_gpus", "gpu", "num_replicas", NULL};
    static const char *const cpus[] = {"cpus", "num_cpu", "num_cpus", "cpu", "cores", NULL};
    const char *cpu = guess(csv, cpus), *gpu = guess(csv, gpus);

    for (int w = 0; w < WHATS; w++)
        m->column[w] = (struct source_column){guess(csv, names[w]), -1, 1};
    if (m->column[DURATION].name)
        m->column[WORK].name = NULL;
    if (cpu)
        m->demand[trace_resource(trace, "cpu", "cores")] = (struct source_column){cpu, -1, 1};
    if (gpu)
        m->demand[trace_resource(trace, "gpu", "GPUs")] = (struct source_column){gpu, -1, 1};
    m->resources = cpu || gpu ? trace->resources : 0;
}

/* Reading rows */

static int find_index(const struct trace_reader *reader, const struct mapping *m,
                      struct source_column *column, struct err *err)
{
    double number;

    column->index = -1;
    if (!column->name)
        return 0;
    if (m->header)
        column->index = csv_column(&reader->csv, column->name);
    else if (text_number(column->name, &number) && number >= 1 && number <= CSV_MOST_FIELDS)
        column->index = (int)number - 1;
    if (column->index < 0)
        return reader_error(reader, err, "there is no column \"%.60s\"", column->name);
    return 0;
}

static int find_columns(struct trace_reader *reader, struct mapping *m, struct err *err)
{
    int rc = 0;

    for (int w = 0; rc == 0 && w < WHATS; w++)
        rc = find_index(reader, m, &m->column[w], err);
    for (int r = 0; rc == 0 && r < m->resources; r++)
        rc = find_index(reader, m, &m->demand[r], err);
    return rc;
}

/* An empty field leaves *out as it is. */
static bool read_amount(const struct csv *csv, const struct source_column *column, double *out)
{
    const char *text;

    if (column->index < 0)
        return true;
    if (column->index >= csv->fields)
        return false;
    text = csv->field[column->index];
    if (*text == '\0')
        return true;
    if (column->scale == 0)
        return calendar_seconds(text, out);
    if (!text_number(text, out))
        return false;
    *out = column->scale == 1e-3 ? *out / 1000 : *out * column->scale;
    return true;
}

static bool is_kept(const struct mapping *m, const struct csv *csv)
{
    const char *text = csv_text(csv, m->column[KEEP].index);

    for (int i = 0; m->values && i < m->values->items; i++)
        if (m->values->item[i]->kind == YAML_SCALAR && strcmp(m->values->item[i]->text, text) == 0)
            return true;
    return m->column[KEEP].index < 0;
}

static bool read_job(struct trace *trace, const struct mapping *m, const struct csv *csv,
                     struct trace_job *job)
{
    double end = (double)NAN, start;
    bool good = read_amount(csv, &m->column[TIME], &job->at_s) &&
                read_amount(csv, &m->column[DURATION], &job->duration_s) &&
                read_amount(csv, &m->column[END], &end) &&
                read_amount(csv, &m->column[WORK], &job->work);

    start = job->at_s;
    good = good && read_amount(csv, &m->column[START], &start);
    if (m->column[END].index >= 0)
        job->duration_s = end - start;
    for (int r = 0; good && r < m->resources; r++)
        good = read_amount(csv, &m->demand[r], &job->demand[r]);
    if (m->resources == 0)
        job->demand[m->cpu] = 1;
    job->limits = m->limits;
    if (m->column[TYPE].index >= 0)
        job->type =
            trace_rigid_type(trace, trace_clean_name(csv_text(csv, m->column[TYPE].index)).text);
    return good;
}

static int read_jobs(struct trace_reader *reader, const struct mapping *m, struct err *err)
{
    struct trace *trace = reader->trace;
    int rc;

    while ((rc = reader_next_row(reader, err)) > 0) {
        struct trace_job job = trace_no_job();

        if (!is_kept(m, &reader->csv)) {
            trace_drop(trace, TRACE_DROP_NEVER_RAN);
            continue;
        }
        if (!read_job(trace, m, &reader->csv, &job)) {
            trace_drop(trace, TRACE_DROP_DAMAGED);
            continue;
        }
        rc = trace_job(trace, &job, err);
        if (rc)
            break;
    }
    return rc;
}

static int read_file(struct trace_reader *reader, struct mapping *m, bool guessed, struct err *err)
{
    int rc = 0;

    reader_open_rows(reader, m->separator, true);
    if (m->header) {
        rc = csv_read_header(&reader->csv, err);
        if (rc <= 0)
            return rc < 0 ? rc : reader_error(reader, err, "empty; expected a header");
    }
    if (guessed)
        guess_mapping(m, reader->trace, &reader->csv);
    if (!m->column[TIME].name)
        return reader_error(reader, err,
                            "no column looks like a submit time; say which is what with "
                            "--option csv.mapping=FILE");
    if (m->resources == 0)
        m->cpu = trace_resource(reader->trace, "cpu", "cores");
    rc = find_columns(reader, m, err);
    return rc ? rc : read_jobs(reader, m, err);
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    const char *path = params_string(&reader->params, "mapping");
    struct mapping m = {.separator = ',', .header = true};
    int rc = path ? read_mapping(&m, reader->trace, path, err) : 0;

    while (rc == 0 && (rc = reader_next_file(reader, err)) > 0) {
        if (!reader_in_part(reader)) {
            reader_pass_over(reader);
            rc = 0;
            continue;
        }
        rc = read_file(reader, &m, !path, err);
    }
    yaml_close(&m.document);
    return rc;
}

static const struct option_spec options[] = {
    {"mapping", OPTION_STRING, .choices = "file",
     .help = "YAML that says which column holds what; default: guessed from their names"},
    {0},
};

const struct trace_format format_csv = {
    .name = "csv",
    .summary = "any table of jobs, by a mapping of its columns",
    .files = "comma-, tab- or otherwise separated text; the mapping names the columns of time, "
             "duration or end, work, type and demand. Part: a file",
    .quality = "your own",
    .gives = TRACE_ARRIVALS,
    .options = options,
    .absolute = true,
    .read = read_files,
};
