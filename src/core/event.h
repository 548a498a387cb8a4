/* SPDX-License-Identifier: Apache-2.0 */
/* What happened in a world: fed to policies that observe, to estimators and to the event log. */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdint.h>

#include "core/allocation.h"
#include "core/nodes.h"

/* name, word in logs, meaning */
#define EVENT_LIST(X)                                                          \
    X(ARRIVAL, "arrival", "a task became visible")                             \
    X(START, "start", "a waiting task got an allocation")                      \
    X(RESIZE, "resize", "a running task got another allocation")               \
    X(PREEMPT, "preempt", "a running task went back to waiting")               \
    X(MIGRATE, "migrate", "a running task moved to another cluster")           \
    X(FINISH, "finish", "a task completed")                                    \
    X(FAILURE, "failure", "a running task failed and waits again")             \
    X(LOST, "lost", "a task failed for good: no retries left")                 \
    X(CLUSTER_DOWN, "cluster-down", "a cluster stopped; its tasks wait again") \
    X(CLUSTER_UP, "cluster-up", "a cluster came back")                         \
    X(LINK_DOWN, "link-down", "two clusters lost their link")                  \
    X(LINK_UP, "link-up", "two clusters have their link again")                \
    X(REFUSED, "refused", "part of a plan broke a rule and was not applied")

enum event_kind {
#define X(name, word, meaning) EVENT_##name,
    EVENT_LIST(X)
#undef X
        EVENT_KINDS
};

struct event {
    double time_s;
    enum event_kind kind;
    int32_t task;    /* -1 for clusters and links */
    int32_t cluster; /* where; -1 if nowhere */
    int32_t other;   /* MIGRATE: from where; LINK_*: the other end; REFUSED: enum refusal */
    int32_t with;    /* a task that shares the allocation of this one; -1: none does */
    struct allocation allocation;
    struct placement placement; /* of the task; borrowed until the watcher returns */
    double progress; /* of the task after the event, as the world knows it; not for policies */
};

const char *event_word(enum event_kind kind);

#endif
