/* SPDX-License-Identifier: Apache-2.0 */
/* Event streams (server-sent events): who listens, from where on, and to what. */
#ifndef SERVE_STREAMS_H
#define SERVE_STREAMS_H

#include <stdint.h>

#include "serve/book.h"

struct MHD_Connection;
struct MHD_Response;
struct store;
struct streams;

struct streams *streams_new(struct store *store);
/* Nobody may listen any more. */
void streams_free(struct streams *streams);

/* A listener more; its events come out of the response, which the caller queues and releases.
 * After the event that last names (a header), else since (a parameter), else from now on; topic as
 * in "job:58,cluster,decision", NULL: everything. */
struct MHD_Response *streams_add(struct streams *streams, struct MHD_Connection *connection,
                                 const char *last, const char *since, const char *topic);
/* Whether each part of a topic names events. */
bool streams_know(const char *topic);
int streams_count(const struct streams *streams);
int64_t streams_resets(const struct streams *streams);

/* An event that was recorded; it is told once it is committed. */
void streams_keep(struct streams *streams, int64_t seq, enum book_event event, int64_t job,
                  const char *doc);
void streams_committed(struct streams *streams);

/* Lets some of those go on for whom there is news: a bounded piece of work. */
void streams_wake(struct streams *streams);
/* All of them, whatever there is: before they are closed. */
void streams_wake_all(struct streams *streams);
/* Seconds until streams_wake() has something to do; HUGE_VAL: not before there is news. */
double streams_due_in(const struct streams *streams);
/* Once a second: a word to those who heard nothing for long. */
void streams_ping(struct streams *streams);

#endif
