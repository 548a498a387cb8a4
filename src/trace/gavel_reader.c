/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A throughput table is JSON, by GPU type, by job type "('NAME', GPUS)" (in one file plain "NAME",
 * for one GPU): "null" is the number of steps per second alone, every other key the pair of speeds
 * beside that job type on the same GPU. 0 means that it does not fit. Tables "..._unconsolidated"
 * (spread over servers) are not used.
 *
 * A job list has a row per job, tab-separated, without a header; where things stand follows from
 * the number of fields: 7, 10 or 12.
 */
#include "trace/gavel_reader.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"

enum { TABLE_BYTES = 64 << 20, GPU_TYPES = 3 };

static const char *const gpu_types[GPU_TYPES] = {"v100", "p100", "k80"};

struct gavel {
    struct trace_reader *reader;
    int choice;              /* of the option gpu */
    int resource[GPU_TYPES]; /* -1: not read */
    bool pairs;
};

/* "('LM (batch size 5)', 2)" or "LM (batch size 5)": the name's place and length, and the GPUs. */
static bool split_key(const char *key, const char **name, size_t *length, double *gpus)
{
    const char *end;
    char count[24];

    *name = key;
    *length = strlen(key);
    *gpus = 1;
    if (key[0] != '(' || (key[1] != '\'' && key[1] != '"'))
        return *length > 0;
    *name = key + 2;
    end = strrchr(key, key[1]);
    if (end <= *name || end[1] != ',')
        return false;
    *length = (size_t)(end - *name);
    snprintf(count, sizeof count, "%.*s", (int)strcspn(end + 2, ")"), end + 2);
    return text_number(count, gpus) && *gpus >= 1 && *gpus <= 4096 && *gpus == floor(*gpus);
}

static struct trace_name type_name(const struct gavel *g, const char *name, size_t length,
                                   int gpu_type)
{
    char full[128];

    snprintf(full, sizeof full, "%.*s%s%s", (int)(length < 90 ? length : 90), name,
             g->choice == GPU_TYPES ? "-" : "", g->choice == GPU_TYPES ? gpu_types[gpu_type] : "");
    return trace_clean_name(full);
}

/* The mean of alone / beside - 1 over the partners beside which it runs at all. */
static double mean_slowdown(const json_t *entry, double alone)
{
    const char *key;
    json_t *value;
    double sum = 0;
    int count = 0;

    json_object_foreach ((json_t *)(uintptr_t)entry, key, value) {
        double beside = json_number_value(json_array_get(value, 0));

        if (strcmp(key, "null") == 0 || !(beside > 0))
            continue;
        sum += fmax(0, alone / beside - 1);
        count++;
    }
    return count > 0 ? sum / count : 0;
}

static void take_entry(struct gavel *g, int gpu_type, const char *key, const json_t *entry)
{
    struct trace *trace = g->reader->trace;
    const json_t *alone = json_object_get(entry, "null");
    struct allocation amount = {{0}};
    const char *name;
    size_t length;
    double gpus, slowdown;
    int type;

    if (!split_key(key, &name, &length, &gpus) || !json_is_number(alone) ||
        !(json_number_value(alone) >= 0)) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return;
    }
    trace->account.kept++;
    type = trace_type(trace, type_name(g, name, length, gpu_type).text, g->reader->format->name);
    if (type < 0) {
        trace_drop(trace, TRACE_DROP_UNKNOWN_TYPE);
        return;
    }
    amount.amount[g->resource[gpu_type]] = (int32_t)gpus;
    trace_point(trace, type, &amount, 1 / json_number_value(alone));
    if (!g->pairs || gpus != 1)
        return;
    slowdown = mean_slowdown(entry, json_number_value(alone));
    if (slowdown > 0)
        trace->types.item[type].extra =
            arena_printf(&trace->arena, "    suffers: %.4g\n", fmin(slowdown, 1e6));
}

static int take_table(struct gavel *g, const json_t *root, struct err *err)
{
    for (int t = 0; t < GPU_TYPES; t++) {
        const json_t *table = json_object_get(root, gpu_types[t]);
        const char *key;
        json_t *entry;

        if (!json_is_object(table) || (g->choice != t && g->choice != GPU_TYPES))
            continue;
        json_object_foreach ((json_t *)(uintptr_t)table, key, entry) {
            int rc = trace_row(g->reader->trace, g->reader->members.name, 0, err);

            if (rc)
                return rc;
            take_entry(g, t, key, entry);
        }
    }
    return 0;
}

static int read_table(struct gavel *g, struct err *err)
{
    json_error_t error;
    struct text text;
    json_t *root;
    int rc = reader_read_whole(g->reader, &text, TABLE_BYTES, err);

    if (rc == 0) {
        root = json_loadb(text.bytes, text.length, 0, &error);
        rc = root ? take_table(g, root, err)
                  : err_set(err, ERR_INVALID, "%s:%d: no JSON: %s", g->reader->members.name,
                            error.line, error.text);
        json_decref(root);
    }
    text_release(&text);
    return rc;
}

/* Jobs */

static const struct layout {
    int fields, steps, gpus, duration, arrival;
} layouts[] = {{7, 4, 6, -1, 5}, {10, 5, 6, -1, 9}, {12, 5, 6, 10, 11}};

static const struct layout *find_layout(int fields)
{
    for (size_t i = 0; i < COUNT_OF(layouts); i++)
        if (layouts[i].fields == fields)
            return &layouts[i];
    return NULL;
}

static int take_job_row(struct gavel *g, struct err *err)
{
    struct trace *trace = g->reader->trace;
    const struct csv *csv = &g->reader->csv;
    const struct layout *layout = find_layout(csv->fields);
    struct trace_job job = trace_no_job();
    int gpu_type = g->choice;
    const char *name = csv_text(csv, 0);
    double gpus;

    if (gpu_type == GPU_TYPES)
        gpu_type = (int)(rng_hash(1, (uint64_t)trace->account.rows, 0) % GPU_TYPES);
    if (!layout || !*name || !csv_number(csv, layout->arrival, &job.at_s) ||
        !csv_number(csv, layout->steps, &job.work) || !csv_number(csv, layout->gpus, &gpus) ||
        (layout->duration >= 0 && !csv_number(csv, layout->duration, &job.duration_s))) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return 0;
    }
    job.demand[g->resource[gpu_type]] = gpus;
    job.limits = TRACE_AT_MOST;
    job.type = trace_find_type(trace, type_name(g, name, strlen(name), gpu_type).text);
    if (job.type < 0 && isnan(job.duration_s)) {
        trace_drop(trace, TRACE_DROP_UNKNOWN_TYPE);
        return 0;
    }
    if (job.type < 0)
        job.type = trace_rigid_type(trace, type_name(g, name, strlen(name), gpu_type).text);
    return trace_job(trace, &job, err);
}

static int read_jobs(struct gavel *g, struct err *err)
{
    int rc;

    reader_open_rows(g->reader, '\t', false);
    while ((rc = reader_next_row(g->reader, err)) > 0) {
        rc = take_job_row(g, err);
        if (rc)
            break;
    }
    return rc;
}

static bool ends_in(const char *name, size_t length, const char *end)
{
    size_t tail = strlen(end);

    return length >= tail && strncmp(name + length - tail, end, tail) == 0;
}

/* What compression added to the name does not count. */
static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);

    if (ends_in(name, length, ".gz"))
        length -= strlen(".gz");
    else if (ends_in(name, length, ".zst"))
        length -= strlen(".zst");
    return ends_in(name, length, end);
}

/* Several tables of one set lie side by side; a single file is always the one. */
static bool is_table(const struct trace_reader *reader, const char *table)
{
    const char *base = members_base(&reader->members);

    if (!ends_with(base, ".json"))
        return reader->members.paths.count == 1 && !ends_with(base, ".trace") &&
               !reader_wants(reader, TRACE_ARRIVALS);
    return reader->members.paths.count == 1 || !table || strncmp(base, table, strlen(table)) == 0;
}

int gavel_read(struct trace_reader *reader, const char *table, struct err *err)
{
    struct gavel g = {.reader = reader,
                      .choice = params_choice(&reader->params, "gpu"),
                      .pairs = params_choice(&reader->params, "pairs") == 1};
    bool types = reader_wants(reader, TRACE_TYPES);
    int rc;

    for (int t = 0; t < GPU_TYPES; t++)
        if (g.choice == t || g.choice == GPU_TYPES)
            g.resource[t] =
                trace_resource(reader->trace, g.choice == t ? "gpu" : gpu_types[t], "GPUs");
    while ((rc = reader_next_file(reader, err)) > 0) {
        const char *base = members_base(&reader->members);

        rc = 0;
        if (types && is_table(reader, table))
            rc = read_table(&g, err);
        else if (!types && ends_with(base, ".trace") && reader_in_part(reader))
            rc = read_jobs(&g, err);
        else
            reader_pass_over(reader);
        if (rc)
            break;
    }
    return rc;
}
