/* SPDX-License-Identifier: Apache-2.0 */
/* What the routes about jobs have in common: finding the job that is meant, and telling of it. */
#ifndef SERVE_JOB_ANSWER_H
#define SERVE_JOB_ANSWER_H

#include "base/emit.h"
#include "serve/daemon.h"
#include "serve/routes.h"

/* The number in a query parameter; initial without one. False, and a reply, if it is none. */
bool job_answer_number(const struct request *request, const char *name, int64_t initial,
                       int64_t low, int64_t high, int64_t *out, struct reply *reply);
/* "PENDING,RUNNING" as bits; NULL: none. False, and a reply, for a word that is none. */
bool job_answer_states(const char *at, unsigned *out, struct reply *reply);

/* The job that the path names, and its task (NULL: the whole job); false, and a reply, if there is
 * none. The other one is for those who may see everything of it, and change it. */
bool job_answer_find(struct daemon *daemon, const struct request *request, struct reply *reply,
                     struct job **job, struct job_task **task);
bool job_answer_find_own(struct daemon *daemon, const struct request *request, struct reply *reply,
                         struct job **job, struct job_task **task);

/* The members of a job's object. Written as they are sent: lists are long and asked for often. */
void job_answer_emit(struct daemon *daemon, struct job *job, struct emit *e);
/* For those who add to it. */
json_t *job_answer_json(struct daemon *daemon, struct job *job);
void job_answer_reply(struct daemon *daemon, struct job *job, int status, struct reply *reply);

/* A reply that is written piece by piece. */
void job_answer_open(struct reply *reply, struct emit *e, const char *schema);
void job_answer_close(struct reply *reply, struct emit *e);

#endif
