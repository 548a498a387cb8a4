/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/grid.h"

static void ranges_and_lists_make_cells(void **state)
{
    struct grid grid = {.keys = 0};
    struct text text;
    struct err err;
    double number[16];
    (void)state;

    assert_int_equal(grid_add(&grid, "arrivals.rate=1:2:0.1", &err), 0);
    assert_int_equal(grid_add(&grid, "rounds=one|many", &err), 0);
    assert_int_equal(grid.key[0].values, 11);
    assert_string_equal(grid.key[0].value[7], "1.7");
    assert_string_equal(grid.key[0].value[10], "2");
    assert_int_equal(grid_cells(&grid), 22);
    text_init(&text, 0);
    grid_override(&grid, 15, 0, &text);
    assert_string_equal(text.bytes, "arrivals.rate=1.7");
    text_reset(&text);
    grid_override(&grid, 15, 1, &text);
    assert_string_equal(text.bytes, "rounds=many");
    assert_true(grid_numbers(&grid.key[0], number));
    assert_false(grid_numbers(&grid.key[1], number));
    text_release(&text);
    grid_release(&grid);
}

static void a_range_may_fall(void **state)
{
    struct grid grid = {.keys = 0};
    struct err err;
    (void)state;

    assert_int_equal(grid_add(&grid, "x=3:-1:-2", &err), 0);
    assert_int_equal(grid.key[0].values, 3);
    assert_string_equal(grid.key[0].value[2], "-1");
    grid_release(&grid);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"rate", "\"rate\": expected path.to.key=low:high:step or path.to.key=a|b|c"},
        {"=1:2:1", "\"=1:2:1\": expected path.to.key=low:high:step or path.to.key=a|b|c"},
        {"x=1:2", "x: expected low:high:step or a|b|c, not \"1:2\""},
        {"x=1:2:3:4", "x: expected low:high:step or a|b|c, not \"1:2:3:4\""},
        {"x=1:2:nan", "x: expected low:high:step or a|b|c, not \"1:2:nan\""},
        {"x=1:2:0", "x: a step of 0 never gets from 1 to 2"},
        {"x=1:2:-1", "x: a step of -1 never gets from 1 to 2"},
        {"x=0:1e9:1", "x: more than 10000 values"},
        {"x=1||2", "x: an empty value"},
        {"x=", "x: an empty value"},
        {"x=1|2|1", "x: 1 is there twice"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct grid grid = {.keys = 0};
        struct err err = {0};

        assert_int_not_equal(grid_add(&grid, wrong[i].text, &err), 0);
        assert_string_equal(err.message, wrong[i].message);
        grid_release(&grid);
    }
}

static void there_are_limits(void **state)
{
    struct grid grid = {.keys = 0};
    struct err err = {0};
    (void)state;

    assert_int_equal(grid_add(&grid, "a=1:200:1", &err), 0);
    assert_int_not_equal(grid_add(&grid, "a=1|2", &err), 0);
    assert_string_equal(err.message, "a is there twice");
    grid_release(&grid);
    assert_int_equal(grid_add(&grid, "a=1:200:1", &err), 0);
    assert_int_not_equal(grid_add(&grid, "b=1:200:1", &err), 0);
    assert_string_equal(err.message, "more than 10000 cells");
    grid_release(&grid);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ranges_and_lists_make_cells),
    cmocka_unit_test(a_range_may_fall),
    cmocka_unit_test(mistakes_are_named),
    cmocka_unit_test(there_are_limits),
};

RUN_TESTS(tests)
