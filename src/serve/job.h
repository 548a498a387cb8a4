/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs: what was submitted. A job has one task, or one per member of its array. Their numbers: job
 * 58; task 58 of a job without array, else 58.3 for the member 3.
 */
#ifndef SERVE_JOB_H
#define SERVE_JOB_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/allocation.h"
#include "core/task.h"
#include "serve/history.h"
#include "serve/ulid.h"

struct emit;
struct err;
struct site;
struct text;

/* name, word everywhere, meaning, whether it is final */
#define JOB_STATE_LIST(X)                                              \
    X(PENDING, "PENDING", "waits for something", false)                \
    X(HELD, "HELD", "waits until somebody releases it", false)         \
    X(STARTING, "STARTING", "has a place, its program not yet", false) \
    X(RUNNING, "RUNNING", "runs", false)                               \
    X(SUCCEEDED, "SUCCEEDED", "ended with exit code 0", true)          \
    X(FAILED, "FAILED", "ended otherwise, or never could start", true) \
    X(CANCELED, "CANCELED", "was called off", true)                    \
    X(LOST, "LOST", "nobody saw how it ended", true)

enum job_state {
#define X(name, word, meaning, final) JOB_##name,
    JOB_STATE_LIST(X)
#undef X
        JOB_STATES
};

const char *job_state_word(enum job_state state);
bool job_state_is_final(enum job_state state);
/* Of a word; -1 for none. */
int job_state_find(const char *word, size_t length);

enum { JOB_TASK_BITS = 20, JOB_TASKS_MAX = 100000 };

/* AFTER_CORRESPONDING: each member of an array waits for the success of the other's same member. */
enum dependency_kind { AFTER_OK, AFTER_ANY, AFTER_NOT_OK, AFTER_CORRESPONDING };

struct dependency {
    int64_t job;
    enum dependency_kind kind;
};

/* Why a task was asked to stop; decides what becomes of it. */
enum stop_reason { STOP_NONE, STOP_CANCEL, STOP_PREEMPT, STOP_REQUEUE };

struct job;

struct job_task {
    struct job *job;
    int32_t index; /* array member, or 0 */
    enum job_state state;
    int32_t world;   /* its id in the live world, or -1 */
    int64_t order;   /* of arrival, among all tasks that may run; 0: not yet */
    int64_t attempt; /* under way; 0: none */
    int32_t attempts, failures;
    int32_t cluster; /* where it runs or last ran, or -1 */
    struct allocation allocation;
    double progress;            /* -1: never said */
    char *metrics;              /* as JSON, or NULL */
    char *message;              /* why it ended so, or NULL */
    int exit_code, exit_signal; /* code -1: there is none */
    bool oom, timed_out;
    enum stop_reason stopping;
    double grace_s;  /* of this stop; -1: the job's */
    int32_t move_to; /* with STOP_PREEMPT: where it shall start next, or -1 */
    int64_t queued_us, started_us, ended_us; /* 0: not yet */
    int64_t not_before_us;                   /* after a failure: when it may run again */
    double expected_s;         /* of this run, when it began; 0: nobody knew, or it was resized */
    double seen_cpu_s;         /* processor time of this run, when it was looked at */
    int64_t promised_us;       /* when it was said that it would start; 0: nothing was said */
    double used_s, most_bytes; /* processor time, largest resident set */
    struct history history;    /* since it first waited */

    double stretch_s, stretch_progress; /* where the stretch to be learnt from began: the world's
                                           clock (0: nowhere yet) and progress (-1: with the next
                                           report) */
    double report_s;                    /* when its progress was reported */
    int64_t saved_us;                   /* when its progress was last recorded */
};

struct job {
    int64_t id;
    char *name, *user, *type, *labels;
    uid_t uid;
    gid_t gid;
    int32_t priority;
    bool held, is_array;
    char *members; /* of an array, as it was submitted */
    int64_t submitted_us, not_before_us, deadline_us;
    struct allocation min, max, request;
    bool has_request, has_min, has_max;
    int32_t *cluster; /* where it may run, ascending */
    struct reach reach;
    double timeout_s, grace_s, backoff_s;
    int32_t retries, running_limit; /* limit 0: none */
    struct dependency *after;
    int32_t afters, unmet;
    int32_t told_reason; /* why it waits, as the log of events has it; -1: it has nothing */
    int64_t told_us;
    bool is_awaited; /* by members of another array, each for its own */
    struct job_task *task;
    int32_t tasks;
    int32_t count[JOB_STATES];
    int64_t version;       /* of the last change but progress */
    char ulid[ULID_BYTES]; /* its name across sites; "": older than that */
};

/* What a client sent (or the store kept) as a job; complete but for its id. On failure *out is
 * NULL. strict: names that the site does not know are errors, else they are left out. */
int job_parse(struct job **out, const json_t *doc, const struct site *site, bool strict,
              struct err *err);
void job_free(struct job *job);

/* The state of a job as a whole. */
enum job_state job_state(const struct job *job);

/* Of a task, in the store. */
int64_t job_task_key(const struct job_task *task);
/* "58" or "58.3" */
void job_print_id(const struct job_task *task, struct text *out);
/* Reads "58" (then *index is -1) or "58.3"; false if it is neither. */
bool job_read_id(const char *text, int64_t *job, int32_t *index);
/* By which task may run first, for qsort() of pointers to tasks. */
int job_by_order(const void *a, const void *b);
struct job_task *job_find_task(struct job *job, int32_t index); /* NULL: no such member */

/* {"cpu":2,"gpu":1,"mem_bytes":..}; mem only where the site counts it. */
void job_emit_allocation(struct emit *e, const struct allocation *allocation,
                         const struct site *site);
json_t *job_allocation_json(const struct allocation *allocation, const struct site *site);
int job_read_allocation(const json_t *map, const char *what, struct allocation *out,
                        struct err *err);

#endif
