/* SPDX-License-Identifier: Apache-2.0 */
/* Routes that tell of jobs: lists, one job, why it waits, what happened to it, its output. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "backend/keeper_log.h"
#include "base/err.h"
#include "serve/explain.h"
#include "serve/job_answer.h"
#include "serve/quantity.h"
#include "store/store.h"

enum { LIST_LIMIT = 1000, LOG_LIMIT = 1 << 20, TASK_LIST = 1000 };

static const double WAIT_S = 30;

/* Listing. */

struct filter {
    unsigned states;                /* bits */
    const char *user, *type, *name; /* the name may hold * and ? */
    int cluster;                    /* where it runs or last ran; -1: any */
    int64_t since_us;               /* submitted since then */
    bool active;
};

static bool read_filter(const struct daemon *daemon, const struct request *request,
                        struct filter *out, struct reply *reply)
{
    const char *active = request_query(request, "active"), *since = request_query(request, "since");
    const char *cluster = request_query(request, "cluster");
    struct err err;
    double age_s;

    *out = (struct filter){.user = request_query(request, "user"),
                           .type = request_query(request, "type"),
                           .name = request_query(request, "name"),
                           .cluster = cluster ? site_find_cluster(&daemon->site, cluster) : -1,
                           .active = active && strcmp(active, "true") == 0};
    if (out->user && strcmp(out->user, "me") == 0)
        out->user = request->caller.user;
    if (cluster && out->cluster < 0) {
        reply_problem(reply, 400, "invalid", "cluster: no cluster \"%.40s\"", cluster);
        return false;
    }
    if (since && quantity_duration(since, &age_s, &err)) {
        reply_problem(reply, 400, "invalid", "since: %s", err.message);
        return false;
    }
    if (since)
        out->since_us = book_now_us() - (int64_t)(age_s * 1e6);
    return job_answer_states(request_query(request, "state"), &out->states, reply);
}

static bool was_on(const struct job *job, int cluster)
{
    for (int32_t i = 0; i < job->tasks; i++)
        if (job->task[i].cluster == cluster)
            return true;
    return false;
}

static bool passes(const struct filter *filter, const struct job *job)
{
    enum job_state state = job_state(job);

    if (filter->states && !(filter->states >> state & 1))
        return false;
    if (filter->active && job_state_is_final(state))
        return false;
    if (filter->user && (!job->user || strcmp(job->user, filter->user) != 0))
        return false;
    if (filter->name && fnmatch(filter->name, job->name, 0) != 0)
        return false;
    if (job->submitted_us < filter->since_us ||
        (filter->cluster >= 0 && !was_on(job, filter->cluster)))
        return false;
    return !filter->type || strcmp(job->type, filter->type) == 0;
}

static void emit_next(struct emit *e, int64_t next)
{
    char words[24];

    snprintf(words, sizeof words, "%lld", (long long)next);
    emit_key_string(e, "next", next ? words : NULL);
}

static bool is_listed(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (; *list; list += strcspn(list, ","), list += *list == ',')
        if (strcspn(list, ",") == length && strncmp(list, word, length) == 0)
            return true;
    return false;
}

/* Leaves of each item only what was asked for, "id,state". */
static void keep_fields(struct reply *reply, const char *fields)
{
    json_t *doc = json_loads(reply->body.bytes, 0, NULL);
    size_t at;
    json_t *item;

    BUG_ON(!doc);
    json_array_foreach (json_object_get(doc, "items"), at, item) {
        const char *key;
        json_t *value;
        void *next;

        json_object_foreach_safe (item, next, key, value)
            if (!is_listed(fields, key))
                json_object_del(item, key);
    }
    reply_json(reply, 200, doc);
}

void route_list_jobs(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const struct book *book = &daemon->book;
    const char *newest = request_query(request, "newest");
    bool down = newest && strcmp(newest, "true") == 0;
    struct filter filter;
    struct emit e;
    int64_t limit, cursor, last = 0, next = 0, hidden = 0, listed = 0;

    if (!job_answer_number(request, "limit", 100, 1, LIST_LIMIT, &limit, reply) ||
        !job_answer_number(request, "cursor", 0, 0, INT64_MAX, &cursor, reply) ||
        !read_filter(daemon, request, &filter, reply))
        return;
    job_answer_open(reply, &e, "tapfinger.jobs/1");
    emit_key(&e, "items");
    emit_open(&e, '[');
    for (size_t i = 0; i < book->jobs.count && !next; i++) {
        struct job *job = book->jobs.item[down ? book->jobs.count - 1 - i : i];

        if (cursor && (down ? job->id >= cursor : job->id <= cursor))
            continue;
        if (!passes(&filter, job)) {
            hidden++;
        } else if (listed++ == limit) {
            next = last;
        } else {
            emit_open(&e, '{');
            job_answer_emit(daemon, job, &e);
            emit_key_int(&e, "number", last = job->id);
            emit_close(&e);
        }
    }
    emit_close(&e);
    emit_key_int(&e, "hidden", hidden);
    emit_next(&e, next);
    job_answer_close(reply, &e);
    if (request_query(request, "fields"))
        keep_fields(reply, request_query(request, "fields"));
}

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
    if (must_wait(request, task ? task->state : job_state(job), most_s < 60 ? most_s : 60)) {
        reply->wait = true;
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

void route_timeline(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const struct book *book = &daemon->book;
    double in_s[FORECAST_CASES];
    int64_t limit, listed = 0;
    struct emit e;

    if (!job_answer_number(request, "limit", 500, 1, 5000, &limit, reply))
        return;
    job_answer_open(reply, &e, "tapfinger.timeline/1");
    emit_key(&e, "items");
    emit_open(&e, '[');
    for (size_t i = book->jobs.count; i-- > 0 && listed < limit;) {
        struct job *job = book->jobs.item[i];

        for (int32_t t = job->tasks; t-- > 0 && listed < limit;) {
            if (!job->task[t].started_us)
                continue;
            emit_open(&e, '{');
            book_emit_task_head(&job->task[t], &e);
            book_emit_task(book, &job->task[t], &e);
            forecast_emit(&e, "left_s", forecast_ends_in(&daemon->live, &job->task[t], in_s), in_s);
            emit_key_string(&e, "name", job->name);
            emit_key_string(&e, "type", job->type);
            emit_close(&e);
            listed++;
        }
    }
    emit_close(&e);
    job_answer_close(reply, &e);
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

void route_explain(struct daemon *daemon, struct request *request, struct reply *reply)
{
    struct job_task *task;
    struct job *job;
    json_t *doc;

    if (!job_answer_find(daemon, request, reply, &job, &task))
        return;
    doc = explain_task(daemon, task ? task : explain_main_task(job));
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

void route_decisions(struct daemon *daemon, struct request *request, struct reply *reply)
{
    int64_t limit, job;

    if (!job_answer_number(request, "limit", 100, 1, LIST_LIMIT, &limit, reply) ||
        !job_answer_number(request, "job", 0, 0, INT64_MAX, &job, reply))
        return;
    reply_json(reply, 200,
               json_pack("{s:s, s:o}", "schema", "tapfinger.decisions/1", "items",
                         list_events(daemon, (struct store_query){.job = job,
                                                                  .kind = "decision",
                                                                  .limit = limit,
                                                                  .newest = true})));
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

void route_logs(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *stream = request_query(request, "stream");
    int64_t limit, offset;
    struct job_task *task;
    struct text folder;
    struct job *job;
    struct err err;
    bool ranged;

    if (!job_answer_find_own(daemon, request, reply, &job, &task) ||
        !job_answer_number(request, "limit", LOG_LIMIT, 1, LOG_LIMIT, &limit, reply) ||
        !job_answer_number(request, "offset", 0, INT64_MIN / 2, INT64_MAX / 2, &offset, reply))
        return;
    if (stream && strcmp(stream, "stdout") != 0 && strcmp(stream, "stderr") != 0) {
        reply_problem(reply, 400, "invalid", "stream: expected stdout or stderr");
        return;
    }
    ranged = read_range(request_header(request, "Range"), &offset, &limit);
    task = task ? task : explain_main_task(job);
    text_init(&folder, 0);
    runner_folder(&daemon->runner, task, &folder);
    text_reset(&reply->body);
    reply->log_end = job_state_is_final(task->state);
    reply->log_size = 0;
    if (task->attempt && keeper_log_read(folder.bytes, stream ? stream : "stdout", &offset,
                                         (size_t)limit, &reply->body, &reply->log_size, &err))
        reply_problem(reply, 500, "io", "%s", err.message);
    else
        reply->status = 200;
    reply->log_offset = offset > 0 ? offset : 0;
    reply->type = reply->status == 200 ? "text/plain; charset=utf-8" : reply->type;
    if (ranged && reply->status == 200)
        say_range(reply, offset);
    text_release(&folder);
}
