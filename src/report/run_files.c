/* SPDX-License-Identifier: Apache-2.0 */
#include "report/run_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/sink.h"
#include "core/plan.h"
#include "core/scenario.h"
#include "report/run_jobs.h"
#include "report/run_trace.h"
#include "report/schedule.h"
#include "sim/world.h"

const char *const run_file_names[] = {
    "jobs.csv",    "stretches.csv", "machines.csv", "decisions.jsonl",
    "outages.csv", "schedule.json", "trace.json",   NULL,
};

struct run_files {
    const struct scenario *scenario;
    struct world *world;
    char *folder;
    struct schedule *schedule;
    struct last_units units;
    struct sink stretches, machines, decisions, outages;
    double *down_since; /* by cluster; NAN: it is up */
    struct run_trace trace;
    int64_t decision; /* whose line is open; -1: none */
};

static char *path_of(const struct run_files *files, const char *name)
{
    char *path;

    BUG_ON(asprintf(&path, "%s/%s", files->folder, name) < 0);
    return path;
}

/* stretches.csv */

static const char *end_word(enum event_kind kind)
{
    return kind == EVENT_KINDS ? "end" : event_word(kind);
}

static void add_stretch(struct run_files *files, const struct stretch *stretch)
{
    const struct catalog *catalog = &files->scenario->catalog;
    const struct task *task = &world_view(files->world)->task[stretch->task];
    struct text *out = sink_text(&files->stretches);

    text_printf(out, "%d,%s,%s,%d,", stretch->task, catalog->type[task->type].name,
                catalog->cluster[stretch->cluster].name, stretch->lane);
    text_add_double(out, task->arrival_s);
    text_add_char(out, ',');
    text_add_double(out, stretch->begin_s);
    text_add_char(out, ',');
    text_add_double(out, stretch->end_s);
    text_add_char(out, ',');
    interval_set_print(&stretch->units, out);
    for (int r = 0; r < catalog->resources; r++)
        text_printf(out, ",%d", stretch->allocation.amount[r]);
    text_printf(out, ",%s\n", end_word(stretch->ended_by));
    sink_flush_full(&files->stretches);
}

/* Only a task's last stretch ends otherwise than by going on elsewhere. */
static void keep_units(struct run_files *files, const struct stretch *stretch)
{
    struct last_units *units = &files->units;

    if (stretch->ended_by == EVENT_RESIZE || stretch->ended_by == EVENT_MIGRATE)
        return;
    if (stretch->task >= units->tasks) {
        int32_t tasks = world_task_count(files->world);

        units->from = xrealloc(units->from, (size_t)tasks, sizeof *units->from);
        while (units->tasks < tasks)
            units->from[units->tasks++] = -1;
    }
    units->from[stretch->task] = (int64_t)units->text.length;
    interval_set_print(&stretch->units, &units->text);
    text_add_bytes(&units->text, "", 1);
}

static void on_stretch(void *arg, const struct stretch *stretch)
{
    struct run_files *files = arg;

    add_stretch(files, stretch);
    keep_units(files, stretch);
    run_trace_stretch(&files->trace, stretch, &world_view(files->world)->task[stretch->task]);
}

/* machines.csv */

static void on_snapshot(void *arg, const struct snapshot *snapshot)
{
    struct run_files *files = arg;
    const struct catalog *catalog = &files->scenario->catalog;
    struct text *out = sink_text(&files->machines);
    int main_resource = schedule_main_resource(catalog);
    int32_t used = snapshot->used.amount[main_resource];
    int32_t down = snapshot->down.amount[main_resource];

    text_add_double(out, snapshot->at_s);
    text_printf(out, ",%d,0,0,%d,%d,%d,%d", down,
                catalog->total.amount[main_resource] - used - down, used, snapshot->waiting,
                snapshot->running);
    for (int r = 0; r < catalog->resources; r++)
        text_printf(out, ",%d,%d", snapshot->used.amount[r],
                    catalog->total.amount[r] - snapshot->down.amount[r]);
    text_add_char(out, '\n');
    sink_flush_full(&files->machines);
    run_trace_snapshot(&files->trace, snapshot, files->schedule);
}

static const struct schedule_ops schedule_ops = {.stretch = on_stretch, .snapshot = on_snapshot};

/* decisions.jsonl */

static void close_decision(struct run_files *files)
{
    if (files->decision >= 0)
        text_add(sink_text(&files->decisions), "]}\n");
    files->decision = -1;
    sink_flush_full(&files->decisions);
}

static void open_decision(struct run_files *files, const struct event *event)
{
    const struct view *view = world_view(files->world);
    struct text *out = sink_text(&files->decisions);

    if (files->decision == view->decision) {
        text_add_char(out, ',');
        return;
    }
    close_decision(files);
    files->decision = view->decision;
    text_add(out, "{\"decision\":");
    text_add_int(out, view->decision);
    text_add(out, ",\"at\":");
    text_add_double(out, event->time_s);
    text_printf(out, ",\"round\":%d,\"actions\":[", view->round);
}

static bool is_action(enum event_kind kind)
{
    return kind == EVENT_START || kind == EVENT_RESIZE || kind == EVENT_PREEMPT ||
           kind == EVENT_MIGRATE || kind == EVENT_REFUSED;
}

static void add_action(struct run_files *files, const struct event *event)
{
    const struct catalog *catalog = &files->scenario->catalog;
    struct text *out = sink_text(&files->decisions);

    open_decision(files, event);
    text_printf(out, "{\"do\":\"%s\",\"task\":%d", event_word(event->kind), event->task);
    if (event->cluster >= 0 && event->cluster < catalog->clusters)
        text_printf(out, ",\"cluster\":\"%s\"", catalog->cluster[event->cluster].name);
    if (event->kind == EVENT_REFUSED)
        text_printf(out, ",\"reason\":\"%s\"", refusal_word((enum refusal)event->other));
    else if (event->kind != EVENT_PREEMPT)
        for (int r = 0; r < catalog->resources; r++)
            text_printf(out, "%s\"%s\":%d%s", r == 0 ? ",\"allocation\":{" : ",",
                        catalog->resource[r].name, event->allocation.amount[r],
                        r + 1 == catalog->resources ? "}" : "");
    text_add_char(out, '}');
}

/* outages.csv */

static void add_outage(struct run_files *files, int cluster, double end_s)
{
    struct text *out = sink_text(&files->outages);
    double *since = &files->down_since[cluster];

    if (isnan(*since))
        return;
    text_printf(out, "%s,", files->scenario->catalog.cluster[cluster].name);
    text_add_double(out, *since);
    text_add_char(out, ',');
    text_add_double(out, end_s);
    text_add_char(out, '\n');
    *since = (double)NAN;
    sink_flush_full(&files->outages);
}

static void watch(void *arg, const struct event *event)
{
    struct run_files *files = arg;

    if (event->kind == EVENT_CLUSTER_DOWN)
        files->down_since[event->cluster] = event->time_s;
    else if (event->kind == EVENT_CLUSTER_UP)
        add_outage(files, event->cluster, event->time_s);

    if (is_action(event->kind))
        add_action(files, event);
    schedule_watch(files->schedule, event);
}

static int open_sinks(struct run_files *files, struct err *err)
{
    struct {
        struct sink *sink;
        const char *name;
    } all[] = {{&files->stretches, "stretches.csv"},
               {&files->machines, "machines.csv"},
               {&files->decisions, "decisions.jsonl"},
               {&files->outages, "outages.csv"}};
    char *path = path_of(files, "trace.json");
    int rc = run_trace_open(&files->trace, path, &files->scenario->catalog, err);

    free(path);
    for (size_t i = 0; rc == 0 && i < COUNT_OF(all); i++) {
        path = path_of(files, all[i].name);
        rc = sink_open(all[i].sink, path, err);
        free(path);
    }
    return rc;
}

static void add_headers(struct run_files *files)
{
    const struct catalog *catalog = &files->scenario->catalog;
    struct text *stretches = sink_text(&files->stretches), *machines = sink_text(&files->machines);

    text_add(stretches, "job_id,profile,cluster,lane,submission_time,starting_time,finish_time,"
                        "allocated_resources");
    text_add(machines, "time,nb_sleeping,nb_switching_on,nb_switching_off,nb_idle,nb_computing,"
                       "waiting,running");
    for (int r = 0; r < catalog->resources; r++) {
        text_printf(stretches, ",%s", catalog->resource[r].name);
        text_printf(machines, ",used_%s,up_%s", catalog->resource[r].name,
                    catalog->resource[r].name);
    }
    text_add(stretches, ",ended_by\n");
    text_add(machines, "\n");
    text_add(sink_text(&files->outages), "cluster,from,to\n");
}

/* What is common to an end and to giving up. */
static void release(struct run_files *files)
{
    schedule_free(files->schedule);
    last_units_release(&files->units);
    free(files->folder);
    free(files->down_since);
    free(files);
}

int run_files_open(struct run_files **out, const char *folder, const struct scenario *scenario,
                   struct world *world, struct err *err)
{
    struct run_files *files = xcalloc(1, sizeof *files);
    int rc;

    files->scenario = scenario;
    files->world = world;
    files->folder = xstrdup(folder);
    files->decision = -1;
    files->down_since = xcalloc((size_t)scenario->catalog.clusters, sizeof *files->down_since);
    for (int c = 0; c < scenario->catalog.clusters; c++)
        files->down_since[c] = (double)NAN;
    last_units_init(&files->units);
    files->schedule = schedule_new(&scenario->catalog, &schedule_ops, files);
    rc = open_sinks(files, err);
    *out = files;
    if (rc) {
        run_files_close(files, NULL, NULL);
        *out = NULL;
        return rc;
    }
    add_headers(files);
    world_watch(world, watch, files);
    return 0;
}

static int close_sinks(struct run_files *files, struct err *err)
{
    struct sink *all[] = {&files->stretches, &files->machines, &files->decisions, &files->outages};
    int rc = run_trace_close(&files->trace, err);

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        int closed = sink_close(all[i], rc ? NULL : err);

        rc = rc ? rc : closed;
    }
    return rc;
}

static int write_rest(struct run_files *files, const struct metrics *metrics, struct err *err)
{
    char *jobs = path_of(files, "jobs.csv"), *schedule = path_of(files, "schedule.json");
    int rc = run_jobs_write(jobs, files->scenario, files->world, &files->units, err);

    if (rc == 0)
        rc = run_schedule_write(schedule, files->scenario, files->world, metrics, err);
    free(jobs);
    free(schedule);
    return rc;
}

static void remove_all(const struct run_files *files)
{
    for (int i = 0; run_file_names[i]; i++) {
        char *path = path_of(files, run_file_names[i]);

        unlink(path);
        free(path);
    }
    rmdir(files->folder);
}

int run_files_close(struct run_files *files, const struct metrics *metrics, struct err *err)
{
    int rc = 0, closed;

    if (!files)
        return 0;
    world_unwatch(files->world, files);
    if (metrics) {
        close_decision(files);
        schedule_end(files->schedule, world_totals(files->world)->end_s);
        for (int c = 0; c < files->scenario->catalog.clusters; c++)
            add_outage(files, c, world_totals(files->world)->end_s);
        rc = write_rest(files, metrics, err);
    }
    closed = close_sinks(files, rc ? NULL : err);
    if (!metrics)
        remove_all(files);
    release(files);
    return rc ? rc : closed;
}
