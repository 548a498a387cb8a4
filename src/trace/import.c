/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of an import: types, sensitivities and sites are read first. The measured types become
 * a draft scenario, which is parsed by the simulator's own reader, so that durations turn into work
 * by the very speeds that the simulator will use:
 *
 *     work = duration / (seconds of one run under the job's demand)
 *
 * Then the arrivals are read row by row, never held: once to find the load if a load was asked for
 * under a given capacity, and once to write; once more if they are not in order of time. What is
 * kept of them are counts and histograms, so memory does not grow with the trace.
 *
 * Jobs without a measured type run at speed 1 under exactly what they ask for. Where types come
 * from elsewhere, a job keeps the type that it names if that is measured, else one is drawn for it
 * by a hash of the seed and its number.
 */
#include "trace/import.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/rng.h"
#include "core/amounts.h"
#include "trace/import_state.h"
#include "trace/sensitivity.h"

static const double LARGEST = 1e12;

/* Sources */

static int read_source(struct importer *im, struct import_source *source, unsigned want,
                       struct err *err)
{
    struct trace *trace = im->trace;
    struct trace_reader reader = {.trace = trace,
                                  .format = source->format,
                                  .params = source->params,
                                  .part = source->part,
                                  .want = want};
    int rc = members_open(&reader.members, (const char *const *)source->paths.item,
                          (int)source->paths.count, err);

    if (rc)
        return rc;
    reader.members.progress = im->request->bytes_done;
    trace->account = (struct trace_account){.files = 0};
    trace->last_type = -1;
    rc = source->format->read(&reader, err);
    if (reader.has_csv)
        csv_close(&reader.csv);
    members_close(&reader.members);
    source->account = trace->account;
    return rc < 0 ? rc : 0;
}

static int no_use(const struct import_source *source, const char *what, struct err *err)
{
    return err_set(err, ERR_INVALID, "%s has no %s", source->format->name, what);
}

static int read_types(struct importer *im, struct err *err)
{
    const struct import_request *q = im->request;
    int rc = 0;

    for (int i = 0; rc == 0 && i < q->type_sources; i++) {
        if (!(q->types[i].format->gives & TRACE_TYPES))
            return no_use(&q->types[i], "types", err);
        q->types[i].role = "types";
        rc = read_source(im, &q->types[i], TRACE_TYPES, err);
    }
    if (rc == 0 && q->type_sources == 0 && q->arrivals &&
        (q->arrivals->format->gives & TRACE_TYPES)) {
        rc = read_source(im, q->arrivals, TRACE_TYPES, err);
        q->arrivals->types = q->arrivals->account;
        q->arrivals->gave_types = true;
    }
    if (rc == 0)
        trace_finish_types(im->trace);
    return rc;
}

static int read_beside(struct importer *im, struct err *err)
{
    const struct import_request *q = im->request;
    int rc = 0;

    if (q->factors) {
        if (!(q->factors->format->gives & TRACE_FACTORS))
            return no_use(q->factors, "CPU sensitivity", err);
        q->factors->role = "cpu-sensitivity";
        rc = read_source(im, q->factors, TRACE_FACTORS, err);
        if (rc == 0)
            rc = sensitivity_apply(im->trace, err);
    }
    if (rc == 0 && q->sites) {
        if (!(q->sites->format->gives & TRACE_SITES))
            return no_use(q->sites, "sites", err);
        q->sites->role = "sites";
        rc = read_source(im, q->sites, TRACE_SITES, err);
        if (rc == 0 && im->trace->sites.count == 0)
            rc = err_set(err, ERR_INVALID, "%s: no sites found", q->sites->paths.item[0]);
    }
    if (rc == 0 && q->noise) {
        if (!(q->noise->format->gives & TRACE_NOISE))
            return no_use(q->noise, "noise", err);
        q->noise->role = "noise";
        rc = read_source(im, q->noise, TRACE_NOISE, err);
        for (size_t i = 0; rc == 0 && i < im->trace->types.count; i++)
            if (im->trace->noise > 0)
                im->trace->types.item[i].noise = im->trace->noise;
    }
    return rc;
}

/* "cpu=32,gpu=8" */
static int parse_amounts(struct trace *trace, const char *list, const char *what,
                         struct allocation *out, struct err *err)
{
    while (*list) {
        size_t length = strcspn(list, ",");
        char pair[96], *equals;
        double amount;
        int r;

        snprintf(pair, sizeof pair, "%.*s", (int)(length < 95 ? length : 95), list);
        equals = strchr(pair, '=');
        if (!equals || !text_number(equals + 1, &amount) || amount < 0 || amount > MAX_QUANTITY ||
            amount != floor(amount))
            return err_set(err, ERR_INVALID, "--%s: expected RESOURCE=AMOUNT,..., not \"%.60s\"",
                           what, list);
        *equals = '\0';
        r = trace_resource(trace, trace_clean_name(pair).text, "");
        if (r < 0)
            return err_set(err, ERR_LIMIT, "more than %d resources", MAX_RESOURCES);
        out->amount[r] = (int32_t)amount;
        list += length;
        list += *list == ',';
    }
    return 0;
}

bool import_takes_type(const struct import_request *request, const char *name)
{
    const char *at = request->only;
    size_t length = strlen(name);

    if (!at)
        return true;
    for (; *at; at += strcspn(at, ","), at += *at == ',')
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

static int override_minimum(struct importer *im, struct err *err)
{
    struct allocation min;
    int rc;

    if (!im->request->minimum)
        return 0;
    for (int r = 0; r < MAX_RESOURCES; r++)
        min.amount[r] = -1;
    rc = parse_amounts(im->trace, im->request->minimum, "min", &min, err);
    for (size_t i = 0; rc == 0 && i < im->trace->types.count; i++) {
        struct trace_type *type = &im->trace->types.item[i];

        for (int r = 0; r < MAX_RESOURCES; r++)
            if (min.amount[r] >= 0)
                type->min.amount[r] =
                    min.amount[r] < type->max.amount[r] || type->max.amount[r] == 0
                        ? min.amount[r]
                        : type->max.amount[r];
    }
    return rc;
}

static int make_draft(struct importer *im, struct err *err)
{
    struct trace *trace = im->trace;
    struct text yaml;
    int rc;

    for (size_t i = 0; i < trace->types.count; i++) {
        const struct trace_type *type = &trace->types.item[i];

        if ((type->points.count > 0 || type->speed) && import_takes_type(im->request, type->name))
            vector_push(&im->pool, (int32_t)i);
    }
    im->draft_types = (int)trace->types.count;
    im->draft_type = xcalloc((size_t)im->draft_types, sizeof *im->draft_type);
    for (int i = 0; i < im->draft_types; i++)
        im->draft_type[i] = -1;
    if (im->pool.count == 0)
        return 0;
    text_init(&yaml, 0);
    rc = import_print_body(im, false, &yaml, err);
    if (rc == 0)
        rc = scenario_parse(&im->draft, "imported types", ".", yaml.bytes, NULL, 0, err);
    text_release(&yaml);
    for (size_t i = 0; rc == 0 && i < im->pool.count; i++)
        im->draft_type[im->pool.item[i]] =
            catalog_find_type(&im->draft->catalog, trace->types.item[im->pool.item[i]].name);
    return rc;
}

/* One job */

/* What becomes of it. */
struct imported {
    double at_s, work;
    double seconds; /* under held */
    int32_t type;
    double held[MAX_RESOURCES];
    struct allocation min, max;
    bool own_limits;
};

static int refuse(struct importer *im, enum trace_drop why)
{
    trace_drop(im->trace, why);
    return 1;
}

static int check_length(struct importer *im, double length)
{
    if (isnan(length))
        return refuse(im, TRACE_DROP_NO_DURATION);
    if (length < 0)
        return refuse(im, TRACE_DROP_NEGATIVE_DURATION);
    if (length == 0)
        return refuse(im, TRACE_DROP_ZERO_DURATION);
    return length > LARGEST ? refuse(im, TRACE_DROP_LONG_DURATION) : 0;
}

static int check_job(struct importer *im, const struct trace_job *job)
{
    double asked = 0;

    if (isnan(job->at_s))
        return refuse(im, TRACE_DROP_NO_TIME);
    if (!(job->at_s >= 0 && job->at_s <= LARGEST))
        return refuse(im, TRACE_DROP_BAD_TIME);
    if (!isnan(job->duration_s) || isnan(job->work)) {
        if (check_length(im, job->duration_s))
            return 1;
    } else if (check_length(im, job->work)) {
        return 1;
    }
    for (int r = 0; r < im->trace->resources; r++) {
        if (!(job->demand[r] >= 0 && job->demand[r] <= MAX_QUANTITY))
            return refuse(im, TRACE_DROP_DAMAGED);
        asked += job->demand[r];
    }
    return asked > 0 ? 0 : refuse(im, TRACE_DROP_NO_DEMAND);
}

static bool is_measured(const struct importer *im, int32_t type)
{
    return type >= 0 && type < im->draft_types && im->draft_type[type] >= 0;
}

static int32_t choose_type(struct importer *im, const struct trace_job *job, bool *drawn)
{
    *drawn = false;
    if (is_measured(im, job->type))
        return job->type;
    if (im->pool.count > 0) {
        uint64_t bits = rng_hash(im->draw_seed, (uint64_t)im->seen, 0);

        *drawn = true;
        if (job->type >= 0)
            trace_note(im->trace, TRACE_NOTE_DRAWN);
        return im->pool.item[(size_t)(rng_bits_unit(bits) * (double)im->pool.count)];
    }
    return job->type >= 0 ? job->type : trace_rigid_type(im->trace, "job");
}

static int32_t whole_units(double amount, bool *rounded)
{
    *rounded |= amount != floor(amount);
    return (int32_t)ceil(amount);
}

/* At speed 1 under exactly its demand. */
static void make_rigid(struct importer *im, const struct trace_job *job, struct imported *task)
{
    struct trace_type *type = &im->trace->types.item[task->type];
    bool rounded = false, first = type->odds == 0;

    task->seconds = isnan(job->duration_s) ? job->work : job->duration_s;
    task->work = task->seconds;
    task->own_limits = true;
    for (int r = 0; r < im->trace->resources; r++) {
        int32_t amount = whole_units(job->demand[r], &rounded);

        task->min.amount[r] = task->max.amount[r] = amount;
        task->held[r] = amount;
        if (first || amount < type->min.amount[r])
            type->min.amount[r] = amount;
        if (first || amount > type->max.amount[r])
            type->max.amount[r] = amount;
    }
    if (rounded)
        trace_note(im->trace, TRACE_NOTE_ROUNDED);
}

/* Of a resource that the job does not name. */
static int32_t assumed_amount(const struct importer *im, const struct trace_job *job,
                              const struct type_info *info, int r, int gpu)
{
    double amount = info->max.amount[r];

    if (job->ran_with[r] > 0)
        amount = job->ran_with[r];
    else if (gpu >= 0 && job->demand[gpu] > 0 && strcmp(im->trace->resource[r].name, "cpu") == 0)
        amount = ceil(im->request->cpus_per_gpu * job->demand[gpu]);
    return (int32_t)fmin(fmax(amount, info->min.amount[r]), info->max.amount[r]);
}

/* The allocation under which the job ran when it was recorded, as far as the type is measured. */
static int find_held(struct importer *im, const struct trace_job *job, const struct type_info *info,
                     struct allocation *held)
{
    int gpu = trace_find_resource(im->trace, "gpu");
    bool rounded = false, outside = false;

    for (int r = 0; r < im->trace->resources; r++) {
        double wanted = job->demand[r];

        if (wanted == 0) {
            held->amount[r] = assumed_amount(im, job, info, r, gpu);
            continue;
        }
        held->amount[r] = whole_units(wanted, &rounded);
        if (info->max.amount[r] == 0) /* a resource that the type does not use */
            held->amount[r] = 0;
        else if (held->amount[r] > info->max.amount[r] || held->amount[r] < info->min.amount[r]) {
            outside = true;
            held->amount[r] =
                held->amount[r] > info->max.amount[r] ? info->max.amount[r] : info->min.amount[r];
        }
    }
    if (rounded)
        trace_note(im->trace, TRACE_NOTE_ROUNDED);
    if (!outside)
        return 0;
    if (im->request->beyond == GRID_REFUSE)
        return refuse(im, TRACE_DROP_UNMEASURED);
    trace_note(im->trace, TRACE_NOTE_CLAMPED);
    return 0;
}

static void set_limits(struct importer *im, const struct trace_job *job,
                       const struct type_info *info, enum trace_limits limits,
                       const struct allocation *held, struct imported *task)
{
    task->min = info->min;
    task->max = info->max;
    task->own_limits = limits != TRACE_FREE;
    if (limits == TRACE_FREE)
        return;
    for (int r = 0; r < im->trace->resources; r++) {
        if (job->demand[r] == 0 || info->max.amount[r] == 0)
            continue;
        task->max.amount[r] = held->amount[r];
        if (limits == TRACE_RIGID)
            task->min.amount[r] = held->amount[r];
    }
}

static int make_elastic(struct importer *im, const struct trace_job *job, enum trace_limits limits,
                        bool drawn, struct imported *task)
{
    int32_t at = im->draft_type[task->type];
    const struct type_info *info = &im->draft->catalog.type[at];
    const struct speed_model *model = &im->draft->truth[at].speed;
    struct allocation held = {{0}};
    double seconds;

    if (find_held(im, job, info, &held))
        return 1;
    seconds = speed_seconds(model, speed_rate(model, &held), 0, 1);
    if (!(seconds > 0) || !isfinite(seconds))
        return refuse(im, TRACE_DROP_UNMEASURED);
    /* Work counts in the type's unit, if it is the job's own or nothing else is known. */
    task->work = !isnan(job->work) && (!drawn || isnan(job->duration_s))
                     ? job->work
                     : job->duration_s / seconds;
    if (!(task->work <= LARGEST && task->work > 0))
        return refuse(im, TRACE_DROP_LONG_DURATION);
    task->seconds = task->work * seconds;
    for (int r = 0; r < im->trace->resources; r++)
        task->held[r] = held.amount[r];
    set_limits(im, job, info, limits, &held, task);
    return 0;
}

static bool fits_somewhere(const struct importer *im, const struct allocation *amount)
{
    const struct trace *trace = im->trace;

    if (!im->has_capacity)
        return true;
    for (size_t i = 0; i < trace->sites.count; i++)
        if (allocation_fits(amount, trace->sites.item[i].has_capacity
                                        ? &trace->sites.item[i].capacity
                                        : &im->cluster))
            return true;
    return trace->sites.count == 0 && allocation_fits(amount, &im->cluster);
}

/* Seconds from 0 up, to the microsecond. */
static void add_seconds(struct text *out, double seconds)
{
    int64_t us = (int64_t)(seconds * 1e6 + 0.5), part = us % 1000000;
    char digits[8] = ".000000";
    int last = 6;

    text_add_int(out, us / 1000000);
    if (part == 0)
        return;
    for (int i = 6; i > 0; i--, part /= 10)
        digits[i] = (char)('0' + part % 10);
    while (digits[last] == '0')
        last--;
    text_add_bytes(out, digits, (size_t)last + 1);
}

static int open_arrivals(struct importer *im, struct err *err)
{
    static const char *const columns[] = {"min", "max", "request"};
    const char *output = im->request->output, *dot = strrchr(output, '.');
    int stem = dot && !strchr(dot, '/') ? (int)(dot - output) : (int)strlen(output);
    struct text *out;
    int rc;

    free(im->result->arrivals_path);
    BUG_ON(asprintf(&im->result->arrivals_path, "%.*s.arrivals.csv", stem, output) < 0);
    sink_close(&im->sink, NULL);
    rc = sink_open(&im->sink, im->result->arrivals_path, err);
    if (rc)
        return rc;
    out = sink_text(&im->sink);
    im->columns = im->trace->resources;
    text_add(out, "at,type,work");
    for (int column = 0; column < 3; column++)
        for (int r = 0; r < im->columns; r++)
            text_printf(out, ",%s.%s", columns[column], im->trace->resource[r].name);
    text_add_char(out, '\n');
    return 0;
}

/* The header waits for the first task: only then are all resources known. */
static int write_task(struct importer *im, const struct imported *task, struct err *err)
{
    struct text *out = sink_text(&im->sink);
    int rc = im->header_due ? open_arrivals(im, err) : 0;

    if (rc)
        return rc;
    im->header_due = false;
    add_seconds(out, task->at_s);
    text_add_char(out, ',');
    text_add(out, im->trace->types.item[task->type].name);
    text_add_char(out, ',');
    text_add_double(out, task->work);
    for (int limit = 0; limit < 2; limit++) {
        const struct allocation *amount = limit ? &task->max : &task->min;

        for (int r = 0; r < im->columns; r++) {
            text_add_char(out, ',');
            if (task->own_limits)
                text_add_int(out, amount->amount[r]);
        }
    }
    for (int r = 0; r < im->columns; r++) {
        text_add_char(out, ',');
        text_add_int(out, (int64_t)task->held[r]);
    }
    text_add_char(out, '\n');
    sink_flush_full(&im->sink);
    return 0;
}

static void count_task(struct importer *im, const struct imported *task)
{
    im->taken++;
    im->trace->account.kept++;
    im->trace->types.item[task->type].odds++;
    im->own_limits |= task->own_limits;
    im->largest_min = allocation_most(&im->largest_min, &task->min);
    load_statistics_add(&im->statistics, task->at_s, task->seconds, task->held,
                        im->trace->resources);
}

/* Whether the job is in the time and the sample that were asked for. */
static int choose_job(struct importer *im, double at_s)
{
    const struct import_request *q = im->request;

    if (at_s < q->from_s || at_s >= q->until_s || (q->tasks > 0 && im->taken >= q->tasks))
        return refuse(im, TRACE_DROP_CUT);
    if (q->sample < 1 &&
        rng_bits_unit(rng_hash(im->sample_seed, (uint64_t)im->seen, 0)) >= q->sample)
        return refuse(im, TRACE_DROP_NOT_SAMPLED);
    return 0;
}

/* Time counts from the first arrival. Most traces are in order, so the first row is taken for it;
 * if an earlier one comes, the rest of this pass only looks for the first, and it is run again. */
static bool find_origin(struct importer *im, double at_s)
{
    if (im->seen == 1)
        im->origin_s = at_s;
    if (at_s < im->origin_s) {
        im->origin_missed = true;
        im->origin_s = at_s;
    }
    return im->origin_missed;
}

static int take_job(void *arg, const struct trace_job *job, struct err *err)
{
    struct importer *im = arg;
    const struct import_request *q = im->request;
    struct imported task = {.work = 0};
    enum trace_limits limits;
    bool drawn;
    int rc;

    if (check_job(im, job))
        return 0;
    im->seen++;
    if (!im->origin_known && find_origin(im, job->at_s))
        return 0;
    if (choose_job(im, job->at_s - im->origin_s))
        return 0;
    task.at_s = (job->at_s - im->origin_s - q->from_s) * im->stretch;
    task.type = choose_type(im, job, &drawn);
    if (task.type < 0) {
        trace_drop(im->trace, TRACE_DROP_UNKNOWN_TYPE);
        return 0;
    }
    limits = q->limits >= 0 ? (enum trace_limits)q->limits : drawn ? TRACE_FREE : job->limits;
    rc = 0;
    if (is_measured(im, task.type))
        rc = make_elastic(im, job, limits, drawn, &task);
    else
        make_rigid(im, job, &task);
    if (rc)
        return 0;
    if (!fits_somewhere(im, &task.min)) {
        trace_drop(im->trace, TRACE_DROP_TOO_LARGE);
        return 0;
    }
    count_task(im, &task);
    return im->pass == PASS_WRITE ? write_task(im, &task, err) : 0;
}

/* Passes */

static bool is_standard_input(const struct import_source *source)
{
    for (size_t i = 0; i < source->paths.count; i++)
        if (strcmp(source->paths.item[i], "-") == 0)
            return true;
    return false;
}

static int read_once(struct importer *im, struct err *err)
{
    im->seen = im->taken = 0;
    im->largest_min = (struct allocation){{0}};
    load_statistics_release(&im->statistics);
    load_statistics_init(&im->statistics);
    for (size_t i = 0; i < im->trace->types.count; i++)
        im->trace->types.item[i].odds = 0;
    im->header_due = im->pass == PASS_WRITE;
    im->request->arrivals->role = "arrivals";
    return read_source(im, im->request->arrivals, TRACE_ARRIVALS, err);
}

static int run_pass(struct importer *im, enum import_pass pass, struct err *err)
{
    int rc;

    im->pass = pass;
    rc = read_once(im, err);
    if (rc == 0 && im->origin_missed && is_standard_input(im->request->arrivals))
        return err_set(err, ERR_UNSUPPORTED,
                       "standard input is out of order of time; give a file, which can be read "
                       "twice");
    im->origin_known = true;
    if (rc == 0 && im->origin_missed) {
        im->origin_missed = false;
        rc = read_once(im, err);
    }
    return rc;
}

static void total_capacity(struct importer *im)
{
    struct import_result *result = im->result;
    const struct trace *trace = im->trace;

    result->capacity = (struct allocation){{0}};
    result->clusters = trace->sites.count > 0 ? 0 : im->request->clusters;
    for (int r = 0; r < trace->resources; r++) {
        int64_t sum = (int64_t)im->cluster.amount[r] * result->clusters;

        for (size_t i = 0; i < trace->sites.count; i++)
            sum += (int64_t)trace->sites.item[i].count *
                   (trace->sites.item[i].has_capacity ? trace->sites.item[i].capacity.amount[r]
                                                      : im->cluster.amount[r]);
        result->capacity.amount[r] = (int32_t)(sum < MAX_QUANTITY ? sum : MAX_QUANTITY);
    }
    for (size_t i = 0; i < trace->sites.count; i++)
        result->clusters += trace->sites.item[i].count;
}

/* Offered load by resource: what is asked for over what there is while tasks arrive. */
static double find_loads(struct importer *im, double span_s)
{
    double most = 0;

    total_capacity(im);
    for (int r = 0; r < MAX_RESOURCES; r++) {
        double there = (double)im->result->capacity.amount[r] * span_s;

        im->result->demand_s[r] = im->statistics.demand_s[r];
        im->result->load[r] = there > 0 ? im->statistics.demand_s[r] / there : (double)NAN;
        if (there > 0)
            most = fmax(most, im->result->load[r]);
    }
    return most;
}

/* Clusters such that the load is as wanted and every job fits somewhere. */
static void size_clusters(struct importer *im, double span_s)
{
    double load = im->request->load > 0 ? im->request->load : 0.7;
    int clusters = im->trace->sites.count > 0 ? 0 : im->request->clusters;

    for (size_t i = 0; i < im->trace->sites.count; i++)
        clusters += im->trace->sites.item[i].count;
    for (int r = 0; r < im->trace->resources; r++) {
        double wanted = ceil(im->statistics.demand_s[r] / (fmax(span_s, 1) * load) / clusters);

        wanted = fmax(wanted, im->largest_min.amount[r]);
        im->cluster.amount[r] = (int32_t)fmin(fmax(wanted, 0), MAX_QUANTITY);
    }
}

static int measure_load(struct importer *im, struct err *err)
{
    double load;
    int rc;

    if (!(im->request->load > 0) || !im->has_capacity)
        return 0;
    if (is_standard_input(im->request->arrivals))
        return err_set(err, ERR_UNSUPPORTED,
                       "--load needs a file that can be read twice, not standard input");
    rc = run_pass(im, PASS_MEASURE, err);
    if (rc)
        return rc;
    load = find_loads(im, im->statistics.last_s - im->statistics.first_s);
    if (!(load > 0) || !isfinite(load))
        return err_set(err, ERR_INVALID, "--load: the offered load is not known (%lld jobs)",
                       (long long)im->taken);
    im->stretch *= load / im->request->load;
    return 0;
}

/* Why the files of a source had no rows, as far as that is known. */
static int no_rows(const struct importer *im, const struct import_source *source, struct err *err)
{
    const struct trace_account *account = &source->account;
    const char *format = source->format->name, *path = source->paths.item[0];
    const char *part = source->part ? source->part : "", *comma = source->part ? ", part " : "";
    long long files = account->files + account->passed_over;

    if ((source->format->gives & TRACE_TYPES) && im->pool.count > 0)
        return err_set(err, ERR_INVALID,
                       "%s: no arrivals of the format %s%s%s in %lld files; for its types alone: "
                       "--types %s@%s",
                       path, format, comma, part, files, format, path);
    if (account->lacks)
        return err_set(err, ERR_INVALID,
                       "%s: no rows of the format %s%s%s in %lld files; %s:1: no column \"%s\"",
                       path, format, comma, part, files, account->lacking_file, account->lacks);
    return err_set(err, ERR_INVALID, "%s: no rows of the format %s%s%s in %lld files", path, format,
                   comma, part, files);
}

static int no_jobs(const struct importer *im, struct err *err)
{
    const struct trace_account *account = &im->request->arrivals->account;
    int most = 0;

    for (int i = 1; i < TRACE_DROPS; i++)
        if (account->dropped[i] > account->dropped[most])
            most = i;
    if (account->rows == 0)
        return no_rows(im, im->request->arrivals, err);
    return err_set(err, ERR_INVALID, "%s: none of %lld rows is a task; most were dropped: %s",
                   im->request->arrivals->paths.item[0], (long long)account->rows,
                   trace_drop_words[most].words);
}

static int import_arrivals(struct importer *im, struct err *err)
{
    int rc = measure_load(im, err), closed;

    if (rc == 0)
        rc = run_pass(im, PASS_WRITE, err);
    closed = sink_close(&im->sink, rc ? NULL : err);
    if (rc == 0)
        rc = closed;
    if (rc == 0 && im->taken == 0)
        rc = no_jobs(im, err);
    if (rc && im->result->arrivals_path)
        remove(im->result->arrivals_path);
    load_statistics_summarise(&im->statistics, &im->result->summary);
    im->result->jobs = im->taken;
    return rc;
}

static int prepare(struct importer *im, struct err *err)
{
    const struct import_request *q = im->request;
    int rc = read_types(im, err);

    if (rc == 0)
        rc = read_beside(im, err);
    if (rc == 0)
        rc = override_minimum(im, err);
    if (rc == 0 && q->capacity) {
        im->has_capacity = true;
        rc = parse_amounts(im->trace, q->capacity, "capacity", &im->cluster, err);
    }
    for (size_t i = 0; i < im->trace->sites.count; i++)
        im->has_capacity |= im->trace->sites.item[i].has_capacity;
    if (rc == 0)
        rc = make_draft(im, err);
    if (rc == 0 && !q->arrivals && im->pool.count == 0)
        rc = q->type_sources > 0 && q->types[0].account.rows == 0
                 ? no_rows(im, &q->types[0], err)
                 : err_set(err, ERR_INVALID, "neither arrivals nor types were found");
    return rc;
}

/* Made-up arrivals: the mean task under its type's minimum decides the rate. */
static int make_process(struct importer *im, struct err *err)
{
    const struct import_request *q = im->request;
    double rate = HUGE_VAL, load = q->load > 0 ? q->load : 0.7, mean[MAX_RESOURCES] = {0};

    for (size_t i = 0; i < im->pool.count; i++) {
        int32_t at = im->draft_type[im->pool.item[i]];
        const struct type_info *info = &im->draft->catalog.type[at];
        const struct type_truth *truth = &im->draft->truth[at];
        double seconds = speed_seconds(&truth->speed, speed_rate(&truth->speed, &info->min), 0, 1);

        if (!isfinite(seconds))
            seconds = speed_seconds(&truth->speed, speed_rate(&truth->speed, &info->max), 0, 1);
        for (int r = 0; r < im->trace->resources; r++)
            mean[r] += info->min.amount[r] * seconds * truth->work.mean / (double)im->pool.count;
        if (!im->has_capacity)
            im->cluster = allocation_most(&im->cluster, &info->max);
    }
    total_capacity(im);
    for (int r = 0; r < im->trace->resources; r++)
        if (mean[r] > 0)
            rate = fmin(rate, load * im->result->capacity.amount[r] / mean[r]);
    if (q->slot_s > 0)
        rate *= q->slot_s;
    im->result->rate = q->rate > 0 ? q->rate : rate;
    if (!(im->result->rate > 0) || !isfinite(im->result->rate))
        return err_set(err, ERR_INVALID, "no rate of arrivals follows from the load; give --rate");
    for (int r = 0; r < im->trace->resources; r++)
        im->result->load[r] = im->result->rate / (q->slot_s > 0 ? q->slot_s : 1) * mean[r] /
                              im->result->capacity.amount[r];
    return 0;
}

/* The time over which the load is taken: while tasks arrive, or as long as one runs if that is
 * more. */
static double window_s(const struct load_summary *summary)
{
    return isfinite(summary->mean_s) ? fmax(summary->span_s, summary->mean_s) : summary->span_s;
}

int import_run(struct import_request *request, struct import_result *result, struct err *err)
{
    struct importer im = {.request = request,
                          .result = result,
                          .trace = &result->trace,
                          .stretch = request->stretch,
                          .draw_seed = rng_hash_seed(request->seed, "import types"),
                          .sample_seed = rng_hash_seed(request->seed, "import sample")};
    int rc;

    *result = (struct import_result){.jobs = 0};
    trace_init(&result->trace);
    result->trace.take = take_job;
    result->trace.take_arg = &im;
    result->trace.rows_done = request->rows_done;
    result->trace.stop = request->stop;
    load_statistics_init(&im.statistics);
    rc = prepare(&im, err);
    if (rc == 0 && request->arrivals) {
        rc = import_arrivals(&im, err);
        if (rc == 0 && !im.has_capacity)
            size_clusters(&im, window_s(&result->summary));
        if (rc == 0)
            find_loads(&im, window_s(&result->summary));
    } else if (rc == 0) {
        rc = make_process(&im, err);
    }
    result->stretch = im.stretch;
    result->origin_s = im.origin_s;
    if (rc == 0)
        rc = import_write_scenario(&im, err);
    sink_close(&im.sink, NULL);
    load_statistics_release(&im.statistics);
    vector_release(&im.pool);
    free(im.draft_type);
    scenario_free(im.draft);
    return rc;
}

void import_result_release(struct import_result *result)
{
    trace_release(&result->trace);
    free(result->arrivals_path);
    result->arrivals_path = NULL;
}
