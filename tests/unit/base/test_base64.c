/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "base/utf8.h"

/* RFC 4648, section 10 */
static void vectors_of_the_rfc(void **state)
{
    static const char *const pair[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    struct text out;
    (void)state;

    text_init(&out, 0);
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        text_reset(&out);
        base64_add(&out, pair[i][0], strlen(pair[i][0]));
        assert_string_equal(out.bytes, pair[i][1]);
    }
    text_release(&out);
}

static void high_bytes(void **state)
{
    static const unsigned char bytes[] = {0xFB, 0xFF, 0xBF, 0x00};
    struct text out;
    (void)state;

    text_init(&out, 0);
    base64_add(&out, bytes, sizeof bytes);
    assert_string_equal(out.bytes, "+/+/AA==");
    text_release(&out);
}

static void only_valid_sequences_have_a_length(void **state)
{
    (void)state;
    assert_int_equal(utf8_length("a"), 1);
    assert_int_equal(utf8_length("\xC3\xA4"), 2);
    assert_int_equal(utf8_length("\xE2\x82\xAC"), 3);
    assert_int_equal(utf8_length("\xF0\x9F\x98\x80"), 4);
    assert_int_equal(utf8_length("\xC3"), 0);             /* cut */
    assert_int_equal(utf8_length("\xC0\x80"), 0);         /* overlong */
    assert_int_equal(utf8_length("\xED\xA0\x80"), 0);     /* surrogate */
    assert_int_equal(utf8_length("\xF4\x90\x80\x80"), 0); /* above U+10FFFF */
    assert_int_equal(utf8_length("\x80"), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(vectors_of_the_rfc),
    cmocka_unit_test(high_bytes),
    cmocka_unit_test(only_valid_sequences_have_a_length),
};

RUN_TESTS(tests)
