/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile of one's own: a table whose column `seconds` (of one run) or `speed` was measured under
 * the amounts in the other columns. A column `type` tells several tasks apart; other columns that
 * are not numbers, and `rep` and `run`, are left alone. The same amounts again are another run.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "trace/format.h"

struct profile {
    struct trace_reader *reader;
    int seconds, speed, type;
    int resource[CSV_MOST_FIELDS]; /* by column; -1: not a resource */
};

static bool is_other(const char *name)
{
    static const char *const others[] = {"seconds", "speed",  "type", "rep",
                                         "run",     "status", "sd",   NULL};

    for (int i = 0; others[i]; i++)
        if (strcmp(others[i], name) == 0)
            return true;
    return false;
}

static int read_header(struct profile *p, struct err *err)
{
    struct trace_reader *reader = p->reader;
    int rc = csv_read_header(&reader->csv, err), found = 0;

    if (rc <= 0)
        return rc < 0 ? rc : reader_error(reader, err, "empty; expected a header");
    p->seconds = csv_column(&reader->csv, "seconds");
    p->speed = csv_column(&reader->csv, "speed");
    p->type = csv_column(&reader->csv, "type");
    if (p->seconds < 0 && p->speed < 0)
        return reader_error(reader, err, "expected a column \"seconds\" or \"speed\"");
    for (int i = 0; i < reader->csv.names; i++) {
        const char *name = reader->csv.name[i];

        p->resource[i] = -1;
        if (is_other(name) || !*name)
            continue;
        p->resource[i] = trace_resource(reader->trace, trace_clean_name(name).text, "");
        if (p->resource[i] < 0)
            return reader_error(reader, err, "more than %d columns of resources", MAX_RESOURCES);
        found++;
    }
    return found > 0 ? 0 : reader_error(reader, err, "expected a column for every resource");
}

static struct trace_name type_name(const struct profile *p)
{
    const struct trace_reader *reader = p->reader;
    char base[64];

    if (p->type >= 0)
        return trace_clean_name(csv_text(&reader->csv, p->type));
    snprintf(base, sizeof base, "%.*s", (int)strcspn(members_base(&reader->members), "."),
             members_base(&reader->members));
    return trace_clean_name(base);
}

static bool read_row(const struct profile *p, struct allocation *amount, double *seconds)
{
    const struct csv *csv = &p->reader->csv;
    double value;

    for (int i = 0; i < csv->names; i++) {
        if (p->resource[i] < 0)
            continue;
        if (!csv_number(csv, i, &value) || value < 0 || value > MAX_QUANTITY ||
            value != floor(value))
            return false;
        amount->amount[p->resource[i]] = (int32_t)value;
    }
    if (p->seconds >= 0)
        return csv_number(csv, p->seconds, seconds) && *seconds > 0;
    if (!csv_number(csv, p->speed, &value) || !(value > 0))
        return false;
    *seconds = 1 / value;
    return true;
}

static int read_rows(struct profile *p, struct err *err)
{
    struct trace *trace = p->reader->trace;
    int rc;

    while ((rc = reader_next_row(p->reader, err)) > 0) {
        struct allocation amount = {{0}};
        double seconds = 0;
        int type;

        if (!read_row(p, &amount, &seconds)) {
            trace_drop(trace, TRACE_DROP_DAMAGED);
            continue;
        }
        type = trace_type(trace, type_name(p).text, "profile");
        if (type < 0) {
            trace_drop(trace, TRACE_DROP_UNKNOWN_TYPE);
            continue;
        }
        trace->account.kept++;
        trace_point(trace, type, &amount, seconds);
        trace->types.item[type].unit_work = 1;
    }
    return rc;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    struct profile *p = xcalloc(1, sizeof *p);
    int rc;

    p->reader = reader;
    while ((rc = reader_next_file(reader, err)) > 0) {
        reader_open_rows(reader, ',', true);
        rc = read_header(p, err);
        if (rc == 0)
            rc = read_rows(p, err);
        if (rc)
            break;
    }
    free(p);
    return rc;
}

const struct trace_format format_profile = {
    .name = "profile",
    .summary = "your own measurements of seconds or speed under amounts of resources",
    .files =
        "a table: `seconds` (of one run) or `speed`, a column per resource, `type` if there are "
        "several; `rep`, `run`, `sd` and `status` are left alone",
    .quality = "your own",
    .gives = TRACE_TYPES,
    .read = read_files,
};
