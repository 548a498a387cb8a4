/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: what a policy answers. While it is made it keeps count of what it would use up, so that
 * a policy needs no books of its own: plan_free() is what is left on a cluster once the plan so far
 * is carried out. The world checks every action again before it applies it.
 *
 * Order of application: preemptions first, then what resizes, migrations and joins give back, then
 * growth, migrations, joins and starts in the order in which they were planned.
 *
 * On a cluster whose nodes can stand in the way (cluster_is_split()) the plan also chooses the
 * nodes, by the placement rule (core/nodes.h); plan_fits() is the question whether an amount would
 * find room.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id_set.h"
#include "core/allocation.h"
#include "core/view.h"

enum action_kind { ACTION_START, ACTION_RESIZE, ACTION_PREEMPT, ACTION_MIGRATE, ACTION_JOIN };

struct action {
    enum action_kind kind;
    int32_t task, cluster;
    struct allocation allocation;
    int32_t first_share, shares; /* where on a split cluster: see plan_placement() */
    int32_t with;                /* ACTION_JOIN: the task whose allocation it shall share */
};

/* Why a part of a plan was refused: name, word, meaning. */
#define REFUSAL_LIST(X)                                                                    \
    X(NO_TASK, "no-task", "there is no such task or cluster")                              \
    X(STATE, "state", "the task is not in the state that the action needs")                \
    X(REACH, "reach", "the cluster is not in the task's reach")                            \
    X(DOWN, "cluster-down", "the cluster is down")                                         \
    X(TURN, "turn", "the cluster had its one start of this slot")                          \
    X(WINDOW, "window", "the cluster's window does not show the task")                     \
    X(MINIMUM, "minimum", "less than the task's minimum")                                  \
    X(MAXIMUM, "maximum", "more than the task's maximum")                                  \
    X(CAPACITY, "capacity", "more than the cluster has free")                              \
    X(NODES, "fragmented", "no nodes have room for it, though the cluster as a whole has") \
    X(SHARED, "shared",                                                                    \
      "the task, or the one it would join, shares or cannot share an allocation")          \
    X(TWICE, "twice", "another action of the plan has the task already")

enum refusal {
#define X(name, word, meaning) REFUSED_##name,
    REFUSAL_LIST(X)
#undef X
        REFUSALS
};

const char *refusal_word(enum refusal refusal);

struct plan_cluster {
    struct allocation free;       /* valid while stamp is the plan's */
    struct allocation *node_free; /* likewise, by node; NULL where the cluster is not split */
    uint32_t stamp;
    int32_t starts;
};

struct plan {
    const struct view *view;
    struct action *action;
    int32_t actions, capacity;
    double wake_s; /* ask again at this time, if nothing happens before; INFINITY: no wish */
    bool again;    /* ask again at once if any of it was applied (event-driven worlds) */

    struct plan_cluster *cluster;
    int32_t clusters;
    uint32_t stamp;
    struct id_set planned; /* tasks that have an action */
    struct id_set lifted;  /* tasks whose holdings the books count as free */

    struct node_share *share; /* of all actions on split clusters, one after the other */
    int32_t shares, share_capacity;
};

void plan_init(struct plan *plan, int32_t clusters);
void plan_release(struct plan *plan);
/* Empty, for a decision over this view. */
void plan_reset(struct plan *plan, const struct view *view);

/* For split clusters: fills the node books from the view; whether nodes have room for an amount. */
void plan_open_nodes(struct plan *plan, int32_t cluster);
bool plan_nodes_fit(struct plan *plan, int32_t cluster, const struct allocation *amount);

/* The plan's books of a cluster, opened from the view when it is first looked at. */
static inline struct plan_cluster *plan_books(struct plan *plan, int32_t cluster)
{
    struct plan_cluster *at = &plan->cluster[cluster];

    if (at->stamp != plan->stamp) {
        at->free = plan->view->cluster[cluster].free;
        at->stamp = plan->stamp;
        at->starts = 0;
        if (__builtin_expect(plan->view->cluster[cluster].node_free != NULL, 0))
            plan_open_nodes(plan, cluster);
    }
    return at;
}

/* What the cluster has left after the plan so far; borrowed until the next plan_ call. */
static inline const struct allocation *plan_free(struct plan *plan, int32_t cluster)
{
    return &plan_books(plan, cluster)->free;
}

/* Whether an amount that is not nothing would find room on the cluster after the plan so far. */
static inline bool plan_fits(struct plan *plan, int32_t cluster, const struct allocation *amount)
{
    const struct plan_cluster *at = plan_books(plan, cluster);

    return allocation_fits(amount, &at->free) &&
           (!at->node_free || plan_nodes_fit(plan, cluster, amount));
}

/* Where an action would put its task; borrowed until the next plan_ call. Without shares the
 * cluster is not split, or no nodes had room. */
static inline struct placement plan_placement(const struct plan *plan, const struct action *action)
{
    return (struct placement){action->shares ? plan->share + action->first_share : NULL,
                              action->shares};
}

/* Whether the plan has an action for the task. */
static inline bool plan_has(const struct plan *plan, int32_t task)
{
    return id_set_has(&plan->planned, task);
}

/* The cluster where a task is once the plan so far is carried out; -1: nowhere. */
int32_t plan_place(const struct plan *plan, int32_t task);

/* view_may_start(), with the plan so far counted in. */
bool plan_may_start(struct plan *plan, int32_t task, int32_t cluster);

/* Each adds one action, whatever it is worth: the world decides. */
void plan_start(struct plan *plan, int32_t task, int32_t cluster, const struct allocation *amount);
void plan_resize(struct plan *plan, int32_t task, const struct allocation *amount);
void plan_preempt(struct plan *plan, int32_t task);
void plan_migrate(struct plan *plan, int32_t task, int32_t cluster,
                  const struct allocation *amount);
/*
 * A waiting or running task shares from now on what another one holds: it comes into that one's
 * company. That one must be running once the actions that were planned before are carried out, and
 * not be resized or moved by a later one. All members hold one allocation, which counts once in the
 * books; it comes free when the last of them has left. Nobody in company is resized. What company
 * does to speed: core/stages.h.
 */
void plan_join(struct plan *plan, int32_t task, int32_t with);
void plan_wake(struct plan *plan, double at_s); /* the earliest wish counts */

/*
 * For policies that fill clusters anew at every decision. Lifting a running task only marks what it
 * holds as free in the plan's books; afterwards it is either put back where it was (true if that is
 * still free; no action comes of it) or gets one of the actions above. What a company holds is free
 * once all of it is lifted, and taken again by the first member that is put back; the others may
 * then be put back beside it.
 */
void plan_lift(struct plan *plan, int32_t task);
bool plan_put_back(struct plan *plan, int32_t task);

#endif
