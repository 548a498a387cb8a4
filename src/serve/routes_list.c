/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of jobs. Without a key to sort by it goes through the book as it lies, by number, and
 * stops when the page is full; with one it sorts all that pass. A cursor is the number of the last
 * job of the page before: the next one begins behind it, by what its key is by then.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "serve/job_answer.h"
#include "serve/quantity.h"

enum { LIST_LIMIT = 1000 };

struct filter {
    unsigned states;                /* bits */
    const char *user, *type, *name; /* the name may hold * and ? */
    int cluster;                    /* where it runs or last ran; -1: any */
    int64_t since_us;               /* submitted since then */
    bool active;
};

static bool read_filter(const struct daemon *daemon, const struct request *request,
                        struct filter *out, struct reply *reply)
{
    const char *active = request_query(request, "active"), *since = request_query(request, "since");
    const char *cluster = request_query(request, "cluster");
    struct err err;

    *out = (struct filter){.user = request_query(request, "user"),
                           .type = request_query(request, "type"),
                           .name = request_query(request, "name"),
                           .cluster = cluster ? site_find_cluster(&daemon->site, cluster) : -1,
                           .active = active && strcmp(active, "true") == 0};
    if (out->user && strcmp(out->user, "me") == 0)
        out->user = request->caller.user;
    if (cluster && out->cluster < 0) {
        reply_problem(reply, 400, "invalid", "cluster: no cluster \"%.40s\"", cluster);
        return false;
    }
    if (since && quantity_past(since, &out->since_us, &err)) {
        reply_problem(reply, 400, "invalid", "since: %s", err.message);
        return false;
    }
    return job_answer_states(request_query(request, "state"), &out->states, reply);
}

static bool was_on(const struct job *job, int cluster)
{
    for (int32_t i = 0; i < job->tasks; i++)
        if (job->task[i].cluster == cluster)
            return true;
    return false;
}

static bool passes(const struct filter *filter, const struct job *job)
{
    enum job_state state = job_state(job);

    if (filter->states && !(filter->states >> state & 1))
        return false;
    if (filter->active && job_state_is_final(state))
        return false;
    if (filter->user && (!job->user || strcmp(job->user, filter->user) != 0))
        return false;
    if (filter->name && fnmatch(filter->name, job->name, 0) != 0)
        return false;
    if (job->submitted_us < filter->since_us ||
        (filter->cluster >= 0 && !was_on(job, filter->cluster)))
        return false;
    return !filter->type || strcmp(job->type, filter->type) == 0;
}

static void emit_next(struct emit *e, int64_t next)
{
    char words[24];

    snprintf(words, sizeof words, "%lld", (long long)next);
    emit_key_string(e, "next", next ? words : NULL);
}

/* Order. */

typedef int job_order(const struct job *a, const struct job *b);

static int by_name(const struct job *a, const struct job *b)
{
    return strcmp(a->name, b->name);
}

static int by_user(const struct job *a, const struct job *b)
{
    return strcmp(a->user ? a->user : "", b->user ? b->user : "");
}

static int by_type(const struct job *a, const struct job *b)
{
    return strcmp(a->type, b->type);
}

static int by_priority(const struct job *a, const struct job *b)
{
    return (a->priority > b->priority) - (a->priority < b->priority);
}

static int by_state(const struct job *a, const struct job *b)
{
    return (int)job_state(a) - (int)job_state(b);
}

static const struct {
    const char *key;
    job_order *order; /* NULL: that of the book */
} orders[] = {
    {"id", NULL},      {"submitted_at", NULL},    {"name", by_name},   {"user", by_user},
    {"type", by_type}, {"priority", by_priority}, {"state", by_state},
};

struct page {
    job_order *order;
    bool down;
    int64_t limit, cursor;
};

static bool read_page(const struct request *request, struct page *out, struct reply *reply)
{
    const char *newest = request_query(request, "newest"), *sort = request_query(request, "sort");
    struct text known;

    *out = (struct page){.down = newest && strcmp(newest, "true") == 0};
    if (!job_answer_number(request, "limit", 100, 1, LIST_LIMIT, &out->limit, reply) ||
        !job_answer_number(request, "cursor", 0, 0, INT64_MAX, &out->cursor, reply))
        return false;
    if (!sort)
        return true;
    out->down = *sort == '-';
    sort += out->down;
    for (size_t i = 0; i < COUNT_OF(orders); i++)
        if (strcmp(orders[i].key, sort) == 0) {
            out->order = orders[i].order;
            return true;
        }
    text_init(&known, 0);
    for (size_t i = 0; i < COUNT_OF(orders); i++)
        text_printf(&known, "%s%s", i ? ", " : "", orders[i].key);
    reply_problem(reply, 400, "invalid", "sort: expected one of %s, with - for the largest first",
                  known.bytes);
    text_release(&known);
    return false;
}

static int compare(const struct page *page, const struct job *a, const struct job *b)
{
    int order = page->order ? page->order(a, b) : 0;

    if (!order)
        order = (a->id > b->id) - (a->id < b->id);
    return page->down ? -order : order;
}

static int compare_any(const void *a, const void *b, void *page)
{
    return compare(page, *(struct job *const *)a, *(struct job *const *)b);
}

/* Writing. */

struct listing {
    struct daemon *daemon;
    struct emit e;
    int64_t limit, listed, hidden, last, next;
};

/* False: the page is full. */
static bool list_job(struct listing *l, struct job *job)
{
    if (l->listed++ == l->limit) {
        l->next = l->last;
        return false;
    }
    emit_open(&l->e, '{');
    job_answer_emit(l->daemon, job, &l->e);
    emit_key_int(&l->e, "number", l->last = job->id);
    emit_close(&l->e);
    return true;
}

static void list_as_they_lie(struct listing *l, const struct filter *filter,
                             const struct page *page)
{
    const struct book *book = &l->daemon->book;

    for (size_t i = 0; i < book->jobs.count && !l->next; i++) {
        struct job *job = book->jobs.item[page->down ? book->jobs.count - 1 - i : i];

        if (page->cursor && (page->down ? job->id >= page->cursor : job->id <= page->cursor))
            continue;
        if (!passes(filter, job))
            l->hidden++;
        else
            list_job(l, job);
    }
}

static void list_sorted(struct listing *l, const struct filter *filter, struct page *page)
{
    const struct book *book = &l->daemon->book;
    const struct job *before = page->cursor ? book_find(book, page->cursor) : NULL;
    VECTOR(struct job *) list = {0};

    for (size_t i = 0; i < book->jobs.count; i++) {
        struct job *job = book->jobs.item[i];

        if (!passes(filter, job))
            l->hidden++;
        else if (!before || compare(page, job, before) > 0)
            vector_push(&list, job);
    }
    if (list.count)
        qsort_r(list.item, list.count, sizeof *list.item, compare_any, page);
    for (size_t i = 0; i < list.count && list_job(l, list.item[i]); i++)
        ;
    vector_release(&list);
}

void route_list_jobs(struct daemon *daemon, struct request *request, struct reply *reply)
{
    struct listing l = {.daemon = daemon};
    struct filter filter;
    struct page page;

    if (!read_page(request, &page, reply) || !read_filter(daemon, request, &filter, reply))
        return;
    if (page.order && page.cursor && !book_find(&daemon->book, page.cursor)) {
        reply_problem(reply, 400, "invalid", "cursor: job %lld is no longer kept; begin again",
                      (long long)page.cursor);
        return;
    }
    l.limit = page.limit;
    job_answer_open(reply, &l.e, "tapfinger.jobs/1");
    emit_key(&l.e, "items");
    emit_open(&l.e, '[');
    if (page.order)
        list_sorted(&l, &filter, &page);
    else
        list_as_they_lie(&l, &filter, &page);
    emit_close(&l.e);
    emit_key_int(&l.e, "hidden", l.hidden);
    emit_next(&l.e, l.next);
    job_answer_close(reply, &l.e);
}
