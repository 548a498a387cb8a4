/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front of the store: pending writes. They are kept as a list, so that a commit which fails
 * (a full disk) can be tried again as it is, and an index tells the last pending write of a record,
 * so that readers see it.
 *
 * The index is an open-addressed table over (table, id), at most half full, that is emptied with
 * each commit.
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/vector.h"
#include "store/engine.h"

struct store {
    const struct store_ops *ops;
    void *state;
    VECTOR(struct store_write) pending;
    size_t *slot; /* 1 + index into pending; 0: empty */
    size_t slots;
    int64_t last_seq;
};

const struct store_ops *const store_engines[] = {&store_memory, &store_sqlite, NULL};

const char *store_engine_name(const struct store_ops *ops)
{
    return ops->name;
}

const char *store_table_name(enum store_table table)
{
    static const char *const name[] = {
#define X(name, table, meaning) table,
        STORE_TABLE_LIST(X)
#undef X
    };

    return name[table];
}

int store_open(struct store **out, const struct store_ops *ops, const char *path, struct err *err)
{
    struct store *store = xcalloc(1, sizeof *store);
    int rc = ops->open(&store->state, path, &store->last_seq, err);

    store->ops = ops;
    *out = rc ? NULL : store;
    if (rc)
        free(store);
    return rc;
}

static void forget_pending(struct store *store)
{
    for (size_t i = 0; i < store->pending.count; i++) {
        free(store->pending.item[i].event);
        free(store->pending.item[i].doc);
    }
    vector_clear(&store->pending);
    if (store->slots)
        memset(store->slot, 0, store->slots * sizeof *store->slot);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    forget_pending(store);
    vector_release(&store->pending);
    free(store->slot);
    store->ops->close(store->state);
    free(store);
}

/* The slot that holds the record's last pending write, or where it belongs. */
static size_t find_slot(const struct store *store, enum store_table table, int64_t id)
{
    size_t at = (size_t)rng_hash(0, (uint64_t)table, (uint64_t)id) & (store->slots - 1);

    for (; store->slot[at]; at = (at + 1) & (store->slots - 1)) {
        const struct store_write *write = &store->pending.item[store->slot[at] - 1];

        if (write->table == table && write->id == id)
            break;
    }
    return at;
}

static void index_write(struct store *store, size_t index)
{
    const struct store_write *write = &store->pending.item[index];

    if (write->kind == WRITE_PUT || write->kind == WRITE_ERASE)
        store->slot[find_slot(store, write->table, write->id)] = index + 1;
}

static void grow_index(struct store *store)
{
    free(store->slot);
    store->slots = store->slots ? store->slots * 4 : 256;
    store->slot = xcalloc(store->slots, sizeof *store->slot);
    for (size_t i = 0; i < store->pending.count; i++)
        index_write(store, i);
}

static void add_write(struct store *store, struct store_write write)
{
    vector_push(&store->pending, write);
    if (store->pending.count * 2 > store->slots)
        grow_index(store);
    else
        index_write(store, store->pending.count - 1);
}

void store_put(struct store *store, enum store_table table, int64_t id, const char *doc)
{
    add_write(store, (struct store_write){
                         .kind = WRITE_PUT, .table = table, .id = id, .doc = xstrdup(doc)});
}

void store_erase(struct store *store, enum store_table table, int64_t id)
{
    add_write(store, (struct store_write){.kind = WRITE_ERASE, .table = table, .id = id});
}

int64_t store_append(struct store *store, int64_t at_us, const char *kind, int64_t job,
                     const char *doc)
{
    add_write(store, (struct store_write){.kind = WRITE_APPEND,
                                          .id = ++store->last_seq,
                                          .at_us = at_us,
                                          .job = job,
                                          .event = xstrdup(kind),
                                          .doc = xstrdup(doc)});
    return store->last_seq;
}

void store_trim(struct store *store, int64_t before_us)
{
    add_write(store, (struct store_write){.kind = WRITE_TRIM, .at_us = before_us});
}

bool store_is_dirty(const struct store *store)
{
    return store->pending.count > 0;
}

int store_commit(struct store *store, struct err *err)
{
    int rc = 0;

    if (store->pending.count)
        rc = store->ops->write(store->state, store->pending.item, store->pending.count, err);
    if (rc == 0)
        forget_pending(store);
    return rc;
}

int store_get(struct store *store, enum store_table table, int64_t id, struct text *out,
              struct err *err)
{
    size_t index = store->slots ? store->slot[find_slot(store, table, id)] : 0;
    const struct store_write *write;

    if (!index)
        return store->ops->get(store->state, table, id, out, err);
    write = &store->pending.item[index - 1];
    if (write->kind == WRITE_ERASE)
        return 0;
    text_add(out, write->doc);
    return 1;
}

int store_each(struct store *store, enum store_table table, store_record_fn *fn, void *arg,
               struct err *err)
{
    return store->ops->each(store->state, table, fn, arg, err);
}

int store_events(struct store *store, const struct store_query *query, store_event_fn *fn,
                 void *arg, struct err *err)
{
    return store->ops->events(store->state, query, fn, arg, err);
}

static bool keep_seq(void *arg, const struct store_event *event)
{
    *(int64_t *)arg = event->seq;
    return false;
}

int store_first_seq(struct store *store, int64_t *out, struct err *err)
{
    *out = 0;
    return store_events(store, &(struct store_query){.limit = 1}, keep_seq, out, err);
}

int64_t store_last_seq(const struct store *store)
{
    return store->last_seq;
}

int store_backup(struct store *store, const char *path, struct err *err)
{
    if (!store->ops->backup)
        return err_set(err, ERR_UNSUPPORTED, "a store in memory has no backup");
    return store->ops->backup(store->state, path, err);
}
