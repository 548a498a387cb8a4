/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The piece whose turn it is writes straight into the file. Pieces that run ahead of their turn
 * write to files beside it ("FILE.7.part"), which are appended and removed when their turn comes. A
 * piece that is stopped leaves nothing: its bytes are cut off again.
 *
 * Where the target is no plain file (a pipe, say), the parts go to the folder for temporary files,
 * and the bytes of a stopped piece cannot be taken back; its missing "end" line tells.
 */
#include "report/event_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/sink.h"
#include "core/scenario.h"
#include "sim/event_format.h"
#include "report/result.h"
#include "sim/arrivals.h"

enum part_state { PART_TO_COME, PART_WRITTEN, PART_GONE };

struct part {
    struct event_log *log;
    const struct world *world;
    struct sink own;   /* while it is not its turn */
    struct sink *sink; /* own, or the log's */
    char *path;        /* of own */
    enum part_state state;
};

struct event_log {
    struct event_format format;
    const struct entrant *entrant;
    struct sink sink;
    char *path;
    struct part *part; /* by piece */
    int parts;
    bool is_plain; /* the target can be cut */

    pthread_mutex_t lock;
    int turn;        /* the first piece that is not in the file yet */
    bool turn_taken; /* it writes straight into the file */
    off_t turn_from; /* where it began */
};

int event_log_open(struct event_log **out, const char *path, const struct scenario *scenario,
                   const struct entrant *entrant, int pieces, struct err *err)
{
    struct event_log *log = xcalloc(1, sizeof *log);
    struct stat info;
    int rc = sink_open(&log->sink, path, err);

    *out = NULL;
    if (rc) {
        free(log);
        return rc;
    }
    log->is_plain = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    log->path = xstrdup(path);
    log->entrant = entrant;
    log->parts = pieces;
    log->part = xcalloc((size_t)pieces, sizeof *log->part);
    event_format_init(&log->format, scenario);
    pthread_mutex_init(&log->lock, NULL);
    *out = log;
    return 0;
}

static char *part_path(const struct event_log *log, int piece)
{
    const char *folder = getenv("TMPDIR");
    char *path;
    int length;

    if (log->is_plain)
        length = asprintf(&path, "%s.%d.part", log->path, piece);
    else
        length = asprintf(&path, "%s/tapfinger-events-%ld.%d.part",
                          folder && *folder ? folder : "/tmp", (long)getpid(), piece);
    BUG_ON(length < 0);
    return path;
}

static void write_event(void *arg, const struct event *event)
{
    struct part *part = arg;

    event_format_event(&part->log->format, world_view(part->world), event, sink_text(part->sink));
    sink_flush_full(part->sink);
}

static void write_header(struct part *part, const struct piece *piece)
{
    const struct event_format *format = &part->log->format;
    const struct arrivals *arrivals = piece->arrivals;
    struct text *out = sink_text(part->sink);

    event_format_run(format, part->log->entrant[piece->contender].name, piece->seed,
                     arrivals ? arrivals->count : 0, out);
    for (int32_t i = 0; arrivals && i < arrivals->count; i++) {
        event_format_arrival(format, &arrivals->item[i], out);
        sink_flush_full(part->sink);
    }
}

static int begin(void *arg, const struct piece *piece, struct err *err)
{
    struct event_log *log = arg;
    struct part *part = &log->part[piece->index];
    int rc = 0;

    part->log = log;
    part->world = piece->episode->world;
    pthread_mutex_lock(&log->lock);
    if (log->turn == piece->index) {
        part->sink = &log->sink;
        log->turn_taken = true;
        sink_flush(&log->sink);
        log->turn_from = lseek(log->sink.file, 0, SEEK_CUR);
    }
    pthread_mutex_unlock(&log->lock);
    if (!part->sink) {
        part->path = part_path(log, piece->index);
        part->sink = &part->own;
        rc = sink_open(&part->own, part->path, err);
    }
    if (rc)
        return rc;
    write_header(part, piece);
    world_watch(piece->episode->world, write_event, part);
    return 0;
}

/* Copies a part's file to the log's end and removes it. */
static int append(struct event_log *log, struct part *part, struct err *err)
{
    FILE *stream = fopen(part->path, "rb");
    char *buffer;
    size_t count;

    if (!stream)
        return err_set(err, ERR_IO, "%s: cannot open: %s", part->path, strerror(errno));
    buffer = xmalloc(SINK_BLOCK_BYTES);
    while ((count = fread(buffer, 1, SINK_BLOCK_BYTES, stream)) > 0) {
        text_add_bytes(sink_text(&log->sink), buffer, count);
        sink_flush_full(&log->sink);
    }
    free(buffer);
    fclose(stream);
    unlink(part->path);
    return 0;
}

/* Takes in what waited for its turn. Under the lock. */
static int advance(struct event_log *log, struct err *err)
{
    int rc = 0;

    while (rc == 0 && log->turn < log->parts && log->part[log->turn].state != PART_TO_COME) {
        struct part *part = &log->part[log->turn++];

        if (part->state == PART_WRITTEN && part->path)
            rc = append(log, part, err);
    }
    return rc;
}

/* Takes back what a stopped piece wrote. Under the lock. */
static void take_back(struct event_log *log, struct part *part)
{
    if (part->path) {
        unlink(part->path);
        return;
    }
    text_reset(sink_text(&log->sink));
    if (log->is_plain && ftruncate(log->sink.file, log->turn_from) == 0)
        lseek(log->sink.file, log->turn_from, SEEK_SET);
}

static int end(void *arg, const struct piece *piece, const struct metrics *metrics, struct err *err)
{
    struct event_log *log = arg;
    struct part *part = &log->part[piece->index];
    int rc = 0, advanced;

    world_unwatch(piece->episode->world, part);
    if (metrics)
        event_format_end(world_totals(part->world)->end_s, metrics, sink_text(part->sink));
    if (part->path)
        rc = sink_close(&part->own, err);
    pthread_mutex_lock(&log->lock);
    part->state = metrics && rc == 0 ? PART_WRITTEN : PART_GONE;
    if (part->state == PART_GONE)
        take_back(log, part);
    if (log->turn == piece->index)
        log->turn_taken = false;
    advanced = log->turn_taken ? 0 : advance(log, err);
    pthread_mutex_unlock(&log->lock);
    return rc ? rc : advanced;
}

/* What a stopped comparison left waiting, behind pieces that never began. */
static int append_rest(struct event_log *log, struct err *err)
{
    int rc = 0;

    for (; rc == 0 && log->turn < log->parts; log->turn++) {
        struct part *part = &log->part[log->turn];

        if (part->state == PART_WRITTEN && part->path)
            rc = append(log, part, err);
    }
    return rc;
}

int event_log_close(struct event_log *log, struct err *err)
{
    int rc, closed;

    if (!log)
        return 0;
    rc = append_rest(log, err);
    closed = sink_close(&log->sink, rc ? NULL : err);
    for (int i = 0; i < log->parts; i++)
        free(log->part[i].path);
    event_format_release(&log->format);
    pthread_mutex_destroy(&log->lock);
    free(log->part);
    free(log->path);
    free(log);
    return rc ? rc : closed;
}

struct observer event_log_observer(struct event_log *log)
{
    return (struct observer){.arg = log, .begin = begin, .end = end};
}
