/* SPDX-License-Identifier: Apache-2.0 */
/* Routes that tell of a job: how it stands, why it waits, what happened to it, its output. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/keeper_log.h"
#include "base/err.h"
#include "serve/explain.h"
#include "serve/job_answer.h"
#include "serve/quantity.h"
#include "store/store.h"

enum { LIST_LIMIT = 1000, LOG_LIMIT = 1 << 20, TASK_LIST = 1000 };

static const double WAIT_S = 30, LONGEST_WAIT_S = 60, EXPLAIN_WAIT_S = 1.5;

/* One job. */

static void add_spec(struct daemon *daemon, const struct request *request, json_t *doc,
                     const struct job *job)
{
    static const char *const open[] = {"request",   "min",       "max",     "reach",
                                       "after",     "timeout_s", "grace_s", "retries",
                                       "backoff_s", "not_before"};
    json_t *spec = book_read_doc(&daemon->book, job);

    for (size_t i = 0; i < COUNT_OF(open); i++)
        if (json_object_get(spec, open[i]))
            json_object_set(doc, open[i], json_object_get(spec, open[i]));
    if (access_owns(&request->caller, job)) {
        json_object_set(doc, "command", json_object_get(spec, "command"));
        json_object_set_new(doc, "cwd",
                            json_string(json_string_value(json_object_get(spec, "cwd"))
                                            ? json_string_value(json_object_get(spec, "cwd"))
                                            : "/"));
        if (json_object_get(spec, "each"))
            json_object_set(doc, "each", json_object_get(spec, "each"));
        if (json_object_get(spec, "env"))
            json_object_set(doc, "env", json_object_get(spec, "env"));
    }
    json_decref(spec);
}

static void add_tasks(struct daemon *daemon, json_t *doc, struct job *job)
{
    json_t *list = json_array();

    for (int32_t i = 0; i < job->tasks && i < TASK_LIST; i++)
        json_array_append_new(list, book_task_json(&daemon->book, &job->task[i]));
    json_object_set_new(doc, "task_list", list);
}

static bool must_wait(const struct request *request, enum job_state state, double most_s)
{
    const char *until = request_query(request, "until");

    return until && strcmp(until, "finished") == 0 && !job_state_is_final(state) &&
           request->waited_s < most_s;
}

void route_show_job(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *wait = request_query(request, "wait");
    double most_s = WAIT_S;
    struct job_task *task;
    struct err err;
    struct job *job;
    json_t *doc;

    if (!job_answer_find(daemon, request, reply, &job, &task))
        return;
    if (wait && quantity_duration(wait, &most_s, &err)) {
        reply_problem(reply, 400, "invalid", "wait: %s", err.message);
        return;
    }
    most_s = most_s < LONGEST_WAIT_S ? most_s : LONGEST_WAIT_S;
    if (must_wait(request, task ? task->state : job_state(job), most_s)) {
        reply->wait = true;
        reply->wait_s = most_s;
        return;
    }
    doc = job_answer_json(daemon, job);
    json_object_set_new(doc, "schema", json_string("tapfinger.job/1"));
    json_object_set_new(
        doc, "queue_position",
        json_integer(explain_position(daemon, task ? task : explain_main_task(job))));
    if (task)
        json_object_set_new(doc, "task", book_task_json(&daemon->book, task));
    add_spec(daemon, request, doc, job);
    add_tasks(daemon, doc, job);
    reply_json(reply, 200, doc);
}

static bool add_event(void *arg, const struct store_event *event)
{
    json_t *doc = json_loads(event->doc, 0, NULL);

    if (!doc)
        doc = json_object();
    json_object_set_new(doc, "seq", json_integer(event->seq));
    json_object_set_new(doc, "event", json_string(event->kind));
    json_object_set_new(doc, "at", quantity_time_json(event->at_us));
    json_array_append_new(arg, doc);
    return true;
}

static json_t *list_events(struct daemon *daemon, struct store_query query)
{
    json_t *list = json_array();

    store_events(daemon->store, &query, add_event, list, NULL);
    return list;
}

/* Whether to wait for a better forecast of its start, which is on its way. */
static bool await_forecast(struct daemon *daemon, const struct request *request,
                           const struct job_task *task, struct reply *reply)
{
    double in_s[FORECAST_CASES], due_s;

    if (task->world < 0 || task->state != JOB_PENDING || request->waited_s >= EXPLAIN_WAIT_S ||
        forecast_begins_in(&daemon->forecast, task, in_s) == FORECAST_BY_POLICY)
        return false;
    due_s = prospect_due_in(&daemon->prospect);
    reply->wait = due_s < EXPLAIN_WAIT_S;
    reply->wait_s = due_s > 0 ? fmin(EXPLAIN_WAIT_S, request->waited_s + due_s) : EXPLAIN_WAIT_S;
    return reply->wait;
}

void route_explain(struct daemon *daemon, struct request *request, struct reply *reply)
{
    struct job_task *task;
    struct job *job;
    json_t *doc;

    if (!job_answer_find(daemon, request, reply, &job, &task))
        return;
    task = task ? task : explain_main_task(job);
    if (await_forecast(daemon, request, task, reply))
        return;
    doc = explain_task(daemon, task);
    json_object_set_new(doc, "schema", json_string("tapfinger.explanation/1"));
    json_object_set_new(doc, "name", json_string(job->name));
    json_object_set_new(
        doc, "decisions",
        list_events(daemon, (struct store_query){
                                .job = job->id, .kind = "decision", .limit = 20, .newest = true}));
    reply_json(reply, 200, doc);
}

/* What concerns one member of an array: what is told of it and of the whole job. */
static json_t *only_of(json_t *list, const struct job_task *task)
{
    json_t *left = json_array();
    struct text id;
    size_t at;
    json_t *event;

    text_init(&id, 0);
    job_print_id(task, &id);
    json_array_foreach (list, at, event) {
        const char *of = json_string_value(json_object_get(event, "id"));

        if (of && (!strchr(of, '.') || strcmp(of, id.bytes) == 0))
            json_array_append(left, event);
    }
    text_release(&id);
    json_decref(list);
    return left;
}

void route_job_events(struct daemon *daemon, struct request *request, struct reply *reply)
{
    struct job_task *task;
    struct job *job;
    const char *newest = request_query(request, "newest");
    bool down = newest && strcmp(newest, "true") == 0;
    int64_t limit;
    json_t *list;

    if (!job_answer_find(daemon, request, reply, &job, &task) ||
        !job_answer_number(request, "limit", 200, 1, LIST_LIMIT, &limit, reply))
        return;
    list =
        list_events(daemon, (struct store_query){.job = job->id, .limit = limit, .newest = down});
    if (task)
        list = only_of(list, task);
    reply_json(reply, 200, json_pack("{s:s, s:o}", "schema", "tapfinger.events/1", "items", list));
}

static json_int_t tick_of(const json_t *decisions, size_t at)
{
    return json_integer_value(json_object_get(json_array_get(decisions, at), "tick"));
}

void route_decisions(struct daemon *daemon, struct request *request, struct reply *reply)
{
    int64_t limit, job, since;
    json_t *list;

    if (!job_answer_number(request, "limit", 100, 1, LIST_LIMIT, &limit, reply) ||
        !job_answer_number(request, "since_tick", 0, 0, INT64_MAX, &since, reply) ||
        !job_answer_number(request, "job", 0, 0, INT64_MAX, &job, reply))
        return;
    list = list_events(daemon, (struct store_query){
                                   .job = job, .kind = "decision", .limit = limit, .newest = true});
    for (size_t i = json_array_size(list); i-- > 0;)
        if (tick_of(list, i) < since)
            json_array_remove(list, i);
    reply_json(reply, 200,
               json_pack("{s:s, s:o}", "schema", "tapfinger.decisions/1", "items", list));
}

/* "bytes=100-", "bytes=100-199", "bytes=-50" as an offset and a limit; false: none of these. */
static bool read_range(const char *range, int64_t *offset, int64_t *limit)
{
    char *end;
    long long first, last;

    if (!range || strncmp(range, "bytes=", 6) != 0 || strchr(range, ','))
        return false;
    range += 6;
    first = strtoll(range, &end, 10);
    if (end == range || (first < 0 ? *end != 0 : *end != '-'))
        return false;
    *offset = first;
    if (first < 0 || !end[1])
        return true;
    last = strtoll(end + 1, &end, 10);
    if (*end || last < first)
        return false;
    if (last - first + 1 < *limit)
        *limit = last - first + 1;
    return true;
}

/* A part that was asked for as one. */
static void say_range(struct reply *reply, int64_t offset)
{
    int64_t bytes = (int64_t)reply->body.length;

    if (bytes == 0 && offset > 0) {
        reply_problem(reply, 416, "invalid", "Range: there are %lld bytes",
                      (long long)reply->log_size);
        snprintf(reply->range, sizeof reply->range, "bytes */%lld", (long long)reply->log_size);
        return;
    }
    reply->status = 206;
    snprintf(reply->range, sizeof reply->range, "bytes %lld-%lld/%lld", (long long)offset,
             (long long)(offset + bytes - 1), (long long)reply->log_size);
}

/* Which part of which stream, out of the query and the header Range. */
struct log_part {
    const char *stream;
    int64_t offset, limit, since_us; /* since 0: the offset counts */
    bool ranged;
};

static bool read_part(const struct request *request, struct log_part *out, struct reply *reply)
{
    const char *stream = request_query(request, "stream"), *since = request_query(request, "since");
    struct err err;

    *out = (struct log_part){.stream = stream ? stream : "stdout"};
    if (!job_answer_number(request, "limit", LOG_LIMIT, 1, LOG_LIMIT, &out->limit, reply) ||
        !job_answer_number(request, "offset", 0, INT64_MIN / 2, INT64_MAX / 2, &out->offset, reply))
        return false;
    if (strcmp(out->stream, "stdout") != 0 && strcmp(out->stream, "stderr") != 0) {
        reply_problem(reply, 400, "invalid", "stream: expected stdout or stderr");
        return false;
    }
    if (since && quantity_past(since, &out->since_us, &err)) {
        reply_problem(reply, 400, "invalid", "since: %s", err.message);
        return false;
    }
    if (since && request_query(request, "offset")) {
        reply_problem(reply, 400, "invalid", "since and offset: choose one");
        return false;
    }
    out->ranged = read_range(request_header(request, "Range"), &out->offset, &out->limit);
    return true;
}

void route_logs(struct daemon *daemon, struct request *request, struct reply *reply)
{
    struct log_part part;
    struct job_task *task;
    struct text folder;
    struct job *job;
    struct err err;

    if (!job_answer_find_own(daemon, request, reply, &job, &task) ||
        !read_part(request, &part, reply))
        return;
    task = task ? task : explain_main_task(job);
    text_init(&folder, 0);
    runner_folder(&daemon->runner, task, &folder);
    text_reset(&reply->body);
    reply->log_end = job_state_is_final(task->state);
    reply->log_size = 0;
    if (part.since_us)
        part.offset = task->attempt ? keeper_log_find(folder.bytes, part.stream, part.since_us) : 0;
    if (task->attempt && keeper_log_read(folder.bytes, part.stream, &part.offset,
                                         (size_t)part.limit, &reply->body, &reply->log_size, &err))
        reply_problem(reply, 500, "io", "%s", err.message);
    else
        reply->status = 200;
    reply->log_offset = part.offset > 0 ? part.offset : 0;
    reply->type = reply->status == 200 ? "text/plain; charset=utf-8" : reply->type;
    if (part.ranged && reply->status == 200)
        say_range(reply, part.offset);
    text_release(&folder);
}
