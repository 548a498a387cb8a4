/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

int err_set_v(struct err *err, enum err_code code, const char *format, va_list args)
{
    if (err) {
        err->code = code;
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

int err_prefix(struct err *err, const char *format, ...)
{
    char old[ERR_MESSAGE_BYTES];
    va_list args;
    size_t used;

    memcpy(old, err->message, sizeof old);
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    used = strlen(err->message);
    snprintf(err->message + used, sizeof err->message - used, ": %s", old);
    return err->code;
}
