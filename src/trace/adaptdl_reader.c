/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles, a folder per application: placements*.csv and scalability*.csv give the seconds of a
 * step by GPUs, nodes and samples per GPU; validation-BATCH.csv has a row per epoch of a training
 * with that global batch, whose last row says after how many steps the target was reached - larger
 * batches need fewer steps, but more samples (their gradients are worth less). Both together give
 * the seconds of a whole training on g GPUs with global batch M = g * b:
 *
 *     steps(M) * step_time(g, b)
 *
 * steps(M) lies between the validated batches on a straight line of logarithms; batches outside
 * them are not used. Of several placements of g GPUs the fastest counts. By default the fastest M
 * for every g makes the type: what goodput (Qiao et al., OSDI'21, equation 1) becomes when batch
 * sizes adapt at once.
 *
 * Workloads: name, time (s), application, num_replicas (GPUs asked for), batch_size.
 */
#include "trace/adaptdl_reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"

enum { MOST_STEPS = 1 << 14, MOST_GPUS = 4096, MOST_TRAININGS = 1024, MOST_BATCHES = 64 };

struct step {
    char application[32];
    double gpus, nodes, local, seconds;
    int32_t runs;
};

struct training {
    char application[32];
    double batch, steps;
};

struct adaptdl {
    struct trace_reader *reader;
    const char *suffix;
    int gpu;
    bool own_batch, has_points;
    VECTOR(struct step) steps;
    VECTOR(struct training) trainings;
    VECTOR(struct training) batches; /* that jobs have, for own_batch; steps unused */
};

/* "traces/bert/placements.csv" -> bert */
static bool find_application(const struct trace_reader *reader, char *out, size_t bytes)
{
    const char *base = members_base(&reader->members), *end = base - 1, *at = end;

    if (base == reader->members.name)
        return false;
    while (at > reader->members.name && at[-1] != '/')
        at--;
    snprintf(out, bytes, "%.*s", (int)(end - at), at);
    return *out != '\0' && strcmp(out, "gpt_pmp") != 0; /* its step times mean something else */
}

static void add_step(struct adaptdl *a, const struct step *step)
{
    for (size_t i = 0; i < a->steps.count; i++) {
        struct step *s = &a->steps.item[i];

        if (s->gpus == step->gpus && s->nodes == step->nodes && s->local == step->local &&
            strcmp(s->application, step->application) == 0) {
            trace_note(a->reader->trace, TRACE_NOTE_DOUBLE);
            s->runs++;
            s->seconds += (step->seconds - s->seconds) / s->runs;
            return;
        }
    }
    if (a->steps.count < MOST_STEPS) {
        vector_push(&a->steps, *step);
        a->steps.item[a->steps.count - 1].runs = 1;
    }
}

/* "1122": a digit per node. */
static bool read_placement(const char *text, struct step *step)
{
    step->gpus = step->nodes = 0;
    for (; *text >= '1' && *text <= '9'; text++) {
        step->gpus += *text - '0';
        step->nodes++;
    }
    return *text == '\0' && step->nodes > 0;
}

static bool read_step(const struct csv *csv, const int *column, struct step *step)
{
    bool placed = column[2] >= 0 ? read_placement(csv_text(csv, column[2]), step)
                                 : csv_number(csv, column[3], &step->gpus) &&
                                       csv_number(csv, column[4], &step->nodes);

    return placed && csv_number(csv, column[0], &step->local) &&
           csv_number(csv, column[1], &step->seconds) && step->gpus >= 1 &&
           step->gpus <= MOST_GPUS && step->local > 0 && step->seconds > 0;
}

static int read_steps(struct adaptdl *a, const char *application, struct err *err)
{
    static const char *const name[] = {"local_bsz",    "step_time", "placement",
                                       "num_replicas", "num_nodes", NULL};
    struct trace_reader *reader = a->reader;
    struct step step = {.gpus = 0};
    int rc, column[5];

    if (!reader_columns(reader, name, 2, column) ||
        (column[2] < 0 && (column[3] < 0 || column[4] < 0))) {
        reader_pass_over(reader);
        return 0;
    }
    snprintf(step.application, sizeof step.application, "%s", application);
    while ((rc = reader_next_row(reader, err)) > 0) {
        if (!read_step(&reader->csv, column, &step)) {
            trace_drop(reader->trace, TRACE_DROP_DAMAGED);
            continue;
        }
        reader->trace->account.kept++;
        add_step(a, &step);
    }
    return rc;
}

static int read_training(struct adaptdl *a, const char *application, struct err *err)
{
    static const char *const name[] = {"iteration", NULL};
    struct trace_reader *reader = a->reader;
    struct training training = {.steps = 0};
    char batch[24];
    double steps;
    int rc, column[1];

    snprintf(batch, sizeof batch, "%.*s",
             (int)strcspn(members_base(&reader->members) + strlen("validation-"), "."),
             members_base(&reader->members) + strlen("validation-"));
    if (!reader_columns(reader, name, 1, column) || !text_number(batch, &training.batch)) {
        reader_pass_over(reader);
        return 0;
    }
    while ((rc = reader_next_row(reader, err)) > 0) {
        if (!csv_number(&reader->csv, column[0], &steps) || !(steps >= 0)) {
            trace_drop(reader->trace, TRACE_DROP_DAMAGED);
            continue;
        }
        reader->trace->account.kept++;
        training.steps = fmax(training.steps, steps + 1);
    }
    snprintf(training.application, sizeof training.application, "%s", application);
    if (rc == 0 && training.steps > 0 && training.batch > 0 && a->trainings.count < MOST_TRAININGS)
        vector_push(&a->trainings, training);
    return rc;
}

/* Steps to the target with a global batch; 0 outside what was validated. */
static double steps_of(const struct adaptdl *a, const char *application, double batch)
{
    const struct training *below = NULL, *above = NULL;
    double part;

    for (size_t i = 0; i < a->trainings.count; i++) {
        const struct training *t = &a->trainings.item[i];

        if (strcmp(t->application, application) != 0)
            continue;
        if (t->batch <= batch && (!below || t->batch > below->batch))
            below = t;
        if (t->batch >= batch && (!above || t->batch < above->batch))
            above = t;
    }
    if (!below || !above)
        return 0;
    if (below->batch == above->batch)
        return below->steps;
    part = log(batch / below->batch) / log(above->batch / below->batch);
    return exp(log(below->steps) + part * log(above->steps / below->steps));
}

/* Seconds of a step on so many GPUs with so many samples each, between the measured numbers of
 * samples, by the fastest placement; 0 outside them. */
static double step_seconds(const struct adaptdl *a, const char *application, double gpus,
                           double local)
{
    const struct step *below = NULL, *above = NULL;

    for (size_t i = 0; i < a->steps.count; i++) {
        const struct step *s = &a->steps.item[i];

        if (s->gpus != gpus || strcmp(s->application, application) != 0)
            continue;
        if (s->local <= local && (!below || s->local > below->local ||
                                  (s->local == below->local && s->seconds < below->seconds)))
            below = s;
        if (s->local >= local && (!above || s->local < above->local ||
                                  (s->local == above->local && s->seconds < above->seconds)))
            above = s;
    }
    if (!below || !above)
        return 0;
    if (below->local == above->local)
        return fmin(below->seconds, above->seconds);
    return below->seconds + (local - below->local) / (above->local - below->local) *
                                (above->seconds - below->seconds);
}

static double best_seconds(const struct adaptdl *a, const char *application, double gpus)
{
    double best = HUGE_VAL;

    for (size_t i = 0; i < a->steps.count; i++) {
        const struct step *s = &a->steps.item[i];
        double steps;

        if (s->gpus != gpus || strcmp(s->application, application) != 0)
            continue;
        steps = steps_of(a, application, gpus * s->local);
        if (steps > 0)
            best = fmin(best, steps * s->seconds);
    }
    return best;
}

static void add_point(struct adaptdl *a, const char *name, double gpus, double seconds)
{
    struct trace *trace = a->reader->trace;
    int type = trace_type(trace, trace_clean_name(name).text, a->reader->format->name);
    struct allocation amount = {{0}};

    if (type < 0)
        return;
    amount.amount[a->gpu] = (int32_t)gpus;
    trace_point(trace, type, &amount, seconds);
    trace->types.item[type].unit_work = 1;
    a->has_points = true;
}

static void own_batch_points(struct adaptdl *a, const char *application, double gpus)
{
    for (size_t i = 0; i < a->batches.count; i++) {
        const struct training *job = &a->batches.item[i];
        double steps = steps_of(a, application, job->batch);
        double seconds = step_seconds(a, application, gpus, job->batch / gpus);
        char name[64];

        if (strcmp(job->application, application) != 0 || !(steps * seconds > 0))
            continue;
        snprintf(name, sizeof name, "%.30s-b%.0f", application, job->batch);
        add_point(a, name, gpus, steps * seconds);
    }
}

static void make_types(struct adaptdl *a)
{
    for (size_t i = 0; i < a->steps.count; i++) {
        const struct step *s = &a->steps.item[i];
        bool first = true;
        double seconds;

        for (size_t k = 0; k < i && first; k++)
            first = a->steps.item[k].gpus != s->gpus ||
                    strcmp(a->steps.item[k].application, s->application) != 0;
        if (!first)
            continue;
        if (a->own_batch) {
            own_batch_points(a, s->application, s->gpus);
            continue;
        }
        seconds = best_seconds(a, s->application, s->gpus);
        if (isfinite(seconds))
            add_point(a, s->application, s->gpus, seconds);
    }
}

/* Workloads */

enum { TIME, APPLICATION, GPUS, BATCH, COLUMNS };

static const char *const job_columns[] = {"time", "application", "num_replicas", "batch_size",
                                          NULL};

static void remember_batch(struct adaptdl *a, const char *application, double batch)
{
    struct training job = {.batch = batch};

    for (size_t i = 0; i < a->batches.count; i++)
        if (a->batches.item[i].batch == batch &&
            strcmp(a->batches.item[i].application, application) == 0)
            return;
    snprintf(job.application, sizeof job.application, "%.31s", application);
    if (a->batches.count < MOST_BATCHES)
        vector_push(&a->batches, job);
}

static int take_job_row(struct adaptdl *a, const int *column, struct err *err)
{
    struct trace *trace = a->reader->trace;
    const struct csv *csv = &a->reader->csv;
    const char *application = csv_text(csv, column[APPLICATION]);
    struct trace_job job = trace_no_job();
    double gpus, batch;
    char name[64];

    if (!csv_number(csv, column[TIME], &job.at_s) || !csv_number(csv, column[GPUS], &gpus) ||
        !csv_number(csv, column[BATCH], &batch) || !*application) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return 0;
    }
    if (!reader_wants(a->reader, TRACE_ARRIVALS)) {
        remember_batch(a, application, batch);
        return 0;
    }
    snprintf(name, sizeof name, "%.30s-b%.0f", application, batch);
    job.type = trace_find_type(trace, trace_clean_name(a->own_batch ? name : application).text);
    if (job.type < 0) {
        trace_drop(trace, TRACE_DROP_UNKNOWN_TYPE);
        return 0;
    }
    job.demand[a->gpu] = gpus;
    job.work = 1;
    job.limits = TRACE_AT_MOST;
    return trace_job(trace, &job, err);
}

static int read_jobs(struct adaptdl *a, const int *column, struct err *err)
{
    int rc;

    while ((rc = reader_next_row(a->reader, err)) > 0) {
        rc = take_job_row(a, column, err);
        if (rc)
            break;
    }
    return rc;
}

/* "placements-rtx.csv" for the suffix rtx; other suffixes are other GPU types. */
static bool is_profile(const struct adaptdl *a, const char *kind)
{
    const char *base = members_base(&a->reader->members);
    size_t length = strlen(kind);

    if (strncmp(base, kind, length) != 0)
        return false;
    base += length;
    if (*a->suffix) {
        if (*base != '-' || strncmp(base + 1, a->suffix, strlen(a->suffix)) != 0)
            return false;
        base += 1 + strlen(a->suffix);
    }
    return *base == '.';
}

static int read_file(struct adaptdl *a, struct err *err)
{
    struct trace_reader *reader = a->reader;
    bool types = reader_wants(reader, TRACE_TYPES);
    char application[32];
    int rc, column[COLUMNS];

    reader_open_rows(reader, ',', true);
    rc = csv_read_header(&reader->csv, err);
    if (rc < 0)
        return rc;
    if (rc > 0 && reader_columns(reader, job_columns, COLUMNS, column)) {
        if (reader_in_part(reader) && (!types || a->own_batch))
            return read_jobs(a, column, err);
    } else if (rc > 0 && types && find_application(reader, application, sizeof application)) {
        if (is_profile(a, "placements") || is_profile(a, "scalability"))
            return read_steps(a, application, err);
        if (strncmp(members_base(&reader->members), "validation-", 11) == 0)
            return read_training(a, application, err);
    }
    reader_pass_over(reader);
    return 0;
}

int adaptdl_read(struct trace_reader *reader, const char *suffix, struct err *err)
{
    struct adaptdl a = {.reader = reader,
                        .suffix = suffix,
                        .gpu = trace_resource(reader->trace, "gpu", "GPUs"),
                        .own_batch = params_choice(&reader->params, "batch") == 1};
    int rc;

    while ((rc = reader_next_file(reader, err)) > 0) {
        rc = read_file(&a, err);
        if (rc)
            break;
    }
    if (rc == 0 && reader_wants(reader, TRACE_TYPES)) {
        make_types(&a);
        if (a.steps.count > 0 && !a.has_points)
            rc = err_set(err, ERR_INVALID,
                         "%s: profiles but no trainings of the same applications "
                         "(APPLICATION/validation-BATCH.csv); they are AdaptDL's: give the folder "
                         "adaptdl-osdi21/traces, too",
                         reader->format->name);
    }
    vector_release(&a.steps);
    vector_release(&a.trainings);
    vector_release(&a.batches);
    return rc;
}
