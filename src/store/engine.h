/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine of the store does. */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include "store/store.h"

enum store_write_kind { WRITE_PUT, WRITE_ERASE, WRITE_APPEND, WRITE_TRIM };

struct store_write {
    enum store_write_kind kind;
    enum store_table table; /* PUT, ERASE */
    int64_t id;             /* of a record, or the sequence number of an event */
    int64_t at_us, job;     /* APPEND; TRIM: at_us */
    char *event;            /* APPEND: its kind */
    char *doc;              /* PUT, APPEND */
};

struct store_ops {
    const char *name, *summary;
    /* *last_seq: the highest sequence number that was ever committed. */
    int (*open)(void **out, const char *path, int64_t *last_seq, struct err *err);
    /* All of them, in order, durable on return; or none, and an error. */
    int (*write)(void *state, const struct store_write *write, size_t count, struct err *err);
    int (*get)(void *state, enum store_table table, int64_t id, struct text *out, struct err *err);
    int (*each)(void *state, enum store_table table, store_record_fn *fn, void *arg,
                struct err *err);
    int (*events)(void *state, const struct store_query *query, store_event_fn *fn, void *arg,
                  struct err *err);
    int (*backup)(void *state, const char *path, struct err *err); /* NULL: it has none */
    void (*close)(void *state);
};

#endif
