/* SPDX-License-Identifier: Apache-2.0 */
/* Meant for `make SAN=thread` too. */
#include "harness.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/parallel.h"

enum { PIECES = 500, CREW = 16 };

struct job {
    atomic_int runs[PIECES];
    int result[PIECES]; /* each written by one piece only */
    atomic_int busy[CREW];
    int jobs, stop_at, watched, last_done;
    bool is_backwards;
};

static void run_piece(void *arg, int index, int worker)
{
    struct job *job = arg;

    BUG_ON(worker < 0 || worker >= job->jobs);
    BUG_ON(atomic_fetch_add(&job->busy[worker], 1) != 0); /* one piece at a time */
    atomic_fetch_add(&job->runs[index], 1);
    job->result[index] = index * index;
    atomic_fetch_sub(&job->busy[worker], 1);
}

static bool watch(void *arg, int done, int count)
{
    struct job *job = arg;

    job->watched++;
    job->is_backwards |= done < job->last_done || done > count;
    job->last_done = done;
    return job->stop_at == 0 || done < job->stop_at;
}

static void every_piece_runs_once(void **state)
{
    static const int jobs[] = {1, 2, 3, 8, CREW};
    (void)state;

    for (size_t k = 0; k < COUNT_OF(jobs); k++) {
        struct job *job = xcalloc(1, sizeof *job);
        struct parallel work = {
            .jobs = jobs[k], .count = PIECES, .run = run_piece, .arg = job, .watch = watch};

        job->jobs = jobs[k];
        assert_int_equal(parallel_run(&work), PIECES);
        for (int i = 0; i < PIECES; i++) {
            assert_int_equal(atomic_load(&job->runs[i]), 1);
            assert_int_equal(job->result[i], i * i);
        }
        assert_true(job->watched > 0);
        assert_int_equal(job->last_done, PIECES);
        assert_false(job->is_backwards);
        free(job);
    }
}

static void without_a_watch_or_work_it_works_too(void **state)
{
    struct job *job = xcalloc(1, sizeof *job);
    struct parallel work = {.jobs = 4, .count = 0, .run = run_piece, .arg = job};
    (void)state;

    job->jobs = 4;
    assert_int_equal(parallel_run(&work), 0);
    work.count = 3;
    assert_int_equal(parallel_run(&work), 3);
    assert_int_equal(atomic_load(&job->runs[3]), 0);
    free(job);
}

static void run_slowly(void *arg, int index, int worker)
{
    run_piece(arg, index, worker);
    usleep(3000);
}

/* When the watch says stop, pieces 0 .. n-1 have run and no others. */
static void stopping_leaves_a_beginning(void **state)
{
    static const int jobs[] = {1, 2, 5};
    (void)state;

    for (size_t k = 0; k < COUNT_OF(jobs); k++) {
        struct job *job = xcalloc(1, sizeof *job);
        struct parallel work = {
            .jobs = jobs[k], .count = PIECES, .run = run_slowly, .arg = job, .watch = watch};
        int done;

        job->jobs = jobs[k];
        job->stop_at = 1;
        done = parallel_run(&work);
        assert_in_range(done, 1, PIECES - 1);
        for (int i = 0; i < PIECES; i++)
            assert_int_equal(atomic_load(&job->runs[i]), i < done);
        free(job);
    }
}

static void there_is_a_processor(void **state)
{
    (void)state;
    assert_true(parallel_processors() >= 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_piece_runs_once),
    cmocka_unit_test(without_a_watch_or_work_it_works_too),
    cmocka_unit_test(stopping_leaves_a_beginning),
    cmocka_unit_test(there_is_a_processor),
};

RUN_TESTS(tests)
