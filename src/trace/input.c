/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One block of raw bytes is held at a time and handed to zlib or libzstd as these ask for it, so
 * memory does not grow with the file. Several gzip members or zstd frames one behind the other are
 * one file, as their programs write it. A stream that ends inside a member is an error: half a
 * trace must not pass for a whole one.
 */
#include "trace/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/err.h"
#include "base/memory.h"

enum { RAW_BYTES = 1 << 17, GZIP_WINDOW = 15 + 16, ZSTD_WINDOW = 27 };

struct decoder {
    z_stream gzip;
    ZSTD_DCtx *zstd; /* NULL: gzip */
    bool inside;     /* of a member or frame */
};

static int fail(const struct input *input, struct err *err, enum err_code code, const char *what)
{
    return err_set(err, code, "%s: %s", input->name, what);
}

static int refill(struct input *input, struct err *err)
{
    ssize_t got;

    input->raw_at = input->raw_end = 0;
    if (input->file < 0) {
        size_t part = input->memory_left < RAW_BYTES ? input->memory_left : RAW_BYTES;

        if (part > 0)
            memcpy(input->raw, input->memory, part);
        input->memory += part;
        input->memory_left -= part;
        got = (ssize_t)part;
    } else {
        do
            got = read(input->file, input->raw, RAW_BYTES);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return err_set(err, ERR_IO, "%s: cannot read: %s", input->name, strerror(errno));
    }
    input->raw_end = (size_t)got;
    input->raw_bytes += got;
    input->raw_over = got == 0;
    return 0;
}

static bool begins_with(const struct input *input, const void *magic, size_t bytes)
{
    return input->raw_end >= bytes && memcmp(input->raw, magic, bytes) == 0;
}

static int begin(struct input *input, struct err *err)
{
    bool gzip, zstd;
    int rc;

    input->raw = xmalloc(RAW_BYTES);
    rc = refill(input, err);
    if (rc)
        return rc;
    gzip = begins_with(input, "\x1f\x8b", 2);
    zstd = begins_with(input, "\x28\xb5\x2f\xfd", 4);
    if (!gzip && !zstd)
        return 0;
    input->decoder = xcalloc(1, sizeof *input->decoder);
    if (zstd) {
        input->decoder->zstd = ZSTD_createDCtx();
        BUG_ON(!input->decoder->zstd);
        ZSTD_DCtx_setParameter(input->decoder->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW);
    } else {
        BUG_ON(inflateInit2(&input->decoder->gzip, GZIP_WINDOW) != Z_OK);
    }
    input->decoder->inside = true;
    return 0;
}

int input_open(struct input *input, const char *path, struct err *err)
{
    bool standard = strcmp(path, "-") == 0;
    int rc;

    *input = (struct input){.file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)};
    if (input->file < 0)
        return err_set(err, ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    input->name = xstrdup(standard ? "standard input" : path);
    rc = begin(input, err);
    if (rc)
        input_close(input);
    return rc;
}

int input_open_memory(struct input *input, const char *name, const void *bytes, size_t count,
                      struct err *err)
{
    *input = (struct input){.file = -1, .memory = bytes, .memory_left = count};
    input->name = xstrdup(name);
    return begin(input, err);
}

void input_close(struct input *input)
{
    if (input->decoder) {
        if (input->decoder->zstd)
            ZSTD_freeDCtx(input->decoder->zstd);
        else
            inflateEnd(&input->decoder->gzip);
    }
    if (input->name && input->file > STDIN_FILENO)
        close(input->file);
    free(input->decoder);
    free(input->raw);
    free(input->name);
    *input = (struct input){.file = -1};
}

static int64_t read_plain(struct input *input, void *bytes, size_t count)
{
    size_t part = input->raw_end - input->raw_at;

    if (part > count)
        part = count;
    memcpy(bytes, input->raw + input->raw_at, part);
    input->raw_at += part;
    return (int64_t)part;
}

static int64_t step_gzip(struct input *input, void *bytes, size_t count, struct err *err)
{
    z_stream *z = &input->decoder->gzip;
    int rc;

    if (!input->decoder->inside) {
        inflateReset(z);
        input->decoder->inside = true;
    }
    z->next_in = input->raw + input->raw_at;
    z->avail_in = (uInt)(input->raw_end - input->raw_at);
    z->next_out = bytes;
    z->avail_out = (uInt)count;
    rc = inflate(z, Z_NO_FLUSH);
    input->raw_at = input->raw_end - z->avail_in;
    if (rc == Z_STREAM_END)
        input->decoder->inside = false;
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        return fail(input, err, ERR_CORRUPT, "damaged gzip data");
    return (int64_t)(count - z->avail_out);
}

static int64_t step_zstd(struct input *input, void *bytes, size_t count, struct err *err)
{
    ZSTD_inBuffer in = {input->raw, input->raw_end, input->raw_at};
    ZSTD_outBuffer out = {bytes, count, 0};
    size_t rest = ZSTD_decompressStream(input->decoder->zstd, &out, &in);

    input->raw_at = in.pos;
    if (ZSTD_isError(rest))
        return fail(input, err, ERR_CORRUPT, "damaged zstd data");
    input->decoder->inside = rest != 0;
    return (int64_t)out.pos;
}

int64_t input_read(struct input *input, void *bytes, size_t count, struct err *err)
{
    int64_t got = 0;

    if (count > 1 << 30)
        count = 1 << 30;
    while (got == 0 && count > 0) {
        if (input->raw_at == input->raw_end && !input->raw_over) {
            int rc = refill(input, err);

            if (rc)
                return rc;
        }
        /* A decoder may still hold bytes when the raw ones are used up. */
        if (input->raw_over && (!input->decoder || !input->decoder->inside))
            return 0;
        if (!input->decoder)
            got = read_plain(input, bytes, count);
        else if (input->decoder->zstd)
            got = step_zstd(input, bytes, count, err);
        else
            got = step_gzip(input, bytes, count, err);
        if (got == 0 && input->raw_over && input->decoder && input->decoder->inside)
            return fail(input, err, ERR_CORRUPT, "the compressed data end in the middle");
    }
    return got;
}
