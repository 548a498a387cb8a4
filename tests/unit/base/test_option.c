/* SPDX-License-Identifier: Apache-2.0 */
/* Values and their errors, word for word: they are what users see of a table. */
#include "harness.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/text.h"

static const struct option_spec table[] = {
    {"deep", OPTION_FLAG, .help = "a flag"},
    {"rate", OPTION_REAL, "1.5", .low = 0, .high = 10, .flags = OPTION_EXCLUSIVE, .unit = "s",
     .help = "a rate"},
    {"share", OPTION_REAL, .low = 0, .high = 1, .help = "a share"},
    {"free", OPTION_REAL, .help = "any number"},
    {"count", OPTION_INT, "3", .low = 1, .high = 99, .help = "a count"},
    {"whole", OPTION_INT, .help = "any whole number"},
    {"above", OPTION_REAL, .low = 2, .high = HUGE_VAL, .help = "from two"},
    {"over", OPTION_REAL, .low = 2, .high = HUGE_VAL, .flags = OPTION_EXCLUSIVE, .help = "over"},
    {"kind", OPTION_CHOICE, "max", .choices = "min|max|fair", .help = "a kind"},
    {"name", OPTION_STRING, .flags = OPTION_REQUIRED, .help = "who it is"},
    {"tag", OPTION_STRING, .flags = OPTION_REPEATS, .help = "may come again"},
    {"list", OPTION_NODE, .help = "a list"},
    {0},
};

static struct params params;

static int set_up(void **state)
{
    (void)state;
    params_init(&params, table);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    params_release(&params);
    return 0;
}

static void check_error(int rc, const struct err *err, const char *wanted)
{
    assert_int_equal(rc, ERR_INVALID);
    assert_int_equal(err->code, ERR_INVALID);
    assert_string_equal(err->message, wanted);
}

static void check_refused(const char *name, const char *text, const char *wanted)
{
    struct err err = {0};

    check_error(params_set(&params, name, text, &err), &err, wanted);
    assert_false(option_find(params.spec, name) >= 0 && params_given(&params, name));
}

static void check_set(const char *name, const char *text)
{
    struct err err = {0};

    if (params_set(&params, name, text, &err))
        fail_msg("%s=%s: %s", name, text, err.message);
    assert_true(params_given(&params, name));
    assert_string_equal(params_string(&params, name), text);
}

static void defaults_are_there_and_not_given(void **state)
{
    (void)state;
    assert_true(params_real(&params, "rate") == 1.5);
    assert_int_equal(params_int(&params, "count"), 3);
    assert_int_equal(params_choice(&params, "kind"), 1);
    assert_string_equal(params_string(&params, "kind"), "max");
    assert_false(params_flag(&params, "deep"));
    assert_null(params_string(&params, "name"));
    for (int i = 0; table[i].name; i++)
        assert_false(params_given(&params, table[i].name));
}

static void values_are_read(void **state)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    (void)state;

    for (int i = 0; i < 4; i++) {
        check_set("deep", yes[i]);
        assert_true(params_flag(&params, "deep"));
        check_set("deep", no[i]);
        assert_false(params_flag(&params, "deep"));
    }
    check_set("rate", "1e-3");
    assert_true(params_real(&params, "rate") == 1e-3);
    check_set("rate", "10");
    check_set("share", "0");
    check_set("free", "-1e300");
    check_set("whole", "-9223372036854775808");
    assert_true(params_int(&params, "whole") == INT64_MIN);
    check_set("count", "99");
    check_set("kind", "fair");
    assert_int_equal(params_choice(&params, "kind"), 2);
    check_set("name", "");
    check_set("above", "2");
    check_set("over", "2.0001");
}

static void wrong_values_are_refused(void **state)
{
    (void)state;
    check_refused("deep", "maybe", "deep: expected true or false, not \"maybe\"");
    check_refused("rate", "0", "rate: expected a number above 0 to 10 (s), not \"0\"");
    check_refused("rate", "10.1", "rate: expected a number above 0 to 10 (s), not \"10.1\"");
    check_refused("rate", "nan", "rate: expected a number above 0 to 10 (s), not \"nan\"");
    check_refused("share", "1.5", "share: expected a number from 0 to 1, not \"1.5\"");
    check_refused("share", "-0.1", "share: expected a number from 0 to 1, not \"-0.1\"");
    check_refused("free", "inf", "free: expected a number, not \"inf\"");
    check_refused("free", "1e999", "free: expected a number, not \"1e999\"");
    check_refused("free", "0x10", "free: expected a number, not \"0x10\"");
    check_refused("free", "1 ", "free: expected a number, not \"1 \"");
    check_refused("free", "", "free: expected a number, not \"\"");
    check_refused("count", "1.5", "count: expected a whole number from 1 to 99, not \"1.5\"");
    check_refused("count", "100", "count: expected a whole number from 1 to 99, not \"100\"");
    check_refused("whole", "9223372036854775808",
                  "whole: expected a whole number, not \"9223372036854775808\"");
    check_refused("above", "1", "above: expected a number from 2 up, not \"1\"");
    check_refused("over", "2", "over: expected a number above 2, not \"2\"");
    check_refused("kind", "mi", "kind: expected one of min, max, fair, not \"mi\"");
    check_refused("kind", "min|max", "kind: expected one of min, max, fair, not \"min|max\"");
    check_refused("list", "x", "list: expected a list or map, not \"x\"");
}

static void a_refused_value_changes_nothing(void **state)
{
    struct err err;
    (void)state;

    params_set(&params, "rate", "11", &err);
    assert_true(params_real(&params, "rate") == 1.5);
    params_set(&params, "kind", "nil", &err);
    assert_int_equal(params_choice(&params, "kind"), 1);
}

static void unknown_names_get_the_nearest(void **state)
{
    (void)state;
    check_refused("cuont", "1", "unknown key \"cuont\"; did you mean \"count\"?");
    check_refused("rat", "1", "unknown key \"rat\"; did you mean \"rate\"?");
    check_refused("names", "1", "unknown key \"names\"; did you mean \"name\"?");
    check_refused("zzzzzz", "1", "unknown key \"zzzzzz\"");
    check_refused("", "1", "unknown key \"\"");
    params_release(&params);
    params_init(&params, NULL);
    check_refused("rate", "1", "unknown key \"rate\" (there are none here)");
}

static void lists_of_pairs_are_read(void **state)
{
    struct err err;
    (void)state;

    assert_int_equal(params_parse(&params, NULL, &err), 0);
    assert_int_equal(params_parse(&params, "", &err), 0);
    assert_int_equal(params_parse(&params, "deep,rate=2,name=a=b,", &err), 0);
    assert_true(params_flag(&params, "deep"));
    assert_true(params_real(&params, "rate") == 2);
    assert_string_equal(params_string(&params, "name"), "a=b");
    check_error(params_parse(&params, "rate", &err), &err, "rate: expected rate=value");
    check_error(params_parse(&params, "rat", &err), &err,
                "unknown key \"rat\"; did you mean \"rate\"?");
}

static void required_rows_are_missed(void **state)
{
    struct err err;
    (void)state;

    check_error(params_check_required(&params, &err), &err, "missing name: who it is");
    check_set("name", "x");
    assert_int_equal(params_check_required(&params, &err), 0);
}

static void repeats_are_kept_in_order(void **state)
{
    const struct option_value *value;
    (void)state;

    check_set("tag", "a");
    check_set("tag", "b");
    check_set("tag", "a");
    value = params_value(&params, "tag");
    assert_int_equal(value->repeats, 3);
    assert_string_equal(value->repeat[0], "a");
    assert_string_equal(value->repeat[1], "b");
    assert_string_equal(value->repeat[2], "a");
    assert_string_equal(params_string(&params, "tag"), "a");
}

static void the_nearest_name_is_near(void **state)
{
    static const char *const names[] = {"cpu", "gpu", "memory", "network"};
    (void)state;

    assert_string_equal(nearest_name(names, 4, "gpus"), "gpu");
    assert_string_equal(nearest_name(names, 4, "mem"), "memory");
    assert_string_equal(nearest_name(names, 4, "newtork"), "network");
    assert_string_equal(nearest_name(names, 4, "CPU") ? "near" : "far", "far");
    assert_null(nearest_name(names, 4, "disk"));
    assert_null(nearest_name(names, 0, "cpu"));
    assert_null(nearest_name(names, 4,
                             "a name that is longer than any name that one could ever want to "
                             "compare with another, by far"));
}

static void messages_of_any_length_are_cut(void **state)
{
    static char name[5000];
    struct err err;
    (void)state;

    memset(name, 'x', sizeof name - 1);
    assert_int_equal(params_set(&params, name, name, &err), ERR_INVALID);
    assert_true(strlen(err.message) < 200);
    assert_int_equal(params_set(&params, "rate", name, &err), ERR_INVALID);
    assert_true(strlen(err.message) < 200);
    assert_int_equal(params_set(&params, name, name, NULL), ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(defaults_are_there_and_not_given), TEST(values_are_read),
    TEST(wrong_values_are_refused),         TEST(a_refused_value_changes_nothing),
    TEST(unknown_names_get_the_nearest),    TEST(lists_of_pairs_are_read),
    TEST(required_rows_are_missed),         TEST(repeats_are_kept_in_order),
    TEST(the_nearest_name_is_near),         TEST(messages_of_any_length_are_cut),
};

RUN_TESTS(tests)
