/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "core/policy.h"
#include "policy/registry.h"
#include "policy/spec.h"

static void a_name_alone_has_the_defaults(void **state)
{
    struct policy_spec spec;
    struct err err;
    (void)state;

    assert_int_equal(policy_spec_parse(&spec, "knee", &err), 0);
    assert_ptr_equal(spec.ops, policy_find("knee"));
    assert_string_equal(spec.label, "knee");
    assert_string_equal(spec.model, "fitted:8");
    assert_true(params_real(&spec.params, "within") == 0.1);
    policy_spec_release(&spec);
}

static void options_and_the_model_are_read(void **state)
{
    struct policy_spec spec;
    struct err err;
    (void)state;

    assert_int_equal(policy_spec_parse(&spec, "knee:within=0.25,model=noisy:0.3", &err), 0);
    assert_string_equal(spec.label, "knee:within=0.25,model=noisy:0.3");
    assert_string_equal(spec.model, "noisy:0.3");
    assert_true(params_real(&spec.params, "within") == 0.25);
    policy_spec_release(&spec);
}

/* What a policy of a class is shown of speeds unless told otherwise. */
static void every_policy_can_be_named(void **state)
{
    (void)state;
    for (int i = 0; policies[i]; i++) {
        struct policy_spec spec;
        struct err err;

        assert_int_equal(policy_spec_parse(&spec, policies[i]->name, &err), 0);
        assert_string_equal(spec.model, !(spec.ops->traits & POLICY_MODEL) ? "true"
                                        : spec.ops->info == INFO_ORACLE    ? "true"
                                        : spec.ops->info == INFO_MODEL     ? "fitted:8"
                                                                           : "online");
        policy_spec_release(&spec);
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text;
        int rc;
        const char *message;
    } wrong[] = {
        {"kne", ERR_NOT_FOUND, "unknown policy \"kne\"; did you mean \"knee\"?"},
        {"zzz", ERR_NOT_FOUND, "unknown policy \"zzz\"; \"tapfinger policies\" lists all"},
        {"", ERR_NOT_FOUND, "unknown policy \"\"; \"tapfinger policies\" lists all"},
        {"knee:withn=1", ERR_INVALID,
         "policy knee: unknown key \"withn\"; did you mean \"within\"?"},
        {"knee:modle=true", ERR_INVALID,
         "policy knee: unknown key \"modle\"; did you mean \"model\"?"},
        {"knee:within=7", ERR_INVALID,
         "policy knee: within: expected a number from 0 to 1, not \"7\""},
        {"knee:within=nan", ERR_INVALID,
         "policy knee: within: expected a number from 0 to 1, not \"nan\""},
        {"knee:within", ERR_INVALID, "policy knee: within: expected within=value"},
        {"fifo-min:model=true", ERR_INVALID,
         "policy fifo-min: unknown key \"model\" (there are none here)"},
        {"knee: within=1", ERR_INVALID,
         "policy \"knee: within=1\": expected NAME:key=value,key=value without spaces"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct policy_spec spec;
        struct err err;

        assert_int_equal(policy_spec_parse(&spec, wrong[i].text, &err), wrong[i].rc);
        assert_string_equal(err.message, wrong[i].message);
        assert_null(spec.ops);
        policy_spec_release(&spec);
    }
}

static void a_label_has_a_limit(void **state)
{
    char text[300] = "knee:";
    struct policy_spec spec;
    struct err err;
    (void)state;

    memset(text + 5, 'x', sizeof text - 6);
    assert_int_equal(policy_spec_parse(&spec, text, &err), ERR_LIMIT);
    assert_non_null(strstr(err.message, "longer than 120 characters"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_name_alone_has_the_defaults),
    cmocka_unit_test(options_and_the_model_are_read),
    cmocka_unit_test(every_policy_can_be_named),
    cmocka_unit_test(mistakes_are_named),
    cmocka_unit_test(a_label_has_a_limit),
};

RUN_TESTS(tests)
