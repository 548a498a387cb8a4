/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fork has the whole world to itself, with the policy in the very state that it is in: it lets
 * the clock jump from event to event, ends what runs when it should be over, asks the policy as the
 * daemon would, carries out at once what it decides, and notes when what waits now is started. That
 * is done once with all durations as believed and once each with all of them shorter and longer
 * (forecast_factor), in a fork of its own each time.
 *
 * What it does not know: what will be submitted meanwhile, what is not allowed to run yet
 * (dependencies, limits, holds), failures, and how much of its work a task loses that is preempted:
 * none is taken to be lost. A case ends after four tenths of a second of processor time, or when
 * all have started; of the rest it says nothing. Queues of more than WAITING_MOST tasks are not run
 * forward.
 *
 * The errand writes one line per task that started: case, job, index, seconds until then, cluster,
 * cpu, gpu, memory, seconds of its run.
 */
#include "serve/prospect.h"

#include <math.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/book.h"
#include "serve/live.h"
#include "serve/live_apply.h"
#include "serve/site.h"

enum { WAITING_MOST = 500, EVENTS_MOST = 100000, CPU_MOST_S = 3 };

static const double CASE_CPU_S = 0.4, HORIZON_S = 30 * 86400.0;
static const double SOON_S = 0.2, LATER_S = 15, PAUSES = 10, PAUSE_MOST_S = 10, FORGET_S = 120;

/* In the fork. */

struct forward {
    struct live *live;
    double factor, began_s;
    double *end_s;      /* by world id, while it runs */
    double *reckoned_s; /* when that was reckoned, and from which progress */
    double *progress;
    bool *is_awaited; /* by world id: waits at the beginning, and has not started */
    int32_t awaited, size;
    int which, out;
};

/* Tasks that were started and resized here say nothing of their progress: it is reckoned. */
static void note_progress(struct forward *f, int32_t id)
{
    double now_s = live_now(f->live), span_s = f->end_s[id] - f->reckoned_s[id];

    if (f->end_s[id] < HUGE_VAL && span_s > 0)
        f->progress[id] += (1 - f->progress[id]) * fmin(1, (now_s - f->reckoned_s[id]) / span_s);
    f->reckoned_s[id] = now_s;
    if (f->live->of[id]->progress >= 0)
        f->live->of[id]->progress = f->progress[id];
}

static void reckon_end(struct forward *f, int32_t id)
{
    const struct task *task = &f->live->task[id];

    f->reckoned_s[id] = live_now(f->live);
    f->end_s[id] = f->reckoned_s[id] + f->factor * live_seconds(f->live, task->type,
                                                                &task->allocation, f->progress[id]);
}

/* What it has been given is known, and when its run will end. */
static void note_start(struct forward *f, int32_t id)
{
    const struct job_task *of = f->live->of[id];
    const struct task *task = &f->live->task[id];

    if (!f->is_awaited[id])
        return;
    f->is_awaited[id] = false;
    f->awaited--;
    dprintf(f->out, "%d %lld %d %.3f %d %d %d %d %.3f\n", f->which, (long long)of->job->id,
            of->index, fmax(0, f->reckoned_s[id] - f->began_s), task->cluster,
            task->allocation.amount[SITE_CPU], task->allocation.amount[SITE_GPU],
            task->allocation.amount[SITE_MEM], f->end_s[id] - f->reckoned_s[id]);
}

/* A stop frees at once what it holds; the task waits again, or goes where it was sent. */
static void stop(struct forward *f, struct job_task *of)
{
    int32_t move_to = of->move_to;

    f->end_s[of->world] = HUGE_VAL;
    of->stopping = STOP_NONE;
    of->move_to = -1;
    live_ended(f->live, of, true);
    if (move_to >= 0)
        live_place(f->live, of, move_to);
}

/* What is carried out may list more. */
static void act(struct forward *f)
{
    struct live *live = f->live;

    for (size_t i = 0; i < live->acts.count; i++) {
        struct act one = live->acts.item[i];
        int32_t id = one.task->world;

        if (id < 0 || id >= f->size)
            continue;
        if (live->task[id].state == TASK_RUNNING && one.kind != ACT_START)
            note_progress(f, id);
        if (one.kind == ACT_STOP) {
            stop(f, one.task);
            continue;
        }
        reckon_end(f, id);
        if (one.kind == ACT_START)
            note_start(f, id);
    }
    vector_clear(&live->acts);
}

/* Drains that end by themselves do so here, too. */
static double next_resume(const struct live *live, int32_t *cluster)
{
    double next_s = HUGE_VAL;

    for (int32_t c = 0; c < live->catalog.clusters; c++) {
        const struct live_cluster *at = &live->cluster[c];
        double in_s = (double)(at->until_us - clock_us(CLOCK_REALTIME)) / 1e6;

        if (at->draining && at->until_us && live_now(live) + fmax(0, in_s) < next_s) {
            next_s = live_now(live) + fmax(0, in_s);
            *cluster = c;
        }
    }
    return next_s;
}

static int32_t first_end(const struct forward *f)
{
    int32_t first = -1;

    for (int32_t id = 0; id < f->size; id++)
        if (f->end_s[id] < HUGE_VAL && (first < 0 || f->end_s[id] < f->end_s[first]))
            first = id;
    return first;
}

/* Jumps to what happens next, and lets it happen; false: nothing ever will. */
static bool step(struct forward *f, double resume_s, int32_t *resumed)
{
    struct live *live = f->live;
    int32_t first = first_end(f);
    double end_s = first < 0 ? HUGE_VAL : f->end_s[first];
    double wake_s = live_now(live) + live_wake_in(live);
    double next_s = fmin(fmin(end_s, wake_s), resume_s);

    if (next_s > f->began_s + HORIZON_S)
        return false;
    live->offset_s += fmax(0, next_s - live_now(live));
    if (end_s <= next_s) {
        struct job_task *of = live->of[first];

        f->end_s[first] = HUGE_VAL;
        of->stretch_s = 0; /* nothing is learned from what was only thought */
        live_finished(live, of, next_s);
    } else if (resume_s <= next_s) {
        live_drain(live, *resumed, false, NULL, NULL);
        *resumed = -1;
    }
    return true;
}

static void open_forward(struct forward *f, struct live *live)
{
    size_t size = (size_t)live->tasks + 1;

    f->live = live;
    f->size = live->tasks;
    f->began_s = live_now(live);
    f->end_s = xcalloc(size, sizeof *f->end_s);
    f->reckoned_s = xcalloc(size, sizeof *f->reckoned_s);
    f->progress = xcalloc(size, sizeof *f->progress);
    f->is_awaited = xcalloc(size, sizeof *f->is_awaited);
    for (int32_t id = 0; id < f->size; id++) {
        f->end_s[id] = HUGE_VAL;
        if (!live->of[id])
            continue;
        f->progress[id] = live->view.progress(live, id);
        f->reckoned_s[id] = f->began_s;
        if (live->task[id].state == TASK_RUNNING)
            f->end_s[id] = f->began_s + f->factor * forecast_left_s(live, id);
        else
            f->is_awaited[id] = true;
        f->awaited += f->is_awaited[id];
    }
}

static void run_case(struct live *live, int which, int out)
{
    struct forward f = {.factor = forecast_factor[which], .which = which, .out = out};
    int32_t resumed = -1;
    double resume_s;

    open_forward(&f, live);
    resume_s = next_resume(live, &resumed);
    for (int i = 0;
         i < EVENTS_MOST && f.awaited > 0 && clock_s(CLOCK_PROCESS_CPUTIME_ID) < CASE_CPU_S; i++) {
        live_decide(live);
        act(&f);
        if (live->wants)
            continue;
        if (!step(&f, resume_s, &resumed))
            return;
        if (resumed < 0)
            resume_s = next_resume(live, &resumed);
    }
}

/* Nobody hears of what is booked, and it is never committed. The world is not built anew, since
 * what it was built from is not at hand here. */
static void detach(struct live *live)
{
    live->book->listener = NULL;
    live->watchdog = NULL;
    live->over = -2 * live->tasks;
    vector_clear(&live->acts);
}

static void run_forward(void *arg, int out)
{
    static const struct rlimit most = {CPU_MOST_S, CPU_MOST_S};
    struct live *live = arg;

    detach(live);
    for (int which = 0; which < FORECAST_CASES; which++) {
        pid_t pid = fork();

        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            setrlimit(RLIMIT_CPU, &most); /* a policy may not come back */
            run_case(live, which, out);
            _exit(0);
        }
        if (pid > 0)
            waitpid(pid, NULL, 0);
    }
}

/* In the daemon. */

void prospect_open(struct prospect *p, struct live *live, int epoll)
{
    *p = (struct prospect){.live = live, .epoll = epoll, .made_s = -HUGE_VAL};
}

void prospect_close(struct prospect *p)
{
    errand_close(&p->errand);
    vector_release(&p->tasks);
    *p = (struct prospect){0};
}

static int by_task(const void *a, const void *b)
{
    const struct prospect_task *x = a, *y = b;

    if (x->job != y->job)
        return x->job < y->job ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* One line; the case to which it belongs, or -1. */
static int read_line(const char *line, struct prospect_task *out)
{
    struct forecast_start *start = &out->start;
    struct allocation amount = {{0}};
    double in_s, run_s;
    int32_t cluster;
    long long job;
    int which;

    *out = (struct prospect_task){.start = {{HUGE_VAL, HUGE_VAL, HUGE_VAL}, .cluster = -1}};
    if (sscanf(line, "%d %lld %d %lf %d %d %d %d %lf", &which, &job, &out->index, &in_s, &cluster,
               &amount.amount[SITE_CPU], &amount.amount[SITE_GPU], &amount.amount[SITE_MEM],
               &run_s) != 9 ||
        which < 0 || which >= FORECAST_CASES)
        return -1;
    out->job = job;
    start->in_s[which] = in_s;
    if (which == FORECAST_LIKELY) {
        start->cluster = cluster;
        start->amount = amount;
        start->run_s = run_s;
    }
    return which;
}

/* What one case says of a task joins what others say. */
static void join(struct forecast_start *all, const struct forecast_start *one)
{
    for (int which = 0; which < FORECAST_CASES; which++)
        all->in_s[which] = fmin(all->in_s[which], one->in_s[which]);
    if (one->cluster >= 0) {
        all->cluster = one->cluster;
        all->amount = one->amount;
        all->run_s = one->run_s;
    }
}

/* One entry per task and case, sorted, then folded into one per task. */
static void take_in(struct prospect *p)
{
    struct prospect_task one;
    size_t kept = 0;

    vector_clear(&p->tasks);
    for (const char *at = p->errand.out.bytes; at && strchr(at, '\n'); at = strchr(at, '\n') + 1) {
        if (read_line(at, &one) < 0)
            break;
        vector_push(&p->tasks, one);
    }
    vector_sort(&p->tasks, by_task);
    for (size_t i = 0; i < p->tasks.count; i++) {
        if (kept > 0 && by_task(&p->tasks.item[kept - 1], &p->tasks.item[i]) == 0)
            join(&p->tasks.item[kept - 1].start, &p->tasks.item[i].start);
        else
            p->tasks.item[kept++] = p->tasks.item[i];
    }
    p->tasks.count = kept;
}

/* Seconds until the first of those that waited has started, at the latest. */
static double soonest(const struct prospect *p)
{
    double best_s = HUGE_VAL;

    for (size_t i = 0; i < p->tasks.count; i++)
        best_s = fmin(best_s, p->tasks.item[i].start.in_s[FORECAST_CASES - 1]);
    return best_s;
}

bool prospect_poll(struct prospect *p)
{
    double now_s;

    if (!errand_poll(&p->errand))
        return false;
    now_s = live_now(p->live);
    take_in(p);
    p->made_s = p->began_s;
    p->until_s = p->made_s + fmin(LATER_S, soonest(p));
    p->next_s = now_s + fmin(PAUSE_MOST_S, fmax(SOON_S, PAUSES * (now_s - p->began_s)));
    return true;
}

/* What another policy would have done counts no more. */
static void note_policy(struct prospect *p)
{
    const char *label = p->live->spec.label;

    if (strncmp(p->policy, label, sizeof p->policy - 1) == 0)
        return;
    snprintf(p->policy, sizeof p->policy, "%s", label);
    errand_close(&p->errand);
    vector_clear(&p->tasks);
    p->next_s = 0;
    p->version = -1;
}

double prospect_due_in(const struct prospect *p)
{
    const struct live *live = p->live;

    if (p->errand.pid)
        return 0;
    if (live->lists.count == 0 || live->lists.count > WAITING_MOST)
        return HUGE_VAL;
    return fmax(0, p->next_s - live_now(live));
}

void prospect_want(struct prospect *p)
{
    const struct live *live = p->live;
    struct epoll_event event = {.events = EPOLLIN};
    double now_s = live_now(live);
    bool same;

    note_policy(p);
    same = p->version == live->book->version && now_s < p->until_s;
    if (p->errand.pid || same || live->types_changed || prospect_due_in(p) > 0)
        return;
    p->version = live->book->version;
    p->began_s = now_s;
    p->next_s = now_s + SOON_S;
    if (errand_start(&p->errand, run_forward, p->live, NULL) == 0)
        epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->errand.pipe, &event);
}

bool prospect_start(const struct prospect *p, const struct job_task *task,
                    struct forecast_start *start)
{
    struct prospect_task wanted = {.job = task->job->id, .index = task->index};
    const struct prospect_task *found = NULL;
    double passed_s = live_now(p->live) - p->made_s;

    if (p->tasks.count && passed_s < FORGET_S)
        found = bsearch(&wanted, p->tasks.item, p->tasks.count, sizeof wanted, by_task);
    if (!found || found->start.in_s[FORECAST_CASES - 1] < passed_s - SOON_S)
        return false;
    *start = found->start;
    for (int i = 0; i < FORECAST_CASES; i++)
        start->in_s[i] = fmax(0, start->in_s[i] - passed_s);
    return start->in_s[FORECAST_CASES - 1] < HUGE_VAL;
}
