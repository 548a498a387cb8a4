/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a text file line by line, with line numbers for errors and a limit on their length. */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdint.h>
#include <stdio.h>

struct err;

struct lines {
    FILE *stream;
    char *path;     /* for errors */
    char *line;     /* the present one without its end; NUL-terminated */
    size_t length;  /* of line */
    int64_t number; /* of the present line, from 1 */
    size_t buffer_bytes, most_bytes;
};

/* "-" is standard input. A line of more than most_bytes is ERR_LIMIT. */
int lines_open(struct lines *lines, const char *path, size_t most_bytes, struct err *err);
/* The same from memory, which must stay; name stands for the path in errors. */
int lines_open_memory(struct lines *lines, const char *name, const void *bytes, size_t count,
                      size_t most_bytes, struct err *err);
void lines_close(struct lines *lines); /* a struct of zeros is closed */

/* The next line that is not empty: 1, or 0 at the end, or an error. */
int lines_next(struct lines *lines, struct err *err);

/* "path:number: message". Returns the code. */
int lines_error(const struct lines *lines, struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
