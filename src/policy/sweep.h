/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The priority sweep: what most rigid policies of the literature do at every decision. All tasks
 * are gone through in order of priority, each with its request; what fits runs, what does not is
 * passed over, and whoever runs without having been reached is preempted.
 */
#ifndef POLICY_SWEEP_H
#define POLICY_SWEEP_H

#include "base/id_set.h"
#include "base/vector.h"
#include "core/policy.h"
#include "policy/request.h"

/* Lower ones come first; ties go by order, then by id, which is the order of arrival. */
struct sweep_key {
    double rank;
    int64_t order;
};

typedef struct sweep_key (*sweep_key_fn)(void *arg, const struct view *view, int32_t task);

struct sweep_rules {
    sweep_key_fn key; /* of a waiting task when it is entered; of running ones at each sweep */
    void *arg;
    /* The one cluster where a task may run, for policies that choose it beforehand (with windows
     * -1: none as yet); may be NULL. */
    int32_t (*where)(void *arg, int32_t task);
    bool preempts; /* running tasks are swept too; else they keep what they have */
    bool anew;     /* nodes are dealt anew at every sweep, in the order of priority */
};

struct sweep_entry {
    struct sweep_key key;
    int32_t task;
    int32_t lane;   /* of a waiting task without windows */
    uint32_t stamp; /* tells entries that were replaced */
};

typedef VECTOR(struct sweep_entry) sweep_entries;
typedef VECTOR(int32_t) sweep_ids;

/* Waiting tasks that ask for the same and reach the same: if one of them finds no room, neither
 * does any other. */
struct sweep_lane {
    struct allocation request;
    struct reach reach;
    sweep_entries heap; /* the first on top */
    int32_t next;       /* in its bucket, or among those to be used again; -1 */
    int32_t listings;   /* lists of clusters that it stands in */
    int64_t swept;      /* number of the sweep that opened it last */
};

struct sweep {
    struct sweep_rules rules;
    struct requests requests;
    VECTOR(struct sweep_lane) lanes;
    int32_t spare_lane;
    sweep_ids bucket;       /* first lane by hash */
    sweep_ids *list;        /* by cluster: lanes that reach it; behind the last: wide ones */
    int32_t *cluster;       /* 0, 1, 2, ...: reaches of one cluster */
    int32_t clusters;       /* number of lists but for the last */
    VECTOR(uint32_t) stamp; /* by task: its entry in force; 0: none */
    sweep_entries first;    /* heap: of every open lane the first; with windows all shown */
    sweep_entries running;  /* those that may have to go, in order */
    sweep_ids hoped;        /* tasks that the last plan started */
    sweep_ids changed;      /* clusters to be swept */
    struct id_set is_changed;
    struct id_set shown; /* with windows: tasks gathered already */
    VECTOR(struct node_share) share;
    uint32_t stamps;
    int64_t sweeps;
};

/* The setup's options must have REQUEST_OPTION. */
void sweep_init(struct sweep *sweep, const struct policy_setup *setup,
                const struct sweep_rules *rules);
void sweep_release(struct sweep *sweep);

/* Enters the tasks that began to wait since the last decision, and remembers where something came
 * free. To be called at every decision. */
void sweep_note(struct sweep *sweep, const struct view *view);

/* Enters a waiting task anew, under the key that it has now. */
void sweep_enter(struct sweep *sweep, const struct view *view, int32_t task);

/* In continuous time only clusters where something came free and those that new tasks reach are
 * swept. This adds one: for policies whose running tasks fall back in priority. */
void sweep_mark(struct sweep *sweep, int32_t cluster);

void sweep_decide(struct sweep *sweep, const struct view *view, struct plan *plan);

#endif
