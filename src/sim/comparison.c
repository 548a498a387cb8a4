/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each thread keeps one episode (a world and its memory) for all of its pieces, and the arrivals
 * that it read last: pieces that follow each other mostly share the seed.
 */
#include "sim/comparison.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "core/scenario.h"
#include "sim/arrivals.h"

struct worker_place {
    struct episode episode;
    struct arrivals arrivals;
    uint64_t arrivals_seed;
    bool is_open, has_arrivals;
};

struct running_comparison {
    const struct comparison *comparison;
    struct outcome *outcome;
    struct worker_place *worker;
    atomic_int failed; /* no further pieces */
    pthread_mutex_t lock;
    int first_failed; /* piece, or -1; under the lock */
    struct err err;   /* its error */
};

static void open_place(struct worker_place *at, const struct comparison *c)
{
    if (at->is_open)
        return;
    episode_init(&at->episode, c->scenario);
    at->episode.stop = c->stop;
    arrivals_init(&at->arrivals);
    at->is_open = true;
}

static void close_place(struct worker_place *at)
{
    if (!at->is_open)
        return;
    episode_release(&at->episode);
    arrivals_release(&at->arrivals);
}

static int read_arrivals(struct worker_place *at, struct piece *piece,
                         const struct scenario *scenario, struct err *err)
{
    int rc = 0;

    if (scenario->arrivals.process != ARRIVALS_FILE)
        return 0;
    if (!at->has_arrivals || at->arrivals_seed != piece->seed)
        rc = arrivals_make(&at->arrivals, scenario, piece->seed, err);
    at->has_arrivals = rc == 0;
    at->arrivals_seed = piece->seed;
    piece->arrivals = &at->arrivals;
    return rc;
}

static int run_piece(const struct comparison *c, const struct piece *piece, struct outcome *outcome,
                     struct err *err)
{
    int begun = 0, rc = 0;

    for (; rc == 0 && begun < c->observers; begun++)
        rc = c->observer[begun].begin(c->observer[begun].arg, piece, err);
    if (rc)
        begun--;
    else
        rc = episode_run(piece->episode, &c->contender[piece->contender], piece->seed,
                         piece->arrivals, &outcome->metrics, err);
    for (int i = 0; i < begun; i++) {
        int ended = c->observer[i].end(c->observer[i].arg, piece, rc ? NULL : &outcome->metrics,
                                       rc ? NULL : err);

        rc = rc ? rc : ended;
    }
    outcome->done = rc == 0;
    return rc;
}

/* Keeps the first failure in the order of the pieces; all before a failed one are run. Being
 * stopped counts only if nothing else failed. */
static void note_failure(struct running_comparison *run, int index, const struct err *err)
{
    pthread_mutex_lock(&run->lock);
    if (run->first_failed < 0 || run->err.code == ERR_INTERRUPTED ||
        (index < run->first_failed && err->code != ERR_INTERRUPTED)) {
        run->first_failed = index;
        run->err = *err;
    }
    pthread_mutex_unlock(&run->lock);
    atomic_store(&run->failed, 1);
}

static void run_index(void *arg, int index, int worker)
{
    struct running_comparison *run = arg;
    const struct comparison *c = run->comparison;
    struct worker_place *at = &run->worker[worker];
    struct piece piece = {
        .index = index,
        .contender = index % c->contenders,
        .seed_index = index / c->contenders,
        .seed = c->seed[index / c->contenders],
        .episode = &at->episode,
    };
    struct err err = {0};
    int rc;

    open_place(at, c);
    rc = read_arrivals(at, &piece, c->scenario, &err);
    if (rc == 0)
        rc = run_piece(c, &piece, &run->outcome[index], &err);
    if (rc)
        note_failure(run, index, &err);
}

static bool go_on(void *arg, int done, int count)
{
    struct running_comparison *run = arg;
    atomic_int *stop = run->comparison->stop;

    (void)done;
    (void)count;
    return !atomic_load(&run->failed) && !(stop && atomic_load(stop));
}

int comparison_run(const struct comparison *comparison, struct outcome *outcome, struct err *err)
{
    int pieces = comparison->contenders * comparison->seeds;
    int jobs = comparison->jobs < pieces ? comparison->jobs : pieces;
    struct running_comparison run = {
        .comparison = comparison,
        .outcome = outcome,
        .worker = xcalloc((size_t)(jobs > 0 ? jobs : 1), sizeof *run.worker),
        .first_failed = -1,
    };
    struct parallel work = {
        .jobs = jobs, .count = pieces, .run = run_index, .arg = &run, .watch = go_on};
    int ran;

    pthread_mutex_init(&run.lock, NULL);
    ran = parallel_run(&work);
    pthread_mutex_destroy(&run.lock);
    for (int i = 0; i < jobs; i++)
        close_place(&run.worker[i]);
    free(run.worker);
    if (run.first_failed >= 0) {
        if (err)
            *err = run.err;
        return run.err.code;
    }
    return ran < pieces ? err_set(err, ERR_INTERRUPTED, "stopped") : 0;
}
