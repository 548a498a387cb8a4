/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of blocks, each twice as large as the one before (from 4 KiB up to 4 MiB, or as large as
 * one request needs). Only the newest block is filled; the rest of an older one is given up.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { FIRST_BLOCK_BYTES = 4096, LARGEST_STEP_BYTES = 4 << 20, LINE_BYTES = 64, SMALL_ALIGN = 16 };

struct arena_block {
    struct arena_block *older;
    size_t capacity;
    _Alignas(LINE_BYTES) unsigned char bytes[];
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

void arena_release(struct arena *arena)
{
    while (arena->newest) {
        struct arena_block *older = arena->newest->older;

        free(arena->newest);
        arena->newest = older;
    }
    arena_init(arena);
}

void arena_reset(struct arena *arena)
{
    struct arena_block *keep = arena->newest;

    if (!keep)
        return;
    for (struct arena_block *block = keep->older; block; block = block->older)
        keep = block->capacity > keep->capacity ? block : keep;
    while (arena->newest) {
        struct arena_block *older = arena->newest->older;

        if (arena->newest != keep)
            free(arena->newest);
        arena->newest = older;
    }
    keep->older = NULL;
    *arena = (struct arena){.newest = keep, .capacity = keep->capacity};
}

static void add_block(struct arena *arena, size_t bytes)
{
    size_t capacity = arena->capacity ? arena->capacity * 2 : FIRST_BLOCK_BYTES;
    struct arena_block *block;

    if (capacity > LARGEST_STEP_BYTES)
        capacity = LARGEST_STEP_BYTES;
    if (capacity < bytes + LINE_BYTES)
        capacity = bytes + LINE_BYTES;
    BUG_ON(capacity < bytes);
    capacity = (capacity + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1);
    block = aligned_alloc(LINE_BYTES, sizeof *block + capacity);
    BUG_ON(!block);
    block->older = arena->newest;
    block->capacity = capacity;
    arena->newest = block;
    arena->capacity = capacity;
    arena->used = 0;
}

static size_t aligned_offset(const struct arena *arena, size_t align)
{
    return (arena->used + align - 1) & ~(align - 1);
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t align = bytes >= LINE_BYTES ? LINE_BYTES : SMALL_ALIGN;
    size_t offset = aligned_offset(arena, align);

    if (!arena->newest || offset > arena->capacity || bytes > arena->capacity - offset) {
        add_block(arena, bytes);
        offset = 0;
    }
    arena->used = offset + bytes;
    arena->total_bytes += bytes;
    return arena->newest->bytes + offset;
}

void *arena_zalloc(struct arena *arena, size_t count, size_t bytes)
{
    size_t total;
    void *memory;

    BUG_ON(__builtin_mul_overflow(count, bytes, &total));
    memory = arena_alloc(arena, total);
    memset(memory, 0, total);
    return memory;
}

char *arena_strdup(struct arena *arena, const char *string)
{
    size_t bytes = strlen(string) + 1;

    return memcpy(arena_alloc(arena, bytes), string, bytes);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *text;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    BUG_ON(length < 0);
    text = arena_alloc(arena, (size_t)length + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}
