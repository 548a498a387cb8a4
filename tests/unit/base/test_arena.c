/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <string.h>

#include "base/arena.h"
#include "base/rng.h"
#include "base/vector.h"

enum { PIECES = 2000 };

struct piece {
    unsigned char *bytes;
    size_t size;
    unsigned char mark;
};

static void check_pieces(const struct piece *piece, int count)
{
    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < piece[i].size; k++)
            if (piece[i].bytes[k] != piece[i].mark)
                fail_msg("piece %d of %zu bytes was overwritten at %zu", i, piece[i].size, k);
}

/* Sizes from nothing to several blocks: none overlaps another, all are aligned as promised. */
static void pieces_are_apart_and_aligned(void **state)
{
    static struct piece piece[PIECES];
    struct arena arena;
    struct rng rng;
    (void)state;

    rng_stream(&rng, 1, "test");
    arena_init(&arena);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < PIECES; i++) {
            uint32_t largest = 1u << rng_below(&rng, 16);

            piece[i].size = rng_below(&rng, largest);
            piece[i].mark = (unsigned char)i;
            piece[i].bytes = arena_alloc(&arena, piece[i].size);
            assert_int_equal((uintptr_t)piece[i].bytes % (piece[i].size >= 64 ? 64 : 16), 0);
            memset(piece[i].bytes, piece[i].mark, piece[i].size);
        }
        check_pieces(piece, PIECES);
        arena_reset(&arena);
        assert_int_equal(arena.total_bytes, 0);
    }
    arena_release(&arena);
}

static void zeroed_memory_is_zero_after_use(void **state)
{
    struct arena arena;
    (void)state;

    arena_init(&arena);
    memset(arena_alloc(&arena, 3000), 0xAA, 3000);
    arena_reset(&arena);
    for (int i = 0; i < 50; i++) {
        const unsigned char *bytes = arena_zalloc(&arena, 60, 1);

        for (int k = 0; k < 60; k++)
            assert_int_equal(bytes[k], 0);
    }
    arena_release(&arena);
}

/* A reset keeps all memory as one block, so a phase like the one before allocates nothing. */
static void a_reset_keeps_the_memory(void **state)
{
    struct arena arena;
    const void *first;
    (void)state;

    arena_init(&arena);
    arena_alloc(&arena, 10 << 20);
    arena_alloc(&arena, 5 << 20);
    assert_int_equal(arena.total_bytes, 15 << 20);
    arena_reset(&arena);
    assert_true(arena.capacity >= 15 << 20);
    first = arena_alloc(&arena, 10 << 20);
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 10 << 20), first);
    arena_release(&arena);
    arena_release(&arena);
}

static void text_is_copied_and_formatted(void **state)
{
    struct arena arena;
    char word[] = "edge";
    const char *copy;
    (void)state;

    arena_init(&arena);
    copy = arena_strdup(&arena, word);
    word[0] = 'x';
    assert_string_equal(copy, "edge");
    assert_string_equal(arena_printf(&arena, "%s%d", copy, 12), "edge12");
    assert_int_equal(strlen(arena_printf(&arena, "%10000d", 7)), 10000);
    arena_release(&arena);
}

static void vectors_grow_and_keep(void **state)
{
    VECTOR(int) v = {0};
    (void)state;

    vector_reserve(&v, 3);
    assert_true(v.capacity >= 3);
    for (int i = 0; i < 1000; i++)
        vector_push(&v, i * i);
    assert_int_equal(v.count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(v.item[i], i * i);
    assert_int_equal(vector_pop(&v), 999 * 999);
    assert_int_equal(v.count, 999);
    vector_clear(&v);
    assert_int_equal(v.count, 0);
    assert_true(v.capacity >= 1000);
    vector_release(&v);
    assert_null(v.item);
    assert_int_equal(v.capacity, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pieces_are_apart_and_aligned),
    cmocka_unit_test(zeroed_memory_is_zero_after_use),
    cmocka_unit_test(a_reset_keeps_the_memory),
    cmocka_unit_test(text_is_copied_and_formatted),
    cmocka_unit_test(vectors_grow_and_keep),
};

RUN_TESTS(tests)
