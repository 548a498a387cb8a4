/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <string.h>

#include "base/sha256.h"

static void assert_hash(const char *text, size_t count, const char *wanted)
{
    char hex[SHA256_HEX_BYTES];

    sha256_hex(text, count, hex);
    assert_string_equal(hex, wanted);
}

/* FIPS 180-4's examples, and the empty message */
static void examples_of_the_standard(void **state)
{
    (void)state;
    assert_hash("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_hash("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_letters(void **state)
{
    static char letters[1000000];
    (void)state;

    memset(letters, 'a', sizeof letters);
    assert_hash(letters, sizeof letters,
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(examples_of_the_standard),
    cmocka_unit_test(a_million_letters),
};

RUN_TESTS(tests)
