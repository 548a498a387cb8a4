/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <string.h>

#include "base/rng.h"
#include "base/text.h"
#include "report/interval_set.h"

static void assert_prints(const struct interval_set *set, const char *wanted)
{
    struct text text;

    text_init(&text, 0);
    interval_set_print(set, &text);
    assert_string_equal(text.bytes, wanted);
    text_release(&text);
}

static void neighbours_join(void **state)
{
    struct interval_set set;
    (void)state;

    interval_set_init(&set);
    interval_set_add(&set, 4, 5);
    interval_set_add(&set, 0, 1);
    interval_set_add(&set, 9, 9);
    assert_prints(&set, "0-1 4-5 9");
    interval_set_add(&set, 2, 3);
    assert_prints(&set, "0-5 9");
    assert_int_equal(interval_set_size(&set), 7);
    interval_set_release(&set);
}

static void lowest_and_highest_move(void **state)
{
    struct interval_set from, to;
    (void)state;

    interval_set_init(&from);
    interval_set_init(&to);
    interval_set_add(&from, 0, 3);
    interval_set_add(&from, 6, 9);
    interval_set_move_lowest(&to, &from, 5);
    assert_prints(&to, "0-3 6");
    assert_prints(&from, "7-9");
    interval_set_move_highest(&from, &to, 2);
    assert_prints(&to, "0-2");
    assert_prints(&from, "3 6-9");
    interval_set_release(&from);
    interval_set_release(&to);
}

/* Against a plain array of who owns which number. */
static void random_moves_agree_with_an_array(void **state)
{
    enum { SIZE = 64, HOLDERS = 5, STEPS = 20000 };
    struct interval_set set[HOLDERS];
    int owner[SIZE] = {0};
    struct rng rng;
    (void)state;

    rng_stream(&rng, 5, "test");
    for (int i = 0; i < HOLDERS; i++)
        interval_set_init(&set[i]);
    interval_set_add(&set[0], 0, SIZE - 1);
    for (int step = 0; step < STEPS; step++) {
        int from = (int)rng_below(&rng, HOLDERS), to = (int)rng_below(&rng, HOLDERS);
        int64_t has = interval_set_size(&set[from]), count;
        int low = rng_below(&rng, 2) == 0, moved = 0;

        if (from == to || has == 0)
            continue;
        count = 1 + rng_below(&rng, (uint32_t)has);
        if (low)
            interval_set_move_lowest(&set[to], &set[from], count);
        else
            interval_set_move_highest(&set[to], &set[from], count);
        for (int i = 0; i < SIZE && moved < count; i++) {
            int at = low ? i : SIZE - 1 - i;

            if (owner[at] == from) {
                owner[at] = to;
                moved++;
            }
        }
    }
    for (int h = 0; h < HOLDERS; h++) {
        for (size_t i = 0; i < set[h].part.count; i++)
            for (int32_t n = set[h].part.item[i].low; n <= set[h].part.item[i].high; n++)
                assert_int_equal(owner[n], h);
        interval_set_release(&set[h]);
    }
}

static void assert_printed(const struct interval_set *set, const char *expected)
{
    struct text text;

    text_init(&text, 0);
    interval_set_print(set, &text);
    assert_string_equal(text.bytes, expected);
    text_release(&text);
}

static void runs_stay_near(void **state)
{
    struct interval_set free_units, taken;
    (void)state;

    interval_set_init(&free_units);
    interval_set_init(&taken);
    interval_set_add(&free_units, 0, 1);
    interval_set_add(&free_units, 4, 9);
    assert_true(interval_set_move_run(&taken, &free_units, 2, 6)); /* there */
    assert_printed(&taken, "6-7");
    assert_true(interval_set_move_run(&taken, &free_units, 2, 9)); /* as near as the run allows */
    assert_printed(&taken, "6-9");
    assert_true(interval_set_move_run(&taken, &free_units, 2, 3)); /* elsewhere: the lowest */
    assert_printed(&taken, "0-1 6-9");
    assert_false(interval_set_move_run(&taken, &free_units, 3, 4)); /* there is none */
    assert_printed(&free_units, "4-5");
    interval_set_release(&free_units);
    interval_set_release(&taken);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(neighbours_join),
    cmocka_unit_test(lowest_and_highest_move),
    cmocka_unit_test(runs_stay_near),
    cmocka_unit_test(random_moves_agree_with_an_array),
};

RUN_TESTS(tests)
