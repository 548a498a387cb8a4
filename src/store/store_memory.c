/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in memory, for tests of what stands on a store. Records are sorted arrays: new ones
 * nearly always come at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "base/vector.h"
#include "store/engine.h"

struct record {
    int64_t id;
    char *doc;
};

struct kept_event {
    struct store_event event; /* texts are owned through kind and doc below */
    char *kind, *doc;
};

struct memory {
    VECTOR(struct record) record[STORE_TABLES];
    VECTOR(struct kept_event) event;
};

static int memory_open(void **out, const char *path, int64_t *last_seq, struct err *err)
{
    (void)path;
    (void)err;
    *out = xcalloc(1, sizeof(struct memory));
    *last_seq = 0;
    return 0;
}

/* Index of the first record that is not before id. */
static size_t find_record(const struct memory *m, enum store_table table, int64_t id)
{
    size_t low = 0, high = m->record[table].count;

    if (high && m->record[table].item[high - 1].id < id)
        return high;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (m->record[table].item[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_record(const struct memory *m, enum store_table table, size_t at, int64_t id)
{
    return at < m->record[table].count && m->record[table].item[at].id == id;
}

static void put(struct memory *m, const struct store_write *write)
{
    size_t at = find_record(m, write->table, write->id);
    struct record *record;

    if (!has_record(m, write->table, at, write->id)) {
        vector_push(&m->record[write->table], ((struct record){0}));
        record = &m->record[write->table].item[at];
        memmove(record + 1, record, (m->record[write->table].count - 1 - at) * sizeof *record);
        *record = (struct record){.id = write->id};
    }
    record = &m->record[write->table].item[at];
    free(record->doc);
    record->doc = xstrdup(write->doc);
}

static void erase(struct memory *m, const struct store_write *write)
{
    size_t at = find_record(m, write->table, write->id);
    struct record *record = m->record[write->table].item + at;

    if (!has_record(m, write->table, at, write->id))
        return;
    free(record->doc);
    memmove(record, record + 1, (--m->record[write->table].count - at) * sizeof *record);
}

static void append(struct memory *m, const struct store_write *write)
{
    struct kept_event kept = {.kind = xstrdup(write->event), .doc = xstrdup(write->doc)};

    kept.event = (struct store_event){write->id, write->at_us, write->job, kept.kind, kept.doc};
    vector_push(&m->event, kept);
}

static void trim(struct memory *m, int64_t before_us)
{
    size_t kept = 0;

    for (size_t i = 0; i < m->event.count; i++)
        if (m->event.item[i].event.at_us >= before_us) {
            m->event.item[kept++] = m->event.item[i];
        } else {
            /* Never one that was kept. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
            free(m->event.item[i].kind);
            free(m->event.item[i].doc);
        }
    m->event.count = kept;
}

static int memory_write(void *state, const struct store_write *write, size_t count, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < count; i++)
        switch (write[i].kind) {
        case WRITE_PUT:
            put(state, &write[i]);
            break;
        case WRITE_ERASE:
            erase(state, &write[i]);
            break;
        case WRITE_APPEND:
            append(state, &write[i]);
            break;
        case WRITE_TRIM:
            trim(state, write[i].at_us);
            break;
        }
    return 0;
}

static int memory_get(void *state, enum store_table table, int64_t id, struct text *out,
                      struct err *err)
{
    const struct memory *m = state;
    size_t at = find_record(m, table, id);

    (void)err;
    if (!has_record(m, table, at, id))
        return 0;
    text_add(out, m->record[table].item[at].doc);
    return 1;
}

static int memory_each(void *state, enum store_table table, store_record_fn *fn, void *arg,
                       struct err *err)
{
    const struct memory *m = state;

    (void)err;
    for (size_t i = 0; i < m->record[table].count; i++)
        if (!fn(arg, m->record[table].item[i].id, m->record[table].item[i].doc))
            break;
    return 0;
}

static bool matches(const struct store_event *event, const struct store_query *query)
{
    return event->seq > query->after && (!query->job || event->job == query->job) &&
           (!query->kind || strcmp(event->kind, query->kind) == 0);
}

static int memory_events(void *state, const struct store_query *query, store_event_fn *fn,
                         void *arg, struct err *err)
{
    const struct memory *m = state;
    int64_t left = query->limit ? query->limit : INT64_MAX;

    (void)err;
    for (size_t i = 0; i < m->event.count && left > 0; i++) {
        size_t at = query->newest ? m->event.count - 1 - i : i;

        if (!matches(&m->event.item[at].event, query))
            continue;
        left--;
        if (!fn(arg, &m->event.item[at].event))
            break;
    }
    return 0;
}

static void memory_close(void *state)
{
    struct memory *m = state;

    for (int table = 0; table < STORE_TABLES; table++) {
        for (size_t i = 0; i < m->record[table].count; i++)
            free(m->record[table].item[i].doc);
        vector_release(&m->record[table]);
    }
    trim(m, INT64_MAX);
    vector_release(&m->event);
    free(m);
}

const struct store_ops store_memory = {
    .name = "memory",
    .summary = "nothing outlives the process",
    .open = memory_open,
    .write = memory_write,
    .get = memory_get,
    .each = memory_each,
    .events = memory_events,
    .close = memory_close,
};
