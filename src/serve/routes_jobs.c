/* SPDX-License-Identifier: Apache-2.0 */
/* Routes about jobs. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "backend/keeper_log.h"
#include "base/emit.h"
#include "base/err.h"
#include "base/rng.h"
#include "serve/daemon.h"
#include "serve/explain.h"
#include "serve/quantity.h"
#include "serve/routes.h"
#include "store/store.h"

enum { LIST_LIMIT = 1000, LOG_LIMIT = 1 << 20, TASK_LIST = 1000 };

static const double WAIT_S = 30;

/* The number in a query parameter; initial without one; false if it is none. */
static bool read_number(const struct request *request, const char *name, int64_t initial,
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

static bool find_job(struct daemon *daemon, const struct request *request, struct reply *reply,
                     struct job **job, struct job_task **task)
{
    const char *id = route_argument(request, 2);

    if (book_find_text(&daemon->book, id, job, task))
        return true;
    reply_problem(reply, 404, "not-found", "no job %.30s", id);
    return false;
}

static bool find_own_job(struct daemon *daemon, const struct request *request, struct reply *reply,
                         struct job **job, struct job_task **task)
{
    if (!find_job(daemon, request, reply, job, task))
        return false;
    if (access_owns(&request->caller, *job))
        return true;
    reply_problem(reply, 403, "denied", "job %lld belongs to %s", (long long)(*job)->id,
                  (*job)->user ? (*job)->user : "another user");
    return false;
}

static void add_time(json_t *doc, const char *key, int64_t at_us)
{
    struct text text;

    text_init(&text, 0);
    quantity_print_time(&text, at_us);
    json_object_set_new(doc, key, json_loads(text.bytes, JSON_DECODE_ANY, NULL));
    text_release(&text);
}

/* A reply that is written piece by piece. */
static void open_reply(struct reply *reply, struct emit *e, const char *schema)
{
    reply->status = 200;
    text_reset(&reply->body);
    emit_init(e, &reply->body);
    emit_open(e, '{');
    emit_key_string(e, "schema", schema);
}

static void close_reply(struct reply *reply, struct emit *e)
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

/* The members of a job's object. Written as they are sent: lists are long and asked for often. */
static void emit_job(struct daemon *daemon, struct job *job, struct emit *e)
{
    struct job_task *task = explain_main_task(job);
    enum reason reason = explain_reason(daemon, task);
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
    forecast_emit(e, "eta_s", forecast_begins_in(&daemon->forecast, task, in_s), in_s);
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
    emit_job(daemon, job, &e);
    emit_close(&e);
}

/* For those who add to it. */
static json_t *job_json(struct daemon *daemon, struct job *job)
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

static void reply_job(struct daemon *daemon, struct job *job, int status, struct reply *reply)
{
    reply->status = status;
    text_reset(&reply->body);
    print_job(daemon, job, &reply->body);
    text_add_char(&reply->body, '\n');
}

/* Listing. */

struct filter {
    unsigned states;                /* bits */
    const char *user, *type, *name; /* the name may hold * and ? */
    int cluster;                    /* where it runs or last ran; -1: any */
    int64_t since_us;               /* submitted since then */
    bool active;
};

/* "PENDING,RUNNING" as bits; NULL: none. */
static bool read_states(const char *at, unsigned *out, struct reply *reply)
{
    while (at && *at) {
        size_t length = strcspn(at, ",");
        int state = job_state_find(at, length);

        if (state < 0) {
            reply_problem(reply, 400, "invalid", "state: no such state \"%.*s\"",
                          length > 30 ? 30 : (int)length, at);
            return false;
        }
        *out |= 1u << state;
        at += length + (at[length] == ',');
    }
    return true;
}

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
    return read_states(request_query(request, "state"), &out->states, reply);
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
    json_array_foreach(json_object_get(doc, "items"), at, item)
    {
        const char *key;
        json_t *value;
        void *next;

        json_object_foreach_safe(item, next, key, value) if (!is_listed(fields, key))
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

    if (!read_number(request, "limit", 100, 1, LIST_LIMIT, &limit, reply) ||
        !read_number(request, "cursor", 0, 0, INT64_MAX, &cursor, reply) ||
        !read_filter(daemon, request, &filter, reply))
        return;
    open_reply(reply, &e, "tapfinger.jobs/1");
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
            emit_job(daemon, job, &e);
            emit_key_int(&e, "number", last = job->id);
            emit_close(&e);
        }
    }
    emit_close(&e);
    emit_key_int(&e, "hidden", hidden);
    emit_next(&e, next);
    close_reply(reply, &e);
    if (request_query(request, "fields"))
        keep_fields(reply, request_query(request, "fields"));
}

/* Submitting. */

/* The first member that the other array lacks, or NULL. */
static const struct job_task *find_unmatched(const struct job *job, struct job *other)
{
    for (int32_t i = 0; i < job->tasks; i++)
        if (!job->is_array || !other->is_array || !job_find_task(other, job->task[i].index))
            return &job->task[i];
    return NULL;
}

static bool check_dependencies(const struct daemon *daemon, const struct job *job,
                               struct reply *reply)
{
    for (int32_t i = 0; i < job->afters; i++) {
        struct job *other = book_find(&daemon->book, job->after[i].job);
        const struct job_task *unmatched = NULL;

        if (other && job->after[i].kind == AFTER_CORRESPONDING)
            unmatched = find_unmatched(job, other);
        if (!other)
            reply_problem(reply, 422, "dependency-failed", "after: no job %lld",
                          (long long)job->after[i].job);
        else if (unmatched && job->is_array && other->is_array)
            reply_problem(reply, 422, "dependency-failed", "after: job %lld has no member %d",
                          (long long)other->id, unmatched->index);
        else if (unmatched)
            reply_problem(reply, 422, "dependency-failed",
                          "after: corr:%lld is for an array that waits for an array",
                          (long long)other->id);
        if (!other || unmatched)
            return false;
    }
    return true;
}

static bool check_caller(const struct request *request, struct reply *reply)
{
    if (request->caller.uid != (uid_t)-1)
        return true;
    reply_problem(reply, 403, "denied", "no user \"%s\" on this machine", request->caller.user);
    return false;
}

static void print_amount(const struct allocation *amount, struct text *out)
{
    text_printf(out, "cpu=%d", amount->amount[SITE_CPU]);
    if (amount->amount[SITE_GPU])
        text_printf(out, ",gpu=%d", amount->amount[SITE_GPU]);
    if (amount->amount[SITE_MEM])
        text_printf(out, ",mem=%dM", amount->amount[SITE_MEM]);
}

/* How much of what is asked a cluster could hold: in parts of each resource. */
static double closeness(const struct allocation *asked, const struct allocation *capacity)
{
    double sum = 0;

    for (int r = 0; r < SITE_RESOURCES; r++)
        sum += asked->amount[r] > capacity->amount[r]
                   ? (double)capacity->amount[r] / asked->amount[r]
                   : 1;
    return sum;
}

static void refuse_too_large(struct daemon *daemon, struct job *job, struct reply *reply)
{
    struct allocation min, max, less;
    int best = job->reach.cluster[0];
    struct text asked, closest;

    live_set_limits(&daemon->live, &job->task[0], &min, &max);
    for (int32_t i = 0; i < job->reach.count; i++)
        if (closeness(&min, &daemon->site.cluster[job->reach.cluster[i]].capacity) >
            closeness(&min, &daemon->site.cluster[best].capacity))
            best = job->reach.cluster[i];
    less = allocation_least(&min, &daemon->site.cluster[best].capacity);
    text_init(&asked, 0);
    text_init(&closest, 0);
    print_amount(&min, &asked);
    print_amount(&less, &closest);
    reply_problem(reply, 422, "never-fits",
                  "cannot run: no cluster in its reach could ever hold %s; closest: %s (%s)",
                  asked.bytes, closest.bytes, daemon->site.cluster[best].name);
    text_release(&asked);
    text_release(&closest);
}

/* A job of the caller from the body, or a reply that says why not. */
static struct job *read_job(struct daemon *daemon, const struct request *request,
                            struct reply *reply)
{
    struct err err = {0};
    struct job *job;
    bool force = json_is_true(json_object_get(request->body, "force_queue"));

    if (!check_caller(request, reply))
        return NULL;
    if (!request->body || job_parse(&job, request->body, &daemon->site, true, &err)) {
        reply_problem(reply, 400, "invalid", "%s",
                      request->body ? err.message : "expected a job as JSON");
        return NULL;
    }
    job->uid = request->caller.uid;
    job->gid = request->caller.gid;
    job->user = xstrdup(request->caller.user);
    if (live_find_type(&daemon->live, job->type) < 0)
        reply_problem(reply, 422, "limit", "type: too many types");
    else if (!force && !live_can_ever_run(&daemon->live, &job->task[0]))
        refuse_too_large(daemon, job, reply);
    else if (check_dependencies(daemon, job, reply))
        return job;
    job_free(job);
    return NULL;
}

/* Where the answer to a key is kept. */
static int64_t key_place(const struct request *request, const char *key)
{
    return (int64_t)(rng_hash(rng_hash_seed(request->caller.uid, key), 1, 0) >> 1);
}

/* Whether the key was used: then the answer, or the refusal of another body, is in the reply. */
static bool answer_again(struct daemon *daemon, const struct request *request, const char *key,
                         const char *hash, struct reply *reply)
{
    struct text kept;
    json_t *doc;
    bool used = false;

    text_init(&kept, 0);
    if (store_get(daemon->store, STORE_KEY, key_place(request, key), &kept, NULL) == 1) {
        doc = json_loads(kept.bytes, 0, NULL);
        used = json_integer_value(json_object_get(doc, "at_us")) >
               book_now_us() - (int64_t)(BOOK_KEY_S * 1e6);
        if (used && strcmp(json_string_value(json_object_get(doc, "hash")), hash) == 0) {
            snprintf(reply->location, sizeof reply->location, "/v1/jobs/%lld",
                     (long long)json_integer_value(json_object_get(doc, "job")));
            reply_json(reply, 201, json_incref(json_object_get(doc, "answer")));
        } else if (used) {
            reply_problem(reply, 422, "idempotency",
                          "Idempotency-Key: used before for another submission");
        }
        json_decref(doc);
    }
    text_release(&kept);
    return used;
}

static void keep_answer(struct daemon *daemon, const struct request *request, const char *key,
                        const char *hash, const struct job *job, const char *answer)
{
    json_t *doc = json_pack("{s:s, s:s, s:I, s:I, s:o}", "key", key, "hash", hash, "at_us",
                            (json_int_t)book_now_us(), "job", (json_int_t)job->id, "answer",
                            json_loads(answer, 0, NULL));
    char *words = json_dumps(doc, JSON_COMPACT);

    if (words)
        store_put(daemon->store, STORE_KEY, key_place(request, key), words);
    free(words);
    json_decref(doc);
}

static void hash_body(const json_t *body, char hash[SHA256_HEX_BYTES])
{
    char *words = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);

    sha256_hex(words ? words : "", words ? strlen(words) : 0, hash);
    free(words);
}

void route_submit(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *key = request_header(request, "Idempotency-Key");
    char hash[SHA256_HEX_BYTES];
    struct job *job;

    if (key && (strlen(key) < 1 || strlen(key) > 200)) {
        reply_problem(reply, 400, "invalid", "Idempotency-Key: expected 1 to 200 bytes");
        return;
    }
    if (key)
        hash_body(request->body, hash);
    if (key && answer_again(daemon, request, key, hash, reply))
        return;
    job = read_job(daemon, request, reply);
    if (!job)
        return;
    book_add(&daemon->book, job, request->body);
    runner_consider(&daemon->runner, job);
    snprintf(reply->location, sizeof reply->location, "/v1/jobs/%lld", (long long)job->id);
    reply_job(daemon, job, 201, reply);
    if (key)
        keep_answer(daemon, request, key, hash, job, reply->body.bytes);
}

void route_plan(struct daemon *daemon, struct request *request, struct reply *reply)
{
    struct job *job = read_job(daemon, request, reply);
    json_t *doc;

    if (!job)
        return;
    doc = explain_task(daemon, &job->task[0]);
    json_object_del(doc, "id");
    json_object_set_new(doc, "tasks", json_integer(job->tasks));
    reply_json(reply, 200, doc);
    job_free(job);
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

    if (!find_job(daemon, request, reply, &job, &task))
        return;
    if (wait && quantity_duration(wait, &most_s, &err)) {
        reply_problem(reply, 400, "invalid", "wait: %s", err.message);
        return;
    }
    if (must_wait(request, task ? task->state : job_state(job), most_s < 60 ? most_s : 60)) {
        reply->wait = true;
        return;
    }
    doc = job_json(daemon, job);
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
        return err_prefix(err, "deadline: ");
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

    if (!find_own_job(daemon, request, reply, &job, &task))
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
    reply_job(daemon, job, 200, reply);
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
    if (!find_own_job(daemon, request, reply, &out->job, &out->task))
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
    if (!read_states(json_string_value(state), &out->states, reply))
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
                 held ? "not_held" : "not_released", job_json(daemon, change.job), reply);
}

void route_hold(struct daemon *daemon, struct request *request, struct reply *reply)
{
    set_hold(daemon, request, reply, true);
}

void route_release(struct daemon *daemon, struct request *request, struct reply *reply)
{
    set_hold(daemon, request, reply, false);
}

void route_timeline(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const struct book *book = &daemon->book;
    double in_s[FORECAST_CASES];
    int64_t limit, listed = 0;
    struct emit e;

    if (!read_number(request, "limit", 500, 1, 5000, &limit, reply))
        return;
    open_reply(reply, &e, "tapfinger.timeline/1");
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
    close_reply(reply, &e);
}

static bool add_event(void *arg, const struct store_event *event)
{
    json_t *doc = json_loads(event->doc, 0, NULL);

    if (!doc)
        doc = json_object();
    json_object_set_new(doc, "seq", json_integer(event->seq));
    json_object_set_new(doc, "event", json_string(event->kind));
    add_time(doc, "at", event->at_us);
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

    if (!find_job(daemon, request, reply, &job, &task))
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
    json_array_foreach(list, at, event)
    {
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

    if (!find_job(daemon, request, reply, &job, &task) ||
        !read_number(request, "limit", 200, 1, LIST_LIMIT, &limit, reply))
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

    if (!read_number(request, "limit", 100, 1, LIST_LIMIT, &limit, reply) ||
        !read_number(request, "job", 0, 0, INT64_MAX, &job, reply))
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

    if (!find_own_job(daemon, request, reply, &job, &task) ||
        !read_number(request, "limit", LOG_LIMIT, 1, LOG_LIMIT, &limit, reply) ||
        !read_number(request, "offset", 0, INT64_MIN / 2, INT64_MAX / 2, &offset, reply))
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
