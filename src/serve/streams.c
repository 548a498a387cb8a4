/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event is put into the form in which it is sent when it is recorded, once, and kept in a ring;
 * a listener is a place in the sequence of events. Who falls behind the ring, or starts further
 * back, reads from the store, so nobody makes the daemon wait or loses events; what was trimmed
 * from the store is answered by "event: reset".
 *
 * A hundred listeners cost as much as many requests. So what was committed is told at most every
 * STREAM_EVERY_S, many events in one piece, and only WAKE_MOST listeners go on in one turn of the
 * daemon's loop: requests that come meanwhile wait for a few of them, not for all. Such a pass over
 * the listeners ends before another begins.
 */
#include "serve/streams.h"

#include <math.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/store.h"

enum {
    RING = 8192,
    CATCH_UP = 200,
    STREAM_BYTES = 256 << 10,
    BLOCK_BYTES = 16384,
    WAKE_MOST = 8,
};

static const double PING_S = 15, STREAM_EVERY_S = 0.025;

struct ring_event {
    int64_t seq, job;
    enum book_event event;
    struct text said; /* as it is sent */
};

struct stream {
    struct streams *all;
    struct MHD_Connection *connection;
    int64_t after, job; /* job 0: all */
    bool want[BOOK_EVENTS];
    struct text out;
    size_t sent;
    bool asleep;
    int64_t pass; /* in which it was woken last */
    double said_s;
    struct stream *next, *prev;
};

struct streams {
    struct store *store;
    struct stream *first;
    int count;
    struct ring_event ring[RING];
    int64_t ring_last, committed; /* sequence numbers */
    int64_t pass, resets;
    bool passing; /* some of this pass are still to be woken */
    bool news;    /* something was committed since the pass began */
    double passed_s;
};

static void add_event(struct text *out, int64_t seq, const char *word, const char *doc)
{
    text_add(out, "id: ");
    text_add_int(out, seq);
    text_add(out, "\nevent: ");
    text_add(out, word);
    text_add(out, "\ndata: ");
    text_add(out, doc);
    text_add(out, "\n\n");
}

static bool add_stored(void *arg, const struct store_event *event)
{
    struct stream *stream = arg;

    for (int kind = 0; kind < BOOK_EVENTS; kind++)
        if (stream->want[kind] &&
            strcmp(event->kind, book_event_word((enum book_event)kind)) == 0 &&
            (!stream->job || event->job == stream->job))
            add_event(&stream->out, event->seq, event->kind, event->doc);
    stream->after = event->seq;
    return stream->out.length < STREAM_BYTES;
}

static void read_ring(struct stream *stream)
{
    struct streams *all = stream->all;

    while (stream->after < all->committed && stream->out.length < STREAM_BYTES) {
        const struct ring_event *event = &all->ring[++stream->after % RING];

        if (stream->want[event->event] && (!stream->job || event->job == stream->job))
            text_add_bytes(&stream->out, event->said.bytes, event->said.length);
    }
}

static bool is_in_ring(const struct streams *streams, int64_t seq)
{
    return seq + RING > streams->ring_last && streams->ring[seq % RING].seq == seq;
}

static void fill(struct stream *stream)
{
    struct streams *all = stream->all;
    int64_t before;

    text_reset(&stream->out);
    stream->sent = 0;
    while (stream->after < all->committed && stream->out.length == 0) {
        if (is_in_ring(all, stream->after + 1)) {
            read_ring(stream);
            continue;
        }
        before = stream->after;
        store_events(all->store, &(struct store_query){.after = stream->after, .limit = CATCH_UP},
                     add_stored, stream, NULL);
        if (stream->after == before)
            stream->after = all->committed;
    }
    if (stream->out.length == 0 && clock_s(CLOCK_MONOTONIC) - stream->said_s >= PING_S)
        text_add(&stream->out, ": ping\n\n");
    if (stream->out.length)
        stream->said_s = clock_s(CLOCK_MONOTONIC);
}

static ssize_t read_stream(void *arg, uint64_t at, char *out, size_t most)
{
    struct stream *stream = arg;
    size_t left;

    (void)at;
    if (stream->sent == stream->out.length)
        fill(stream);
    left = stream->out.length - stream->sent;
    if (left == 0) {
        stream->asleep = true;
        MHD_suspend_connection(stream->connection);
        return 0;
    }
    if (left > most)
        left = most;
    memcpy(out, stream->out.bytes + stream->sent, left);
    stream->sent += left;
    return (ssize_t)left;
}

static void free_stream(void *arg)
{
    struct stream *stream = arg;

    if (stream->prev)
        stream->prev->next = stream->next;
    else
        stream->all->first = stream->next;
    if (stream->next)
        stream->next->prev = stream->prev;
    stream->all->count--;
    text_release(&stream->out);
    free(stream);
}

/* Marks the events of which the first `length` bytes are the topic's; false: none. */
static bool mark(bool want[BOOK_EVENTS], const char *topic, size_t length)
{
    bool any = false;

    for (int kind = 0; kind < BOOK_EVENTS; kind++)
        if (strncmp(book_event_word((enum book_event)kind), topic, length) == 0)
            want[kind] = any = true;
    return any && length > 0;
}

bool streams_know(const char *topic)
{
    bool want[BOOK_EVENTS];

    for (; *topic; topic += *topic == ',') {
        if (!mark(want, topic, strcspn(topic, ",:")))
            return false;
        topic += strcspn(topic, ",");
    }
    return true;
}

/* topic=job:58,cluster,decision; without one all. */
static void read_topics(struct stream *stream, const char *topic)
{
    for (int kind = 0; kind < BOOK_EVENTS; kind++)
        stream->want[kind] = !topic || !*topic;
    for (; topic && *topic; topic += *topic == ',') {
        size_t length = strcspn(topic, ",:");

        mark(stream->want, topic, length);
        if (topic[length] == ':')
            stream->job = strtoll(topic + length + 1, NULL, 10);
        topic += strcspn(topic, ",");
    }
}

static void tell_reset(struct stream *stream, int64_t first)
{
    stream->all->resets++;
    text_printf(&stream->out, "event: reset\ndata: {\"first\":%lld}\n\n", (long long)first);
    stream->after = first - 1;
}

/* From where on; a gap before that is told, and so is that somebody has heard of more than there
 * is: the store is not the one that it was, but a copy from before, say. */
static void set_start(struct stream *stream, const char *from)
{
    struct streams *all = stream->all;
    int64_t first = 0;

    stream->after = from ? strtoll(from, NULL, 10) : all->committed;
    if (stream->after < 0)
        stream->after = all->committed;
    store_first_seq(all->store, &first, NULL);
    if (stream->after > all->committed)
        tell_reset(stream, all->committed + 1);
    else if (from && stream->after + 1 < first)
        tell_reset(stream, first);
}

struct MHD_Response *streams_add(struct streams *streams, struct MHD_Connection *connection,
                                 const char *last, const char *since, const char *topic)
{
    struct stream *stream = xcalloc(1, sizeof *stream);

    stream->all = streams;
    stream->connection = connection;
    stream->said_s = clock_s(CLOCK_MONOTONIC);
    text_init(&stream->out, 0);
    text_add(&stream->out, "retry: 3000\n\n");
    set_start(stream, last ? last : since);
    read_topics(stream, topic);
    stream->next = streams->first;
    if (streams->first)
        streams->first->prev = stream;
    streams->first = stream;
    streams->count++;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream,
                                             free_stream);
}

int64_t streams_resets(const struct streams *streams)
{
    return streams->resets;
}

int streams_count(const struct streams *streams)
{
    return streams->count;
}

void streams_keep(struct streams *streams, int64_t seq, enum book_event event, int64_t job,
                  const char *doc)
{
    struct ring_event *at = &streams->ring[seq % RING];

    at->seq = seq;
    at->job = job;
    at->event = event;
    text_reset(&at->said);
    add_event(&at->said, seq, book_event_word(event), doc);
    streams->ring_last = seq;
}

void streams_committed(struct streams *streams)
{
    streams->committed = store_last_seq(streams->store);
    streams->news = streams->first != NULL;
}

static void resume(struct stream *stream)
{
    stream->asleep = false;
    MHD_resume_connection(stream->connection);
}

static void begin_pass(struct streams *streams)
{
    double now = clock_s(CLOCK_MONOTONIC);

    if (!streams->news || now - streams->passed_s < STREAM_EVERY_S)
        return;
    streams->news = false;
    streams->passing = true;
    streams->passed_s = now;
    streams->pass++;
}

void streams_wake(struct streams *streams)
{
    int left = WAKE_MOST;

    if (!streams->passing)
        begin_pass(streams);
    if (!streams->passing)
        return;
    streams->passing = false;
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        if (!stream->asleep || stream->pass == streams->pass)
            continue;
        if (left-- == 0) {
            streams->passing = true;
            return;
        }
        stream->pass = streams->pass;
        resume(stream);
    }
}

void streams_wake_all(struct streams *streams)
{
    for (struct stream *stream = streams->first; stream; stream = stream->next)
        if (stream->asleep)
            resume(stream);
}

double streams_due_in(const struct streams *streams)
{
    if (streams->passing)
        return 0;
    return streams->news ? fmax(0, streams->passed_s + STREAM_EVERY_S - clock_s(CLOCK_MONOTONIC))
                         : HUGE_VAL;
}

void streams_ping(struct streams *streams)
{
    double now = clock_s(CLOCK_MONOTONIC);

    for (struct stream *stream = streams->first; stream; stream = stream->next)
        if (stream->asleep && now - stream->said_s >= PING_S)
            resume(stream);
}

struct streams *streams_new(struct store *store)
{
    struct streams *streams = xcalloc(1, sizeof *streams);

    streams->store = store;
    streams->committed = streams->ring_last = store_last_seq(store);
    for (int i = 0; i < RING; i++)
        text_init(&streams->ring[i].said, 0);
    return streams;
}

void streams_free(struct streams *streams)
{
    if (!streams)
        return;
    for (int i = 0; i < RING; i++)
        text_release(&streams->ring[i].said);
    free(streams);
}
