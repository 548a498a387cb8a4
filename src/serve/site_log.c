/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is simulated again must be as it was, so the scenario's speeds are what the site measured
 * (where it never looked, what it believes), and every task has a work of its own: as much as it
 * takes to hold its place for as long as it did, at those speeds. Under the policy that decided
 * then, the simulated tasks take as long as the real ones did, start and end of their programs
 * included; under another policy they run elsewhere and with other amounts, as fast as the site
 * believes. What failed or was called off took room too: it is there, with the work that it did.
 * What has not ended yet counts as one run, or as what it has done, if that is more.
 *
 * A task arrives when it may run for the first time: dependencies, holds and limits of arrays are
 * in the times of arrival. Priorities and drained clusters are not in the log.
 */
#include "serve/site_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "core/event.h"
#include "core/scenario.h"
#include "core/view.h"
#include "serve/curve_amounts.h"
#include "serve/book.h"
#include "serve/live.h"
#include "serve/sensitivity.h"
#include "serve/site.h"
#include "sim/arrivals.h"
#include "sim/event_format.h"
#include "sim/metrics.h"

/* One task of the log. */
struct lived {
    struct job_task *task;
    int32_t type;
    struct allocation limits[2];
};

struct recorder {
    struct live *live;
    const struct site *site;
    VECTOR(struct lived) lived; /* by arrival; the index becomes the task's id */
    int64_t base_us, now_us;
    struct scenario *scenario;
    struct event_format format;
    double *work;         /* by task */
    struct task *visible; /* by task: what lines say of arrivals */
    VECTOR(struct event) events;
    struct metrics totals;
};

static int by_arrival(const void *a, const void *b)
{
    const struct job_task *x = ((const struct lived *)a)->task;
    const struct job_task *y = ((const struct lived *)b)->task;

    if (x->queued_us != y->queued_us)
        return x->queued_us < y->queued_us ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return (job_task_key(x) > job_task_key(y)) - (job_task_key(x) < job_task_key(y));
}

static bool belongs(const struct job_task *task, int64_t since_us)
{
    if (!task->queued_us || task->queued_us < since_us)
        return false;
    return task->history.list.count > 0 || !job_state_is_final(task->state);
}

static int collect(struct recorder *r, int64_t since_us, int32_t most, struct err *err)
{
    struct book *book = r->live->book;

    for (size_t j = 0; j < book->jobs.count; j++)
        for (int32_t i = 0; i < book->jobs.item[j]->tasks; i++) {
            struct job_task *task = &book->jobs.item[j]->task[i];

            if (belongs(task, since_us))
                vector_push(&r->lived, ((struct lived){.task = task}));
        }
    if (!r->lived.count)
        return err_set(err, ERR_NOT_FOUND, "no task has arrived since then");
    vector_sort(&r->lived, by_arrival);
    if (r->lived.count > (size_t)most) {
        size_t left_out = r->lived.count - (size_t)most;

        memmove(r->lived.item, r->lived.item + left_out, (size_t)most * sizeof *r->lived.item);
        r->lived.count = (size_t)most;
    }
    for (size_t i = 0; i < r->lived.count; i++) {
        struct lived *lived = &r->lived.item[i];

        lived->type = live_find_type(r->live, lived->task->job->type);
        if (lived->type < 0)
            return err_set(err, ERR_LIMIT, "too many types");
        live_set_limits(r->live, lived->task, &lived->limits[0], &lived->limits[1]);
    }
    r->base_us = r->lived.item[0].task->queued_us;
    return 0;
}

/* The scenario. */

static void print_amount(const struct recorder *r, const struct allocation *amount,
                         struct text *out)
{
    text_printf(out, "{cpu: %d, gpu: %d", amount->amount[SITE_CPU], amount->amount[SITE_GPU]);
    if (r->site->has_mem)
        text_printf(out, ", mem: %d", amount->amount[SITE_MEM]);
    text_add(out, "}");
}

static void print_string(const char *words, struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_string(&e, words);
}

/* All amounts between minimum and maximum; of many those that were used, and powers of two. */
static void find_amounts(const struct recorder *r, int32_t type, int resource,
                         struct curve_amounts *amounts)
{
    const struct type_info *info = &r->live->types.item[type];
    int32_t low = info->min.amount[resource], high = info->max.amount[resource];

    curve_amounts_add(amounts, low);
    curve_amounts_add(amounts, high);
    if (high - low < CURVE_AMOUNTS_MOST) {
        for (int32_t amount = low; amount < high; amount++)
            curve_amounts_add(amounts, amount);
        return;
    }
    for (int32_t amount = 1; amount < high; amount *= 2)
        if (amount > low)
            curve_amounts_add(amounts, amount);
    for (size_t i = 0; i < r->lived.count; i++) {
        const struct job_task *task = r->lived.item[i].task;

        for (size_t s = 0; r->lived.item[i].type == type && s < task->history.list.count; s++)
            if (task->history.list.item[s].cluster >= 0)
                curve_amounts_add(amounts, task->history.list.item[s].allocation.amount[resource]);
    }
}

static void print_amounts(const struct curve_amounts *amounts, struct text *out)
{
    for (int i = 0; i < amounts->count; i++)
        text_printf(out, "%s%d", i ? ", " : "[", amounts->amount[i]);
    text_add(out, "]");
}

/* Seconds of a whole run, rows by cpu, columns by gpu. */
static void print_speed(struct recorder *r, int32_t type, struct text *out)
{
    struct curve_amounts cpu = {.most = CURVE_AMOUNTS_MOST}, gpu = {.most = CURVE_AMOUNTS_MOST};
    struct allocation amount[CURVE_AMOUNTS_MOST];
    double seconds[CURVE_AMOUNTS_MOST];

    find_amounts(r, type, SITE_CPU, &cpu);
    find_amounts(r, type, SITE_GPU, &gpu);
    text_add(out, "    speed:\n      model: table\n      grid: {cpu: ");
    print_amounts(&cpu, out);
    text_add(out, ", gpu: ");
    print_amounts(&gpu, out);
    text_add(out, "}\n      between: linear\n      seconds:\n");
    for (int i = 0; i < cpu.count; i++) {
        for (int k = 0; k < gpu.count; k++)
            amount[k] =
                (struct allocation){{[SITE_CPU] = cpu.amount[i], [SITE_GPU] = gpu.amount[k]}};
        sensitivity_seconds(r->live, type, amount, gpu.count, seconds);
        text_add(out, "        - [");
        for (int k = 0; k < gpu.count; k++) {
            text_add(out, k ? ", " : "");
            text_add_double(out, seconds[k]);
        }
        text_add(out, "]\n");
    }
}

static void print_type(struct recorder *r, int32_t type, struct text *out)
{
    const struct type_info *info = &r->live->types.item[type];

    text_add(out, "  ");
    print_string(r->live->type_names.item[type], out);
    text_add(out, ":\n    min: ");
    print_amount(r, &info->min, out);
    text_add(out, "\n    max: ");
    print_amount(r, &info->max, out);
    text_add(out, "\n");
    print_speed(r, type, out);
}

static int make_scenario(struct recorder *r, struct err *err)
{
    struct text yaml;
    int rc;

    text_init(&yaml, 0);
    text_add(&yaml, "resources:\n  - {name: cpu, unit: cores}\n  - gpu\n");
    if (r->site->has_mem)
        text_add(&yaml, "  - {name: mem, unit: MiB}\n");
    text_add(&yaml, "clusters:\n");
    for (int c = 0; c < r->site->clusters; c++) {
        text_add(&yaml, "  - {name: ");
        print_string(r->site->cluster[c].name, &yaml);
        text_add(&yaml, ", capacity: ");
        print_amount(r, &r->site->cluster[c].capacity, &yaml);
        text_add(&yaml, "}\n");
    }
    text_add(&yaml, "arrivals: {process: file, file: the log itself}\ntypes:\n");
    for (size_t type = 0; type < r->live->types.count; type++)
        print_type(r, (int32_t)type, &yaml);
    rc = scenario_parse(&r->scenario, "site", "", yaml.bytes, NULL, 0, err);
    text_release(&yaml);
    if (rc == 0) {
        r->scenario->name = r->site->name;
        event_format_init(&r->format, r->scenario);
    }
    return rc;
}

/* What happened. */

/* Runs of its type that a task does in so many microseconds of a spell. */
static double work_done(const struct recorder *r, int32_t type, const struct spell *spell,
                        int64_t us)
{
    const struct speed_model *model = &r->scenario->truth[type].speed;
    double whole;

    if (spell->cluster < 0 || us <= 0)
        return 0;
    whole = speed_seconds(model, speed_rate(model, &spell->allocation), 0, 1);
    return (double)us / 1e6 / whole;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* All that a task did, as runs of its type. */
static double all_work(const struct recorder *r, const struct lived *lived)
{
    const struct job_task *task = lived->task;
    bool over = job_state_is_final(task->state);
    size_t spells = task->history.list.count;
    double work = 0;

    for (size_t i = 0; i < spells; i++) {
        const struct spell *spell = &task->history.list.item[i];
        int64_t until_us = i + 1 < spells ? spell[1].at_us : over ? task->ended_us : r->now_us;

        work += work_done(r, lived->type, spell, until_us - spell->at_us);
    }
    if (!over)
        work = fmax(work, 1);
    return fmin(fmax(work, 1e-6), 1e12);
}

static void add_event(struct recorder *r, int64_t at_us, enum event_kind kind, int32_t id,
                      const struct spell *spell, double progress)
{
    struct event event = {.time_s = (double)(at_us - r->base_us) / 1e6,
                          .kind = kind,
                          .task = id,
                          .cluster = spell ? spell->cluster : -1,
                          .other = -1,
                          .progress = progress};

    if (spell)
        event.allocation = spell->allocation;
    vector_push(&r->events, event);
}

static enum event_kind find_kind(const struct spell *before, const struct spell *spell)
{
    if (spell->cluster < 0)
        return spell->failed ? EVENT_FAILURE : EVENT_PREEMPT;
    return before && before->cluster >= 0 ? EVENT_RESIZE : EVENT_START;
}

static void add_end(struct recorder *r, int32_t id, const struct spell *last, int64_t at_us)
{
    const struct job_task *task = r->lived.item[id].task;
    bool well = task->state == JOB_SUCCEEDED;

    if (!job_state_is_final(task->state)) {
        r->totals.unfinished++;
        return;
    }
    add_event(r, at_us, well ? EVENT_FINISH : EVENT_LOST, id, last, 0);
    r->totals.finished += well;
    r->totals.lost += !well;
}

/* The wall clock may have been set back in the meantime; a task's own events stay in order. */
static void add_task(struct recorder *r, int32_t id)
{
    const struct lived *lived = &r->lived.item[id];
    const struct job_task *task = lived->task;
    const struct spell *before = NULL;
    int64_t at_us = task->queued_us;
    double done = 0;

    r->work[id] = all_work(r, lived);
    r->visible[id] = (struct task){.type = lived->type, .reach = task->job->reach};
    add_event(r, at_us, EVENT_ARRIVAL, id, NULL, 0);
    for (size_t i = 0; i < task->history.list.count; i++) {
        const struct spell *spell = &task->history.list.item[i];
        enum event_kind kind = find_kind(before, spell);

        if (before)
            done += work_done(r, lived->type, before, spell->at_us - before->at_us);
        at_us = later(at_us, spell->at_us);
        if ((spell->cluster < 0 && (!before || before->cluster < 0)) ||
            (kind == EVENT_RESIZE && allocation_equal(&spell->allocation, &before->allocation)))
            continue;
        add_event(r, at_us, kind, id, spell->cluster < 0 ? before : spell,
                  fmin(done / r->work[id], 1));
        before = spell;
    }
    add_end(r, id, before && before->cluster >= 0 ? before : NULL, later(at_us, task->ended_us));
}

/* By time, and those of one time as they were added: task by task. */
static int by_time(const void *a, const void *b)
{
    const struct event *x = *(const struct event *const *)a, *y = *(const struct event *const *)b;

    if (x->time_s != y->time_s)
        return x->time_s < y->time_s ? -1 : 1;
    return (x > y) - (x < y);
}

static void print_events(struct recorder *r, struct text *out)
{
    struct view view = {.task = r->visible, .tasks = (int32_t)r->lived.count};
    const struct event **sorted = xcalloc(r->events.count, sizeof *sorted);
    double end_s = 0;

    for (size_t i = 0; i < r->events.count; i++)
        sorted[i] = &r->events.item[i];
    qsort(sorted, r->events.count, sizeof *sorted, by_time);
    for (size_t i = 0; i < r->events.count; i++) {
        event_format_event(&r->format, &view, sorted[i], out);
        end_s = sorted[i]->time_s;
    }
    free(sorted);
    r->totals.decisions = r->live->counts.decisions;
    event_format_end(end_s, &r->totals, out);
}

static void print_arrivals(const struct recorder *r, struct text *out)
{
    for (size_t i = 0; i < r->lived.count; i++) {
        const struct lived *lived = &r->lived.item[i];
        const struct job *job = lived->task->job;
        bool asks = job->has_request && allocation_fits(&lived->limits[0], &job->request) &&
                    allocation_fits(&job->request, &lived->limits[1]);
        struct arrival arrival = {.time_s = (double)(lived->task->queued_us - r->base_us) / 1e6,
                                  .work = r->work[i],
                                  .reach = job->reach,
                                  .type = lived->type,
                                  .home = job->reach.cluster[0],
                                  .limits = lived->limits,
                                  .request = asks ? &job->request : NULL};

        event_format_arrival(&r->format, &arrival, out);
    }
}

static void fill(struct recorder *r, struct site_log *log)
{
    struct text *out = &log->text;

    log->tasks = (int32_t)r->lived.count;
    log->real_s = xcalloc(r->lived.count, sizeof *log->real_s);
    r->work = xcalloc(r->lived.count, sizeof *r->work);
    r->visible = xcalloc(r->lived.count, sizeof *r->visible);
    for (int32_t id = 0; id < log->tasks; id++) {
        const struct job_task *task = r->lived.item[id].task;
        bool well = task->state == JOB_SUCCEEDED && task->ended_us >= task->queued_us;

        add_task(r, id);
        log->real_s[id] = well ? (double)(task->ended_us - task->queued_us) / 1e6 : -1;
    }
    event_format_run(&r->format, r->live->spec.label, 1, log->tasks, out);
    print_arrivals(r, out);
    print_events(r, out);
}

int site_log_make(struct site_log *log, struct live *live, int64_t since_us, int32_t most,
                  struct err *err)
{
    struct recorder r = {.live = live, .site = live->site, .now_us = clock_us(CLOCK_REALTIME)};
    int rc = collect(&r, since_us, most, err);

    *log = (struct site_log){.tasks = 0};
    text_init(&log->text, 0);
    if (rc == 0)
        rc = make_scenario(&r, err);
    if (rc == 0)
        fill(&r, log);
    event_format_release(&r.format);
    scenario_free(r.scenario);
    free(r.work);
    free(r.visible);
    vector_release(&r.events);
    vector_release(&r.lived);
    return rc;
}

void site_log_release(struct site_log *log)
{
    text_release(&log->text);
    free(log->real_s);
    *log = (struct site_log){.tasks = 0};
}
