/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP over libmicrohttpd, driven by the daemon's loop. A request is answered at once, or after the
 * commit that makes what it changed durable, or when what it waits for has happened.
 */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/book.h"
#include "serve/histogram.h"

struct daemon;
struct err;
struct http;
struct reply;
struct request;

/* Answers a request; "route" is set to the name by which requests of its kind are counted. */
typedef void (*http_handler_fn)(struct daemon *daemon, struct request *request, struct reply *reply,
                                const char **route);

int http_open(struct http **out, struct daemon *daemon, http_handler_fn handler, struct err *err);
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

#endif
