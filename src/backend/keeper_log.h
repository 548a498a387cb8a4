/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of output as numbered files of which the oldest are removed, and beside each of them
 * when its parts came. */
#ifndef BACKEND_KEEPER_LOG_H
#define BACKEND_KEEPER_LOG_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct text;

struct keeper_log {
    const char *folder, *name;
    int64_t most_bytes; /* kept in all */
    int64_t at, begin;  /* bytes so far; where the newest file begins */
    int64_t start[8];   /* of the files that are there, oldest first */
    int files;
    int file, times;    /* -1: none */
    int64_t noted_us;   /* of the last time that was written down */
    int64_t lost_bytes; /* that could not be written */
};

void keeper_log_init(struct keeper_log *log, const char *folder, const char *name,
                     int64_t most_bytes);
void keeper_log_add(struct keeper_log *log, const char *bytes, size_t count);
void keeper_log_close(struct keeper_log *log);

/* For readers: up to `most` bytes from an offset of the stream on, put behind what *out holds.
 * *from becomes where they begin (later than asked for, if the oldest are gone) and *size how long
 * the stream is. A negative offset counts from the end. */
int keeper_log_read(const char *folder, const char *name, int64_t *from, size_t most,
                    struct text *out, int64_t *size, struct err *err);

/* For readers: where in the stream what came at a moment of the wall clock or later begins, to a
 * quarter of a second. Its end, if nothing has come since. */
int64_t keeper_log_find(const char *folder, const char *name, int64_t at_us);

#endif
