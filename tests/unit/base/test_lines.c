/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <string.h>

#include "base/err.h"
#include "base/lines.h"

static void open_text(struct lines *lines, const char *text, size_t most)
{
    struct err err;

    assert_int_equal(lines_open_memory(lines, "x", text, strlen(text), most, &err), 0);
}

static void lines_come_without_their_ends(void **state)
{
    struct lines lines;
    struct err err;
    (void)state;

    open_text(&lines, "one\r\n\n\ntwo\nlast", 100);
    assert_int_equal(lines_next(&lines, &err), 1);
    assert_string_equal(lines.line, "one");
    assert_int_equal(lines.number, 1);
    assert_int_equal(lines_next(&lines, &err), 1);
    assert_string_equal(lines.line, "two");
    assert_int_equal(lines.number, 4);
    assert_int_equal(lines_next(&lines, &err), 1);
    assert_string_equal(lines.line, "last");
    assert_int_equal(lines_next(&lines, &err), 0);
    lines_close(&lines);
}

static void long_lines_and_zero_bytes_are_errors(void **state)
{
    struct lines lines;
    struct err err;
    (void)state;

    open_text(&lines, "1234\n12345\n", 5);
    assert_int_equal(lines_next(&lines, &err), 1);
    assert_int_equal(lines_next(&lines, &err), ERR_LIMIT);
    assert_string_equal(err.message, "x:2: a line of more than 5 bytes");
    lines_close(&lines);
    assert_int_equal(lines_open_memory(&lines, "x", "a\0b", 3, 10, &err), 0);
    assert_int_equal(lines_next(&lines, &err), ERR_INVALID);
    assert_string_equal(err.message, "x:1: a zero byte; expected text");
    lines_close(&lines);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lines_come_without_their_ends),
    cmocka_unit_test(long_lines_and_zero_bytes_are_errors),
};

RUN_TESTS(tests)
