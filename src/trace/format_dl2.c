/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DL2 (github.com/pengyanghua/DL2; Peng et al., "DL2: A Deep Learning-driven Scheduler for Deep
 * Learning Clusters", 2021): speed of eight models by parameter servers and workers. A Python tuple
 * per line:
 *
 *     ('MODEL', 'MODE', batch, servers, workers, [speed of each worker], [CPU of each server],
 * [...])
 *
 * A job's speed is the sum over its workers, as in the set's own code; the unit is not documented,
 * we take it for steps per second.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trace/format.h"

enum { MOST_WORKERS = 4096 };

static const double HOUR_S = 3600;

struct row {
    char model[48];
    double servers, workers, speed;
};

/* The next number, behind blanks; moves *at behind it and what separates it. */
static bool take_number(const char **at, double *out)
{
    char *end;

    *at += strspn(*at, " ");
    if (!((**at >= '0' && **at <= '9') || **at == '.'))
        return false;
    *out = strtod(*at, &end);
    *at = end + strspn(end, " ");
    return isfinite(*out);
}

static bool take_char(const char **at, char c)
{
    *at += strspn(*at, " ");
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

static bool take_quoted(const char **at, char *out, size_t bytes)
{
    size_t length;

    if (!take_char(at, '\''))
        return false;
    length = strcspn(*at, "'");
    if ((*at)[length] != '\'' || length == 0 || length >= bytes)
        return false;
    memcpy(out, *at, length);
    out[length] = '\0';
    *at += length + 1;
    return take_char(at, ',');
}

static bool read_tuple(const char *text, struct row *row)
{
    double batch, speed;
    char mode[48];
    int count = 0;

    row->speed = 0;
    if (!take_char(&text, '(') || !take_quoted(&text, row->model, sizeof row->model) ||
        !take_quoted(&text, mode, sizeof mode) || !take_number(&text, &batch) ||
        !take_char(&text, ',') || !take_number(&text, &row->servers) || !take_char(&text, ',') ||
        !take_number(&text, &row->workers) || !take_char(&text, ',') || !take_char(&text, '['))
        return false;
    do {
        if (!take_number(&text, &speed))
            return false;
        row->speed += speed;
        count++;
    } while (take_char(&text, ','));
    return take_char(&text, ']') && count == row->workers && row->workers <= MOST_WORKERS &&
           row->servers >= 1 && row->servers <= MOST_WORKERS && row->servers == floor(row->servers);
}

static void take_row(struct trace_reader *reader, int server, int worker)
{
    struct trace *trace = reader->trace;
    struct allocation amount = {{0}};
    struct row row;
    int type;

    /* Commas are the tuple's own: the row is one field, split at a byte that text does not hold. */
    if (!read_tuple(csv_text(&reader->csv, 0), &row)) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return;
    }
    trace->account.kept++;
    type = trace_type(trace, trace_clean_name(row.model).text, "dl2");
    if (type < 0)
        return;
    amount.amount[server] = (int32_t)row.servers;
    amount.amount[worker] = (int32_t)row.workers;
    trace_point(trace, type, &amount, 1 / row.speed);
    if (row.servers == 1 && row.workers == 1 && row.speed > 0)
        trace->types.item[type].unit_work = HOUR_S * row.speed;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    int server = trace_resource(reader->trace, "ps", "parameter servers");
    int worker = trace_resource(reader->trace, "worker", "workers"), rc;

    while ((rc = reader_next_file(reader, err)) > 0) {
        if (!reader_in_part(reader)) {
            reader_pass_over(reader);
            continue;
        }
        reader_open_rows(reader, '\x1f', false);
        while ((rc = reader_next_row(reader, err)) > 0)
            take_row(reader, server, worker);
        if (rc)
            break;
    }
    return rc;
}

const struct trace_format format_dl2 = {
    .name = "dl2",
    .summary = "eight models over parameter servers and workers",
    .files =
        "a Python tuple per line: model, mode, batch, servers, workers, lists of speeds and CPU "
        "use. Resources are `ps` and `worker`",
    .home = "dl2",
    .quality =
        "the unit of speed is not documented; dense for resnet-50 and vgg-16, sparse for the rest",
    .gives = TRACE_TYPES,
    .read = read_files,
};
