/* SPDX-License-Identifier: Apache-2.0 */
/* A request as a route sees it, and the reply that it fills in. */
#ifndef SERVE_MESSAGE_H
#define SERVE_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "serve/access.h"
#include "serve/ulid.h"

struct MHD_Response;

enum { REQUEST_BODY_BYTES = 4 << 20, REQUEST_SEGMENTS = 6, ENTITY_TAG_BYTES = 40 };

struct request {
    const char *method;
    char path[1024];
    char *segment[REQUEST_SEGMENTS]; /* of the path */
    int segments;
    json_t *body; /* of a method that has one; else NULL */
    struct caller caller;
    double began_s;   /* when it came, by the clock of access_spend() */
    double waited_s;  /* since it came; for routes that wait */
    int64_t asked_us; /* theirs, 0 at first: what shall stay the same while they wait */
    void *connection;
};

struct reply {
    int status;
    struct text body;
    const char *type; /* NULL: application/json */
    char location[64];
    char cookie[160];             /* to be set, or "" */
    char policy[400];             /* of security, of a page; "": nothing may run or be loaded */
    char allow[40];               /* methods, of a 405 */
    char tag[ENTITY_TAG_BYTES];   /* of what was read; "": none */
    char id[ULID_BYTES];          /* of the request */
    int retry_s;                  /* after so long it may go better; 0: nothing is known */
    char range[72];               /* of what was asked for in part */
    int64_t log_offset, log_size; /* of a log: -1 for others */
    bool log_end;
    bool wait;     /* not yet: ask again when something has changed */
    double wait_s; /* and when it has waited so long in all; 0: however long that takes */
    bool stream;
};

/* Cuts the path at slashes, without its end. False: it is none of this server. */
bool request_set_path(struct request *request, const char *url);
/* Reads the body as JSON. False: the reply says what is wrong with it. */
bool request_read_body(struct request *request, const struct text *body, struct reply *reply);
/* Query parameter, or NULL. */
const char *request_query(const struct request *request, const char *name);
/* The first query parameter that is not in a list of names between spaces (NULL: an empty one), or
 * NULL. */
const char *request_unknown_query(const struct request *request, const char *known);
const char *request_header(const struct request *request, const char *name);
/* Whether it may change something, by its method. */
bool request_is_change(const struct request *request);

/* Sets the reply to a JSON document, which is released. */
void reply_json(struct reply *reply, int status, json_t *doc);
/* "problem details" (RFC 9457); reason is a word for programs. */
void reply_problem(struct reply *reply, int status, const char *reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What the reply says beside its body. */
void reply_add_headers(const struct reply *reply, struct MHD_Response *response);

#endif
