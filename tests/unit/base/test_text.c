/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"

/* The definition: the fewest of 15 to 17 digits that read back as the same double. */
static void reference(double value, char out[40])
{
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(out, 40, "%.*g", precision, value);
        if (strtod(out, NULL) == value)
            return;
    }
}

static void check_double(struct text *text, double value)
{
    char wanted[40];

    if (value == floor(value))
        return; /* whole numbers have a form of their own */
    reference(value, wanted);
    text_reset(text);
    text_add_double(text, value);
    if (strcmp(text->bytes, wanted) != 0)
        fail_msg("%a: got %s, wanted %s", value, text->bytes, wanted);
}

static void doubles_have_their_shortest_form(void **state)
{
    static const double known[] = {0.1,
                                   0.2,
                                   0.3,
                                   1.0 / 3,
                                   2.5,
                                   1e-3,
                                   0.0010000000000000002,
                                   99.995,
                                   0.99999999999999989,
                                   1.0000000000000002,
                                   1024.5,
                                   4.35,
                                   999999999999999.9,
                                   123456789012345.67,
                                   0.5,
                                   0.25,
                                   1e-4,
                                   5e-324,
                                   1.7976931348623157e308,
                                   1e22,
                                   -0.7,
                                   -1234.5678,
                                   9.5,
                                   0.0999999999};
    struct text text;
    struct rng rng;
    (void)state;

    text_init(&text, 0);
    rng_stream(&rng, 1, "test");
    for (size_t i = 0; i < COUNT_OF(known); i++)
        check_double(&text, known[i]);
    for (int i = 0; i < 60000; i++) {
        double value = pow(10, 20 * rng_unit(&rng) - 4) * (rng_unit(&rng) + 0.5);

        check_double(&text, value);
        check_double(&text, ldexp(1, (int)(rng_below(&rng, 60)) - 10) *
                                (1 + 0x1p-52 * rng_below(&rng, 3)));
        check_double(&text, nextafter(ldexp(1, (int)(rng_below(&rng, 60)) - 10), 0));
        check_double(&text, round(value * 1000) / 1000 + 0.001);
        check_double(&text, (double)rng_below(&rng, 100000) / 128 + 0.0078125 / 2);
    }
    text_release(&text);
}

static void whole_numbers_have_no_point(void **state)
{
    struct text text;
    (void)state;

    text_init(&text, 0);
    text_add_double(&text, 384);
    text_add_char(&text, ' ');
    text_add_double(&text, -7);
    text_add_char(&text, ' ');
    text_add_double(&text, (double)NAN);
    assert_string_equal(text.bytes, "384 -7 null");
    text_release(&text);
}

static void a_cap_holds(void **state)
{
    struct text text;
    (void)state;

    text_init(&text, 5);
    text_add(&text, "12345");
    assert_false(text_is_cut(&text));
    text_add_char(&text, '6');
    assert_true(text_is_cut(&text));
    assert_string_equal(text.bytes, "12345");
    text_release(&text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(doubles_have_their_shortest_form),
    cmocka_unit_test(whole_numbers_have_no_point),
    cmocka_unit_test(a_cap_holds),
};

RUN_TESTS(tests)
