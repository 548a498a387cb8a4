/* SPDX-License-Identifier: Apache-2.0 */
#include "report/run_jobs.h"

#include <math.h>
#include <stdlib.h>

#include "base/emit.h"
#include "base/memory.h"
#include "base/sink.h"
#include "core/scenario.h"
#include "report/measure.h"
#include "report/result_csv.h"
#include "report/schedule.h"
#include "sim/ideal.h"
#include "sim/metrics.h"
#include "sim/world.h"

void last_units_init(struct last_units *units)
{
    *units = (struct last_units){.tasks = 0};
    text_init(&units->text, 0);
}

void last_units_release(struct last_units *units)
{
    text_release(&units->text);
    free(units->from);
}

struct jobs_writer {
    const struct scenario *scenario;
    const struct world *world;
    const struct last_units *units;
    struct ideal *ideal;
    struct text *out;
    int main_resource;
};

static void add_header(const struct jobs_writer *w)
{
    const struct catalog *catalog = &w->scenario->catalog;

    text_add(w->out, "job_id,workload_name,profile,submission_time,requested_number_of_resources,"
                     "requested_time,success,final_state,starting_time,execution_time,finish_time,"
                     "waiting_time,turnaround_time,stretch,consumed_energy,allocated_resources,"
                     "metadata,cluster,home,reach,work,unallocated_time,ideal_time,slowdown,"
                     "resizes,preemptions,migrations,failures");
    for (int r = 0; r < catalog->resources; r++)
        text_printf(w->out, ",service_%s", catalog->resource[r].name);
    text_add_char(w->out, '\n');
}

static const char *final_state(const struct task *task)
{
    switch (task->state) {
    case TASK_DONE:
        return "COMPLETED_SUCCESSFULLY";
    case TASK_FAILED:
        return "COMPLETED_FAILED";
    case TASK_RUNNING:
        return "RUNNING";
    case TASK_ABSENT:
    case TASK_WAITING:
        break;
    }
    return "SUBMITTED";
}

/* ",value", or only the comma where there is none. */
static void add_real(struct text *out, double value)
{
    text_add_char(out, ',');
    if (isfinite(value))
        text_add_double(out, value);
}

static void add_times(const struct jobs_writer *w, const struct task *task)
{
    bool done = task->state == TASK_DONE, started = task->first_start_s >= 0;
    double none = (double)NAN, start_s = started ? task->first_start_s : none;
    double finish_s = done ? task->finish_s : none;

    add_real(w->out, start_s);
    add_real(w->out, finish_s - start_s);
    add_real(w->out, finish_s);
    add_real(w->out, start_s - task->arrival_s);
    add_real(w->out, finish_s - task->arrival_s);
    add_real(w->out,
             finish_s > start_s ? (finish_s - task->arrival_s) / (finish_s - start_s) : none);
}

static void add_own(const struct jobs_writer *w, const struct task *task)
{
    const struct catalog *catalog = &w->scenario->catalog;
    double end_s = world_totals(w->world)->end_s, work = world_work(w->world, task->id);
    double ideal_s = ideal_seconds(w->ideal, task, work), none = (double)NAN;
    double spent_s = (task->state == TASK_DONE ? task->finish_s : end_s) - task->arrival_s;

    text_add_char(w->out, ',');
    if (task->cluster >= 0)
        text_add(w->out, catalog->cluster[task->cluster].name);
    text_printf(w->out, ",%s,%d", catalog->cluster[task->home].name, task->reach.count);
    add_real(w->out, work);
    add_real(w->out, spent_s - task_ran_s(task, end_s));
    add_real(w->out, ideal_s);
    add_real(w->out, task->state == TASK_DONE && ideal_s > 0 ? spent_s / ideal_s : none);
    text_printf(w->out, ",%d,%d,%d,%d", task->resizes, task->preemptions, task->migrations,
                task->failures);
    for (int r = 0; r < catalog->resources; r++)
        add_real(w->out, task_service_s(task, r, end_s));
}

static void add_job(const struct jobs_writer *w, const struct task *task)
{
    struct text *out = w->out;
    const struct type_info *info = &w->scenario->catalog.type[task->type];

    text_add_int(out, task->id);
    text_add_char(out, ',');
    csv_value(out, ',', w->scenario->name);
    text_add_char(out, ',');
    csv_value(out, ',', info->name);
    add_real(out, task->arrival_s);
    text_printf(out, ",%d,-1,%d,%s", task->min.amount[w->main_resource], task->state == TASK_DONE,
                final_state(task));
    add_times(w, task);
    text_add(out, ",,");
    if (task->id < w->units->tasks && w->units->from[task->id] >= 0)
        text_add(out, w->units->text.bytes + w->units->from[task->id]);
    text_add_char(out, ',');
    add_own(w, task);
    text_add_char(out, '\n');
}

int run_jobs_write(const char *path, const struct scenario *scenario, const struct world *world,
                   const struct last_units *units, struct err *err)
{
    const struct view *view = world_view(world);
    struct jobs_writer writer = {
        .scenario = scenario,
        .world = world,
        .units = units,
        .main_resource = schedule_main_resource(&scenario->catalog),
    };
    struct sink sink;
    int rc = sink_open(&sink, path, err);

    if (rc)
        return rc;
    writer.out = sink_text(&sink);
    writer.ideal = ideal_new(scenario);
    add_header(&writer);
    for (int32_t i = 0; i < view->tasks; i++) {
        add_job(&writer, &view->task[i]);
        sink_flush_full(&sink);
    }
    ideal_free(writer.ideal);
    return sink_close(&sink, err);
}

struct maxima {
    double turnaround_s, waiting_s, slowdown, sum_turnaround_s, sum_waiting_s, sum_slowdown;
    int64_t jobs, slowdowns;
};

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* Batsim's definitions: waiting is until the first start, slowdown is over the execution time. */
static struct maxima sum_jobs(const struct view *view)
{
    struct maxima m = {.jobs = 0};

    for (int32_t i = 0; i < view->tasks; i++) {
        const struct task *task = &view->task[i];
        double turnaround_s = task->finish_s - task->arrival_s;
        double waiting_s = task->first_start_s - task->arrival_s;
        double execution_s = turnaround_s - waiting_s;

        if (task->state != TASK_DONE)
            continue;
        m.jobs++;
        m.turnaround_s = larger(m.turnaround_s, turnaround_s);
        m.waiting_s = larger(m.waiting_s, waiting_s);
        m.sum_turnaround_s += turnaround_s;
        m.sum_waiting_s += waiting_s;
        if (execution_s <= 0)
            continue;
        m.slowdowns++;
        m.slowdown = larger(m.slowdown, turnaround_s / execution_s);
        m.sum_slowdown += turnaround_s / execution_s;
    }
    return m;
}

static void emit_schedule(struct emit *e, const struct scenario *scenario,
                          const struct world *world, const struct metrics *metrics)
{
    const struct world_totals *totals = world_totals(world);
    const struct catalog *catalog = &scenario->catalog;
    int main_resource = schedule_main_resource(catalog);
    struct maxima m = sum_jobs(world_view(world));
    double all_s = (double)catalog->total.amount[main_resource] * totals->end_s;
    double down_s = all_s - totals->capacity_s[main_resource]; /* but for rounding */

    emit_open(e, '{');
    emit_key_real(e, "makespan", totals->end_s);
    emit_key_real(e, "max_slowdown", m.slowdown);
    emit_key_real(e, "max_turnaround_time", m.turnaround_s);
    emit_key_real(e, "max_waiting_time", m.waiting_s);
    emit_key_real(e, "mean_slowdown", m.sum_slowdown / (double)m.slowdowns);
    emit_key_real(e, "mean_turnaround_time", m.sum_turnaround_s / (double)m.jobs);
    emit_key_real(e, "mean_waiting_time", m.sum_waiting_s / (double)m.jobs);
    emit_key_int(e, "nb_computing_machines", catalog->total.amount[main_resource]);
    emit_key_int(e, "nb_jobs", metrics->tasks);
    emit_key_int(e, "nb_jobs_finished", metrics->finished + metrics->lost);
    emit_key_int(e, "nb_jobs_killed", metrics->lost);
    emit_key_int(e, "nb_jobs_rejected", 0);
    emit_key_int(e, "nb_jobs_success", metrics->finished);
    emit_key_real(e, "success_rate", (double)metrics->finished / (double)metrics->tasks);
    emit_key_real(e, "time_computing", totals->used_s[main_resource]);
    emit_key_real(e, "time_idle",
                  totals->capacity_s[main_resource] - totals->used_s[main_resource]);
    emit_key_real(e, "time_unavailable", down_s > 1e-9 * all_s ? down_s : 0);
    emit_key_string(e, "machine_resource", catalog->resource[main_resource].name);
    emit_key_string(e, "time_unit", catalog->time_unit);
    emit_key_real(e, "time_unit_s", catalog->time_unit_s);
}

/* Ours: the figures of the table, in the scenario's time unit where they are times. */
static void emit_figures(struct emit *e, const struct catalog *catalog,
                         const struct metrics *metrics)
{
    emit_key(e, "figures");
    emit_open(e, '{');
    for (int i = 0; i < MEASURES; i++)
        if (measure_is_reproducible((enum measure)i))
            emit_key_real(e, measure_info[i].name, measure_of(metrics, (enum measure)i));
    emit_close(e);
    emit_key(e, "utilisation");
    emit_open(e, '{');
    for (int r = 0; r < catalog->resources; r++)
        emit_key_real(e, catalog->resource[r].name, metrics->utilisation[r]);
    emit_close(e);
    emit_close(e);
}

int run_schedule_write(const char *path, const struct scenario *scenario, const struct world *world,
                       const struct metrics *metrics, struct err *err)
{
    struct text out;
    struct emit e;
    int rc;

    text_init(&out, 0);
    emit_init(&e, &out);
    emit_schedule(&e, scenario, world, metrics);
    emit_figures(&e, &scenario->catalog, metrics);
    text_add_char(&out, '\n');
    rc = text_write_file(&out, path, err);
    text_release(&out);
    return rc;
}
