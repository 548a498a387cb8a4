/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP over libmicrohttpd, driven by the daemon's loop. A request is answered at once, or after the
 * commit that makes what it changed durable, or when what it waits for has happened.
 */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "serve/access.h"
#include "serve/book.h"
#include "serve/entity_tag.h"
#include "serve/histogram.h"
#include "serve/ulid.h"

struct daemon;
struct err;
struct http;

enum { HTTP_BODY_BYTES = 4 << 20, HTTP_SEGMENTS = 6 };

struct request {
    const char *method;
    char path[1024];
    char *segment[HTTP_SEGMENTS]; /* of the path */
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

int http_open(struct http **out, struct daemon *daemon, struct err *err);
void http_close(struct http *http);
/* Takes in what is there. */
void http_run(struct http *http);
/* After a commit: answers go out, events to who listens. */
void http_committed(struct http *http);
/* Milliseconds until http_run() has something to do; -1: not before there is input. */
int http_timeout_ms(struct http *http);
/* Something that answers wait for has happened without an event. */
void http_retry(struct http *http);
/* Once a second: who is too slow goes, and who listens to events without being let in any more. */
void http_sweep(struct http *http);
int http_stream_count(const struct http *http);
/* How often somebody was told that events are missing. */
int64_t http_stream_resets(const struct http *http);
/* An event that was recorded. */
void http_event(struct http *http, int64_t seq, enum book_event event, const struct job *job,
                const char *doc);
/* Where TCP listens, or 0: port 0 in the site means any. */
int http_port(const struct http *http);

/* Whether other machines can reach it. */
bool http_is_public(const struct http *http);
/* Has a browser keep this secret of a session for so long; NULL: forget it. */
void http_set_cookie(const struct http *http, struct reply *reply, const char *secret,
                     double seconds);

struct http_count {
    const char *route;
    int status;
    struct histogram seconds;
};
/* Requests so far by route and status. */
const struct http_count *http_counts(const struct http *http, int *count);

/* Routes: finds and calls the one for the request. */
void route_request(struct daemon *daemon, struct request *request, struct reply *reply,
                   const char **route);

#endif
