/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread that sleeps in sigtimedwait: it wakes for a signal, or ten times a second to draw.
 * SIGUSR1 is how bar_end() wakes it. Signals are waited for and not handled, so there is no
 * handler and no global state.
 */
#include "cli/progress_bar.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "core/event.h"

enum { DRAW_EVERY_NS = 100 * 1000 * 1000, BAR = 24, WARM_UP_MS = 300 };

struct progress_bar {
    atomic_int stop, over;
    _Atomic int64_t pieces_done, tasks_done;
    int64_t pieces, tasks;
    const char *what;
    bool draws, bytes; /* bytes: pieces are bytes of a file, tasks what is in them */
    double begun_s;
    pthread_t thread;
    sigset_t before;
};

/* "840", "1.21 M" */
static void print_count(double count)
{
    if (count >= 1e6)
        fprintf(stderr, "%.2f M", count / 1e6);
    else if (count >= 1e4)
        fprintf(stderr, "%.1f k", count / 1e3);
    else
        fprintf(stderr, "%.0f", count);
}

static void print_left(double left_s)
{
    if (left_s >= 5400)
        fprintf(stderr, ", %.1f h left", left_s / 3600);
    else if (left_s >= 90)
        fprintf(stderr, ", %.0f min left", left_s / 60);
    else
        fprintf(stderr, ", %.0f s left", left_s);
}

static void draw_bar(double part)
{
    fprintf(stderr, "\r\033[K[");
    for (int i = 0; i < BAR; i++)
        fputc(i < part * BAR ? '#' : '-', stderr);
    fprintf(stderr, "] %3.0f %%  ", part * 100);
}

/* Every file may be read more than once, so there is no end to foretell. */
static void draw_bytes(struct progress_bar *p)
{
    int64_t bytes = atomic_load(&p->pieces_done), rows = atomic_load(&p->tasks_done);
    double spent_s = clock_s(CLOCK_MONOTONIC) - p->begun_s;

    if (p->pieces > 0)
        draw_bar(fmin(1, (double)bytes / (double)p->pieces));
    else
        fprintf(stderr, "\r\033[K");
    print_count((double)rows);
    fprintf(stderr, " %s, ", p->what);
    print_count((double)rows / spent_s);
    fprintf(stderr, " %s/s", p->what);
    fflush(stderr);
}

static double part_done(const struct progress_bar *p, int64_t pieces, int64_t tasks)
{
    double part = (double)pieces / (double)(p->pieces > 0 ? p->pieces : 1);

    if (p->tasks > 0 && (double)tasks / (double)p->tasks > part)
        part = (double)tasks / (double)p->tasks;
    return part < 1 ? part : 1;
}

static void draw(struct progress_bar *p)
{
    int64_t pieces = atomic_load(&p->pieces_done), tasks = atomic_load(&p->tasks_done);
    double spent_s = clock_s(CLOCK_MONOTONIC) - p->begun_s, part = part_done(p, pieces, tasks);

    if (!p->draws || spent_s < WARM_UP_MS / 1000.0)
        return;
    if (p->bytes) {
        draw_bytes(p);
        return;
    }
    draw_bar(part);
    fprintf(stderr, "%lld of %lld %s, ", (long long)pieces, (long long)p->pieces, p->what);
    print_count((double)tasks / spent_s);
    fprintf(stderr, " tasks/s");
    if (part > 0.001)
        print_left(spent_s * (1 - part) / part);
    fflush(stderr);
}

static void *watch(void *arg)
{
    struct progress_bar *p = arg;
    struct timespec tick = {.tv_nsec = DRAW_EVERY_NS};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    while (!atomic_load(&p->over)) {
        int signal = p->draws ? sigtimedwait(&set, NULL, &tick) : sigwaitinfo(&set, NULL);

        if (signal == SIGINT || signal == SIGTERM) {
            if (atomic_exchange(&p->stop, 1))
                _exit(130);
            fprintf(stderr, "%sstopping; once more to leave at once\n", p->draws ? "\n" : "");
        }
        draw(p);
    }
    return NULL;
}

struct progress_bar *bar_begin(int64_t pieces, int64_t tasks, const char *what)
{
    struct progress_bar *p = xcalloc(1, sizeof *p);
    sigset_t set;

    p->pieces = pieces;
    p->tasks = tasks;
    p->what = what;
    p->draws = isatty(STDERR_FILENO);
    p->begun_s = clock_s(CLOCK_MONOTONIC);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, &p->before);
    BUG_ON(pthread_create(&p->thread, NULL, watch, p) != 0);
    return p;
}

struct progress_bar *bar_begin_bytes(int64_t bytes, const char *what)
{
    struct progress_bar *p = bar_begin(bytes, 0, what);

    p->bytes = true;
    return p;
}

_Atomic int64_t *bar_bytes(struct progress_bar *p)
{
    return &p->pieces_done;
}

_Atomic int64_t *bar_rows(struct progress_bar *p)
{
    return &p->tasks_done;
}

bool bar_end(struct progress_bar *p)
{
    bool stopped;

    atomic_store(&p->over, 1);
    pthread_kill(p->thread, SIGUSR1);
    pthread_join(p->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &p->before, NULL);
    if (p->draws) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
    }
    stopped = atomic_load(&p->stop);
    free(p);
    return stopped;
}

atomic_int *bar_stop(struct progress_bar *p)
{
    return &p->stop;
}

void bar_piece_done(struct progress_bar *p)
{
    atomic_fetch_add(&p->pieces_done, 1);
}

static void count_tasks(void *arg, const struct event *event)
{
    struct progress_bar *p = arg;

    if (event->kind == EVENT_FINISH || event->kind == EVENT_LOST)
        atomic_fetch_add_explicit(&p->tasks_done, 1, memory_order_relaxed);
}

static int begin_piece(void *arg, const struct piece *piece, struct err *err)
{
    (void)err;
    world_watch(piece->episode->world, count_tasks, arg);
    return 0;
}

static int end_piece(void *arg, const struct piece *piece, const struct metrics *metrics,
                     struct err *err)
{
    (void)err;
    world_unwatch(piece->episode->world, arg);
    if (metrics)
        bar_piece_done(arg);
    return 0;
}

bool bar_observer(struct progress_bar *p, struct observer *out)
{
    *out = (struct observer){.arg = p, .begin = begin_piece, .end = end_piece};
    return p->draws;
}
