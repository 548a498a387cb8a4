/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of ids, and words as sets. */
#include "harness.h"

#include "base/bits.h"
#include "base/id_set.h"
#include "base/rng.h"

static void clearing_empties_it(void **state)
{
    struct id_set set = {0};
    (void)state;

    assert_false(id_set_has(&set, 0));
    for (int round = 0; round < 50; round++) {
        for (int32_t id = round; id < 1000; id += 7)
            id_set_add(&set, id);
        for (int32_t id = 0; id < 1200; id++)
            assert_int_equal(id_set_has(&set, id),
                             id >= round && id < 1000 && (id - round) % 7 == 0);
        id_set_remove(&set, round + 14);
        assert_false(id_set_has(&set, round + 14));
        assert_true(id_set_has(&set, round + 7));
        id_set_remove(&set, 1 << 20);
        id_set_clear(&set);
        for (int32_t id = 0; id < 1200; id++)
            assert_false(id_set_has(&set, id));
    }
    id_set_release(&set);
}

/* The count of rounds runs over once in four billion clears; members must not come back then. */
static void rounds_may_run_over(void **state)
{
    struct id_set set = {0};
    (void)state;

    id_set_add(&set, 3);
    set.round = UINT32_MAX - 3;
    for (int i = 0; i < 6; i++) {
        id_set_add(&set, 4 + i);
        assert_true(id_set_has(&set, 4 + i));
        id_set_clear(&set);
        for (int32_t id = 0; id < 20; id++)
            assert_false(id_set_has(&set, id));
    }
    id_set_release(&set);
}

static void check_members(uint64_t word)
{
    int n = 0;

    for (int bit = 0; bit < 64; bit++)
        if (word >> bit & 1 && bits_nth(word, n++) != bit)
            fail_msg("member %d of %016llx is not %d", n - 1, (unsigned long long)word, bit);
}

static void the_nth_member_is_found(void **state)
{
    struct rng rng;
    (void)state;

    check_members(UINT64_MAX);
    for (int bit = 0; bit < 64; bit++) {
        check_members((uint64_t)1 << bit);
        check_members(UINT64_MAX << bit);
        check_members(UINT64_MAX >> bit);
    }
    rng_stream(&rng, 2, "test");
    for (int i = 0; i < 3000; i++)
        check_members(rng_u64(&rng) & rng_u64(&rng));
    for (int i = 0; i < 3000; i++)
        check_members(rng_u64(&rng) | rng_u64(&rng));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(clearing_empties_it),
    cmocka_unit_test(rounds_may_run_over),
    cmocka_unit_test(the_nth_member_is_found),
};

RUN_TESTS(tests)
