/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INFless (github.com/tjulym/INFless; Yang et al., ASPLOS'22): latency of inference by CPU cores,
 * share of a GPU and batch, the only such grid that was measured. Rows, between blanks: model,
 * cores, share (% of the multiprocessors; 0: CPU only), batch, latency (ms); what the columns mean
 * is inferred. A type serves requests at batch / latency, with the batch that serves most under
 * each allocation. 9,000 ms and more stand for "impossible".
 *
 * Request rates (one number per line) become arrivals: a task for every step, with all its
 * requests.
 */
#include <math.h>
#include <string.h>

#include "trace/format.h"

static const double IMPOSSIBLE_MS = 9000, HOUR_S = 3600;

struct infless {
    struct trace_reader *reader;
    int cpu, gpu;
    double step_s;
};

static void keep_fastest(struct trace *trace, int type, const struct allocation *amount,
                         double seconds)
{
    struct trace_type *t = &trace->types.item[type];

    for (size_t i = 0; i < t->points.count; i++) {
        struct trace_point *point = &t->points.item[i];

        if (memcmp(point->amount, amount->amount, sizeof point->amount) != 0)
            continue;
        if (seconds < point->seconds)
            point->seconds = seconds;
        return;
    }
    trace_point(trace, type, amount, seconds);
}

static void take_row(struct infless *f)
{
    struct trace *trace = f->reader->trace;
    const struct csv *csv = &f->reader->csv;
    double cores, share, batch, latency_ms;
    struct allocation amount = {{0}};
    int type;

    if (csv->fields != 5 || !csv_number(csv, 1, &cores) || !csv_number(csv, 2, &share) ||
        !csv_number(csv, 3, &batch) || !csv_number(csv, 4, &latency_ms) ||
        !(cores >= 1 && cores <= 4096 && share >= 0 && share <= 100 && batch >= 1) ||
        !(latency_ms > 0)) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return;
    }
    trace->account.kept++;
    type = trace_type(trace, trace_clean_name(csv->field[0]).text, "infless");
    if (type < 0 || latency_ms >= IMPOSSIBLE_MS) {
        trace_note(trace, TRACE_NOTE_INFEASIBLE);
        return;
    }
    amount.amount[f->cpu] = (int32_t)cores;
    amount.amount[f->gpu] = (int32_t)share;
    keep_fastest(trace, type, &amount, latency_ms / 1000 / batch);
}

/* An hour's requests at the slowest allocation: what a made-up task has to do. */
static void set_work(struct trace *trace)
{
    for (size_t i = 0; i < trace->types.count; i++) {
        struct trace_type *type = &trace->types.item[i];
        double slowest = 0;

        for (size_t k = 0; k < type->points.count; k++)
            slowest = fmax(slowest, type->points.item[k].seconds);
        if (strcmp(type->source, "infless") == 0 && slowest > 0)
            type->unit_work = HOUR_S / slowest;
    }
}

static int take_rate(struct infless *f, int64_t step, struct err *err)
{
    struct trace *trace = f->reader->trace;
    struct trace_job job = trace_no_job();
    double rate;

    if (f->reader->csv.fields != 1 || !csv_number(&f->reader->csv, 0, &rate)) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return 0;
    }
    job.at_s = (double)step * f->step_s;
    job.work = rate * f->step_s;
    job.demand[f->cpu] = 2;
    job.limits = TRACE_FREE;
    return trace_job(trace, &job, err);
}

static int read_file(struct infless *f, struct err *err)
{
    struct trace_reader *reader = f->reader;
    bool profile = strstr(members_base(&reader->members), "profile") != NULL;
    bool types = reader_wants(reader, TRACE_TYPES);
    int64_t step = 0;
    int rc;

    if (profile != types || (!types && !reader_in_part(reader))) {
        reader_pass_over(reader);
        return 0;
    }
    reader_open_rows(reader, ' ', false);
    while ((rc = reader_next_row(reader, err)) > 0) {
        if (types) {
            take_row(f);
            continue;
        }
        rc = take_rate(f, step++, err);
        if (rc)
            break;
    }
    return rc;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    struct infless f = {.reader = reader,
                        .cpu = trace_resource(reader->trace, "cpu", "cores"),
                        .gpu = trace_resource(reader->trace, "gpu", "percent of a GPU"),
                        .step_s = params_real(&reader->params, "step")};
    int rc;

    while ((rc = reader_next_file(reader, err)) > 0) {
        rc = read_file(&f, err);
        if (rc)
            break;
    }
    if (rc == 0 && reader_wants(reader, TRACE_TYPES))
        set_work(reader->trace);
    return rc;
}

static const struct option_spec options[] = {
    {"step", OPTION_REAL, "60", .low = 0, .high = 1e6, .unit = "s", .flags = OPTION_EXCLUSIVE,
     .help = "length of a step of the request rates; the set does not say"},
    {0},
};

const struct trace_format format_infless = {
    .name = "infless",
    .summary = "inference of six models over CPU cores and shares of a GPU",
    .files =
        "`MODEL-profile-results.txt`, between blanks: model, cores, GPU share (%), batch, latency "
        "(ms); other files: a request rate (per s) per line. Work is requests. Part: a file of "
        "rates, `3-smooth-10`",
    .home = "infless-asplos22",
    .quality =
        "columns inferred; a third of the points is impossible (batch above twice the cores); "
        "sparse",
    .gives = TRACE_ARRIVALS | TRACE_TYPES,
    .options = options,
    .read = read_files,
};
