/* SPDX-License-Identifier: Apache-2.0 */
/* Routes that take jobs in, or say what would become of one. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "serve/explain.h"
#include "serve/job_answer.h"
#include "serve/quota.h"
#include "store/store.h"

enum { QUOTA_RETRY_S = 30 };

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
               clock_us(CLOCK_REALTIME) - (int64_t)(BOOK_KEY_S * 1e6);
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
                            (json_int_t)clock_us(CLOCK_REALTIME), "job", (json_int_t)job->id,
                            "answer", json_loads(answer, 0, NULL));
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

static bool check_quota(struct daemon *daemon, const struct job *job, struct reply *reply)
{
    const struct site_quota *quota = site_quota(&daemon->site, job->user);
    int64_t left = quota_left(&daemon->book, job->user);
    struct allocation min, max;

    live_set_limits(&daemon->live, &job->task[0], &min, &max);
    if ((quota->cpu >= 0 && min.amount[SITE_CPU] > quota->cpu) ||
        (quota->gpu >= 0 && min.amount[SITE_GPU] > quota->gpu)) {
        reply_problem(reply, 422, "never-fits",
                      "%s may never have so much at once: the site's limits", job->user);
        return false;
    }
    if (left < 0 || job->tasks <= left)
        return true;
    reply->retry_s = QUOTA_RETRY_S;
    reply_problem(reply, 429, "quota",
                  "%s may have %d tasks that are not over, and has room for %lld more", job->user,
                  site_quota(&daemon->site, job->user)->pending, (long long)left);
    return false;
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
    if (!check_quota(daemon, job, reply)) {
        job_free(job);
        return;
    }
    book_add(&daemon->book, job, request->body);
    runner_consider(&daemon->runner, job);
    snprintf(reply->location, sizeof reply->location, "/v1/jobs/%lld", (long long)job->id);
    job_answer_reply(daemon, job, 201, reply);
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
