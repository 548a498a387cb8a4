/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and bugs. Running out of memory and breaking an invariant are not errors that a caller
 * can handle: both print one line and abort. Everything else goes through base/err.h.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

#define BUG_ON(cond)                              \
    do {                                          \
        if (__builtin_expect(!!(cond), 0))        \
            bug_abort(__FILE__, __LINE__, #cond); \
    } while (0)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

_Noreturn void bug_abort(const char *file, int line, const char *what);

/* As malloc and friends, but never NULL; a size of 0 gives a valid pointer. Free with free(). */
void *xmalloc(size_t bytes);
void *xcalloc(size_t count, size_t bytes);             /* zeroed; aborts on overflow */
void *xrealloc(void *old, size_t count, size_t bytes); /* aborts on overflow */
/* Cuts so many items off the front of a piece of memory, which begins behind them from then on. The
 * widest come first: nothing is aligned. */
static inline void *memory_cut(char **memory, size_t count, size_t bytes)
{
    char *at = *memory;

    *memory += count * bytes;
    return at;
}

char *xstrdup(const char *string);
char *xstrndup(const char *string, size_t length);

#endif
