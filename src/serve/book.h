/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The book: all jobs, what state they are in, and the store behind them. Every change goes through
 * here, is written to the store and told as an event.
 */
#ifndef SERVE_BOOK_H
#define SERVE_BOOK_H

#include "base/vector.h"
#include "serve/job.h"
#include "serve/tally.h"

struct emit;
struct err;
struct site;
struct store;

/* name, event as clients see it, meaning */
#define BOOK_EVENT_LIST(X)                                                                    \
    X(SUBMITTED, "job.submitted", "a job was accepted")                                       \
    X(CHANGED, "job.changed", "a job was held, released or got another priority or deadline") \
    X(PENDING, "job.pending", "a task waits again, after a failure or a stop")                \
    X(WAITS, "job.waits", "the foremost reason why a job waits has changed")                  \
    X(STARTING, "job.starting", "a task got a place")                                         \
    X(STARTED, "job.started", "a task's program runs")                                        \
    X(RESIZED, "job.resized", "a running task got another allocation")                        \
    X(STOPPING, "job.stopping", "a running task was asked to stop")                           \
    X(PROGRESS, "job.progress", "a task said how far it is")                                  \
    X(ENDED, "job.ended", "a task came to a final state")                                     \
    X(CLUSTER, "cluster.changed", "a cluster was drained or resumed")                         \
    X(POLICY, "policy.changed", "another policy decides")                                     \
    X(DECISION, "decision", "a policy decided something")

enum book_event {
#define X(name, word, meaning) BOOK_##name,
    BOOK_EVENT_LIST(X)
#undef X
        BOOK_EVENTS
};

const char *book_event_word(enum book_event event);
const char *book_event_meaning(enum book_event event);

/* Records of STORE_SETTING. */
enum book_setting {
    SETTING_JOBS = 1,
    SETTING_ATTEMPTS,
    SETTING_POLICY,
    SETTING_CLOCK,
    SETTING_PROCESS /* of the daemon that runs */
};

enum { BOOK_KEY_S = 86400 }; /* how long an idempotency key is known */

/* A job, or one of its tasks. */
struct ended {
    int64_t job;
    int32_t index; /* -1: all of it */
};

struct book_counts {
    int64_t submitted, finished[JOB_STATES], retries, requeues;
};

typedef void book_listener(void *arg, int64_t seq, enum book_event event, int64_t at_us,
                           const struct job *job, const char *doc);

struct book {
    const struct site *site;
    struct store *store;
    VECTOR(struct job *) jobs; /* by id */
    int64_t last_job, last_attempt, last_order;
    int64_t version; /* counts changes */
    struct book_counts counts;
    struct tally tally;
    book_listener *listener;
    void *listener_arg;
    VECTOR(struct ended) ended; /* what came to an end since somebody looked */
};

/* Reads everything from the store. */
int book_open(struct book *book, const struct site *site, struct store *store, struct err *err);
void book_close(struct book *book);

/* Borrowed, or NULL. */
struct job *book_find(const struct book *book, int64_t id);
/* "58" or "58.3": the job and its member (NULL: the whole job). False if there is none. */
bool book_find_text(const struct book *book, const char *text, struct job **job,
                    struct job_task **task);

/* Notes which jobs have members that others wait for. */
void book_note_awaited(struct book *book, const struct job *job);
/* Takes the job over, gives it a number and keeps `doc`, what was submitted, beside it. */
void book_add(struct book *book, struct job *job, json_t *doc);
/* The document of a job as it is in the store, or NULL; release it. */
json_t *book_read_doc(struct book *book, const struct job *job);
/* Writes a job's held, priority and deadline. */
void book_save_job(struct book *book, struct job *job);
/* Removes a job whose tasks are all final. */
void book_forget(struct book *book, struct job *job);

/* Changes the state (which may be the same) and records the task; the event may be BOOK_EVENTS for
 * none. */
void book_move(struct book *book, struct job_task *task, enum job_state state,
               enum book_event event);
/* From now on the task holds what its allocation says, or waits, because it failed or not.
 * Recorded with its next move. */
void book_spell(struct job_task *task, bool holds, bool failed);
/* Records the task as it is. */
void book_save(struct book *book, struct job_task *task);
/* An event of a task, a job (task NULL) or neither; extra is a JSON object or NULL, and is
 * released. */
void book_tell(struct book *book, enum book_event event, const struct job *job,
               const struct job_task *task, json_t *extra);
void book_save_setting(struct book *book, enum book_setting setting, const char *doc);

/* How the job as a whole stands towards those that it waits for: how many are not over yet.
 * *failed: one ended as it must not. */
int32_t book_count_unmet(const struct book *book, const struct job *job, bool *failed);
/* The same for what this member of an array waits for by itself. */
int32_t book_count_unmet_of(const struct book *book, const struct job_task *task, bool *failed);

/* What a task is for others, the same everywhere: members of an object. The head is its id and
 * state. */
void book_emit_task_head(const struct job_task *task, struct emit *e);
void book_emit_task(const struct book *book, const struct job_task *task, struct emit *e);
/* Head and rest, as an object. */
json_t *book_task_json(const struct book *book, const struct job_task *task);

#endif
