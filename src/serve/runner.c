/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a task ends:
 *
 *     exit code 0                        SUCCEEDED
 *     stopped for a cancel               CANCELED
 *     stopped by the policy or requeued  it waits again, unless it said that its progress is 1
 *     anything else                      a failure: it waits again while it has retries left, each
 *                                        time twice as long; then FAILED, or LOST if nobody saw it
 */
#include "serve/runner.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/gpu_driver.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/text.h"
#include "serve/book.h"
#include "serve/quota.h"
#include "serve/site.h"

static const double SAVE_PROGRESS_S = 1, SAMPLE_S = 5;

static bool is_placed(const struct job_task *task)
{
    return task->state == JOB_STARTING || task->state == JOB_RUNNING;
}

void runner_folder(const struct runner *runner, const struct job_task *task, struct text *out)
{
    text_printf(out, "%s/tasks/%lld/%lld", runner->site->folder, (long long)task->job->id,
                (long long)task->attempt);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

void runner_remove_files(const struct runner *runner, const struct job *job)
{
    struct text path;

    text_init(&path, 0);
    text_printf(&path, "%s/tasks/%lld", runner->site->folder, (long long)job->id);
    nftw(path.bytes, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    text_release(&path);
}

/* Whether the task may be shown to the policy, beside so many of its job; if only time is missing,
 * when. */
static bool may_run(const struct job_task *task, int32_t shown, int64_t *from_us)
{
    const struct job *job = task->job;

    *from_us = task->not_before_us > job->not_before_us ? task->not_before_us : job->not_before_us;
    if (task->state != JOB_PENDING || task->world >= 0 || job->unmet || job->reach.count == 0)
        return false;
    if (job->running_limit && shown >= job->running_limit)
        return false;
    return *from_us <= clock_us(CLOCK_REALTIME);
}

static void cancel_waiting(struct runner *runner, struct job_task *task, const char *message)
{
    live_withdraw(runner->live, task);
    free(task->message);
    task->message = message ? xstrdup(message) : NULL;
    book_move(runner->book, task, JOB_CANCELED, BOOK_ENDED);
}

/* failed: what the whole job waits for ended as it must not. *next_us: when one may run at the
 * earliest that is only too early. */
static void consider(struct runner *runner, struct job_task *task, bool failed, int32_t *shown,
                     int64_t *next_us)
{
    int64_t from_us, now_us = clock_us(CLOCK_REALTIME);
    int32_t unmet = 0;

    if (task->state != JOB_PENDING && task->state != JOB_HELD)
        return;
    if (task->job->afters && !failed)
        unmet = book_count_unmet_of(runner->book, task, &failed);
    if (failed) {
        cancel_waiting(runner, task, "dependency-failed");
    } else if (unmet) {
        return;
    } else if (may_run(task, *shown, &from_us)) {
        if (!quota_has_room(runner->live, task))
            return;
        if (!task->queued_us)
            task->queued_us = now_us;
        live_admit(runner->live, task);
        ++*shown;
    } else if (task->state == JOB_PENDING && task->world < 0 && from_us > now_us &&
               from_us < *next_us) {
        *next_us = from_us;
    }
}

static void consider_some(struct runner *runner, struct job *job, int32_t first, int32_t end)
{
    int64_t next_us = INT64_MAX;
    int32_t shown = 0;
    bool failed = false;

    if (job->afters)
        job->unmet = book_count_unmet(runner->book, job, &failed);
    for (int32_t i = 0; i < job->tasks && job->running_limit; i++)
        shown += job->task[i].world >= 0;
    for (int32_t i = first; i < end; i++) {
        if (job->running_limit && shown >= job->running_limit && !job->afters)
            break; /* the rest has to wait for its turn */
        consider(runner, &job->task[i], failed, &shown, &next_us);
    }
    if (next_us < INT64_MAX)
        vector_push(&runner->timed, ((struct timed){next_us, job->id}));
}

void runner_consider(struct runner *runner, struct job *job)
{
    consider_some(runner, job, 0, job->tasks);
}

/* Of a job that waits: what the end of another, or of one of its tasks, is for. */
static void consider_after(struct runner *runner, struct job *job, struct ended ended)
{
    for (int32_t k = 0; k < job->afters; k++) {
        bool same = job->after[k].kind == AFTER_CORRESPONDING;
        const struct job_task *task = same ? job_find_task(job, ended.index) : NULL;

        if (job->after[k].job != ended.job || same != (ended.index >= 0))
            continue;
        if (!same)
            runner_consider(runner, job);
        else if (task)
            consider_some(runner, job, (int32_t)(task - job->task),
                          (int32_t)(task - job->task) + 1);
    }
}

static void consider_waiting_for(struct runner *runner, struct ended ended)
{
    struct book *book = runner->book;

    /* Only later jobs can wait for it. */
    for (size_t i = book->jobs.count; i-- > 0 && book->jobs.item[i]->id > ended.job;)
        if (book->jobs.item[i]->afters)
            consider_after(runner, book->jobs.item[i], ended);
}

/* Some user has room again: jobs that waited for that, in their order. */
static void consider_users(struct runner *runner)
{
    const struct book *book = runner->book;

    for (size_t i = 0; i < book->jobs.count; i++)
        if (book->jobs.item[i]->count[JOB_PENDING])
            runner_consider(runner, book->jobs.item[i]);
}

void runner_consider_due(struct runner *runner)
{
    int64_t now_us = clock_us(CLOCK_REALTIME);

    if (runner->room && runner->site->has_quota)
        consider_users(runner);
    runner->room = false;
    while (runner->book->ended.count)
        consider_waiting_for(runner, vector_pop(&runner->book->ended));
    for (size_t i = 0; i < runner->timed.count;) {
        struct job *job;

        if (runner->timed.item[i].at_us > now_us) {
            i++;
            continue;
        }
        job = book_find(runner->book, runner->timed.item[i].job);
        runner->timed.item[i] = vector_pop(&runner->timed);
        if (job)
            runner_consider(runner, job);
    }
}

void runner_clock_set(struct runner *runner, int64_t by_us)
{
    struct book *book = runner->book;

    vector_clear(&runner->timed);
    for (size_t j = 0; j < book->jobs.count; j++) {
        struct job *job = book->jobs.item[j];

        for (int32_t i = 0; i < job->tasks; i++)
            if (job->task[i].state == JOB_PENDING && job->task[i].not_before_us) {
                job->task[i].not_before_us += by_us;
                book_save(book, &job->task[i]);
            }
        if (job->count[JOB_PENDING])
            runner_consider(runner, job);
    }
}

double runner_due_in(const struct runner *runner)
{
    int64_t first = INT64_MAX, now_us = clock_us(CLOCK_REALTIME);

    if (runner->book->ended.count || (runner->room && runner->site->has_quota))
        return 0;
    for (size_t i = 0; i < runner->timed.count; i++)
        if (runner->timed.item[i].at_us < first)
            first = runner->timed.item[i].at_us;
    if (first == INT64_MAX)
        return HUGE_VAL;
    return first > now_us ? (double)(first - now_us) / 1e6 : 0;
}

/* What is recorded before it is done. */

static void record_start(struct runner *runner, struct job_task *task)
{
    char words[32];

    task->attempt = ++runner->book->last_attempt;
    task->attempts++;
    task->stopping = STOP_NONE;
    task->grace_s = -1;
    task->move_to = -1;
    task->progress = -1;
    task->started_us = 0;
    task->seen_cpu_s = 0;
    task->expected_s = live_seconds(runner->live, live_find_type(runner->live, task->job->type),
                                    &task->allocation, 0);
    book_spell(task, true, false);
    snprintf(words, sizeof words, "%lld", (long long)task->attempt);
    book_save_setting(runner->book, SETTING_ATTEMPTS, words);
    book_move(runner->book, task, JOB_STARTING, BOOK_STARTING);
}

void runner_record(struct runner *runner)
{
    for (size_t i = 0; i < runner->live->acts.count; i++) {
        struct act *act = &runner->live->acts.item[i];

        switch (act->kind) {
        case ACT_START:
            record_start(runner, act->task);
            act->attempt = act->task->attempt;
            break;
        case ACT_SHRINK:
        case ACT_GROW:
            book_spell(act->task, true, false);
            act->task->expected_s = 0;
            book_move(runner->book, act->task, act->task->state, BOOK_RESIZED);
            break;
        case ACT_STOP:
            book_move(runner->book, act->task, act->task->state, BOOK_STOPPING);
            break;
        }
        vector_push(&runner->todo, *act);
    }
    vector_clear(&runner->live->acts);
}

/* What a program is started with. */
struct setting {
    json_t *doc;
    VECTOR(const char *) argv;
    VECTOR(char *) env;
    struct text folder;
};

static void add_variable(struct setting *setting, const char *name, const char *value)
{
    struct text line;

    text_init(&line, 0);
    text_printf(&line, "%s=%s", name, value);
    vector_push(&setting->env, text_take(&line));
}

static void add_default_variables(struct setting *setting, const struct job *job)
{
    const struct passwd *user = getpwuid(job->uid);

    add_variable(setting, "PATH", "/usr/local/bin:/usr/bin:/bin");
    if (user) {
        add_variable(setting, "HOME", user->pw_dir);
        add_variable(setting, "USER", user->pw_name);
    }
}

static void open_setting(struct setting *setting, struct runner *runner,
                         const struct job_task *task)
{
    const struct job *job = task->job;
    const json_t *command, *env, *entry;
    struct text id;
    const char *name;
    json_t *value;
    char number[32];

    *setting = (struct setting){.doc = book_read_doc(runner->book, job)};
    text_init(&setting->folder, 0);
    runner_folder(runner, task, &setting->folder);
    command = json_object_get(setting->doc, "command");
    env = json_object_get(setting->doc, "env");
    for (size_t i = 0; i < json_array_size(command); i++)
        vector_push(&setting->argv, json_string_value(json_array_get(command, i)));
    vector_push(&setting->argv, NULL);
    if (!env)
        add_default_variables(setting, job);
    json_object_foreach ((json_t *)(uintptr_t)env, name, value)
        if (strncmp(name, "TAP_", 4) != 0)
            add_variable(setting, name, json_string_value(value));
    text_init(&id, 0);
    job_print_id(task, &id);
    add_variable(setting, "TAP_TASK", id.bytes);
    text_release(&id);
    snprintf(number, sizeof number, "%lld", (long long)job->id);
    add_variable(setting, "TAP_JOB", number);
    snprintf(number, sizeof number, "%d", task->index);
    add_variable(setting, "TAP_ARRAY_INDEX", number);
    entry = json_array_get(json_object_get(setting->doc, "each"), (size_t)task->index - 1);
    if (entry)
        add_variable(setting, "TAP_ENTRY", json_string_value(entry));
    snprintf(number, sizeof number, "%d", task->attempts);
    add_variable(setting, "TAP_ATTEMPT", number);
    add_variable(setting, "TAP_SITE", runner->site->unix_path);
    vector_push(&setting->env, NULL);
}

static void close_setting(struct setting *setting)
{
    for (size_t i = 0; i < setting->env.count; i++)
        free(setting->env.item[i]);
    vector_release(&setting->env);
    vector_release(&setting->argv);
    text_release(&setting->folder);
    json_decref(setting->doc);
}

static int make_folders(const struct runner *runner, const struct job *job, struct err *err)
{
    struct text path;
    int rc = 0;

    text_init(&path, 0);
    text_printf(&path, "%s/tasks/%lld", runner->site->folder, (long long)job->id);
    if (mkdir(path.bytes, 0711) != 0 && errno != EEXIST)
        rc = err_set(err, ERR_IO, "%s: cannot make: %s", path.bytes, strerror(errno));
    text_release(&path);
    return rc;
}

static int start(struct runner *runner, struct job_task *task, struct err *err)
{
    const struct job *job = task->job;
    const char *cwd;
    struct setting setting;
    struct launch launch;
    int rc = make_folders(runner, job, err);

    if (rc)
        return rc;
    open_setting(&setting, runner, task);
    cwd = json_string_value(json_object_get(setting.doc, "cwd"));
    launch = (struct launch){.attempt = task->attempt,
                             .folder = setting.folder.bytes,
                             .argv = setting.argv.item,
                             .env = (const char *const *)setting.env.item,
                             .cwd = cwd ? cwd : "/",
                             .user = job->user && geteuid() == 0 ? job->user : NULL,
                             .uid = job->uid,
                             .gid = job->gid,
                             .allocation = task->allocation,
                             .timeout_s = job->timeout_s,
                             .grace_s = job->grace_s,
                             .log_bytes = runner->site->log_bytes};
    rc = runner->ops[task->cluster]->start(runner->backend[task->cluster], &launch, err);
    close_setting(&setting);
    return rc;
}

static void keep_message(struct job_task *task, const char *message)
{
    free(task->message);
    task->message = message && *message ? xstrdup(message) : NULL;
}

static void note_call(struct cluster_tally *tally, enum tally_op op, double began_s, int rc)
{
    histogram_add(&tally->requests[op], histogram_brief_s, clock_s(CLOCK_MONOTONIC) - began_s);
    tally->errors[op] += rc != 0;
}

static void act_start(struct runner *runner, struct job_task *task)
{
    struct cluster_tally *tally = &runner->book->tally.cluster[task->cluster];
    struct err err;
    double began_s = clock_s(CLOCK_MONOTONIC);
    int rc = start(runner, task, &err);

    note_call(tally, OP_START, began_s, rc);
    if (rc == 0)
        return;
    keep_message(task, err.message);
    task->attempts--;
    book_spell(task, false, false);
    live_take_back(runner->live, task);
    book_move(runner->book, task, JOB_PENDING, BOOK_PENDING);
}

/* Who cancels may say another one than who submitted. */
static double grace_of(const struct job_task *task)
{
    return task->grace_s >= 0 ? task->grace_s : task->job->grace_s;
}

void runner_act(struct runner *runner)
{
    for (size_t i = 0; i < runner->todo.count; i++) {
        struct act *act = &runner->todo.item[i];
        struct job_task *task = act->task;
        const struct backend_ops *ops;
        struct err err;
        double began_s = clock_s(CLOCK_MONOTONIC);
        int rc;

        if (!is_placed(task) || task->attempt != act->attempt)
            continue; /* over in the meantime */
        ops = runner->ops[task->cluster];
        if (act->kind == ACT_START) {
            act_start(runner, task);
            continue;
        }
        if (act->kind == ACT_STOP)
            rc = ops->stop(runner->backend[task->cluster], task->attempt, grace_of(task), &err);
        else
            rc =
                ops->resize(runner->backend[task->cluster], task->attempt, &task->allocation, &err);
        note_call(&runner->book->tally.cluster[task->cluster],
                  act->kind == ACT_STOP ? OP_STOP : OP_RESIZE, began_s, rc);
    }
    vector_clear(&runner->todo);
}

/* What happened. */

static void note_usage(struct job_task *task, const struct backend_end *end)
{
    task->exit_code = end->cause == END_ERROR || end->cause == END_LOST ? -1 : end->code;
    task->exit_signal = end->signal;
    task->oom = end->oom;
    task->timed_out = end->cause == END_TIMEOUT;
    task->used_s += end->user_s + end->system_s;
    if ((double)end->most_bytes > task->most_bytes)
        task->most_bytes = (double)end->most_bytes;
    if (end->started_us && !task->started_us)
        task->started_us = end->started_us;
    keep_message(task, end->message);
    if (end->oom)
        keep_message(task, "out of memory");
    else if (end->cause == END_TIMEOUT)
        keep_message(task, "ran out of time");
}

static void wait_again(struct runner *runner, struct job_task *task)
{
    int32_t move_to = task->move_to;

    task->stopping = STOP_NONE;
    task->move_to = -1;
    live_ended(runner->live, task, true);
    book_spell(task, false, false);
    book_move(runner->book, task, JOB_PENDING, BOOK_PENDING);
    if (move_to >= 0)
        live_place(runner->live, task, move_to);
}

static void fail(struct runner *runner, struct job_task *task, bool lost)
{
    task->failures++;
    task->stopping = STOP_NONE;
    live_ended(runner->live, task, false);
    if (task->failures > task->job->retries) {
        book_move(runner->book, task, lost ? JOB_LOST : JOB_FAILED, BOOK_ENDED);
        return;
    }
    runner->book->counts.retries++;
    book_spell(task, false, true);
    task->not_before_us =
        clock_us(CLOCK_REALTIME) +
        (int64_t)(1e6 * task->job->backoff_s * pow(2, fmin(task->failures - 1, 16)));
    book_move(runner->book, task, JOB_PENDING, BOOK_PENDING);
}

static void take_end(struct runner *runner, struct job_task *task, const struct backend_end *end)
{
    bool well =
        end->code == 0 && end->signal == 0 && (end->cause == END_EXIT || end->cause == END_STOPPED);
    bool stopped = end->cause == END_STOPPED && !(well && task->progress >= 1);

    note_usage(task, end);
    if (task->stopping == STOP_CANCEL && !(well && end->cause == END_EXIT)) {
        live_ended(runner->live, task, false);
        book_move(runner->book, task, JOB_CANCELED, BOOK_ENDED);
    } else if (stopped) {
        if (task->stopping == STOP_REQUEUE)
            runner->book->counts.requeues++;
        runner->book->tally.evictions[task->stopping == STOP_REQUEUE ? 2 : task->move_to >= 0]++;
        wait_again(runner, task);
    } else if (well) {
        task->stopping = STOP_NONE;
        if (task->expected_s > 0 && task->expected_s < 1e12 && end->wall_s > 0)
            histogram_add(&tally_type(&runner->book->tally, task->job->type)->error,
                          histogram_ratio, fabs(end->wall_s - task->expected_s) / end->wall_s);
        if (task->progress >= 0)
            task->progress = 1;
        live_finished(runner->live, task, live_moment(runner->live, end->over_s));
        book_move(runner->book, task, JOB_SUCCEEDED, BOOK_ENDED);
    } else {
        fail(runner, task, end->cause == END_LOST);
    }
    runner_consider(runner, task->job);
    runner->room = true;
}

static void count_wait(struct runner *runner, struct job_task *task)
{
    struct tally *tally = &runner->book->tally;

    if (task->attempts == 1 && task->queued_us)
        histogram_add(&tally_type(tally, task->job->type)->wait, histogram_long_s,
                      (double)(task->started_us - task->queued_us) / 1e6);
    if (task->promised_us)
        histogram_add(&tally->eta_error, histogram_long_s,
                      fabs((double)(task->started_us - task->promised_us)) / 1e6);
    task->promised_us = 0;
}

/* began_s: by the machine's clock; 0: not known. */
static void take_start(struct runner *runner, struct job_task *task, double began_s)
{
    if (task->state != JOB_STARTING)
        return;
    task->started_us = clock_us(CLOCK_REALTIME);
    count_wait(runner, task);
    live_began(runner->live, task, live_moment(runner->live, began_s));
    keep_message(task, NULL);
    book_move(runner->book, task, JOB_RUNNING, BOOK_STARTED);
}

static void take_progress(struct runner *runner, struct job_task *task,
                          const struct backend_event *event)
{
    int64_t now_us = clock_us(CLOCK_REALTIME);

    if (event->progress < 0 && strcmp(event->metrics, "{}") == 0)
        return;
    task->progress = event->progress;
    free(task->metrics);
    task->metrics = xstrdup(event->metrics);
    live_progress(runner->live, task, live_moment(runner->live, event->at_s));
    if ((double)(now_us - task->saved_us) / 1e6 < SAVE_PROGRESS_S && task->progress < 1)
        return;
    task->saved_us = now_us;
    book_save(runner->book, task);
    book_tell(runner->book, BOOK_PROGRESS, task->job, task,
              json_pack("{s:f, s:o}", "progress", task->progress, "metrics",
                        json_loads(task->metrics, 0, NULL)));
}

static struct job_task *find_attempt(const struct runner *runner, int cluster, int64_t attempt)
{
    const struct live_cluster *at = &runner->live->cluster[cluster];

    for (size_t i = 0; i < at->running.count; i++) {
        struct job_task *task = runner->live->of[at->running.item[i]];

        if (task && task->attempt == attempt)
            return task;
    }
    return NULL;
}

static void take_event(struct runner *runner, int cluster, const struct backend_event *event)
{
    struct job_task *task = find_attempt(runner, cluster, event->attempt);

    if (!task || !is_placed(task))
        return;
    switch (event->kind) {
    case BACKEND_STARTED:
        take_start(runner, task, event->at_s);
        break;
    case BACKEND_PROGRESS:
        take_progress(runner, task, event);
        break;
    case BACKEND_ENDED:
        take_start(runner, task, event->at_s - event->end.wall_s);
        take_end(runner, task, &event->end);
        break;
    }
}

bool runner_poll(struct runner *runner)
{
    enum { EVENTS = 64 };
    struct backend_event event[EVENTS];
    bool any = false;

    for (int c = 0; c < runner->site->clusters; c++) {
        int count;

        do {
            count = runner->ops[c]->poll(runner->backend[c], event, EVENTS);
            for (int i = 0; i < count; i++)
                take_event(runner, c, &event[i]);
            any |= count > 0;
        } while (count >= EVENTS - 1);
    }
    return any;
}

/* What tasks use by now; of those whose groups cannot be read nothing is known. */
static void sample_use(struct runner *runner, int c, double seconds)
{
    struct cluster_tally *tally = &runner->book->tally.cluster[c];
    const struct live_cluster *at = &runner->live->cluster[c];
    double cpu_s = 0;

    tally->used_bytes = -1;
    for (size_t i = 0; i < at->running.count; i++) {
        struct job_task *task = runner->live->of[at->running.item[i]];
        struct backend_usage usage = {.cpu_s = -1, .mem_bytes = -1};

        if (!task || !is_placed(task) ||
            runner->ops[c]->usage(runner->backend[c], task->attempt, &usage))
            continue;
        if (usage.cpu_s >= 0) {
            cpu_s += fmax(0, usage.cpu_s - task->seen_cpu_s);
            task->seen_cpu_s = usage.cpu_s;
        }
        if (usage.mem_bytes >= 0)
            tally->used_bytes = (tally->used_bytes < 0 ? 0 : tally->used_bytes) + usage.mem_bytes;
    }
    tally->used_cpus = seconds > 0 ? cpu_s / seconds : 0;
}

/* In the units that the cluster gives out, which may be parts of GPUs. */
static void sample_gpus(struct runner *runner, int c)
{
    const struct site_cluster *cluster = &runner->site->cluster[c];
    int offered = cluster->capacity.amount[SITE_GPU];
    struct cpu_list gpus;
    double busy;

    if (!runner->gpus || !offered || cpu_list_gpus(&gpus, cluster->gpus, offered, NULL))
        return;
    busy = gpu_driver_busy(runner->gpus, &gpus);
    runner->book->tally.cluster[c].used_gpus = busy < 0 ? -1 : busy * offered;
}

void runner_sample(struct runner *runner, double seconds)
{
    bool use = runner->sampled_s + seconds >= SAMPLE_S;

    runner->sampled_s += seconds;
    for (int c = 0; c < runner->site->clusters; c++) {
        struct cluster_tally *tally = &runner->book->tally.cluster[c];
        struct allocation held = runner->site->cluster[c].capacity;

        allocation_subtract(&held, &runner->live->cluster_view[c].free);
        for (int r = 0; r < SITE_RESOURCES; r++)
            tally->held_s[r] += held.amount[r] * seconds;
        tally_held(tally, held.amount[SITE_CPU], seconds);
        tally->seen_us = clock_us(CLOCK_REALTIME);
        if (use) {
            sample_use(runner, c, runner->sampled_s);
            sample_gpus(runner, c);
        }
    }
    if (use)
        runner->sampled_s = 0;
}

/* What users ask for. */

bool runner_cancel(struct runner *runner, struct job_task *task)
{
    if (job_state_is_final(task->state) || task->stopping == STOP_CANCEL)
        return false;
    if (!is_placed(task)) {
        cancel_waiting(runner, task, NULL);
        runner->room = true;
        return true;
    }
    task->stopping = STOP_CANCEL;
    vector_push(&runner->live->acts, ((struct act){ACT_STOP, task, task->attempt}));
    return true;
}

bool runner_requeue(struct runner *runner, struct job_task *task)
{
    if (job_state_is_final(task->state)) {
        task->failures = 0;
        task->order = 0;
        vector_clear(&task->history.list);
        task->queued_us = 0;
        task->ended_us = task->not_before_us = 0;
        keep_message(task, NULL);
        book_move(runner->book, task, task->job->held ? JOB_HELD : JOB_PENDING, BOOK_PENDING);
        return true;
    }
    if (!is_placed(task) || task->stopping)
        return false;
    task->stopping = STOP_REQUEUE;
    vector_push(&runner->live->acts, ((struct act){ACT_STOP, task, task->attempt}));
    return true;
}

bool runner_retry(struct runner *runner, struct job_task *task)
{
    bool failed = task->state == JOB_FAILED || task->state == JOB_LOST;

    return failed && runner_requeue(runner, task);
}

void runner_hold(struct runner *runner, struct job *job, bool held)
{
    job->held = held;
    book_save_job(runner->book, job);
    for (int32_t i = 0; i < job->tasks; i++) {
        struct job_task *task = &job->task[i];

        if (held && task->state == JOB_PENDING) {
            live_withdraw(runner->live, task);
            book_move(runner->book, task, JOB_HELD, BOOK_EVENTS);
        } else if (!held && task->state == JOB_HELD) {
            book_move(runner->book, task, JOB_PENDING, BOOK_EVENTS);
        }
    }
    runner_consider(runner, job);
}

/* After a start of the daemon. */

static int adopt(struct runner *runner, struct job_task *task, struct err *err)
{
    struct launch launch = {.attempt = task->attempt, .allocation = task->allocation};
    enum adoption adoption;
    struct text folder;
    int rc;

    if (task->cluster < 0)
        return err_set(err, ERR_INVALID,
                       "job %lld still runs on a cluster that the site no longer has; keep the "
                       "cluster until it is empty",
                       (long long)task->job->id);
    text_init(&folder, 0);
    runner_folder(runner, task, &folder);
    launch.folder = folder.bytes;
    rc = runner->ops[task->cluster]->adopt(runner->backend[task->cluster], &launch, &adoption, err);
    text_release(&folder);
    if (rc)
        return rc;
    if (adoption == ADOPTED_NEVER) {
        task->attempts--;
        book_spell(task, false, false);
        task->stopping = task->stopping == STOP_CANCEL ? STOP_CANCEL : STOP_NONE;
        if (task->stopping == STOP_CANCEL)
            book_move(runner->book, task, JOB_CANCELED, BOOK_ENDED);
        else
            book_move(runner->book, task, task->job->held ? JOB_HELD : JOB_PENDING, BOOK_PENDING);
        return 0;
    }
    live_admit(runner->live, task);
    task->stretch_s = live_now(runner->live); /* what it did meanwhile was not watched */
    task->stretch_progress = -1;
    if (task->stopping)
        vector_push(&runner->live->acts, ((struct act){ACT_STOP, task, task->attempt}));
    return 0;
}

static int reconcile(struct runner *runner, struct err *err)
{
    VECTOR(struct job_task *) placed = {0};
    struct book *book = runner->book;
    int rc = 0;

    for (size_t i = 0; i < book->jobs.count; i++)
        for (int32_t t = 0; t < book->jobs.item[i]->tasks; t++)
            if (is_placed(&book->jobs.item[i]->task[t]))
                vector_push(&placed, &book->jobs.item[i]->task[t]);
    if (placed.count)
        vector_sort(&placed, job_by_order);
    for (size_t i = 0; i < placed.count && rc == 0; i++)
        rc = adopt(runner, placed.item[i], err);
    vector_release(&placed);
    for (size_t i = 0; i < book->jobs.count && rc == 0; i++)
        runner_consider(runner, book->jobs.item[i]);
    return rc;
}

struct backend_config runner_config(const struct site *site, int c)
{
    const struct site_cluster *cluster = &site->cluster[c];

    return (struct backend_config){.cluster = cluster->name,
                                   .cpus = cluster->cpus,
                                   .gpus = cluster->gpus,
                                   .capacity = cluster->capacity,
                                   .cpu = SITE_CPU,
                                   .gpu = SITE_GPU,
                                   .mem = site->has_mem ? SITE_MEM : -1,
                                   .mem_unit_bytes = SITE_MEM_UNIT_BYTES};
}

static int open_backend(struct runner *runner, int c, struct err *err)
{
    struct backend_config config = runner_config(runner->site, c);
    char groups[64];

    /* Sites in other folders have groups of their own. */
    snprintf(groups, sizeof groups, "tapfinger-%08llx",
             (unsigned long long)(rng_hash_seed(0, runner->site->folder) & 0xFFFFFFFF));
    config.groups = groups;
    config.program = runner->program;
    runner->ops[c] = backend_find(runner->site->cluster[c].backend);
    return runner->ops[c]->open(&runner->backend[c], &config, err);
}

int runner_open(struct runner *runner, struct book *book, struct live *live, const char *program,
                struct err *err)
{
    size_t clusters = (size_t)book->site->clusters;
    struct text path;
    int rc = 0;

    *runner = (struct runner){.site = book->site, .book = book, .live = live};
    runner->program = xstrdup(program);
    runner->ops = xcalloc(clusters, sizeof *runner->ops);
    runner->backend = xcalloc(clusters, sizeof *runner->backend);
    text_init(&path, 0);
    text_printf(&path, "%s/tasks", book->site->folder);
    if (mkdir(path.bytes, 0711) != 0 && errno != EEXIST)
        rc = err_set(err, ERR_IO, "%s: cannot make: %s", path.bytes, strerror(errno));
    text_release(&path);
    for (int c = 0; c < book->site->clusters && rc == 0; c++)
        rc = open_backend(runner, c, err);
    if (rc == 0 && site_has_gpus(book->site))
        runner->gpus = gpu_driver_open();
    return rc ? rc : reconcile(runner, err);
}

void runner_close(struct runner *runner)
{
    for (int c = 0; runner->site && c < runner->site->clusters; c++)
        if (runner->backend[c])
            runner->ops[c]->close(runner->backend[c]);
    gpu_driver_close(runner->gpus);
    free(runner->backend);
    free(runner->ops);
    free(runner->program);
    vector_release(&runner->todo);
    vector_release(&runner->timed);
}
