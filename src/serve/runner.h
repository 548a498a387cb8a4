/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runner: carries out what was decided on real backends, and makes of what happens there what
 * it means for jobs. It records before it acts: runner_record() writes to the store what
 * runner_act() does once that is committed.
 */
#ifndef SERVE_RUNNER_H
#define SERVE_RUNNER_H

#include "base/vector.h"
#include "backend/backend.h"
#include "serve/live.h"

struct book;
struct err;
struct gpu_driver;
struct job;
struct job_task;
struct site;
struct text;

struct timed {
    int64_t at_us, job;
};

struct runner {
    const struct site *site;
    struct book *book;
    struct live *live;
    const struct backend_ops **ops; /* by cluster */
    void **backend;
    char *program;
    VECTOR(struct act) todo;    /* recorded, not done yet */
    VECTOR(struct timed) timed; /* jobs that may run from some time on */
    bool room;                  /* some user may have room for more */
    double sampled_s;           /* since tasks were asked what they use */
    struct gpu_driver *gpus;    /* NULL: no cluster has any, or nobody tells of them */
};

/* program: the tapfinger program. Finds running tasks again, and lets those wait that never ran.
 * ERR_INVALID if tasks run on a cluster that the site no longer has. */
int runner_open(struct runner *runner, struct book *book, struct live *live, const char *program,
                struct err *err);
/* Tasks keep running. */
void runner_close(struct runner *runner);

/* Looks which tasks of a job may run by now. */
void runner_consider(struct runner *runner, struct job *job);
/* The same for jobs that wait for others that have ended, and for those whose time has come. */
void runner_consider_due(struct runner *runner);
/* The wall clock was set by so much: what waits after a failure waits no longer for that. */
void runner_clock_set(struct runner *runner, int64_t by_us);
/* Seconds until some job's time comes; HUGE_VAL: none. */
double runner_due_in(const struct runner *runner);

/* Once a second or so: what is held and used, for figures; seconds since the last time. */
void runner_sample(struct runner *runner, double seconds);

/* Takes in what happened; true if anything did. */
bool runner_poll(struct runner *runner);
void runner_record(struct runner *runner);
void runner_act(struct runner *runner);

/* What users ask for; each returns whether it changed anything. After all of them the job is
 * considered again, once. */
bool runner_cancel(struct runner *runner, struct job_task *task);
bool runner_requeue(struct runner *runner, struct job_task *task);
bool runner_retry(struct runner *runner, struct job_task *task); /* only what failed */
void runner_hold(struct runner *runner, struct job *job, bool held);

/* A cluster as its backend sees it; program and groups are not set. */
struct backend_config runner_config(const struct site *site, int c);

/* The folder of a task's last attempt. */
void runner_folder(const struct runner *runner, const struct job_task *task, struct text *out);
/* Removes all that is kept of a job but its record. */
void runner_remove_files(const struct runner *runner, const struct job *job);

#endif
