/* SPDX-License-Identifier: Apache-2.0 */
/* Routes about the site: clusters, types, policies, tokens, and the daemon itself. */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/version.h"
#include "policy/registry.h"
#include "serve/daemon.h"
#include "serve/dashboard.h"
#include "serve/metrics.h"
#include "serve/openapi.h"
#include "serve/quantity.h"
#include "serve/routes.h"
#include "serve/sensitivity.h"
#include "serve/speed_curve.h"
#include "serve/streams.h"
#include "store/store.h"

void route_dashboard(struct daemon *daemon, struct request *request, struct reply *reply)
{
    struct text policy;

    (void)request;
    text_reset(&reply->body);
    dashboard_print(daemon->site.name, &reply->body);
    text_init(&policy, 0);
    dashboard_print_policy(&policy);
    BUG_ON(policy.length >= sizeof reply->policy);
    snprintf(reply->policy, sizeof reply->policy, "%s", policy.bytes);
    text_release(&policy);
    reply->status = 200;
    reply->type = "text/html; charset=utf-8";
}

static json_t *list_running(struct daemon *daemon, int c)
{
    const struct live_cluster *at = &daemon->live.cluster[c];
    json_t *list = json_array();

    for (size_t i = 0; i < at->running.count; i++) {
        const struct job_task *of = daemon->live.of[at->running.item[i]];

        if (of) {
            json_t *one = book_task_json(&daemon->book, of);

            json_object_set_new(one, "name", json_string(of->job->name));
            json_object_set_new(one, "type", json_string(of->job->type));
            json_array_append_new(list, one);
        }
    }
    return list;
}

static json_t *enforcement(struct daemon *daemon, int c)
{
    json_t *list = json_array();
    struct text words;

    text_init(&words, 0);
    daemon->runner.ops[c]->describe(daemon->runner.backend[c], &words);
    for (char *at = words.bytes; *at;) {
        size_t length = strcspn(at, "\n");

        json_array_append_new(list, json_stringn(at, length));
        at += length + (at[length] == '\n');
    }
    text_release(&words);
    return list;
}

/* How many wait that could run there; of a long queue those at its front. */
static int count_queue(const struct daemon *daemon, int c)
{
    enum { LOOK = 2000 };
    const struct live *live = &daemon->live;
    int count = 0, looked = 0;

    for (int32_t id = live->lists.first; id >= 0 && looked < LOOK;
         id = live->task[id].next_waiting, looked++)
        count += reach_has(&live->task[id].reach, c);
    return count;
}

/* When the first of what runs there is expected to end. */
static json_t *next_end_json(const struct live *live, int c)
{
    const struct live_cluster *at = &live->cluster[c];
    double next_s = HUGE_VAL;

    for (size_t i = 0; i < at->running.count; i++)
        next_s = fmin(next_s, forecast_left_s(live, at->running.item[i]));
    return next_s < 1e12 ? json_real(next_s) : json_null();
}

static json_t *cluster_json(struct daemon *daemon, int c)
{
    const struct live_cluster *at = &daemon->live.cluster[c];
    const struct site_cluster *cluster = &daemon->site.cluster[c];
    const struct cluster_tally *tally = &daemon->book.tally.cluster[c];
    double hour = tally_hour(tally), cpus = cluster->capacity.amount[SITE_CPU];
    json_t *doc = json_object();

    json_object_set_new(doc, "name", json_string(cluster->name));
    json_object_set_new(doc, "backend", json_string(cluster->backend));
    json_object_set_new(doc, "state", json_string(at->draining ? "draining" : "ready"));
    json_object_set_new(doc, "by", at->by ? json_string(at->by) : json_null());
    json_object_set_new(doc, "reason", at->reason ? json_string(at->reason) : json_null());
    json_object_set_new(doc, "until", quantity_time_json(at->until_us));
    json_object_set_new(doc, "capacity", job_allocation_json(&cluster->capacity, &daemon->site));
    json_object_set_new(doc, "free",
                        job_allocation_json(&daemon->live.cluster_view[c].free, &daemon->site));
    json_object_set_new(doc, "next_end_in_s", next_end_json(&daemon->live, c));
    json_object_set_new(doc, "queue", json_integer(count_queue(daemon, c)));
    json_object_set_new(doc, "util_1h", json_real(hour < 0 ? 0 : hour / fmax(1, cpus)));
    json_object_set_new(doc, "used_cpus", json_real(tally->used_cpus));
    json_object_set_new(doc, "used_gpus",
                        tally->used_gpus < 0 ? json_null() : json_real(tally->used_gpus));
    json_object_set_new(doc, "seen_at", quantity_time_json(tally->seen_us));
    json_object_set_new(doc, "enforced", enforcement(daemon, c));
    json_object_set_new(doc, "running", list_running(daemon, c));
    return doc;
}

void route_clusters(struct daemon *daemon, struct request *request, struct reply *reply)
{
    json_t *list = json_array();

    (void)request;
    for (int c = 0; c < daemon->site.clusters; c++)
        json_array_append_new(list, cluster_json(daemon, c));
    reply_json(reply, 200,
               json_pack("{s:s, s:o, s:i}", "schema", "tapfinger.clusters/1", "items", list,
                         "waiting", daemon->live.lists.count));
}

static void reply_no_cluster(const struct request *request, struct reply *reply)
{
    reply_problem(reply, 404, "not-found", "no cluster %.40s", route_argument(request, 2));
}

void route_cluster(struct daemon *daemon, struct request *request, struct reply *reply)
{
    int c = site_find_cluster(&daemon->site, route_argument(request, 2));
    json_t *doc;

    if (c < 0) {
        reply_no_cluster(request, reply);
        return;
    }
    doc = cluster_json(daemon, c);
    json_object_set_new(doc, "schema", json_string("tapfinger.cluster/1"));
    reply_json(reply, 200, doc);
}

void routes_save_cluster(struct daemon *daemon, int c)
{
    const char *name = daemon->site.cluster[c].name;
    const struct live_cluster *at = &daemon->live.cluster[c];
    json_t *doc =
        json_pack("{s:s, s:b, s:s*, s:s*, s:I}", "name", name, "draining", at->draining, "by",
                  at->by, "reason", at->reason, "until_us", (json_int_t)at->until_us);
    char *words = json_dumps(doc, JSON_COMPACT);

    store_put(daemon->store, STORE_CLUSTER, (int64_t)(rng_hash_seed(0, name) >> 1),
              words ? words : "{}");
    free(words);
    json_object_set_new(doc, "cluster", json_string(name));
    book_tell(&daemon->book, BOOK_CLUSTER, NULL, NULL, doc);
}

void route_patch_cluster(struct daemon *daemon, struct request *request, struct reply *reply)
{
    int c = site_find_cluster(&daemon->site, route_argument(request, 2));
    const json_t *drain = json_object_get(request->body, "drain");
    const char *reason = json_string_value(json_object_get(request->body, "reason"));
    const json_t *until = json_object_get(request->body, "until");
    int64_t until_us = 0;
    struct err err;

    if (c < 0) {
        reply_no_cluster(request, reply);
    } else if (!json_is_boolean(drain) || (json_is_true(drain) && (!reason || !*reason))) {
        reply_problem(reply, 400, "invalid", "expected drain: true with a reason, or drain: false");
    } else if (until && (!json_is_string(until) ||
                         quantity_time(json_string_value(until), &until_us, &err))) {
        reply_problem(reply, 400, "invalid", "until: expected a time");
    } else {
        live_drain(&daemon->live, c, json_is_true(drain), request->caller.user, reason);
        daemon->live.cluster[c].until_us = json_is_true(drain) ? until_us : 0;
        routes_save_cluster(daemon, c);
        reply_json(reply, 200, cluster_json(daemon, c));
    }
}

void route_types(struct daemon *daemon, struct request *request, struct reply *reply)
{
    json_t *list = json_array();

    (void)request;
    for (size_t type = 0; type < daemon->live.types.count; type++)
        json_array_append_new(list, sensitivity_json(&daemon->live, (int32_t)type));
    reply_json(reply, 200, json_pack("{s:s, s:o}", "schema", "tapfinger.types/1", "items", list));
}

void route_type(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *name = route_argument(request, 2);
    size_t type = 0;
    json_t *doc;

    while (type < daemon->live.types.count && strcmp(daemon->live.type_names.item[type], name) != 0)
        type++;
    if (type == daemon->live.types.count) {
        reply_problem(reply, 404, "not-found", "no type %.60s", name);
        return;
    }
    doc = sensitivity_json(&daemon->live, (int32_t)type);
    speed_curve_add(&daemon->live, (int32_t)type, doc);
    json_object_set_new(doc, "schema", json_string("tapfinger.type/1"));
    reply_json(reply, 200, doc);
}

void route_policies(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const struct live *live = &daemon->live;
    json_t *list = json_array(), *doc;
    bool fallback = live->view.now_s < live->fallback_until_s || !live->policy.ops;

    (void)request;
    for (int i = 0; policies[i]; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "name", policies[i]->name,
                                              "summary", policies[i]->summary, "possible",
                                              policies[i]->info != INFO_ORACLE));
    doc = json_pack("{s:s, s:s, s:s, s:o, s:b, s:s*, s:I, s:I}", "schema", "tapfinger.policies/1",
                    "policy", live->spec.label, "fallback", live->fallback_spec.label, "items",
                    list, "fallback_decides", fallback, "trouble", live->trouble, "overruns",
                    (json_int_t)live->counts.overruns, "refused", (json_int_t)live->counts.refused);
    reply_json(reply, 200, doc);
}

void route_set_policy(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *policy = json_string_value(json_object_get(request->body, "policy"));
    struct err err;

    if (!policy) {
        reply_problem(reply, 400, "invalid", "expected {\"policy\":\"NAME\"}");
    } else if (live_set_policy(&daemon->live, policy, &err)) {
        reply_problem(reply, 422, "policy", "%s", err.message);
    } else {
        book_save_setting(&daemon->book, SETTING_POLICY, policy);
        book_tell(&daemon->book, BOOK_POLICY, NULL, NULL,
                  json_pack("{s:s, s:s}", "policy", policy, "by", request->caller.user));
        route_policies(daemon, request, reply);
    }
}

void route_rehearse(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *policy = json_string_value(json_object_get(request->body, "policy"));
    const struct text *words;
    struct err err;
    int rc;

    if (!policy) {
        reply_problem(reply, 400, "invalid", "expected {\"policy\":\"NAME\"}");
        return;
    }
    rc = rehearsal_show(&daemon->rehearsal, policy, request->waited_s, &words, &err);
    if (rc == 0) {
        reply->wait = true;
    } else if (rc < 0) {
        reply_problem(reply, rc == ERR_INVALID ? 422 : 500, rc == ERR_INVALID ? "policy" : "io",
                      "%s", err.message);
    } else {
        reply->status = 200;
        text_reset(&reply->body);
        text_add_bytes(&reply->body, words->bytes, words->length);
    }
}

void route_events(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *topic = request_query(request, "topic");

    (void)daemon;
    if (topic && !streams_know(topic)) {
        reply_problem(reply, 400, "invalid",
                      "topic: expected beginnings of events between commas, like job:58,cluster; "
                      "the events are in /v1/openapi.json");
        return;
    }
    reply->status = 200;
    reply->stream = true;
}

/* since: an age ("24h"), a time, or nothing for all that is kept. */
void route_record(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *since = request_query(request, "since");
    const struct text *log;
    struct err err;
    int rc;

    if (since && !request->asked_us && quantity_past(since, &request->asked_us, &err)) {
        reply_problem(reply, 400, "invalid", "since: %s", err.message);
        return;
    }
    rc = hindsight_record(&daemon->hindsight, request->asked_us, request->waited_s, &log, &err);
    if (rc == 0) {
        reply->wait = true;
    } else if (rc < 0) {
        reply_problem(reply, rc == ERR_NOT_FOUND ? 404 : 500,
                      rc == ERR_NOT_FOUND ? "not-found" : "io", "%s", err.message);
    } else {
        reply->status = 200;
        reply->type = "application/jsonl";
        text_reset(&reply->body);
        text_add_bytes(&reply->body, log->bytes, log->length);
    }
}

void route_comparison(struct daemon *daemon, struct request *request, struct reply *reply)
{
    (void)request;
    reply_json(reply, 200, hindsight_comparison(&daemon->hindsight));
}

void route_openapi(struct daemon *daemon, struct request *request, struct reply *reply)
{
    (void)daemon;
    (void)request;
    reply_json(reply, 200, openapi_json());
}

void route_health(struct daemon *daemon, struct request *request, struct reply *reply)
{
    (void)daemon;
    (void)request;
    reply_json(reply, 200, json_pack("{s:b}", "healthy", 1));
}

void route_ready(struct daemon *daemon, struct request *request, struct reply *reply)
{
    json_t *failing = json_array();
    bool ready = !daemon->store_trouble;

    (void)request;
    if (!ready)
        json_array_append_new(failing, json_string("store"));
    reply_json(reply, ready ? 200 : 503,
               json_pack("{s:b, s:o}", "ready", ready, "failing", failing));
}

void route_metrics(struct daemon *daemon, struct request *request, struct reply *reply)
{
    (void)request;
    text_reset(&reply->body);
    metrics_print(daemon, &reply->body);
    reply->status = 200;
    reply->type = "text/plain; version=0.0.4";
}
