/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

enum { WATCH_EVERY_NS = 100 * 1000 * 1000 };

struct crew {
    const struct parallel *work;
    pthread_mutex_t lock;
    pthread_cond_t idle; /* nobody is active; whoever watches must not wake up for every piece */
    int next, done, active;
    bool stop;
};

struct worker {
    struct crew *crew;
    int number;
    pthread_t thread;
};

/* The next piece, or -1. */
static int take_piece(struct crew *crew)
{
    if (crew->stop || crew->next >= crew->work->count)
        return -1;
    return crew->next++;
}

static void *work_loop(void *arg)
{
    struct worker *worker = arg;
    struct crew *crew = worker->crew;
    int piece;

    pthread_mutex_lock(&crew->lock);
    while ((piece = take_piece(crew)) >= 0) {
        pthread_mutex_unlock(&crew->lock);
        crew->work->run(crew->work->arg, piece, worker->number);
        pthread_mutex_lock(&crew->lock);
        crew->done++;
    }
    if (--crew->active == 0)
        pthread_cond_signal(&crew->idle);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static struct timespec soon(void)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += WATCH_EVERY_NS;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

static void watch_crew(struct crew *crew)
{
    const struct parallel *work = crew->work;

    pthread_mutex_lock(&crew->lock);
    while (crew->active > 0) {
        struct timespec until = soon();

        while (crew->active > 0 && pthread_cond_timedwait(&crew->idle, &crew->lock, &until) == 0)
            ;
        if (crew->active > 0 && work->watch && !work->watch(work->arg, crew->done, work->count))
            crew->stop = true;
    }
    pthread_mutex_unlock(&crew->lock);
    if (work->watch)
        work->watch(work->arg, crew->done, work->count);
}

static int run_alone(const struct parallel *work)
{
    struct timespec last = {0};
    int done = 0;

    for (; done < work->count; done++) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec != last.tv_sec || now.tv_nsec - last.tv_nsec > WATCH_EVERY_NS) {
            last = now;
            if (work->watch && !work->watch(work->arg, done, work->count))
                return done;
        }
        work->run(work->arg, done, 0);
    }
    if (work->watch)
        work->watch(work->arg, done, work->count);
    return done;
}

int parallel_run(const struct parallel *work)
{
    struct crew crew = {.work = work, .active = work->jobs};
    struct worker *workers;

    if (work->jobs <= 1)
        return run_alone(work);
    workers = xcalloc((size_t)work->jobs, sizeof *workers);
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.idle, NULL);
    for (int i = 0; i < work->jobs; i++) {
        workers[i] = (struct worker){.crew = &crew, .number = i};
        BUG_ON(pthread_create(&workers[i].thread, NULL, work_loop, &workers[i]) != 0);
    }
    watch_crew(&crew);
    for (int i = 0; i < work->jobs; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_cond_destroy(&crew.idle);
    pthread_mutex_destroy(&crew.lock);
    free(workers);
    return crew.done;
}

int parallel_processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}
