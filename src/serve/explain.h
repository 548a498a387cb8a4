/* SPDX-License-Identifier: Apache-2.0 */
/* Why a task waits, or why it runs where it runs. */
#ifndef SERVE_EXPLAIN_H
#define SERVE_EXPLAIN_H

#include <jansson.h>

struct daemon;
struct job;
struct job_task;

/* name, word, meaning */
#define REASON_LIST(X)                                                               \
    X(HELD, "held", "the job is held")                                               \
    X(NOT_BEFORE, "not-before", "its time has not come")                             \
    X(BACKOFF, "backoff", "it failed, and waits before it is tried again")           \
    X(DEPENDENCY, "dependency", "a job that it waits for is not over")               \
    X(QUOTA, "quota", "its user has as much as the site allows")                     \
    X(BEHIND, "behind", "as many members of its array run as may run at once")       \
    X(NEVER_FITS, "never-fits", "no cluster of its reach could ever hold it")        \
    X(NO_CPU, "no-cpu", "not enough processors are free")                            \
    X(NO_GPU, "no-gpu", "not enough GPUs are free")                                  \
    X(NO_MEM, "no-mem", "not enough memory is free")                                 \
    X(DRAINING, "cluster-draining", "the cluster takes no new tasks")                \
    X(POLICY, "policy-deferred", "it would fit; the policy has not placed it (yet)") \
    X(BACKEND, "backend-pending", "it has a place and is being started")

enum reason {
#define X(name, word, meaning) REASON_##name,
    REASON_LIST(X)
#undef X
        REASONS
};

const char *reason_word(enum reason reason);
const char *reason_meaning(enum reason reason);

/* The foremost reason of a task that is PENDING or HELD; REASONS for others. */
enum reason explain_reason(struct daemon *daemon, struct job_task *task);

/* Tells as events why jobs wait, where that has changed: some of them, others the next time. */
void explain_note(struct daemon *daemon);

/* The task that stands for a job where only one can be told about: one that runs, if any does. */
struct job_task *explain_main_task(struct job *job);

/* The whole explanation as JSON. */
json_t *explain_task(struct daemon *daemon, struct job_task *task);

/* Tasks that wait before this one, or -1 if it is not in the queue. */
int explain_position(const struct daemon *daemon, const struct job_task *task);

#endif
