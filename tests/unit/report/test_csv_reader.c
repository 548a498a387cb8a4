/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/csv_reader.h"

static char path[] = TEST_BUILD_DIR "/tests/csv_reader.csv";

static void write_csv(const char *content)
{
    struct text text;
    struct err err;

    text_init(&text, 0);
    text_add(&text, content);
    assert_int_equal(text_write_file(&text, path, &err), 0);
    text_release(&text);
}

static void values_come_out_of_their_quotes(void **state)
{
    struct csv_reader csv;
    struct err err;
    int b = -1;
    (void)state;

    write_csv("a,\"b,c\",d\n1,\"x \"\"y\"\", z\",\n\"\",2.5,3\r\n");
    assert_int_equal(csv_reader_open(&csv, path, &err), 0);
    assert_int_equal(csv_reader_column(&csv, "b,c", &b, &err), 0);
    assert_int_equal(csv_reader_next(&csv, &err), 1);
    assert_string_equal(csv.field.item[b], "x \"y\", z");
    assert_string_equal(csv.field.item[2], "");
    assert_int_equal(csv_reader_next(&csv, &err), 1);
    assert_string_equal(csv.field.item[0], "");
    assert_string_equal(csv.field.item[2], "3");
    assert_int_equal(csv_reader_next(&csv, &err), 0);
    csv_reader_close(&csv);
}

static void damaged_quotes_are_refused(void **state)
{
    static const struct {
        const char *row, *message;
    } bad[] = {{"\"x,2\n", "a quote that is not closed"},
               {"1,\"y\"z\n", "text behind a closing quote"}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct text text;
        struct csv_reader csv;
        struct err err;

        text_init(&text, 0);
        text_printf(&text, "a,b\n%s", bad[i].row);
        write_csv(text.bytes);
        assert_int_equal(csv_reader_open(&csv, path, &err), 0);
        assert_int_equal(csv_reader_next(&csv, &err), ERR_CORRUPT);
        assert_non_null(strstr(err.message, ":2: "));
        assert_non_null(strstr(err.message, bad[i].message));
        csv_reader_close(&csv);
        text_release(&text);
    }
}

static void numbers_are_checked(void **state)
{
    struct csv_reader csv;
    struct err err;
    double real = 0;
    int64_t whole = 0;
    (void)state;

    write_csv("a,b,c,d\n1.5,,nan,12\n");
    assert_int_equal(csv_reader_open(&csv, path, &err), 0);
    assert_int_equal(csv_reader_next(&csv, &err), 1);
    assert_int_equal(csv_reader_real(&csv, 0, &real, &err), 0);
    assert_true(real == 1.5);
    assert_int_equal(csv_reader_real(&csv, 1, &real, &err), 0);
    assert_true(isnan(real));
    assert_int_equal(csv_reader_real(&csv, 2, &real, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.message, "csv_reader.csv:2: c: expected a number, not \"nan\""));
    assert_int_equal(csv_reader_int(&csv, 3, 0, 12, &whole, &err), 0);
    assert_int_equal(whole, 12);
    assert_int_equal(csv_reader_int(&csv, 3, 0, 11, &whole, &err), ERR_CORRUPT);
    assert_int_equal(csv_reader_int(&csv, 0, 0, 11, &whole, &err), ERR_CORRUPT);
    csv_reader_close(&csv);
}

static void what_is_no_table_is_refused(void **state)
{
    struct csv_reader csv;
    struct err err;
    int column;
    (void)state;

    write_csv("");
    assert_int_equal(csv_reader_open(&csv, path, &err), ERR_CORRUPT);
    write_csv("a,b,a\n");
    assert_int_equal(csv_reader_open(&csv, path, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.message, "\"a\" is there twice"));
    write_csv("a,b\n1,2,3\n");
    assert_int_equal(csv_reader_open(&csv, path, &err), 0);
    assert_int_equal(csv_reader_column(&csv, "c", &column, &err), ERR_CORRUPT);
    assert_int_equal(csv_reader_next(&csv, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.message, ":2: expected 2 values, not 3"));
    csv_reader_close(&csv);
    unlink(path);
    assert_int_equal(csv_reader_open(&csv, path, &err), ERR_IO);
    csv_reader_close(&csv);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(values_come_out_of_their_quotes),
    cmocka_unit_test(damaged_quotes_are_refused),
    cmocka_unit_test(numbers_are_checked),
    cmocka_unit_test(what_is_no_table_is_refused),
};

RUN_TESTS(tests)
