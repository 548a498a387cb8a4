/* SPDX-License-Identifier: Apache-2.0 */
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
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

void keeper_log_init(struct keeper_log *log, const char *folder, const char *name,
                     int64_t most_bytes)
{
    *log =
        (struct keeper_log){.folder = folder, .name = name, .most_bytes = most_bytes, .file = -1};
}

static void file_path(char *out, size_t bytes, const struct keeper_log *log, int64_t start)
{
    snprintf(out, bytes, "%s/%s.%lld", log->folder, log->name, (long long)start);
}

static void open_next(struct keeper_log *log)
{
    char path[4096];

    keeper_log_close(log);
    if (log->files == KEEPER_LOG_FILES) {
        file_path(path, sizeof path, log, log->start[0]);
        unlink(path);
        memmove(log->start, log->start + 1, (size_t)(--log->files) * sizeof *log->start);
    }
    file_path(path, sizeof path, log, log->at);
    log->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    log->begin = log->start[log->files++] = log->at;
}

void keeper_log_add(struct keeper_log *log, const char *bytes, size_t count)
{
    int64_t each = log->most_bytes / KEEPER_LOG_FILES;

    while (count > 0) {
        size_t part = count;
        ssize_t put;

        if (log->file < 0 || log->at - log->begin >= each)
            open_next(log);
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
    log->file = -1;
}

struct segment {
    int64_t start, bytes;
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
        vector_push(
            out, ((struct segment){strtoll(entry->d_name + length + 1, &end, 10), status.st_size}));
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
