/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "sim/seed_list.h"

static void assert_seeds(const char *text, const uint64_t *wanted, int count)
{
    struct seed_list list;
    struct err err;

    assert_int_equal(seed_list_parse(&list, text, &err), 0);
    assert_int_equal(list.count, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(list.seed[i], wanted[i]);
    seed_list_release(&list);
}

static void numbers_ranges_and_lists(void **state)
{
    static const uint64_t three[] = {1, 2, 3}, range[] = {101, 102}, list[] = {9, 1, 5, 6};
    static const uint64_t one[] = {7}, zero[] = {0};
    (void)state;

    assert_seeds("3", three, 3);
    assert_seeds("101:102", range, 2);
    assert_seeds("9,1,5:6", list, 4);
    assert_seeds("7:7", one, 1);
    assert_seeds("0:0", zero, 1);
}

static void wrong_ones_are_refused(void **state)
{
    static const char *const shape[] = {"",
                                        "0",
                                        "-3",
                                        "3x",
                                        "1:",
                                        ":5",
                                        "5:1",
                                        "1,,2",
                                        "1,",
                                        "1 2",
                                        "1:2:3",
                                        "9007199254740992:9007199254740993",
                                        "99999999999999999999999"};
    struct seed_list list;
    struct err err;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(shape); i++) {
        assert_int_equal(seed_list_parse(&list, shape[i], &err), ERR_INVALID);
        assert_non_null(strstr(err.message, "expected a number N (for 1 to N), a range a:b"));
        assert_null(list.seed);
    }
    assert_int_equal(seed_list_parse(&list, "1:5,3", &err), ERR_INVALID);
    assert_string_equal(err.message, "seeds: 3 is there twice");
    assert_int_equal(seed_list_parse(&list, "100001", &err), ERR_LIMIT);
    assert_int_equal(seed_list_parse(&list, "1:60000,70001:120000", &err), ERR_LIMIT);
    assert_string_equal(err.message, "seeds: more than 100000");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers_ranges_and_lists),
    cmocka_unit_test(wrong_ones_are_refused),
};

RUN_TESTS(tests)
