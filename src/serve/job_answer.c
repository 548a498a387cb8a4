/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/job_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "serve/explain.h"
#include "serve/quantity.h"

bool job_answer_number(const struct request *request, const char *name, int64_t initial,
                       int64_t low, int64_t high, int64_t *out, struct reply *reply)
{
    const char *text = request_query(request, name);
    char *end;

    *out = initial;
    if (!text)
        return true;
    *out = strtoll(text, &end, 10);
    if (end != text && !*end && *out >= low && *out <= high)
        return true;
    reply_problem(reply, 400, "invalid", "%s: expected a whole number from %lld to %lld", name,
                  (long long)low, (long long)high);
    return false;
}

bool job_answer_find(struct daemon *daemon, const struct request *request, struct reply *reply,
                     struct job **job, struct job_task **task)
{
    const char *id = route_argument(request, 2);

    if (book_find_text(&daemon->book, id, job, task))
        return true;
    reply_problem(reply, 404, "not-found", "no job %.30s", id);
    return false;
}

bool job_answer_find_own(struct daemon *daemon, const struct request *request, struct reply *reply,
                         struct job **job, struct job_task **task)
{
    if (!job_answer_find(daemon, request, reply, job, task))
        return false;
    if (access_owns(&request->caller, *job))
        return true;
    reply_problem(reply, 403, "denied", "job %lld belongs to %s", (long long)(*job)->id,
                  (*job)->user ? (*job)->user : "another user");
    return false;
}

void job_answer_open(struct reply *reply, struct emit *e, const char *schema)
{
    reply->status = 200;
    text_reset(&reply->body);
    emit_init(e, &reply->body);
    emit_open(e, '{');
    emit_key_string(e, "schema", schema);
}

void job_answer_close(struct reply *reply, struct emit *e)
{
    emit_close(e);
    text_add_char(&reply->body, '\n');
}

static void emit_counts(struct emit *e, const struct job *job)
{
    emit_key(e, "counts");
    emit_open(e, '{');
    for (int state = 0; state < JOB_STATES; state++)
        if (job->count[state])
            emit_key_int(e, job_state_word((enum job_state)state), job->count[state]);
    emit_close(e);
}

void job_answer_emit(struct daemon *daemon, struct job *job, struct emit *e)
{
    struct job_task *task = explain_main_task(job);
    enum reason reason = explain_reason(daemon, task);
    enum forecast_by by;
    double in_s[FORECAST_CASES];
    char id[24];

    snprintf(id, sizeof id, "%lld", (long long)job->id);
    emit_key_string(e, "id", id);
    emit_key_string(e, "uid", job->ulid[0] ? job->ulid : NULL);
    emit_key_string(e, "state", job_state_word(job_state(job)));
    book_emit_task(&daemon->book, task, e);
    emit_key_string(e, "name", job->name);
    emit_key_string(e, "type", job->type);
    emit_key_string(e, "user", job->user);
    emit_key_string(e, "reason", reason == REASONS ? NULL : reason_word(reason));
    by = forecast_begins_in(&daemon->forecast, task, in_s);
    forecast_emit(e, "eta_s", by != FORECAST_BY_NOTHING, in_s);
    emit_key_string(e, "eta_by", forecast_by_word(by));
    forecast_emit(e, "left_s", forecast_ends_in(&daemon->live, task, in_s), in_s);
    emit_key_int(e, "priority", job->priority);
    emit_key_bool(e, "held", job->held);
    emit_key_bool(e, "array", job->is_array);
    emit_key_string(e, "members", job->members);
    emit_key_int(e, "tasks", job->tasks);
    emit_key(e, "labels");
    emit_raw(e, job->labels ? job->labels : "{}");
    emit_key_int(e, "version", job->version);
    emit_counts(e, job);
    emit_key(e, "deadline");
    quantity_emit_time(e, job->deadline_us);
}

static void print_job(struct daemon *daemon, struct job *job, struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    job_answer_emit(daemon, job, &e);
    emit_close(&e);
}

json_t *job_answer_json(struct daemon *daemon, struct job *job)
{
    struct text words;
    json_t *doc;

    text_init(&words, 0);
    print_job(daemon, job, &words);
    doc = json_loads(words.bytes, 0, NULL);
    BUG_ON(!doc);
    text_release(&words);
    return doc;
}

void job_answer_reply(struct daemon *daemon, struct job *job, int status, struct reply *reply)
{
    reply->status = status;
    text_reset(&reply->body);
    print_job(daemon, job, &reply->body);
    text_add_char(&reply->body, '\n');
}

#define X(name, word, meaning, final) " " word
#define STATES                        JOB_STATE_LIST(X)

bool job_answer_states(const char *at, unsigned *out, struct reply *reply)
{
    while (at && *at) {
        size_t length = strcspn(at, ",");
        int state = job_state_find(at, length);

        if (state < 0) {
            reply_problem(reply, 400, "invalid", "state: no such state \"%.*s\"; there are" STATES,
                          length > 30 ? 30 : (int)length, at);
            return false;
        }
        *out |= 1u << state;
        at += length + (at[length] == ',');
    }
    return true;
}

#undef STATES
#undef X
