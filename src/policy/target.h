/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For policies that decide what everybody shall have, anew every time: targets, and the plan that
 * leads from what is to them.
 */
#ifndef POLICY_TARGET_H
#define POLICY_TARGET_H

#include "base/id_set.h"
#include "base/vector.h"
#include "core/plan.h"
#include "core/view.h"

struct target {
    int32_t task, cluster;
    struct allocation amount; /* within the task's limits */
    int32_t host;             /* -1, or who had its target before and shares its allocation */
};

struct targets {
    VECTOR(struct target) item; /* who matters most first */
    struct id_set settled;      /* tasks whose fate this plan has sealed */
    VECTOR(int32_t) lifted;     /* running ones that do not stay as they are */
    VECTOR(int32_t) mover;      /* the other way round: targets of those who do not, by index */
    bool rigid;                 /* amounts are never cut, and what runs is never resized */
    bool restarts;              /* nobody keeps its place: whoever runs on is started anew */
    bool fits;                  /* all targets have room together, and no cluster is split */
};

void targets_release(struct targets *targets);
void targets_clear(struct targets *targets);

/* Whether another one of a running task's company keeps the place of all. */
static inline bool targets_place_is_kept(const struct targets *targets, const struct view *view,
                                         const struct task *task)
{
    for (int32_t id = task->companion; id >= 0 && id != task->id; id = view->task[id].companion)
        if (id_set_has(&targets->settled, id))
            return true;
    return false;
}

/* Whether a task runs with what it shall have, in a place that nobody of its company keeps. */
static inline bool targets_are_met(const struct targets *targets, const struct view *view,
                                   int32_t id, int32_t cluster, const struct allocation *amount)
{
    const struct task *task = &view->task[id];

    return task->state == TASK_RUNNING && task->cluster == cluster &&
           allocation_equal(&task->allocation, amount) &&
           !targets_place_is_kept(targets, view, task);
}

static inline bool targets_are_companions(const struct view *view, const struct task *task,
                                          int32_t other)
{
    int32_t id = task->companion;

    while (id >= 0 && id != other && id != task->id)
        id = view->task[id].companion;
    return id == other;
}

/* Whether a task runs in the company of its host, who keeps its place. */
static inline bool targets_guest_is_met(const struct targets *targets, const struct view *view,
                                        int32_t id, int32_t host)
{
    const struct task *task = &view->task[id];

    return task->state == TASK_RUNNING && id_set_has(&targets->settled, host) &&
           targets_are_companions(view, task, host);
}

static inline void targets_add(struct targets *targets, int32_t task, int32_t cluster,
                               const struct allocation *amount)
{
    struct target *target;

    if (targets->item.count == targets->item.capacity)
        vector_reserve(&targets->item, targets->item.count + 1);
    target = &targets->item.item[targets->item.count++];
    target->task = task;
    target->cluster = cluster;
    target->amount = *amount;
    target->host = -1;
}

/* A task that shall share what a task holds for which targets_add() was called before. */
static inline void targets_add_guest(struct targets *targets, int32_t task, int32_t host)
{
    static const struct allocation nothing;

    targets_add(targets, task, 0, &nothing);
    vector_last(&targets->item)->host = host;
}

/* The same for targets that will not be changed any more: whoever has what it shall have keeps it
 * without one. */
static inline void targets_settle(struct targets *targets, const struct view *view, int32_t task,
                                  int32_t cluster, const struct allocation *amount)
{
    if (targets_are_met(targets, view, task, cluster, amount))
        id_set_add(&targets->settled, task);
    else
        targets_add(targets, task, cluster, amount);
}

static inline void targets_settle_guest(struct targets *targets, const struct view *view,
                                        int32_t task, int32_t host)
{
    if (targets_guest_is_met(targets, view, task, host))
        id_set_add(&targets->settled, task);
    else
        targets_add_guest(targets, task, host);
}

/*
 * Plans it: running tasks that have what they shall have keep their place (of tasks in company that
 * shall not share any more, the first); then, in order, the others get theirs, or (unless rigid) on
 * nodes that have no room for it as much as there is; running tasks without a target, and those
 * that found no room at all, go back to waiting.
 */
void targets_plan(struct targets *targets, const struct view *view, struct plan *plan);

#endif
