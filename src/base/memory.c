/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void bug_abort(const char *file, int line, const char *what)
{
    fprintf(stderr, "tapfinger: bug at %s:%d: %s\n", file, line, what);
    abort();
}

static void *checked(void *memory, size_t bytes)
{
    if (!memory) {
        fprintf(stderr, "tapfinger: out of memory (%zu bytes)\n", bytes);
        abort();
    }
    return memory;
}

void *xmalloc(size_t bytes)
{
    return checked(malloc(bytes ? bytes : 1), bytes);
}

void *xcalloc(size_t count, size_t bytes)
{
    if (count == 0 || bytes == 0)
        count = bytes = 1;
    return checked(calloc(count, bytes), bytes);
}

void *xrealloc(void *old, size_t count, size_t bytes)
{
    size_t total;

    BUG_ON(__builtin_mul_overflow(count, bytes, &total));
    return checked(realloc(old, total ? total : 1), total);
}

char *xstrdup(const char *string)
{
    return xstrndup(string, strlen(string));
}

char *xstrndup(const char *string, size_t length)
{
    char *copy = xmalloc(length + 1);

    memcpy(copy, string, length);
    copy[length] = '\0';
    return copy;
}
