/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: what must outlive the daemon. Numbered records, each a JSON text, in a few tables, and
 * one log of events with a sequence number that only grows. Writes collect in memory until
 * store_commit(), which makes all of them durable at once or none: nothing may be acknowledged or
 * acted on before.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct store;
struct text;

/* name, table in the file, what its records are */
#define STORE_TABLE_LIST(X)                                                   \
    X(SETTING, "setting", "what an operator changed at run time, and clocks") \
    X(JOB, "job", "jobs as they were submitted")                              \
    X(TASK, "task", "tasks of jobs: state, attempts, progress")               \
    X(TYPE, "type", "task types and what was learned of their speeds")        \
    X(CLUSTER, "cluster", "clusters: state, who drained them and why")        \
    X(TOKEN, "token", "hashes of tokens, with owner and role")                \
    X(KEY, "idempotency", "idempotency keys, by hash, and what was answered") \
    X(SESSION, "session", "hashes of what browsers are signed in with")

enum store_table {
#define X(name, table, meaning) STORE_##name,
    STORE_TABLE_LIST(X)
#undef X
        STORE_TABLES
};

const char *store_table_name(enum store_table table);

struct store_event {
    int64_t seq;   /* 1, 2, 3, ... */
    int64_t at_us; /* since 1970 */
    int64_t job;   /* 0: of no job */
    const char *kind;
    const char *doc;
};

/* Which events; zeros and NULL: all. */
struct store_query {
    int64_t after; /* only later sequence numbers */
    int64_t job;
    const char *kind;
    int64_t limit;
    bool newest; /* the last ones, newest first */
};

/* Return false to stop. Texts are the store's, until the call returns. */
typedef bool store_record_fn(void *arg, int64_t id, const char *doc);
typedef bool store_event_fn(void *arg, const struct store_event *event);

struct store_write; /* engines only: store/engine.h */
struct store_ops;

/* Engines. */
extern const struct store_ops store_memory; /* for tests: the path is ignored */
extern const struct store_ops store_sqlite; /* the path is a file, made if it is not there */
extern const struct store_ops *const store_engines[]; /* ends with NULL */

const char *store_engine_name(const struct store_ops *ops);

/* ERR_CORRUPT for a file that fails its checks (the message says whether the backup is sound), and
 * ERR_UNSUPPORTED for one that a newer version wrote. */
int store_open(struct store **out, const struct store_ops *ops, const char *path, struct err *err);
/* What was not committed is lost. */
void store_close(struct store *store);

void store_put(struct store *store, enum store_table table, int64_t id, const char *doc);
void store_erase(struct store *store, enum store_table table, int64_t id);
/* Returns the event's sequence number. */
int64_t store_append(struct store *store, int64_t at_us, const char *kind, int64_t job,
                     const char *doc);
/* Removes events before a time. */
void store_trim(struct store *store, int64_t before_us);

/* Whether there is something to commit. */
bool store_is_dirty(const struct store *store);
/* On failure everything stays pending, and the next commit tries again. */
int store_commit(struct store *store, struct err *err);

/* The record with pending writes counted in, put behind what *out holds: 1, or 0 if there is none,
 * or an error. */
int store_get(struct store *store, enum store_table table, int64_t id, struct text *out,
              struct err *err);
/* All committed records by id; all committed events by sequence number. */
int store_each(struct store *store, enum store_table table, store_record_fn *fn, void *arg,
               struct err *err);
int store_events(struct store *store, const struct store_query *query, store_event_fn *fn,
                 void *arg, struct err *err);
/* The first sequence number that is still there, and the last one given out; 0: none yet. */
int store_first_seq(struct store *store, int64_t *out, struct err *err);
int64_t store_last_seq(const struct store *store);

/* A consistent copy of what is committed, whole or not at all. The memory engine has none:
 * ERR_UNSUPPORTED. */
int store_backup(struct store *store, const char *path, struct err *err);

#endif
