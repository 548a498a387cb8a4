/* SPDX-License-Identifier: Apache-2.0 */
/* An arena: many allocations with one lifetime. Nothing is freed singly; reset or release frees
 * all. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *newest;
    size_t used, capacity; /* of the newest block, in bytes */
    size_t total_bytes;    /* handed out since init or reset */
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);
/* All memory handed out becomes invalid; the largest block stays. */
void arena_reset(struct arena *arena);

/* Memory aligned to 64 bytes if it is that large, else to 16; not zeroed. Never NULL. */
void *arena_alloc(struct arena *arena, size_t bytes);
/* count * bytes, zeroed; aborts on overflow. */
void *arena_zalloc(struct arena *arena, size_t count, size_t bytes);
char *arena_strdup(struct arena *arena, const char *string);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
