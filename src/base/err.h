/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: expected failures return 0 or a negative code, with a message in the caller's struct err.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

enum err_code {
    ERR_NONE = 0,
    ERR_INVALID = -1,     /* input that breaks a documented rule */
    ERR_IO = -2,          /* the system refused: file, socket, process */
    ERR_NOT_FOUND = -3,   /* a name that nobody has */
    ERR_LIMIT = -4,       /* larger than a documented limit */
    ERR_UNSUPPORTED = -5, /* understood, but not possible here */
    ERR_CORRUPT = -6,     /* stored data that fails its own checks */
    ERR_INTERRUPTED = -7, /* stopped on request */
};

enum { ERR_MESSAGE_BYTES = 1024 };

struct err {
    enum err_code code;
    int place; /* bytes of "file:line: " at the front of the message */
    char message[ERR_MESSAGE_BYTES];
};

/* Fills *err (which may be NULL) and returns the code. A message that is too long is cut. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int err_set_v(struct err *err, enum err_code code, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Each adds to the message that *err holds (NULL: nothing to do) and returns the code: "prefix: "
 * in front of all, "file:line: " in front of all, "context: " behind such a place. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int err_place(struct err *err, const char *file, long long line);
int err_inside(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
