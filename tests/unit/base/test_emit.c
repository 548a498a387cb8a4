/* SPDX-License-Identifier: Apache-2.0 */
/* What is written is JSON: jansson reads it back to what went in. */
#include "harness.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/rng.h"
#include "base/text.h"

static json_t *read_back(const struct text *text)
{
    json_error_t error;
    json_t *value = json_loads(text->bytes, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);

    if (!value)
        fail_msg("not JSON: %s: %s", error.text, text->bytes);
    return value;
}

static void commas_and_brackets_fall_into_place(void **state)
{
    struct text text;
    struct emit e;
    (void)state;

    text_init(&text, 0);
    emit_init(&e, &text);
    emit_open(&e, '{');
    emit_key_int(&e, "seed", -7);
    emit_key(&e, "list");
    emit_open(&e, '[');
    emit_int(&e, 1);
    emit_open(&e, '{');
    emit_close(&e);
    emit_open(&e, '[');
    emit_close(&e);
    emit_null(&e);
    emit_close(&e);
    emit_key_bool(&e, "yes", true);
    emit_key_real(&e, "none", (double)NAN);
    emit_key_string(&e, "nobody", NULL);
    emit_key_string(&e, "a\"b", "c\\d\n\t\x01");
    emit_close(&e);
    assert_string_equal(text.bytes, "{\"seed\":-7,\"list\":[1,{},[],null],\"yes\":true,"
                                    "\"none\":null,\"nobody\":null,"
                                    "\"a\\\"b\":\"c\\\\d\\n\\t\\u0001\"}");
    json_decref(read_back(&text));
    text_release(&text);
}

/* Values at the top level stand side by side; whoever writes JSON lines puts the line ends. */
static void several_values_may_stand_at_the_top(void **state)
{
    struct text text;
    struct emit e;
    (void)state;

    text_init(&text, 0);
    emit_init(&e, &text);
    for (int i = 0; i < 2; i++) {
        emit_open(&e, '[');
        emit_int(&e, i);
        emit_close(&e);
        text_add(&text, "\n");
    }
    assert_string_equal(text.bytes, "[0]\n[1]\n");
    text_release(&text);
}

static void check_string(const char *string, const char *wanted)
{
    struct text text;
    struct emit e;
    json_t *value;

    text_init(&text, 0);
    emit_init(&e, &text);
    emit_string(&e, string);
    value = read_back(&text);
    assert_string_equal(json_string_value(value), wanted);
    json_decref(value);
    text_release(&text);
}

#define GONE "\xEF\xBF\xBD"

static void bad_utf8_is_replaced(void **state)
{
    (void)state;
    check_string("plain", "plain");
    check_string("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80",
                 "\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80");
    check_string("\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"); /* U+10FFFF */
    check_string("\xF4\x90\x80\x80", GONE GONE GONE GONE);
    check_string("a\x80z", "a" GONE "z");         /* a tail alone */
    check_string("a\xC3z", "a" GONE "z");         /* a head alone */
    check_string("a\xE2\x82", "a" GONE GONE);     /* cut at the end */
    check_string("\xC0\xAF", GONE GONE);          /* overlong */
    check_string("\xE0\x80\xAF", GONE GONE GONE); /* overlong */
    check_string("\xED\xA0\x80", GONE GONE GONE); /* a surrogate */
    check_string("\xFF\xFE", GONE GONE);
    check_string("\x7F", "\x7F");
}

static void any_bytes_make_json(void **state)
{
    struct rng rng;
    (void)state;

    rng_stream(&rng, 4, "test");
    for (int i = 0; i < 3000; i++) {
        char bytes[24];
        struct text text;
        struct emit e;
        size_t length = rng_below(&rng, sizeof bytes);

        for (size_t k = 0; k < length; k++)
            bytes[k] = (char)(1 + rng_below(&rng, 255));
        bytes[length] = '\0';
        text_init(&text, 0);
        emit_init(&e, &text);
        emit_string(&e, bytes);
        json_decref(read_back(&text));
        text_release(&text);
    }
}

static double random_double(struct rng *rng)
{
    uint64_t bits = rng_u64(rng);
    double value;

    switch (rng_below(rng, 4)) {
    case 0:
        return (double)(int64_t)(bits >> 40);
    case 1:
        return (double)(bits >> 44) / 1000;
    case 2:
        return rng_unit(rng);
    default:
        memcpy(&value, &bits, sizeof value);
        return isfinite(value) ? value : 0;
    }
}

static void numbers_read_back(void **state)
{
    struct rng rng;
    struct text text;
    (void)state;

    text_init(&text, 0);
    rng_stream(&rng, 6, "test");
    for (int i = 0; i < 50000; i++) {
        double value = i == 0 ? 5e-324 : i == 1 ? 1.7976931348623157e308 : random_double(&rng);
        int64_t whole = (int64_t)rng_u64(&rng);

        text_reset(&text);
        text_add_double(&text, value);
        if (strtod(text.bytes, NULL) != value)
            fail_msg("%.17g was written as %s", value, text.bytes);
        text_reset(&text);
        text_add_int(&text, whole);
        assert_true(strtoll(text.bytes, NULL, 10) == whole);
    }
    text_reset(&text);
    text_add_int(&text, INT64_MIN);
    assert_string_equal(text.bytes, "-9223372036854775808");
    text_release(&text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(commas_and_brackets_fall_into_place),
    cmocka_unit_test(several_values_may_stand_at_the_top),
    cmocka_unit_test(bad_utf8_is_replaced),
    cmocka_unit_test(any_bytes_make_json),
    cmocka_unit_test(numbers_read_back),
};

RUN_TESTS(tests)
