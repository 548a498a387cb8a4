/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All routes, as one table: who may call them, what they take and give. The dispatcher, the OpenAPI
 * document and its tests are made from it.
 */
#ifndef SERVE_ROUTES_H
#define SERVE_ROUTES_H

#include "serve/message.h"

struct daemon;

struct route {
    const char *method;
    const char *path; /* "/v1/jobs/{id}" */
    enum role role;   /* least that the caller needs; ROLE_NONE: open to all */
    void (*handle)(struct daemon *daemon, struct request *request, struct reply *reply);
    const char *summary;
    const char *query; /* names of query parameters, between spaces; NULL: none */
    const char *body;  /* JSON Schema of the request, or NULL */
    int success;       /* status of the usual answer */
    const char *type;  /* of the answer; NULL: application/json */
};

extern const struct route routes[]; /* ends with .method == NULL */

/* Finds and calls the one for a request (an http_handler_fn). */
void route_request(struct daemon *daemon, struct request *request, struct reply *reply,
                   const char **name);

#define ROUTE_HANDLER_LIST(X) \
    X(route_dashboard)        \
    X(route_list_jobs)        \
    X(route_submit)           \
    X(route_plan)             \
    X(route_show_job)         \
    X(route_patch_job)        \
    X(route_cancel)           \
    X(route_hold)             \
    X(route_release)          \
    X(route_requeue)          \
    X(route_retry)            \
    X(route_explain)          \
    X(route_logs)             \
    X(route_job_events)       \
    X(route_clusters)         \
    X(route_cluster)          \
    X(route_patch_cluster)    \
    X(route_timeline)         \
    X(route_types)            \
    X(route_type)             \
    X(route_policies)         \
    X(route_set_policy)       \
    X(route_rehearse)         \
    X(route_decisions)        \
    X(route_events)           \
    X(route_record)           \
    X(route_comparison)       \
    X(route_whoami)           \
    X(route_sign_in)          \
    X(route_sign_out)         \
    X(route_tokens)           \
    X(route_add_token)        \
    X(route_drop_token)       \
    X(route_openapi)          \
    X(route_health)           \
    X(route_ready)            \
    X(route_metrics)

#define X(name) void name(struct daemon *daemon, struct request *request, struct reply *reply);
ROUTE_HANDLER_LIST(X)
#undef X

/* Records who drained a cluster, or that nobody does any more, and tells it. */
void routes_save_cluster(struct daemon *daemon, int c);

/* The part of the path that stands for the n-th "{...}" of the route. */
const char *route_argument(const struct request *request, int segment);

#endif
