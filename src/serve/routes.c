/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/routes.h"

#include <stdio.h>
#include <string.h>

#include "serve/daemon.h"
#include "serve/entity_tag.h"
#include "serve/list_shape.h"

enum { STORE_RETRY_S = 2 };

#define SUBMISSION                                                                                \
    "{\"type\":\"object\",\"required\":[\"command\"],\"additionalProperties\":false,"             \
    "\"properties\":{\"name\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"},"              \
    "\"command\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":1},"            \
    "\"env\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"               \
    "\"cwd\":{\"type\":\"string\"},\"request\":{\"$ref\":\"#/components/schemas/Amount\"},"       \
    "\"min\":{\"$ref\":\"#/components/schemas/Amount\"},"                                         \
    "\"max\":{\"$ref\":\"#/components/schemas/"                                                   \
    "Amount\"},\"array\":{\"type\":\"string\"},\"each\":{\"type\":\"array\",\"items\":{\"type\":" \
    "\"string\"}},"                                                                               \
    "\"after\":{\"type\":\"string\"},\"priority\":{\"type\":\"integer\"},"                        \
    "\"reach\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"                             \
    "\"labels\":{\"type\":\"object\"},\"hold\":{\"type\":\"boolean\"},"                           \
    "\"not_before\":{\"type\":\"string\"},\"deadline\":{\"type\":\"string\"},"                    \
    "\"timeout_s\":{\"type\":\"number\"},\"grace_s\":{\"type\":\"number\"},"                      \
    "\"retries\":{\"type\":\"integer\"},\"backoff_s\":{\"type\":\"number\"},"                     \
    "\"force_queue\":{\"type\":\"boolean\"}}}"

/* Which tasks of the job: those in these states, "PENDING,HELD"; default: all. */
#define CHANGE                                                             \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" \
    "\"state\":{\"type\":\"string\"}}}"
#define CANCEL                                                                                    \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"                        \
    "\"state\":{\"type\":\"string\"},\"grace_s\":{\"type\":\"number\",\"minimum\":0,\"maximum\":" \
    "86400}}}"

#define PATCH_JOB                                                                              \
    "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":false,\"properties\":{" \
    "\"priority\":{\"type\":\"integer\",\"minimum\":-1000,\"maximum\":1000},"                  \
    "\"hold\":{\"type\":\"boolean\"},\"deadline\":{\"type\":[\"string\",\"null\"]}}}"
#define PATCH_CLUSTER                                                                    \
    "{\"type\":\"object\",\"required\":[\"drain\"],\"properties\":{\"drain\":{\"type\":" \
    "\"boolean\"},\"reason\":{\"type\":\"string\"},\"until\":{\"type\":\"string\"}}}"
#define SET_POLICY                                                                         \
    "{\"type\":\"object\",\"required\":[\"policy\"],\"properties\":{\"policy\":{\"type\":" \
    "\"string\"}}}"
#define ADD_TOKEN                                                                              \
    "{\"type\":\"object\",\"required\":[\"name\",\"user\",\"role\"],\"properties\":{\"name\":" \
    "{\"type\":\"string\"},\"user\":{\"type\":\"string\"},\"role\":{\"enum\":[\"read\","       \
    "\"submit\",\"admin\"]}}}"

#define SIGN_IN                                                                     \
    "{\"type\":\"object\",\"required\":[\"token\"],\"additionalProperties\":false," \
    "\"properties\":{\"token\":{\"type\":\"string\"}}}"

const struct route routes[] = {
    {"GET", "/", ROLE_NONE, route_dashboard, "The dashboard.", NULL, NULL, 200, "text/html"},
    {"GET", "/v1/jobs", ROLE_READ, route_list_jobs, "List jobs.",
     "state user type name cluster since active sort limit cursor newest fields", NULL, 200, NULL},
    {"POST", "/v1/jobs", ROLE_SUBMIT, route_submit,
     "Submit a job. With a header Idempotency-Key the same request can be sent again safely.", NULL,
     SUBMISSION, 201, NULL},
    {"POST", "/v1/plan", ROLE_SUBMIT, route_plan,
     "Say what a submission would come to, without submitting it.", NULL, SUBMISSION, 200, NULL},
    {"GET", "/v1/jobs/{id}", ROLE_READ, route_show_job,
     "Show a job. With until=finished, wait for its end.", "until wait", NULL, 200, NULL},
    {"PATCH", "/v1/jobs/{id}", ROLE_SUBMIT, route_patch_job,
     "Change a job's priority, hold or deadline.", NULL, PATCH_JOB, 200, NULL},
    {"POST", "/v1/jobs/{id}/cancel", ROLE_SUBMIT, route_cancel, "Cancel a job or one of its tasks.",
     NULL, CANCEL, 202, NULL},
    {"POST", "/v1/jobs/{id}/hold", ROLE_SUBMIT, route_hold, "Keep a job from starting.", NULL,
     CHANGE, 200, NULL},
    {"POST", "/v1/jobs/{id}/release", ROLE_SUBMIT, route_release, "Let a held job start.", NULL,
     CHANGE, 200, NULL},
    {"POST", "/v1/jobs/{id}/requeue", ROLE_SUBMIT, route_requeue,
     "Run a job or one of its tasks again, from the start.", NULL, CHANGE, 202, NULL},
    {"POST", "/v1/jobs/{id}/retry", ROLE_SUBMIT, route_retry,
     "Run those tasks of a job again that failed or were lost.", NULL, CHANGE, 202, NULL},
    {"GET", "/v1/jobs/{id}/explanation", ROLE_READ, route_explain,
     "Why a job waits, or why it runs where it runs.", NULL, NULL, 200, NULL},
    {"GET", "/v1/jobs/{id}/logs", ROLE_READ, route_logs, "What a task printed.",
     "stream offset since limit", NULL, 200, "text/plain"},
    {"GET", "/v1/jobs/{id}/events", ROLE_READ, route_job_events, "What happened to a job.",
     "limit newest fields", NULL, 200, NULL},
    {"GET", "/v1/clusters", ROLE_READ, route_clusters, "List clusters and what runs there.",
     "sort fields", NULL, 200, NULL},
    {"GET", "/v1/clusters/{name}", ROLE_READ, route_cluster, "Show one cluster.", NULL, NULL, 200,
     NULL},
    {"PATCH", "/v1/clusters/{name}", ROLE_ADMIN, route_patch_cluster,
     "Drain a cluster, or resume it.", NULL, PATCH_CLUSTER, 200, NULL},
    {"GET", "/v1/timeline", ROLE_READ, route_timeline,
     "Tasks that run or ran, newest first: what a Gantt chart is drawn from.", "limit fields", NULL,
     200, NULL},
    {"GET", "/v1/types", ROLE_READ, route_types, "List task types and what was learned of them.",
     "sort fields", NULL, 200, NULL},
    {"GET", "/v1/types/{name}", ROLE_READ, route_type, "Show one type, with its speed's curve.",
     NULL, NULL, 200, NULL},
    {"GET", "/v1/policies", ROLE_READ, route_policies, "List policies, and which one decides.",
     "sort fields", NULL, 200, NULL},
    {"PUT", "/v1/policy", ROLE_ADMIN, route_set_policy,
     "Let another policy decide; running tasks stay.", NULL, SET_POLICY, 200, NULL},
    {"POST", "/v1/policy/plan", ROLE_SUBMIT, route_rehearse,
     "Say what another policy would do now, without letting it.", NULL, SET_POLICY, 200, NULL},
    {"GET", "/v1/decisions", ROLE_READ, route_decisions, "List decisions, newest first.",
     "since_tick limit job fields", NULL, 200, NULL},
    {"GET", "/v1/events", ROLE_READ, route_events,
     "Events as they happen (server-sent events), from Last-Event-ID or since on.", "topic since",
     NULL, 200, "text/event-stream"},
    {"GET", "/v1/record", ROLE_READ, route_record,
     "The recent past as a log in the simulator's format: \"tapfinger simulate --from-log\".",
     "since", NULL, 200, "application/jsonl"},
    {"GET", "/v1/comparison", ROLE_READ, route_comparison,
     "What other policies would have made of the last day, simulated from its log.", NULL, NULL,
     200, NULL},
    {"GET", "/v1/whoami", ROLE_READ, route_whoami, "Who is asking.", NULL, NULL, 200, NULL},
    {"POST", "/v1/session", ROLE_NONE, route_sign_in,
     "Sign a browser in with a token: it is given a cookie, which stands for the token until it "
     "ends.",
     NULL, SIGN_IN, 201, NULL},
    {"DELETE", "/v1/session", ROLE_NONE, route_sign_out, "Sign a browser out.", NULL, NULL, 200,
     NULL},
    {"GET", "/v1/tokens", ROLE_ADMIN, route_tokens, "List tokens, without their secrets.",
     "sort fields", NULL, 200, NULL},
    {"POST", "/v1/tokens", ROLE_ADMIN, route_add_token, "Make a token; its secret is shown once.",
     NULL, ADD_TOKEN, 201, NULL},
    {"DELETE", "/v1/tokens/{name}", ROLE_ADMIN, route_drop_token, "Revoke a token.", NULL, NULL,
     200, NULL},
    {"GET", "/v1/openapi.json", ROLE_NONE, route_openapi, "This document.", NULL, NULL, 200, NULL},
    {"GET", "/healthz", ROLE_NONE, route_health, "Whether the daemon lives.", NULL, NULL, 200,
     NULL},
    {"GET", "/readyz", ROLE_NONE, route_ready, "Whether it takes submissions.", NULL, NULL, 200,
     NULL},
    {"GET", "/metrics", ROLE_READ, route_metrics, "Figures for Prometheus.", NULL, NULL, 200,
     "text/plain"},
    {0},
};

const char *route_argument(const struct request *request, int segment)
{
    return segment < request->segments ? request->segment[segment] : "";
}

static bool matches(const struct route *route, const struct request *request)
{
    const char *at = route->path;
    int i = 0;

    if (!at[1])
        return request->segments == 0;
    for (; *at == '/'; i++) {
        size_t length = strcspn(at + 1, "/");

        if (i >= request->segments)
            return false;
        if (at[1] != '{' &&
            (strncmp(at + 1, request->segment[i], length) != 0 || request->segment[i][length]))
            return false;
        at += 1 + length;
    }
    return i == request->segments;
}

static void handle(struct daemon *daemon, const struct route *route, struct request *request,
                   struct reply *reply)
{
    const char *unknown = NULL;

    if (strncmp(route->path, "/v1/", 4) == 0)
        unknown = request_unknown_query(request, route->query);
    if (unknown) {
        reply_problem(reply, 400, "invalid", "unknown parameter \"%.40s\"; %s takes %s", unknown,
                      route->path, route->query ? route->query : "none");
        return;
    }
    route->handle(daemon, request, reply);
    list_shape(route, request, reply);
}

static void dispatch(struct daemon *daemon, struct request *request, struct reply *reply,
                     const char **name)
{
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    const struct route *other = NULL;
    size_t length = 0;

    for (const struct route *route = routes; route->method; route++) {
        if (!matches(route, request))
            continue;
        other = route;
        if (strcmp(route->method, method) != 0) {
            length += (size_t)snprintf(reply->allow + length, sizeof reply->allow - length, "%s%s",
                                       length ? ", " : "", route->method);
            continue;
        }
        reply->allow[0] = 0;
        *name = route->path;
        if (request->caller.role >= route->role && !entity_tag_allows(daemon, request))
            reply_problem(reply, 412, "changed",
                          "If-Match: it is no longer what it was; read it again");
        else if (request->caller.role >= route->role)
            handle(daemon, route, request, reply);
        else if (request->caller.role == ROLE_NONE && request->caller.way == WAY_ANONYMOUS)
            reply_problem(reply, 401, "denied", "this needs a token: Authorization: Bearer ...");
        else
            reply_problem(reply, 403, "denied", "this needs the role %s; %s has %s",
                          role_word(route->role), request->caller.user,
                          role_word(request->caller.role));
        return;
    }
    if (other)
        reply_problem(reply, 405, "method", "%s is not for %s", other->path, request->method);
    else
        reply_problem(reply, 404, "not-found", "there is no such route");
}

/* What was read is named, and not sent to who has it. */
static void tag(struct daemon *daemon, const struct request *request, struct reply *reply)
{
    bool page = reply->type && strncmp(reply->type, "text/html", 9) == 0;

    if (reply->status != 200 || reply->wait || reply->stream || (reply->type && !page))
        return;
    entity_tag_print(daemon, request, reply, reply->tag);
    if (!entity_tag_is_known(request, reply->tag))
        return;
    reply->status = 304;
    text_reset(&reply->body);
}

void route_request(struct daemon *daemon, struct request *request, struct reply *reply,
                   const char **name)
{
    bool change = request_is_change(request);

    if (change && daemon->store_trouble) {
        reply->retry_s = STORE_RETRY_S;
        reply_problem(reply, 503, "store", "the store cannot be written: %s",
                      daemon->store_trouble);
        return;
    }
    dispatch(daemon, request, reply, name);
    if (!change)
        tag(daemon, request, reply);
}
