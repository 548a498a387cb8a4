/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream NAME lies in files NAME.START, START being the offset of their first byte. Beside each
 * is a file when-NAME.START with pairs of 64 bits: an offset of the stream, and the microseconds of
 * the wall clock when the byte there came. A pair stands for all that came within NOTE_US after it.
 */
#include "backend/keeper_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/keeper.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

enum { NOTE_US = 250000 };

struct note {
    int64_t offset, at_us;
};

void keeper_log_init(struct keeper_log *log, const char *folder, const char *name,
                     int64_t most_bytes)
{
    *log = (struct keeper_log){
        .folder = folder, .name = name, .most_bytes = most_bytes, .file = -1, .times = -1};
}

static void file_path(char *out, size_t bytes, const struct keeper_log *log, int64_t start)
{
    snprintf(out, bytes, "%s/%s.%lld", log->folder, log->name, (long long)start);
}

static void times_path(char *out, size_t bytes, const char *folder, const char *name, int64_t start)
{
    snprintf(out, bytes, "%s/when-%s.%lld", folder, name, (long long)start);
}

static int make_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void open_next(struct keeper_log *log)
{
    char path[4096];

    keeper_log_close(log);
    if (log->files == KEEPER_LOG_FILES) {
        file_path(path, sizeof path, log, log->start[0]);
        unlink(path);
        times_path(path, sizeof path, log->folder, log->name, log->start[0]);
        unlink(path);
        memmove(log->start, log->start + 1, (size_t)(--log->files) * sizeof *log->start);
    }
    file_path(path, sizeof path, log, log->at);
    log->file = make_file(path);
    times_path(path, sizeof path, log->folder, log->name, log->at);
    log->times = make_file(path);
    log->noted_us = 0;
    log->begin = log->start[log->files++] = log->at;
}

/* The clock may be set back: then what follows is as late as what came before. */
static void note_time(struct keeper_log *log)
{
    struct note note = {.offset = log->at, .at_us = clock_us(CLOCK_REALTIME)};

    if (log->times < 0 || note.at_us < log->noted_us + NOTE_US)
        return;
    if (write(log->times, &note, sizeof note) == sizeof note)
        log->noted_us = note.at_us;
}

void keeper_log_add(struct keeper_log *log, const char *bytes, size_t count)
{
    int64_t each = log->most_bytes / KEEPER_LOG_FILES;

    while (count > 0) {
        size_t part = count;
        ssize_t put;

        if (log->file < 0 || log->at - log->begin >= each)
            open_next(log);
        note_time(log);
        if ((int64_t)part > each - (log->at - log->begin))
            part = (size_t)(each - (log->at - log->begin));
        put = log->file >= 0 ? write(log->file, bytes, part) : -1;
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) { /* a full disk must not stop the task */
            log->lost_bytes += (int64_t)count;
            return;
        }
        log->at += put;
        bytes += put;
        count -= (size_t)put;
    }
}

void keeper_log_close(struct keeper_log *log)
{
    if (log->file >= 0)
        close(log->file);
    if (log->times >= 0)
        close(log->times);
    log->file = log->times = -1;
}

struct segment {
    int64_t start, bytes, changed_us;
};

static int by_start(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

typedef VECTOR(struct segment) segments; /* NOLINT(readability-identifier-naming) */

static int find_segments(const char *folder, const char *name, segments *out, struct err *err)
{
    size_t length = strlen(name);
    const struct dirent *entry;
    DIR *listing = opendir(folder);

    if (!listing)
        return errno == ENOENT ? 0 : err_set(err, ERR_IO, "%s: %s", folder, strerror(errno));
    while ((entry = readdir(listing))) {
        struct stat status;
        char *end;

        if (strncmp(entry->d_name, name, length) != 0 || entry->d_name[length] != '.' ||
            fstatat(dirfd(listing), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        vector_push(out,
                    ((struct segment){strtoll(entry->d_name + length + 1, &end, 10), status.st_size,
                                      (int64_t)status.st_mtim.tv_sec * 1000000 +
                                          status.st_mtim.tv_nsec / 1000}));
    }
    closedir(listing);
    if (out->count)
        vector_sort(out, by_start);
    return 0;
}

static void read_segment(const char *folder, const char *name, const struct segment *segment,
                         int64_t from, size_t most, struct text *out)
{
    char path[4096], bytes[16384];
    size_t left = most;
    ssize_t got = 1;
    int file;

    snprintf(path, sizeof path, "%s/%s.%lld", folder, name, (long long)segment->start);
    file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return;
    if (lseek(file, from - segment->start, SEEK_SET) < 0)
        left = 0;
    while (left > 0 && got > 0) {
        got = read(file, bytes, left < sizeof bytes ? left : sizeof bytes);
        if (got > 0) {
            text_add_bytes(out, bytes, (size_t)got);
            left -= (size_t)got;
        }
    }
    close(file);
}

int keeper_log_read(const char *folder, const char *name, int64_t *from, size_t most,
                    struct text *out, int64_t *size, struct err *err)
{
    segments list = {0};
    int rc = find_segments(folder, name, &list, err);
    size_t before = out->length;

    *size = 0;
    if (list.count)
        *size = list.item[list.count - 1].start + list.item[list.count - 1].bytes;
    if (*from < 0)
        *from = *from + *size > 0 ? *from + *size : 0;
    if (list.count && *from < list.item[0].start)
        *from = list.item[0].start;
    for (size_t i = 0; i < list.count; i++) {
        int64_t at = *from + (int64_t)(out->length - before);
        const struct segment *segment = &list.item[i];

        if (at < segment->start + segment->bytes && out->length - before < most)
            read_segment(folder, name, segment, at > segment->start ? at : segment->start,
                         most - (out->length - before), out);
    }
    vector_release(&list);
    return rc;
}

/* The offset of the first note of a segment that reaches up to the moment; -1: all are older. A
 * segment without notes is from a keeper that made none: all of it, or nothing. */
static int64_t find_note(const char *folder, const char *name, const struct segment *segment,
                         int64_t at_us)
{
    struct note note[256];
    int64_t found = -1;
    char path[4096];
    ssize_t got;
    int file;

    if (segment->changed_us < at_us - NOTE_US)
        return -1;
    times_path(path, sizeof path, folder, name, segment->start);
    file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return segment->start;
    while (found < 0 && (got = read(file, note, sizeof note)) > 0)
        for (size_t i = 0; found < 0 && i < (size_t)got / sizeof *note; i++)
            if (note[i].at_us > at_us - NOTE_US)
                found = note[i].offset;
    close(file);
    return found;
}

int64_t keeper_log_find(const char *folder, const char *name, int64_t at_us)
{
    segments list = {0};
    int64_t found = -1, end = 0;

    find_segments(folder, name, &list, NULL);
    for (size_t i = 0; found < 0 && i < list.count; i++) {
        found = find_note(folder, name, &list.item[i], at_us);
        end = list.item[i].start + list.item[i].bytes;
    }
    vector_release(&list);
    return found < 0 ? end : found;
}
