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
#include "policy/lanes.h"
#include "policy/request.h"

/* A row for option tables. Muri's simulator charges a job's start-up at every event, not only when
 * it starts; the switch is there to compare with its figures. */
#define RESTARTS_OPTION                                                                          \
    {                                                                                            \
        "restarts", OPTION_FLAG, "false",                                                        \
            .help =                                                                              \
                "starts every running task anew at every decision, as Muri's simulator does in " \
                "effect"                                                                         \
    }

typedef struct lane_key (*sweep_key_fn)(void *arg, const struct view *view, int32_t task);

struct sweep_rules {
    sweep_key_fn key; /* of a waiting task when it is entered; of running ones at each sweep */
    void *arg;
    /* The one cluster where a task may run, for policies that choose it beforehand (with windows
     * -1: none as yet); may be NULL. */
    int32_t (*where)(void *arg, int32_t task);
    bool preempts; /* running tasks are swept too; else they keep what they have */
    bool anew;     /* nodes are dealt anew at every sweep, in the order of priority */
    bool restarts; /* whoever runs on is started anew at every sweep, wherever it is */
};

struct sweep {
    struct sweep_rules rules;
    struct requests requests;
    struct lanes lanes;
    lane_entries running; /* those that may have to go, in order */
    int32_t *cluster;     /* 0, 1, 2, ...: reaches of one cluster */
    lane_ids hoped;       /* tasks that the last plan started */
    lane_ids changed;     /* clusters to be swept */
    struct id_set is_changed;
    struct id_set shown; /* with windows: tasks gathered already */
    VECTOR(struct node_share) share;
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
