/* SPDX-License-Identifier: Apache-2.0 */
/* Routes that change jobs. */
#include <string.h>

#include "base/err.h"
#include "serve/job_answer.h"
#include "serve/quantity.h"

/* What may be changed of a job: NULL for what stays. */
struct patch {
    const json_t *priority, *hold, *deadline;
    int64_t deadline_us;
};

static int read_patch(struct patch *patch, const json_t *body, struct err *err)
{
    const json_t *priority = patch->priority = json_object_get(body, "priority");
    size_t known;

    patch->hold = json_object_get(body, "hold");
    patch->deadline = json_object_get(body, "deadline");
    known = (size_t)((priority != NULL) + (patch->hold != NULL) + (patch->deadline != NULL));
    if (!json_is_object(body) || known == 0 || known != json_object_size(body))
        return err_set(err, ERR_INVALID, "expected priority, hold or deadline, and nothing else");
    if (priority && (!json_is_integer(priority) || json_integer_value(priority) < -1000 ||
                     json_integer_value(priority) > 1000))
        return err_set(err, ERR_INVALID, "priority: expected a whole number from -1000 to 1000");
    if (patch->hold && !json_is_boolean(patch->hold))
        return err_set(err, ERR_INVALID, "hold: expected true or false");
    if (!patch->deadline || json_is_null(patch->deadline))
        return 0;
    if (!json_is_string(patch->deadline))
        return err_set(err, ERR_INVALID, "deadline: expected a time, or null for none");
    if (quantity_time(json_string_value(patch->deadline), &patch->deadline_us, err))
        return err_prefix(err, "deadline");
    return 0;
}

static void apply_patch(struct daemon *daemon, struct job *job, const struct patch *patch)
{
    if (patch->priority) {
        job->priority = (int32_t)json_integer_value(patch->priority);
        daemon->live.priorities = true;
        daemon->live.wants = daemon->live.fresh = true;
    }
    if (patch->deadline)
        job->deadline_us = patch->deadline_us;
    if (patch->hold)
        runner_hold(&daemon->runner, job, json_is_true(patch->hold));
    else
        book_save_job(&daemon->book, job);
}

void route_patch_job(struct daemon *daemon, struct request *request, struct reply *reply)
{
    struct job_task *task;
    struct patch patch = {0};
    struct job *job;
    struct err err;
    bool raises;

    if (!job_answer_find_own(daemon, request, reply, &job, &task))
        return;
    if (read_patch(&patch, request->body, &err)) {
        reply_problem(reply, 400, "invalid", "%s", err.message);
        return;
    }
    raises = patch.priority && json_integer_value(patch.priority) > job->priority &&
             json_integer_value(patch.priority) > 0;
    if (raises && request->caller.role < ROLE_ADMIN) {
        reply_problem(reply, 403, "denied", "only an admin may raise a priority above 0");
        return;
    }
    apply_patch(daemon, job, &patch);
    job_answer_reply(daemon, job, 200, reply);
}

/* What a change is about: the job that the path names, or one task, or its tasks in some states. */
struct change {
    struct job *job;
    struct job_task *task; /* NULL: all */
    unsigned states;       /* bits; 0: any */
    double grace_s;        /* -1: each job's own */
    json_t *changed, *left, *stopping;
};

static bool open_change(struct daemon *daemon, const struct request *request, struct reply *reply,
                        bool with_grace, struct change *out)
{
    const json_t *state = json_object_get(request->body, "state");
    const json_t *grace = json_object_get(request->body, "grace_s");
    size_t known = (size_t)(state != NULL) + (size_t)(grace != NULL && with_grace);

    *out = (struct change){.grace_s = grace ? json_number_value(grace) : -1};
    if (!job_answer_find_own(daemon, request, reply, &out->job, &out->task))
        return false;
    if (request->body && (!json_is_object(request->body) || (state && !json_is_string(state)) ||
                          known != json_object_size(request->body))) {
        reply_problem(reply, 400, "invalid", "expected an object with state%s, or nothing",
                      with_grace ? " and grace_s" : "");
        return false;
    }
    if (grace && (!json_is_number(grace) || !(out->grace_s >= 0) || out->grace_s > 86400)) {
        reply_problem(reply, 400, "invalid", "grace_s: expected seconds from 0 to 86400");
        return false;
    }
    if (!job_answer_states(json_string_value(state), &out->states, reply))
        return false;
    out->changed = json_array();
    out->left = json_array();
    out->stopping = json_array();
    return true;
}

static bool is_meant(const struct change *change, const struct job_task *task)
{
    return (!change->task || change->task == task) &&
           (!change->states || change->states >> task->state & 1);
}

static void note(json_t *list, const struct job_task *task)
{
    struct text id;

    text_init(&id, 0);
    job_print_id(task, &id);
    json_array_append_new(list, json_string(id.bytes));
    text_release(&id);
}

static void close_change(struct change *change, int status, const char *done, const char *not_done,
                         json_t *doc, struct reply *reply)
{
    json_object_set_new(doc, "schema", json_string("tapfinger.change/1"));
    json_object_set_new(doc, done, change->changed);
    json_object_set_new(doc, not_done, change->left);
    json_object_set_new(doc, "stopping", change->stopping);
    reply_json(reply, status, doc);
}

/* Calls fn for the task, or for all of the job; lists what changed and what did not. */
static void change_tasks(struct daemon *daemon, struct request *request, struct reply *reply,
                         bool (*fn)(struct runner *, struct job_task *), const char *done,
                         const char *not_done)
{
    struct change change;

    if (!open_change(daemon, request, reply, fn == runner_cancel, &change))
        return;
    for (int32_t i = 0; i < change.job->tasks; i++) {
        struct job_task *task = &change.job->task[i];

        if (!is_meant(&change, task))
            continue;
        if (fn(&daemon->runner, task)) {
            task->grace_s = change.grace_s;
            note(change.changed, task);
            if (task->stopping)
                note(change.stopping, task);
        } else {
            note(change.left, task);
        }
    }
    runner_consider(&daemon->runner, change.job);
    close_change(&change, 202, done, not_done, json_object(), reply);
}

void route_cancel(struct daemon *daemon, struct request *request, struct reply *reply)
{
    change_tasks(daemon, request, reply, runner_cancel, "canceled", "already_final");
}

void route_requeue(struct daemon *daemon, struct request *request, struct reply *reply)
{
    change_tasks(daemon, request, reply, runner_requeue, "requeued", "waiting_already");
}

void route_retry(struct daemon *daemon, struct request *request, struct reply *reply)
{
    change_tasks(daemon, request, reply, runner_retry, "retried", "not_failed");
}

/* Jobs are held as a whole, so a state only says whether this one is meant. */
static void set_hold(struct daemon *daemon, struct request *request, struct reply *reply, bool held)
{
    enum job_state before = held ? JOB_PENDING : JOB_HELD;
    struct change change;
    bool meant = false;

    if (!open_change(daemon, request, reply, false, &change))
        return;
    for (int32_t i = 0; i < change.job->tasks; i++)
        if (is_meant(&change, &change.job->task[i])) {
            note(change.job->task[i].state == before ? change.changed : change.left,
                 &change.job->task[i]);
            meant = true;
        }
    if (meant && change.job->held != held)
        runner_hold(&daemon->runner, change.job, held);
    close_change(&change, 200, held ? "held_tasks" : "released_tasks",
                 held ? "not_held" : "not_released", job_answer_json(daemon, change.job), reply);
}

void route_hold(struct daemon *daemon, struct request *request, struct reply *reply)
{
    set_hold(daemon, request, reply, true);
}

void route_release(struct daemon *daemon, struct request *request, struct reply *reply)
{
    set_hold(daemon, request, reply, false);
}
