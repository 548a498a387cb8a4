/* SPDX-License-Identifier: Apache-2.0 */
/* Factors on the speed by placement: which one counts, and bad ones. */
#include "harness.h"

#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "core/placements.h"

static int read_text(const struct placements **out, struct yaml_document *document,
                     const char *yaml, struct err *err)
{
    int rc = yaml_parse(document, "input", yaml, strlen(yaml), err);

    *out = NULL;
    return rc ? rc : placements_read(out, document->root, &document->arena, err);
}

/* On nodes that give so many units of resource 1 each; -1 ends them. */
static double factor_on(const struct placements *placements, const int32_t *units)
{
    struct node_share share[8];
    struct placement held = {share, 0};

    for (; *units >= 0; units++) {
        share[held.shares] = (struct node_share){held.shares, {{3, *units}}};
        held.shares++;
    }
    return placements_factor(placements, 1, &held);
}

#define FACTOR(placements, ...) factor_on(placements, (const int32_t[]){__VA_ARGS__, -1})

static void the_order_of_nodes_is_nothing(void **state)
{
    const struct placements *placements;
    struct yaml_document document;
    struct err err = {0};
    (void)state;

    assert_int_equal(
        read_text(&placements, &document, "{3+1: 0.5, 2+2: 0.8, 1+1+2: 1.5, 4+4: 0.9}", &err), 0);
    assert_true(FACTOR(placements, 1, 3) == 0.5);
    assert_true(FACTOR(placements, 3, 1) == 0.5);
    assert_true(FACTOR(placements, 2, 2) == 0.8);
    assert_true(FACTOR(placements, 2, 1, 1) == 1.5);
    /* A node that gives nothing of the resource does not count. */
    assert_true(FACTOR(placements, 1, 0, 3) == 0.5);
    assert_true(placements->most == 1.5);
    yaml_close(&document);
}

static void others_count_as_the_most_even_alike(void **state)
{
    const struct placements *placements;
    struct yaml_document document;
    struct err err = {0};
    (void)state;

    assert_int_equal(read_text(&placements, &document, "{1+5: 0.5, 2+4: 0.8, 3+4: 0.9}", &err), 0);
    assert_true(FACTOR(placements, 3, 3) == 0.8);
    assert_true(FACTOR(placements, 1, 6) == 0.9);
    /* Nothing is known of 6 units on three nodes, nor of one node. */
    assert_true(FACTOR(placements, 2, 2, 2) == 1);
    assert_true(FACTOR(placements, 6) == 1);
    assert_true(placements->most == 1);
    yaml_close(&document);
}

static void bad_ones_are_named(void **state)
{
    static const struct {
        const char *yaml, *message;
    } bad[] = {
        {"{1+x: 0.5}", "input:1: placements: expected what each node gives, as in 1+3"},
        {"{1+: 0.5}", "not \"1+\""},
        {"{-1: 0.5}", "not \"-1\""},
        {"{0+1: 0.5}", "not \"0+1\""},
        {"{99999999999999999999: 1}", "expected what each node gives"},
        {"{1+3: 0}", "1+3"},
        {"{1+3: .nan}", "1+3"},
        {"{1+3: 0.5, 3+1: 0.6}", "4 units on 2 nodes stand there twice alike"},
        {"{}", "placements: expected at least one"},
        {"[1]", "placements"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct placements *placements;
        struct yaml_document document;
        struct err err = {0};

        assert_true(read_text(&placements, &document, bad[i].yaml, &err) < 0);
        if (!strstr(err.message, bad[i].message))
            fail_msg("%s: %s", bad[i].yaml, err.message);
        yaml_close(&document);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_order_of_nodes_is_nothing),
    cmocka_unit_test(others_count_as_the_most_even_alike),
    cmocka_unit_test(bad_ones_are_named),
};

RUN_TESTS(tests)
