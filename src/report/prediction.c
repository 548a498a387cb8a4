/* SPDX-License-Identifier: Apache-2.0 */
#include "report/prediction.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "report/result.h"
#include "report/table.h"

/* Reading the log. */

struct reading {
    struct event_reader reader;
    VECTOR(struct lived_task) tasks;
};

static void take_event(struct reading *reading, const struct logged_event *event)
{
    if (event->kind == EVENT_ARRIVAL) {
        json_t *line = json_loads(reading->reader.lines.line, 0, NULL);
        const char *type = json_string_value(json_object_get(line, "type"));

        vector_push(&reading->tasks,
                    ((struct lived_task){xstrdup(type ? type : ""), event->at_s, -1}));
        json_decref(line);
    } else if (event->kind == EVENT_FINISH) {
        struct lived_task *task = &reading->tasks.item[event->task];

        task->real_s = event->at_s - task->arrival_s;
    }
}

static void sum_up_real(struct prediction *p)
{
    double sum_s = 0;

    for (int32_t id = 0; id < p->tasks; id++)
        if (p->task[id].real_s >= 0) {
            sum_s += p->task[id].real_s;
            p->finished++;
        }
    p->real_mean_s = p->finished ? sum_s / p->finished : (double)NAN;
}

static int read_run(struct reading *reading, struct err *err)
{
    struct logged_event event;
    int rc = event_reader_next_run(&reading->reader, err);

    if (rc == 0)
        return err_set(err, ERR_INVALID, "%s: an empty log", reading->reader.lines.path);
    do {
        rc = rc < 0 ? rc : event_reader_next(&reading->reader, &event, err);
        if (rc == 0)
            take_event(reading, &event);
    } while (rc == 0 && event.kind != EVENT_KINDS);
    return rc;
}

int prediction_open(struct prediction *p, const char *path, struct err *err)
{
    struct reading reading = {.tasks = {0}};
    int rc = event_reader_open(&reading.reader, path, err);

    *p = (struct prediction){.tasks = 0};
    if (rc)
        return rc;
    rc = read_run(&reading, err);
    p->run = reading.reader.run;
    reading.reader.run = (struct logged_run){0};
    event_reader_close(&reading.reader);
    p->task = reading.tasks.item;
    p->tasks = (int32_t)reading.tasks.count;
    sum_up_real(p);
    return rc;
}

void prediction_close(struct prediction *p)
{
    for (int32_t id = 0; id < p->tasks; id++)
        free(p->task[id].type);
    for (int i = 0; i < p->contenders * p->seeds; i++)
        free(p->predicted[i].completion_s);
    logged_run_release(&p->run);
    free(p->predicted);
    free(p->task);
    *p = (struct prediction){.tasks = 0};
}

/* Watching. Pieces are watched in threads of their own and summed up in a fixed order later. */

static void note_finish(void *arg, const struct event *event)
{
    struct predicted *piece = arg;

    if (event->kind == EVENT_FINISH && event->task < piece->tasks)
        piece->completion_s[event->task] =
            event->time_s - world_view(piece->world)->task[event->task].arrival_s;
}

static int begin(void *arg, const struct piece *piece, struct err *err)
{
    struct prediction *p = arg;
    struct predicted *own = &p->predicted[piece->index];

    (void)err;
    own->world = piece->episode->world;
    own->tasks = p->tasks;
    own->completion_s = xcalloc((size_t)p->tasks + 1, sizeof *own->completion_s);
    for (int32_t id = 0; id < p->tasks; id++)
        own->completion_s[id] = -1;
    world_watch(piece->episode->world, note_finish, own);
    return 0;
}

static int end(void *arg, const struct piece *piece, const struct metrics *metrics, struct err *err)
{
    struct prediction *p = arg;

    (void)metrics;
    (void)err;
    world_unwatch(piece->episode->world, &p->predicted[piece->index]);
    return 0;
}

struct observer prediction_observer(struct prediction *p, int contenders, int seeds)
{
    p->contenders = contenders;
    p->seeds = seeds;
    p->predicted = xcalloc((size_t)contenders * (size_t)seeds, sizeof *p->predicted);
    return (struct observer){.arg = p, .begin = begin, .end = end};
}

/* Holding against each other. */

/* Mean over the seeds in which the task finished; -1: in none. */
static double predicted_s(const struct prediction *p, int contender, int32_t id)
{
    double sum_s = 0;
    int count = 0;

    for (int s = 0; s < p->seeds; s++) {
        const struct predicted *piece = &p->predicted[s * p->contenders + contender];

        if (piece->completion_s && piece->completion_s[id] >= 0) {
            sum_s += piece->completion_s[id];
            count++;
        }
    }
    return count ? sum_s / count : -1;
}

void prediction_sum_up(const struct prediction *p, int contender, double *mean_s, double *error_s)
{
    int32_t count = 0;

    *mean_s = *error_s = 0;
    for (int32_t id = 0; id < p->tasks; id++) {
        double one_s = predicted_s(p, contender, id);

        if (one_s < 0 || p->task[id].real_s < 0)
            continue;
        *mean_s += one_s;
        *error_s += fabs(one_s - p->task[id].real_s);
        count++;
    }
    *mean_s = count ? *mean_s / count : (double)NAN;
    *error_s = count ? *error_s / count : (double)NAN;
}

void prediction_fill(const struct prediction *p, const struct result *result, struct table *table)
{
    table_column(table, "POLICY", TABLE_LEFT, 0);
    table_column(table, "PREDICTED s", TABLE_RIGHT, 0);
    table_column(table, "REAL s", TABLE_RIGHT, 0);
    table_column(table, "DIFF %", TABLE_RIGHT, 0);
    table_column(table, "PER TASK s", TABLE_RIGHT, 0);
    for (int e = 0; e < result->entrants; e++) {
        double mean_s, error_s;

        prediction_sum_up(p, e, &mean_s, &error_s);
        table_cell(table, MOOD_PLAIN, "%s", result->entrant[e].name);
        table_figure_cell(table, MOOD_PLAIN, mean_s);
        table_figure_cell(table, MOOD_PLAIN, p->real_mean_s);
        table_cell(table, MOOD_PLAIN, "%+.1f", 100 * (mean_s / p->real_mean_s - 1));
        table_figure_cell(table, MOOD_PLAIN, error_s);
    }
}

void prediction_emit(const struct prediction *p, const struct result *result, struct emit *e)
{
    emit_open(e, '{');
    emit_key_int(e, "tasks", p->tasks);
    emit_key_int(e, "finished", p->finished);
    emit_key_real(e, "mean_s", p->real_mean_s);
    emit_key(e, "policies");
    emit_open(e, '[');
    for (int c = 0; c < result->entrants; c++) {
        double mean_s, error_s;

        prediction_sum_up(p, c, &mean_s, &error_s);
        emit_open(e, '{');
        emit_key_string(e, "name", result->entrant[c].name);
        emit_key_real(e, "mean_s", mean_s);
        emit_key_real(e, "difference", mean_s / p->real_mean_s - 1);
        emit_key_real(e, "task_error_s", error_s);
        emit_close(e);
    }
    emit_close(e);
    emit_close(e);
}

static void add_seconds(struct text *out, double seconds)
{
    text_add_char(out, ',');
    if (seconds >= 0)
        text_add_double(out, seconds);
}

/* Policies hold commas between their options. */
static void add_name(struct text *out, const char *name)
{
    bool quoted = strchr(name, ',') != NULL;

    text_printf(out, quoted ? ",\"%s\"" : ",%s", name);
}

void prediction_csv(const struct prediction *p, const struct result *result, struct text *out)
{
    text_add(out, "task,type,arrival_s,real_s");
    for (int e = 0; e < result->entrants; e++)
        add_name(out, result->entrant[e].name);
    text_add_char(out, '\n');
    for (int32_t id = 0; id < p->tasks; id++) {
        text_printf(out, "%d,%s,", id, p->task[id].type);
        text_add_double(out, p->task[id].arrival_s);
        add_seconds(out, p->task[id].real_s);
        for (int e = 0; e < result->entrants; e++)
            add_seconds(out, predicted_s(p, e, id));
        text_add_char(out, '\n');
    }
}
