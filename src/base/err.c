/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

int err_set_v(struct err *err, enum err_code code, const char *format, va_list args)
{
    if (err) {
        err->code = code;
        err->place = 0;
        vsnprintf(err->message, sizeof err->message, format, args);
    }
    return code;
}

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err_set_v(err, code, format, args);
    va_end(args);
    return code;
}

/* "added: " at a place in the message; returns how many bytes that took. */
static int insert(struct err *err, int at, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static int insert(struct err *err, int at, const char *format, va_list args)
{
    char rest[ERR_MESSAGE_BYTES];
    size_t used;

    memcpy(rest, err->message + at, sizeof rest - (size_t)at);
    vsnprintf(err->message + at, sizeof err->message - (size_t)at, format, args);
    used = strlen(err->message);
    snprintf(err->message + used, sizeof err->message - used, ": %s", rest);
    return (int)strlen(err->message) < (int)used + 2 ? 0 : (int)used + 2 - at;
}

int err_prefix(struct err *err, const char *format, ...)
{
    va_list args;

    if (!err)
        return ERR_INVALID;
    va_start(args, format);
    insert(err, 0, format, args);
    va_end(args);
    err->place = 0;
    return err->code;
}

int err_inside(struct err *err, const char *format, ...)
{
    va_list args;

    if (!err)
        return ERR_INVALID;
    va_start(args, format);
    insert(err, err->place, format, args);
    va_end(args);
    return err->code;
}

static int insert_front(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int insert_front(struct err *err, const char *format, ...)
{
    va_list args;
    int bytes;

    va_start(args, format);
    bytes = insert(err, 0, format, args);
    va_end(args);
    return bytes;
}

int err_place(struct err *err, const char *file, long long line)
{
    if (!err)
        return ERR_INVALID;
    err->place = insert_front(err, "%s:%lld", file, line);
    return err->code;
}
