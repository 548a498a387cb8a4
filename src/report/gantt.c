/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units are given out anew here, for each resource alike and for the eye: a stretch gets units that
 * lie side by side if there are any, and a task that is resized stays where it was if it can. (The
 * file's own allocated_resources are of the main resource only, lowest units first.) At each time
 * everything that ends gives back before anything that begins takes.
 */
#include "report/gantt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/order.h"
#include "report/csv_reader.h"
#include "report/folder.h"
#include "report/run_digest.h"
#include "report/run_read.h"

enum { MOST_TASKS = 1 << 28 };

const char *gantt_end_word(enum event_kind kind)
{
    return kind == EVENT_KINDS ? "end" : event_word(kind);
}

struct gantt_reader {
    struct gantt *gantt;
    const struct run_record *run;
    struct csv_reader csv;
    struct err *err;
};

static int find_columns(struct gantt_reader *g, const char *const *name, int count, int *column)
{
    int rc = 0;

    for (int i = 0; rc == 0 && i < count; i++)
        rc = csv_reader_column(&g->csv, name[i], &column[i], g->err);
    return rc;
}

/* In the run's time unit. */
static int read_time(struct gantt_reader *g, int column, double *out)
{
    int rc = csv_reader_real(&g->csv, column, out, g->err);

    *out /= g->run->catalog.time_unit_s;
    return rc;
}

static int read_needed_time(struct gantt_reader *g, int column, double *out)
{
    int rc = read_time(g, column, out);

    if (rc == 0 && isnan(*out))
        return lines_error(&g->csv.lines, g->err, ERR_CORRUPT, "%s: a time is missing",
                           g->csv.name.item[column]);
    return rc;
}

/* jobs.csv; a row's job_id must be its number, as later files refer to it. */

enum { JOB_ID, JOB_TYPE, JOB_ARRIVAL, JOB_FINISH, JOB_SLOWDOWN, JOB_COLUMNS };

static int read_job(struct gantt_reader *g, const int *column)
{
    struct gantt_task task;
    int64_t id = 0, expected = (int64_t)g->gantt->task.count;
    int rc = csv_reader_int(&g->csv, column[JOB_ID], 0, MOST_TASKS, &id, g->err);

    if (rc == 0 && id != expected)
        rc = lines_error(&g->csv.lines, g->err, ERR_CORRUPT, "job_id: expected %lld, not %lld",
                         (long long)expected, (long long)id);
    task.type = run_digest_type(g->gantt->digest, g->csv.field.item[column[JOB_TYPE]]);
    if (rc == 0)
        rc = read_needed_time(g, column[JOB_ARRIVAL], &task.arrival);
    if (rc == 0)
        rc = read_time(g, column[JOB_FINISH], &task.finish);
    if (rc == 0)
        rc = csv_reader_real(&g->csv, column[JOB_SLOWDOWN], &task.slowdown, g->err);
    if (rc == 0)
        vector_push(&g->gantt->task, task);
    if (rc == 0 && isfinite(task.finish))
        g->gantt->end = fmax(g->gantt->end, task.finish);
    return rc;
}

static int read_jobs(struct gantt_reader *g)
{
    static const char *const name[JOB_COLUMNS] = {"job_id", "profile", "submission_time",
                                                  "finish_time", "slowdown"};
    int column[JOB_COLUMNS];
    int rc = find_columns(g, name, JOB_COLUMNS, column);

    while (rc == 0 && (rc = csv_reader_next(&g->csv, g->err)) == 1)
        rc = read_job(g, column);
    return rc;
}

/* stretches.csv */

enum { STRETCH_ID, STRETCH_CLUSTER, STRETCH_BEGIN, STRETCH_END, STRETCH_CAUSE, STRETCH_COLUMNS };

static enum event_kind find_cause(const char *word)
{
    for (int i = 0; i < EVENT_KINDS; i++)
        if (strcmp(event_word((enum event_kind)i), word) == 0)
            return (enum event_kind)i;
    return EVENT_KINDS;
}

static int read_stretch(struct gantt_reader *g, const int *column, const int *resource)
{
    struct gantt_stretch s = {.line = (int32_t)g->csv.lines.number};
    int64_t id = 0, amount = 0;
    int rc = csv_reader_int(&g->csv, column[STRETCH_ID], 0, (int64_t)g->gantt->task.count - 1, &id,
                            g->err);

    s.task = (int32_t)id;
    s.cluster = run_find_cluster(g->run, g->csv.field.item[column[STRETCH_CLUSTER]]);
    s.ended_by = find_cause(g->csv.field.item[column[STRETCH_CAUSE]]);
    if (rc == 0)
        rc = read_needed_time(g, column[STRETCH_BEGIN], &s.begin);
    if (rc == 0)
        rc = read_needed_time(g, column[STRETCH_END], &s.end);
    for (int r = 0; rc == 0 && r < g->run->catalog.resources; r++) {
        rc = csv_reader_int(&g->csv, resource[r], 0, MAX_QUANTITY, &amount, g->err);
        s.allocation.amount[r] = (int32_t)amount;
    }
    if (rc == 0 && (s.cluster < 0 || !(s.begin < s.end)))
        rc = lines_error(&g->csv.lines, g->err, ERR_CORRUPT, "%s",
                         s.cluster < 0 ? "an unknown cluster" : "it ends before it begins");
    if (rc == 0)
        vector_push(&g->gantt->stretch, s);
    g->gantt->end = fmax(g->gantt->end, s.end);
    return rc;
}

static int read_stretches(struct gantt_reader *g)
{
    static const char *const name[STRETCH_COLUMNS] = {"job_id", "cluster", "starting_time",
                                                      "finish_time", "ended_by"};
    int column[STRETCH_COLUMNS], resource[MAX_RESOURCES] = {0};
    int rc = find_columns(g, name, STRETCH_COLUMNS, column);

    for (int r = 0; rc == 0 && r < g->run->catalog.resources; r++)
        rc = csv_reader_column(&g->csv, g->run->catalog.resource[r].name, &resource[r], g->err);
    while (rc == 0 && (rc = csv_reader_next(&g->csv, g->err)) == 1)
        rc = read_stretch(g, column, resource);
    return rc;
}

/* outages.csv */

static int read_outages(struct gantt_reader *g)
{
    static const char *const name[] = {"cluster", "from", "to"};
    int column[COUNT_OF(name)];
    int rc = find_columns(g, name, COUNT_OF(name), column);

    while (rc == 0 && (rc = csv_reader_next(&g->csv, g->err)) == 1) {
        struct gantt_outage outage = {.cluster =
                                          run_find_cluster(g->run, g->csv.field.item[column[0]])};

        rc = read_needed_time(g, column[1], &outage.from);
        if (rc == 0)
            rc = read_needed_time(g, column[2], &outage.to);
        if (rc == 0 && outage.cluster >= 0)
            vector_push(&g->gantt->outage, outage);
    }
    return rc;
}

static int read_file(struct gantt_reader *g, const char *name, int (*read)(struct gantt_reader *g))
{
    char *path = run_episode_path(g->run, g->gantt->entrant, g->gantt->seed_index, name);
    int rc = csv_reader_open(&g->csv, path, g->err);

    if (rc == 0)
        rc = read(g);
    csv_reader_close(&g->csv);
    free(path);
    return rc;
}

/* Too many stretches */

static void cut(struct gantt *gantt, size_t most)
{
    size_t count = gantt->stretch.count, kept = 0;
    double *begin;

    gantt->cut = (double)NAN;
    if (count <= most)
        return;
    begin = xcalloc(count, sizeof *begin);
    for (size_t i = 0; i < count; i++)
        begin[i] = gantt->stretch.item[i].begin;
    qsort(begin, count, sizeof *begin, order_double);
    gantt->cut = begin[most];
    for (size_t i = 0; i < count; i++)
        if (gantt->stretch.item[i].begin < gantt->cut)
            gantt->stretch.item[kept++] = gantt->stretch.item[i];
    gantt->stretch.count = kept;
    free(begin);
}

/* Units */

static int compare_stretches(const void *a, const void *b)
{
    const struct gantt_stretch *left = a, *right = b;

    if (left->cluster != right->cluster)
        return left->cluster < right->cluster ? -1 : 1;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return (left->task > right->task) - (left->task < right->task);
}

/* A stretch that begins or ends. */
struct turn {
    double at;
    bool begins;
    int32_t stretch;
};

static int compare_turns(const void *a, const void *b)
{
    const struct turn *left = a, *right = b;

    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    if (left->begins != right->begins)
        return left->begins ? 1 : -1;
    return (left->stretch > right->stretch) - (left->stretch < right->stretch);
}

/* Giving out one resource on one cluster. */
struct dealer {
    struct gantt *gantt;
    int resource;
    struct interval_set free;
    struct interval_set *held; /* by stretch of the cluster */
    int32_t first, count;      /* stretches of the cluster */
    int32_t *near;             /* by stretch of the cluster: where its task was before */
    int32_t *next;             /* by task: the stretch of it that begins now, or -1 */
    struct turn *turn;
};

static int32_t wanted(const struct dealer *d, int32_t stretch)
{
    return d->gantt->stretch.item[stretch].allocation.amount[d->resource];
}

static struct interval_set *held(const struct dealer *d, int32_t stretch)
{
    return &d->held[stretch - d->first];
}

static void give_back(struct dealer *d, struct interval_set *units)
{
    for (size_t i = 0; i < units->part.count; i++)
        interval_set_add(&d->free, units->part.item[i].low, units->part.item[i].high);
    interval_set_release(units);
}

/* What a stretch leaves behind: the next of its task inherits it if that needs no more. */
static void end_stretch(struct dealer *d, int32_t stretch)
{
    struct interval_set *units = held(d, stretch);
    int32_t next = d->next[d->gantt->stretch.item[stretch].task];
    int64_t over;

    if (next >= 0 && units->part.count > 0)
        d->near[next - d->first] = units->part.item[0].low;
    if (next < 0 || wanted(d, next) > interval_set_size(units)) {
        give_back(d, units);
        return;
    }
    *held(d, next) = *units;
    interval_set_init(units);
    over = interval_set_size(held(d, next)) - wanted(d, next);
    interval_set_move_highest(&d->free, held(d, next), over);
}

static void keep_pieces(struct dealer *d, int32_t stretch)
{
    struct gantt_stretch *s = &d->gantt->stretch.item[stretch];
    const struct interval_set *units = held(d, stretch);

    s->piece[d->resource] = d->gantt->piece[d->resource].count;
    s->pieces[d->resource] = (int32_t)units->part.count;
    for (size_t i = 0; i < units->part.count; i++)
        vector_push(&d->gantt->piece[d->resource], units->part.item[i]);
}

/* False if there is not enough. */
static bool begin_stretch(struct dealer *d, int32_t stretch)
{
    struct interval_set *units = held(d, stretch);
    int64_t missing = wanted(d, stretch) - interval_set_size(units);

    if (missing > 0 && missing > interval_set_size(&d->free))
        return false;
    if (missing > 0 &&
        !interval_set_move_run(units, &d->free, missing, d->near[stretch - d->first]))
        interval_set_move_lowest(units, &d->free, missing);
    keep_pieces(d, stretch);
    return true;
}

static int32_t task_of(const struct dealer *d, const struct turn *turn)
{
    return d->gantt->stretch.item[turn->stretch].task;
}

/* Everything that happens at one time; of so many turns those that end come first. Returns a
 * stretch for which there was not enough, or -1. */
static int32_t deal_group(struct dealer *d, const struct turn *turn, int32_t count)
{
    int32_t ends = 0, failed = -1;

    while (ends < count && !turn[ends].begins)
        ends++;
    for (int32_t i = ends; i < count; i++)
        d->next[task_of(d, &turn[i])] = turn[i].stretch;
    for (int32_t i = 0; i < ends; i++)
        end_stretch(d, turn[i].stretch);
    for (int32_t i = ends; i < count; i++) {
        if (failed < 0 && !begin_stretch(d, turn[i].stretch))
            failed = turn[i].stretch;
        d->next[task_of(d, &turn[i])] = -1;
    }
    return failed;
}

static int32_t deal_cluster(struct dealer *d, int32_t capacity)
{
    int32_t failed = -1, turns = 2 * d->count;

    for (int32_t i = 0; i < d->count; i++) {
        const struct gantt_stretch *s = &d->gantt->stretch.item[d->first + i];

        d->near[i] = -1;
        d->turn[2 * i] = (struct turn){s->begin, true, d->first + i};
        d->turn[2 * i + 1] = (struct turn){s->end, false, d->first + i};
    }
    qsort(d->turn, (size_t)turns, sizeof *d->turn, compare_turns);
    interval_set_init(&d->free);
    if (capacity > 0)
        interval_set_add(&d->free, 0, capacity - 1);
    for (int32_t from = 0, to; failed < 0 && from < turns; from = to) {
        for (to = from + 1; to < turns && d->turn[to].at == d->turn[from].at;)
            to++;
        failed = deal_group(d, &d->turn[from], to - from);
    }
    for (int32_t i = 0; i < d->count; i++)
        interval_set_release(&d->held[i]);
    interval_set_release(&d->free);
    return failed;
}

static int deal(struct gantt_reader *g, int resource)
{
    struct gantt *gantt = g->gantt;
    int32_t count = (int32_t)gantt->stretch.count, failed = -1;
    struct dealer d = {.gantt = gantt, .resource = resource};

    d.held = xcalloc((size_t)count, sizeof *d.held);
    d.near = xcalloc((size_t)count, sizeof *d.near);
    d.turn = xcalloc(2 * (size_t)count, sizeof *d.turn);
    d.next = xcalloc(gantt->task.count, sizeof *d.next);
    for (size_t i = 0; i < gantt->task.count; i++)
        d.next[i] = -1;
    for (d.first = 0; failed < 0 && d.first < count; d.first += d.count) {
        int32_t cluster = gantt->stretch.item[d.first].cluster;

        for (d.count = 1; d.first + d.count < count &&
                          gantt->stretch.item[d.first + d.count].cluster == cluster;)
            d.count++;
        failed = deal_cluster(&d, g->run->catalog.cluster[cluster].capacity.amount[resource]);
    }
    free(d.held);
    free(d.near);
    free(d.turn);
    free(d.next);
    if (failed < 0)
        return 0;
    return err_set(g->err, ERR_CORRUPT,
                   "%s: policy %s, seed %llu: stretches.csv:%d: more %s than the cluster has",
                   g->run->path, g->run->entrant[gantt->entrant].name,
                   (unsigned long long)g->run->seed[gantt->seed_index],
                   gantt->stretch.item[failed].line, g->run->catalog.resource[resource].name);
}

static bool has_outages(const struct gantt_reader *g)
{
    char *path = run_episode_path(g->run, g->gantt->entrant, g->gantt->seed_index, "outages.csv");
    bool has = access(path, F_OK) == 0;

    free(path);
    return has;
}

int gantt_read(struct gantt *gantt, const struct run_digest *digest, int entrant, int seed_index,
               size_t most, struct err *err)
{
    struct gantt_reader reader = {.gantt = gantt, .run = digest->run, .err = err};
    int rc;

    *gantt = (struct gantt){.digest = digest, .entrant = entrant, .seed_index = seed_index};
    rc = read_file(&reader, "jobs.csv", read_jobs);
    if (rc == 0)
        rc = read_file(&reader, "stretches.csv", read_stretches);
    if (rc == 0 && has_outages(&reader))
        rc = read_file(&reader, "outages.csv", read_outages);
    if (rc == 0) {
        cut(gantt, most);
        vector_sort(&gantt->stretch, compare_stretches);
    }
    for (int r = 0; rc == 0 && r < digest->run->catalog.resources; r++)
        rc = deal(&reader, r);
    if (rc)
        gantt_release(gantt);
    return rc;
}

void gantt_release(struct gantt *gantt)
{
    vector_release(&gantt->task);
    vector_release(&gantt->stretch);
    vector_release(&gantt->outage);
    for (int r = 0; r < MAX_RESOURCES; r++)
        vector_release(&gantt->piece[r]);
}
