/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a large file piece by piece: text collects in a buffer and goes out in blocks. The first
 * failure is kept and reported when the sink is closed, so that writers need not check every line.
 *
 *     sink_open(&sink, path, &err);
 *     text_add(sink_text(&sink), ...);  sink_flush_full(&sink);
 *     rc = sink_close(&sink, &err);
 */
#ifndef BASE_SINK_H
#define BASE_SINK_H

#include <stddef.h>

#include "base/text.h"

struct err;

struct sink {
    struct text text; /* not written yet */
    char *path;
    int file;    /* -1: not open */
    int failure; /* errno of the first write that failed, or 0 */
};

/* Creates or empties the file. A sink of zeros is closed. */
int sink_open(struct sink *sink, const char *path, struct err *err);

/* Where to add; what is added goes out by the calls below. */
static inline struct text *sink_text(struct sink *sink)
{
    return &sink->text;
}

void sink_flush(struct sink *sink);

enum { SINK_BLOCK_BYTES = 1 << 16 };

/* Writes once a block's worth is there: call it after every line. */
static inline void sink_flush_full(struct sink *sink)
{
    if (sink->text.length >= SINK_BLOCK_BYTES)
        sink_flush(sink);
}

/* Writes the rest and closes; ERR_IO if any write failed. Nothing for a sink that is closed. */
int sink_close(struct sink *sink, struct err *err);

#endif
