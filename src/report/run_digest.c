/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Episode by episode: the rows of its files are summed up into per-seed figures, which are kept as
 * samples; when all seeds of an entrant are read, estimates are made of them. Only the completion
 * times and slowdowns of single tasks are kept one by one, for their distributions.
 */
#include "report/run_digest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/order.h"
#include "report/csv_reader.h"
#include "report/run_read.h"
#include "sim/comparison.h"

/* Sums over the tasks of a group in one episode. */
struct tally {
    double tasks, finished, completion, waiting, slowdown, held[MAX_RESOURCES];
};

/* What the seeds of one entrant gave: a row per seed. */
struct group_samples {
    VECTOR(double) tasks, completion, waiting, slowdown, utilisation[MAX_RESOURCES];
};

struct curve_samples {
    double *value; /* seed * DIGEST_BINS + bin */
};

enum { CURVES = MAX_RESOURCES + 2, CURVE_WAITING = MAX_RESOURCES, CURVE_RUNNING };

struct gatherer {
    struct run_digest *digest;
    const struct run_record *run;
    struct entrant_digest *entrant;
    VECTOR(struct tally) type;
    struct tally *cluster;
    VECTOR(struct group_samples) type_samples;
    struct group_samples *cluster_samples;
    struct curve_samples curve[CURVES];
    int seeds; /* of this entrant, read so far */
    struct err *err;
};

int run_digest_type(const struct run_digest *digest, const char *name)
{
    for (int i = 0; i < digest->types; i++)
        if (strcmp(digest->type[i], name) == 0)
            return i;
    return -1;
}

static int find_or_add_type(struct gatherer *g, const char *name)
{
    struct run_digest *digest = g->digest;
    int at = run_digest_type(digest, name);

    if (at < 0) {
        at = digest->types++;
        digest->type = xrealloc(digest->type, (size_t)digest->types, sizeof *digest->type);
        digest->type[at] = xstrdup(name);
    }
    while (g->type.count < (size_t)digest->types)
        vector_push(&g->type, (struct tally){0});
    while (g->type_samples.count < (size_t)digest->types) {
        struct group_samples samples = {0};

        for (int s = 0; s < g->seeds; s++) /* those before had none of it */
            vector_push(&samples.tasks, 0);
        vector_push(&g->type_samples, samples);
    }
    return at;
}

/* jobs.csv */

struct job_columns {
    int type, cluster, submission, finish, success, waiting, slowdown;
};

static int find_job_columns(const struct csv_reader *csv, struct job_columns *out, struct err *err)
{
    const struct {
        const char *name;
        int *column;
    } all[] = {
        {"profile", &out->type},
        {"cluster", &out->cluster},
        {"submission_time", &out->submission},
        {"finish_time", &out->finish},
        {"success", &out->success},
        {"unallocated_time", &out->waiting},
        {"slowdown", &out->slowdown},
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT_OF(all); i++)
        rc = csv_reader_column(csv, all[i].name, all[i].column, err);
    return rc;
}

static void add_finished(struct tally *tally, double completion, double waiting, double slowdown)
{
    tally->finished++;
    tally->completion += completion;
    tally->waiting += waiting;
    tally->slowdown += isfinite(slowdown) ? slowdown : 0;
}

static int add_job(struct gatherer *g, const struct csv_reader *csv, const struct job_columns *c)
{
    const char *name = csv->field.item[c->cluster];
    int cluster = *name ? run_find_cluster(g->run, name) : -1;
    int type = find_or_add_type(g, csv->field.item[c->type]);
    double unit_s = g->run->catalog.time_unit_s, submission = 0, finish = 0, waiting = 0,
           slowdown = 0;
    int64_t success = 0;
    int rc = csv_reader_real(csv, c->submission, &submission, g->err);

    if (rc == 0)
        rc = csv_reader_real(csv, c->finish, &finish, g->err);
    if (rc == 0)
        rc = csv_reader_real(csv, c->waiting, &waiting, g->err);
    if (rc == 0)
        rc = csv_reader_real(csv, c->slowdown, &slowdown, g->err);
    if (rc == 0)
        rc = csv_reader_int(csv, c->success, 0, 1, &success, g->err);
    if (rc)
        return rc;
    g->type.item[type].tasks++;
    if (cluster >= 0)
        g->cluster[cluster].tasks++;
    if (!success || !isfinite(finish - submission) || !isfinite(waiting))
        return 0;
    add_finished(&g->type.item[type], (finish - submission) / unit_s, waiting / unit_s, slowdown);
    if (cluster >= 0)
        add_finished(&g->cluster[cluster], (finish - submission) / unit_s, waiting / unit_s,
                     slowdown);
    vector_push(&g->entrant->completion.value, (finish - submission) / unit_s);
    if (isfinite(slowdown))
        vector_push(&g->entrant->slowdown.value, slowdown);
    return 0;
}

static int read_jobs(struct gatherer *g, struct csv_reader *csv)
{
    struct job_columns column;
    int rc = find_job_columns(csv, &column, g->err);

    while (rc == 0 && (rc = csv_reader_next(csv, g->err)) == 1)
        rc = add_job(g, csv, &column);
    return rc;
}

/* stretches.csv */

static int add_stretch(struct gatherer *g, const struct csv_reader *csv, int cluster, int start,
                       int finish, const int *resource)
{
    int at = run_find_cluster(g->run, csv->field.item[cluster]);
    double begin_s = 0, end_s = 0;
    int rc = csv_reader_real(csv, start, &begin_s, g->err);

    if (at < 0)
        return lines_error(&csv->lines, g->err, ERR_CORRUPT, "there is no cluster \"%.60s\"",
                           csv->field.item[cluster]);
    if (rc == 0)
        rc = csv_reader_real(csv, finish, &end_s, g->err);
    for (int r = 0; rc == 0 && r < g->run->catalog.resources; r++) {
        int64_t amount = 0;

        rc = csv_reader_int(csv, resource[r], 0, MAX_QUANTITY, &amount, g->err);
        if (isfinite(end_s - begin_s))
            g->cluster[at].held[r] += (double)amount * (end_s - begin_s);
    }
    return rc;
}

static int read_stretches(struct gatherer *g, struct csv_reader *csv)
{
    int cluster = 0, start = 0, finish = 0, resource[MAX_RESOURCES];
    int rc = csv_reader_column(csv, "cluster", &cluster, g->err);

    if (rc == 0)
        rc = csv_reader_column(csv, "starting_time", &start, g->err);
    if (rc == 0)
        rc = csv_reader_column(csv, "finish_time", &finish, g->err);
    for (int r = 0; rc == 0 && r < g->run->catalog.resources; r++)
        rc = csv_reader_column(csv, g->run->catalog.resource[r].name, &resource[r], g->err);
    while (rc == 0 && (rc = csv_reader_next(csv, g->err)) == 1)
        rc = add_stretch(g, csv, cluster, start, finish, resource);
    return rc;
}

/* machines.csv: what holds between two rows goes into the bins that lie between them. */

struct level {
    double value[CURVES];
};

static void spread(struct gatherer *g, double from, double to, const struct level *level)
{
    double bin = g->digest->bin;

    for (int b = (int)fmin(fmax(from / bin, 0), DIGEST_BINS); b < DIGEST_BINS && b * bin < to;
         b++) {
        double share = (fmin(to, (b + 1) * bin) - fmax(from, b * bin)) / bin;

        for (int c = 0; share > 0 && c < CURVES; c++)
            if (g->curve[c].value)
                g->curve[c].value[g->seeds * DIGEST_BINS + b] += share * level->value[c];
    }
}

struct machine_columns {
    int time, waiting, running, used[MAX_RESOURCES], up[MAX_RESOURCES];
};

static int find_machine_columns(const struct csv_reader *csv, const struct catalog *catalog,
                                struct machine_columns *out, struct err *err)
{
    int rc = csv_reader_column(csv, "time", &out->time, err);
    char name[128];

    if (rc == 0)
        rc = csv_reader_column(csv, "waiting", &out->waiting, err);
    if (rc == 0)
        rc = csv_reader_column(csv, "running", &out->running, err);
    for (int r = 0; rc == 0 && r < catalog->resources; r++) {
        snprintf(name, sizeof name, "used_%s", catalog->resource[r].name);
        rc = csv_reader_column(csv, name, &out->used[r], err);
        snprintf(name, sizeof name, "up_%s", catalog->resource[r].name);
        if (rc == 0)
            rc = csv_reader_column(csv, name, &out->up[r], err);
    }
    return rc;
}

static int read_level(const struct gatherer *g, const struct csv_reader *csv,
                      const struct machine_columns *column, double *time, struct level *level)
{
    int rc = csv_reader_real(csv, column->time, time, g->err);

    if (rc == 0)
        rc = csv_reader_real(csv, column->waiting, &level->value[CURVE_WAITING], g->err);
    if (rc == 0)
        rc = csv_reader_real(csv, column->running, &level->value[CURVE_RUNNING], g->err);
    for (int r = 0; rc == 0 && r < g->run->catalog.resources; r++) {
        double used = 0, up = 0;

        rc = csv_reader_real(csv, column->used[r], &used, g->err);
        if (rc == 0)
            rc = csv_reader_real(csv, column->up[r], &up, g->err);
        level->value[r] = up > 0 ? used / up : 0;
    }
    for (int c = 0; rc == 0 && c < CURVES; c++)
        if (!isfinite(level->value[c]) || !isfinite(*time))
            return lines_error(&csv->lines, g->err, ERR_CORRUPT, "a value is missing");
    return rc;
}

static int read_machines(struct gatherer *g, struct csv_reader *csv)
{
    struct machine_columns column;
    struct level level = {{0}}, next = {{0}};
    double at = 0, time = 0, unit_s = g->run->catalog.time_unit_s;
    int rc = find_machine_columns(csv, &g->run->catalog, &column, g->err);

    while (rc == 0 && (rc = csv_reader_next(csv, g->err)) == 1) {
        rc = read_level(g, csv, &column, &time, &next);
        if (rc == 0)
            spread(g, at, time / unit_s, &level);
        at = time / unit_s;
        level = next;
    }
    return rc;
}

/* One episode */

static int read_file(struct gatherer *g, int entrant, int seed_index, const char *name,
                     int (*read)(struct gatherer *g, struct csv_reader *csv))
{
    char *path = run_episode_path(g->run, entrant, seed_index, name);
    struct csv_reader csv;
    int rc = csv_reader_open(&csv, path, g->err);

    if (rc == 0)
        rc = read(g, &csv);
    csv_reader_close(&csv);
    free(path);
    return rc;
}

static void keep_group(struct group_samples *samples, struct tally *tally)
{
    vector_push(&samples->tasks, tally->tasks);
    if (tally->finished > 0) {
        vector_push(&samples->completion, tally->completion / tally->finished);
        vector_push(&samples->waiting, tally->waiting / tally->finished);
        vector_push(&samples->slowdown, tally->slowdown / tally->finished);
    }
}

/* Turns the sums of an episode into samples and clears them for the next. */
static void keep_episode(struct gatherer *g, double makespan_s)
{
    const struct catalog *catalog = &g->run->catalog;

    for (size_t i = 0; i < g->type.count; i++) {
        keep_group(&g->type_samples.item[i], &g->type.item[i]);
        g->type.item[i] = (struct tally){0};
    }
    for (int c = 0; c < catalog->clusters; c++) {
        keep_group(&g->cluster_samples[c], &g->cluster[c]);
        for (int r = 0; r < catalog->resources; r++) {
            double all = catalog->cluster[c].capacity.amount[r] * makespan_s;

            if (all > 0)
                vector_push(&g->cluster_samples[c].utilisation[r], g->cluster[c].held[r] / all);
        }
        g->cluster[c] = (struct tally){0};
    }
    g->seeds++;
}

static int gather_episode(struct gatherer *g, int entrant, int seed_index)
{
    const struct outcome *outcome = result_outcome(&g->run->result, entrant, seed_index);
    int rc;

    if (!outcome->done)
        return 0;
    rc = read_file(g, entrant, seed_index, "jobs.csv", read_jobs);
    if (rc == 0)
        rc = read_file(g, entrant, seed_index, "stretches.csv", read_stretches);
    if (rc == 0)
        rc = read_file(g, entrant, seed_index, "machines.csv", read_machines);
    keep_episode(g, outcome->metrics.makespan * g->run->catalog.time_unit_s);
    return rc;
}

/* One entrant */

static struct group_digest sum_group(struct group_samples *samples)
{
    struct group_digest group = {
        .tasks = estimate_mean(samples->tasks.item, (int)samples->tasks.count),
        .completion = estimate_mean(samples->completion.item, (int)samples->completion.count),
        .waiting = estimate_mean(samples->waiting.item, (int)samples->waiting.count),
        .slowdown = estimate_mean(samples->slowdown.item, (int)samples->slowdown.count),
    };

    return group;
}

static void forget_group(struct group_samples *samples)
{
    vector_release(&samples->tasks);
    vector_release(&samples->completion);
    vector_release(&samples->waiting);
    vector_release(&samples->slowdown);
    for (int r = 0; r < MAX_RESOURCES; r++)
        vector_release(&samples->utilisation[r]);
}

static void sum_curve(const struct gatherer *g, int curve, struct curve *out)
{
    double *sample = xcalloc((size_t)g->seeds, sizeof *sample);

    for (int b = 0; g->curve[curve].value && b < DIGEST_BINS; b++) {
        struct estimate e;

        for (int s = 0; s < g->seeds; s++)
            sample[s] = g->curve[curve].value[s * DIGEST_BINS + b];
        e = estimate_mean(sample, g->seeds);
        out->mean[b] = e.mean;
        out->half[b] = e.half;
    }
    free(sample);
}

static void sort_samples(struct samples *samples)
{
    vector_sort(&samples->value, order_double);
}

static void sum_entrant(struct gatherer *g)
{
    const struct catalog *catalog = &g->run->catalog;
    struct entrant_digest *own = g->entrant;

    own->type = xcalloc(g->type_samples.count, sizeof *own->type);
    for (size_t i = 0; i < g->type_samples.count; i++)
        own->type[i] = sum_group(&g->type_samples.item[i]);
    own->cluster = xcalloc((size_t)catalog->clusters, sizeof *own->cluster);
    for (int c = 0; c < catalog->clusters; c++) {
        struct group_samples *samples = &g->cluster_samples[c];

        own->cluster[c].group = sum_group(samples);
        for (int r = 0; r < catalog->resources; r++)
            own->cluster[c].utilisation[r] =
                estimate_mean(samples->utilisation[r].item, (int)samples->utilisation[r].count);
    }
    for (int r = 0; r < catalog->resources; r++)
        sum_curve(g, r, &own->used[r]);
    sum_curve(g, CURVE_WAITING, &own->waiting);
    sum_curve(g, CURVE_RUNNING, &own->running);
    sort_samples(&own->completion);
    sort_samples(&own->slowdown);
}

static void begin_entrant(struct gatherer *g, int entrant)
{
    const struct catalog *catalog = &g->run->catalog;
    size_t values = (size_t)g->run->result.seeds * DIGEST_BINS;

    g->entrant = &g->digest->entrant[entrant];
    g->seeds = 0;
    g->cluster = xcalloc((size_t)catalog->clusters, sizeof *g->cluster);
    g->cluster_samples = xcalloc((size_t)catalog->clusters, sizeof *g->cluster_samples);
    for (int c = 0; c < CURVES; c++)
        g->curve[c].value = c < catalog->resources || c >= CURVE_WAITING
                                ? xcalloc(values, sizeof *g->curve[c].value)
                                : NULL;
}

static void end_entrant(struct gatherer *g)
{
    for (size_t i = 0; i < g->type_samples.count; i++)
        forget_group(&g->type_samples.item[i]);
    for (int c = 0; c < g->run->catalog.clusters; c++)
        forget_group(&g->cluster_samples[c]);
    vector_clear(&g->type_samples);
    vector_clear(&g->type);
    free(g->cluster);
    free(g->cluster_samples);
    for (int c = 0; c < CURVES; c++)
        free(g->curve[c].value);
}

static int gather_entrant(struct gatherer *g, int entrant)
{
    int rc = 0;

    begin_entrant(g, entrant);
    if (g->digest->types > 0)
        find_or_add_type(g, g->digest->type[0]);
    for (int s = 0; rc == 0 && s < g->run->result.seeds; s++)
        rc = gather_episode(g, entrant, s);
    if (rc == 0)
        sum_entrant(g);
    end_entrant(g);
    return rc;
}

static double longest_makespan(const struct result *result)
{
    double longest = 0;

    for (int i = 0; i < result->entrants * result->seeds; i++)
        if (result->outcome[i].done)
            longest = fmax(longest, result->outcome[i].metrics.makespan);
    return longest;
}

/* Types met later have no tasks in the entrants before. */
static void complete_types(struct run_digest *digest, const int *known)
{
    struct group_digest none = {.tasks = {.mean = 0},
                                .completion = {.mean = (double)NAN},
                                .waiting = {.mean = (double)NAN},
                                .slowdown = {.mean = (double)NAN}};

    for (int e = 0; e < digest->run->result.entrants; e++) {
        struct entrant_digest *own = &digest->entrant[e];

        own->type = xrealloc(own->type, (size_t)digest->types, sizeof *own->type);
        for (int i = known[e]; i < digest->types; i++)
            own->type[i] = none;
    }
}

int run_digest_make(struct run_digest *digest, const struct run_record *run, struct err *err)
{
    size_t entrants = (size_t)run->result.entrants;
    struct gatherer gatherer = {.digest = digest, .run = run, .err = err};
    int *known = xcalloc(entrants, sizeof *known), rc = 0;
    double longest = longest_makespan(&run->result);

    *digest = (struct run_digest){.run = run, .bin = longest > 0 ? longest / DIGEST_BINS : 1};
    digest->entrant = xcalloc(entrants, sizeof *digest->entrant);
    for (int e = 0; rc == 0 && e < run->result.entrants; e++) {
        rc = gather_entrant(&gatherer, e);
        known[e] = digest->types;
    }
    if (rc == 0)
        complete_types(digest, known);
    vector_release(&gatherer.type);
    vector_release(&gatherer.type_samples);
    free(known);
    return rc;
}

void run_digest_release(struct run_digest *digest)
{
    for (int e = 0; digest->entrant && e < digest->run->result.entrants; e++) {
        struct entrant_digest *own = &digest->entrant[e];

        vector_release(&own->completion.value);
        vector_release(&own->slowdown.value);
        free(own->type);
        free(own->cluster);
    }
    for (int i = 0; i < digest->types; i++)
        free(digest->type[i]);
    free(digest->type);
    free(digest->entrant);
    *digest = (struct run_digest){0};
}
