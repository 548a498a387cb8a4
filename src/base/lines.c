/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lines.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"

int lines_open(struct lines *lines, const char *path, size_t most_bytes, struct err *err)
{
    bool standard = strcmp(path, "-") == 0;

    *lines = (struct lines){.most_bytes = most_bytes};
    lines->stream = standard ? stdin : fopen(path, "rb");
    if (!lines->stream)
        return err_set(err, ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    lines->path = xstrdup(standard ? "standard input" : path);
    return 0;
}

int lines_open_memory(struct lines *lines, const char *name, const void *bytes, size_t count,
                      size_t most_bytes, struct err *err)
{
    *lines = (struct lines){.most_bytes = most_bytes};
    lines->stream = fmemopen((void *)(uintptr_t)bytes, count, "rb");
    if (!lines->stream)
        return err_set(err, ERR_IO, "%s: cannot read: %s", name, strerror(errno));
    lines->path = xstrdup(name);
    return 0;
}

void lines_close(struct lines *lines)
{
    if (lines->stream && lines->stream != stdin)
        fclose(lines->stream);
    free(lines->path);
    free(lines->line);
    *lines = (struct lines){0};
}

int lines_error(const struct lines *lines, struct err *err, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err_set_v(err, (enum err_code)code, format, args);
    va_end(args);
    return err_place(err, lines->path, lines->number);
}

/* One line with its end; 1, 0 or an error. getline() would read a line of any length. */
static int read_line(struct lines *lines, struct err *err)
{
    int c;

    lines->length = 0;
    lines->number++;
    do {
        c = getc_unlocked(lines->stream);
        if (c == EOF)
            break;
        if (c == '\0')
            return lines_error(lines, err, ERR_INVALID, "a zero byte; expected text");
        if (lines->length == lines->most_bytes)
            return lines_error(lines, err, ERR_LIMIT, "a line of more than %zu bytes",
                               lines->most_bytes);
        if (lines->length + 1 >= lines->buffer_bytes) {
            lines->buffer_bytes = lines->buffer_bytes ? 2 * lines->buffer_bytes : 256;
            lines->line = xrealloc(lines->line, lines->buffer_bytes, 1);
        }
        lines->line[lines->length++] = (char)c;
    } while (c != '\n');
    if (ferror(lines->stream))
        return lines_error(lines, err, ERR_IO, "cannot read: %s", strerror(errno));
    return lines->length > 0;
}

int lines_next(struct lines *lines, struct err *err)
{
    int rc;

    do {
        rc = read_line(lines, err);
        if (rc <= 0)
            return rc;
        while (lines->length > 0 &&
               (lines->line[lines->length - 1] == '\n' || lines->line[lines->length - 1] == '\r'))
            lines->length--;
        lines->line[lines->length] = '\0';
    } while (lines->length == 0);
    return 1;
}
