/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans over real tasks. The rules are the simulator's but for one thing: a task that is preempted
 * or moved holds what it has until its program has ended, so what its stop will free is given out
 * by a later decision, when it is free. A resize gives back first and takes more afterwards, in the
 * books and in the machine.
 */
#include "serve/live_apply.h"

#include <math.h>
#include <stdlib.h>

#include "serve/book.h"
#include "serve/site.h"

enum { ACCEPTED = -1, ALTERNATIVES = 16 };

static int check_amount(const struct task *task, const struct allocation *amount)
{
    if (!allocation_fits(&task->min, amount))
        return REFUSED_MINIMUM;
    return allocation_fits(amount, &task->max) ? ACCEPTED : REFUSED_MAXIMUM;
}

static int check(const struct live *live, const struct action *action)
{
    bool places = action->kind == ACTION_START || action->kind == ACTION_MIGRATE;
    const struct task *task;

    if (action->task < 0 || action->task >= live->tasks)
        return REFUSED_NO_TASK;
    if (action->kind == ACTION_JOIN)
        return REFUSED_SHARED; /* no type of a site tells its stages */
    if (places && (action->cluster < 0 || action->cluster >= live->catalog.clusters))
        return REFUSED_NO_TASK;
    task = &live->task[action->task];
    if (task->state != (action->kind == ACTION_START ? TASK_WAITING : TASK_RUNNING) ||
        live->of[action->task]->stopping)
        return REFUSED_STATE;
    if (action->kind == ACTION_PREEMPT)
        return ACCEPTED;
    if (places && !reach_has(&task->reach, action->cluster))
        return REFUSED_REACH;
    if (places && !live->cluster_view[action->cluster].may_start)
        return REFUSED_DOWN;
    return check_amount(task, &action->allocation);
}

static void refuse(struct live *live)
{
    live->counts.refused++;
    live->fresh = true;
}

static void add_act(struct live *live, enum act_kind kind, struct job_task *of)
{
    vector_push(&live->acts, ((struct act){kind, of, of->attempt}));
}

/* Where else it could have gone, with what, and how long that would have taken. */
static json_t *list_alternatives(const struct live *live, int32_t id, int32_t chosen)
{
    const struct task *task = &live->task[id];
    json_t *list = json_array();

    for (int32_t i = 0; i < task->reach.count && i < ALTERNATIVES; i++) {
        int32_t c = task->reach.cluster[i];
        struct allocation free = live->cluster_view[c].free, given;
        json_t *one = json_object();
        double seconds;

        given = allocation_least(&task->max, &free);
        json_object_set_new(one, "cluster", json_string(live->site->cluster[c].name));
        json_object_set_new(one, "chosen", json_boolean(c == chosen));
        json_object_set_new(one, "free", job_allocation_json(&free, live->site));
        if (allocation_fits(&task->min, &given)) {
            seconds = live_seconds(live, task->type, &given, 0);
            json_object_set_new(one, "could_hold", job_allocation_json(&given, live->site));
            json_object_set_new(one, "seconds", seconds < 1e12 ? json_real(seconds) : json_null());
        } else {
            json_object_set_new(one, "could_hold", json_null());
        }
        json_array_append_new(list, one);
    }
    return list;
}

static void tell_decision(struct live *live, const char *action, int32_t id, const char *by,
                          double took_s, json_t *alternatives)
{
    struct job_task *of = live->of[id];
    json_t *doc = json_object();

    tally_decision(&live->book->tally, by, action);
    json_object_set_new(doc, "tick", json_integer(live->view.decision));
    json_object_set_new(doc, "policy", json_string(by));
    if (by == live->fallback_spec.label && live->trouble)
        json_object_set_new(doc, "because", json_string(live->trouble));
    json_object_set_new(doc, "action", json_string(action));
    json_object_set_new(doc, "latency_s", json_real(took_s));
    json_object_set_new(doc, "waiting", json_integer(live->lists.count));
    if (alternatives)
        json_object_set_new(doc, "alternatives", alternatives);
    book_tell(live->book, BOOK_DECISION, of->job, of, doc);
}

void live_start(struct live *live, int32_t id, int32_t cluster, const struct allocation *amount)
{
    struct job_task *of = live->of[id];

    live_leave_waiting(live, id);
    live->task[id].allocation = *amount;
    live_hold(live, id, cluster);
    of->cluster = cluster;
    of->allocation = *amount;
    add_act(live, ACT_START, of);
    live_tell_policy(live, EVENT_START, id, cluster);
}

static void stop(struct live *live, int32_t id, int32_t move_to, const char *by, double took_s)
{
    struct job_task *of = live->of[id];
    struct task *task = &live->task[id];

    of->stopping = STOP_PREEMPT;
    of->move_to = move_to;
    task->preemptions++;
    task->min = task->max = task->allocation; /* nobody resizes it any more */
    tell_decision(live, move_to < 0 ? "preempt" : "migrate", id, by, took_s, NULL);
    add_act(live, ACT_STOP, of);
}

static void set_amount(struct live *live, int32_t id, const struct allocation *amount)
{
    struct task *task = &live->task[id];
    struct job_task *of = live->of[id];

    live_new_stretch(live, of);
    for (int r = 0; r < MAX_RESOURCES; r++)
        task->service_s[r] += (live->view.now_s - task->since_s) * task->allocation.amount[r];
    task->ran_s += live->view.now_s - task->since_s;
    task->since_s = live->view.now_s;
    allocation_add(&live->cluster_view[task->cluster].free, &task->allocation);
    allocation_subtract(&live->cluster_view[task->cluster].free, amount);
    task->allocation = of->allocation = *amount;
}

/* First what is given back. */
static void shrink(struct live *live, const struct action *action)
{
    struct task *task = &live->task[action->task];
    struct allocation kept = allocation_least(&task->allocation, &action->allocation);

    if (allocation_equal(&kept, &task->allocation))
        return;
    set_amount(live, action->task, &kept);
    add_act(live, ACT_SHRINK, live->of[action->task]);
}

static bool grow(struct live *live, const struct action *action)
{
    struct task *task = &live->task[action->task];
    struct allocation more = action->allocation;

    allocation_subtract(&more, &task->allocation);
    if (allocation_is_zero(&more))
        return true;
    if (!allocation_fits(&more, &live->cluster_view[task->cluster].free)) {
        refuse(live);
        return false;
    }
    set_amount(live, action->task, &action->allocation);
    add_act(live, ACT_GROW, live->of[action->task]);
    return true;
}

static bool carry_out(struct live *live, const struct action *action, const char *by, double took_s)
{
    struct cluster_view *at;
    json_t *alternatives;

    switch (action->kind) {
    case ACTION_START:
        at = &live->cluster_view[action->cluster];
        if (!allocation_fits(&action->allocation, &at->free)) {
            refuse(live);
            return false;
        }
        alternatives = list_alternatives(live, action->task, action->cluster);
        live_start(live, action->task, action->cluster, &action->allocation);
        tell_decision(live, "start", action->task, by, took_s, alternatives);
        return true;
    case ACTION_RESIZE:
        if (!grow(live, action))
            return false;
        live->task[action->task].resizes++;
        tell_decision(live, "resize", action->task, by, took_s, NULL);
        live_tell_policy(live, EVENT_RESIZE, action->task, live->task[action->task].cluster);
        return true;
    default:
        return true;
    }
}

int live_apply(struct live *live, const char *by, double took_s)
{
    const struct plan *plan = &live->plan;
    bool *accepted = xcalloc((size_t)plan->actions + 1, sizeof *accepted);
    struct id_set seen = {0};
    int applied = 0;

    for (int32_t i = 0; i < plan->actions; i++) {
        const struct action *action = &plan->action[i];

        accepted[i] = check(live, action) == ACCEPTED && !id_set_has(&seen, action->task);
        if (!accepted[i])
            refuse(live);
        else
            id_set_add(&seen, action->task);
        if (accepted[i] && action->kind == ACTION_RESIZE &&
            allocation_equal(&action->allocation, &live->task[action->task].allocation))
            accepted[i] = false; /* as it is */
    }
    for (int32_t i = 0; i < plan->actions; i++) {
        const struct action *action = &plan->action[i];

        if (accepted[i] && (action->kind == ACTION_PREEMPT || action->kind == ACTION_MIGRATE)) {
            stop(live, action->task, action->kind == ACTION_MIGRATE ? action->cluster : -1, by,
                 took_s);
            applied++;
        } else if (accepted[i] && action->kind == ACTION_RESIZE) {
            shrink(live, action);
        }
    }
    for (int32_t i = 0; i < plan->actions; i++)
        if (accepted[i] && plan->action[i].kind != ACTION_PREEMPT &&
            plan->action[i].kind != ACTION_MIGRATE)
            applied += carry_out(live, &plan->action[i], by, took_s);
    id_set_release(&seen);
    free(accepted);
    return applied;
}
