/* SPDX-License-Identifier: Apache-2.0 */
/* Trees, their lines, and what is refused. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/text.h"
#include "base/yaml.h"

static struct yaml_document parse(const char *yaml)
{
    struct yaml_document document;
    struct err err;

    if (yaml_parse(&document, "f.yaml", yaml, strlen(yaml), &err))
        fail_msg("%s: %s", yaml, err.message);
    return document;
}

/* The message must begin with the place and hold the words. */
static void check_refused_bytes(const char *yaml, size_t bytes, int line, const char *words)
{
    struct yaml_document document;
    struct err err = {0};
    char place[32];

    snprintf(place, sizeof place, "f.yaml:%d: ", line);
    assert_int_equal(yaml_parse(&document, "f.yaml", yaml, bytes, &err), ERR_INVALID);
    if (strncmp(err.message, place, strlen(place)) != 0 || !strstr(err.message, words))
        fail_msg("expected \"%s...%s\", not \"%s\"", place, words, err.message);
    assert_null(document.root);
}

static void check_refused(const char *yaml, int line, const char *words)
{
    check_refused_bytes(yaml, strlen(yaml), line, words);
}

static void nodes_know_their_lines(void **state)
{
    struct yaml_document document = parse("# comment\n"
                                          "a: 1\n"
                                          "b:\n"
                                          "  - x\n"
                                          "  - {c: 'true', d: [2, 3]}\n");
    const struct yaml_node *root = document.root, *b = yaml_find(root, "b"), *flow;
    (void)state;

    assert_int_equal(root->kind, YAML_MAP);
    assert_int_equal(root->items, 2);
    assert_int_equal(yaml_find(root, "a")->line, 2);
    assert_false(yaml_find(root, "a")->quoted);
    assert_int_equal(root->key_line[1], 3);
    assert_int_equal(b->kind, YAML_LIST);
    assert_int_equal(b->item[0]->line, 4);
    flow = b->item[1];
    assert_int_equal(yaml_find(flow, "c")->line, 5);
    assert_true(yaml_find(flow, "c")->quoted);
    assert_string_equal(yaml_find(flow, "d")->item[1]->text, "3");
    assert_string_equal(flow->file, "f.yaml");
    assert_null(yaml_find(root, "nothing"));
    assert_null(yaml_find(b, "a"));
    assert_null(yaml_find(NULL, "a"));
    assert_int_equal(root->weight, 9); /* the map, 1, the list, x, the flow map and list, three */
    yaml_close(&document);
}

static void an_empty_file_has_no_root(void **state)
{
    struct yaml_document document = parse("# nothing\n");
    (void)state;

    assert_null(document.root);
    yaml_close(&document);
}

static void aliases_point_at_their_anchor(void **state)
{
    struct yaml_document document =
        parse("a: &x {k: [1, 2]}\nb: *x\nc: &x 5\nd: *x\n? &key e\n: *key\n");
    const struct yaml_node *root = document.root;
    (void)state;

    assert_ptr_equal(yaml_find(root, "a"), yaml_find(root, "b"));
    assert_string_equal(yaml_find(root, "d")->text, "5"); /* the later anchor of that name */
    assert_string_equal(yaml_find(root, "e")->text, "e");
    yaml_close(&document);
}

static void broken_yaml_is_refused_with_its_line(void **state)
{
    (void)state;
    check_refused("a: [1, 2\nb: 3\n", 2, "while parsing a flow sequence");
    check_refused("a: 1\n\tb: 2\n", 2, "found a tab character that violates indentation");
    check_refused("a: \"open\n", 2, "");
    check_refused("a: 1\na: 2\n", 2, "key \"a\" was given before, in line 1");
    check_refused("x:\n  {b: 1, c: 2,\n   b: 3}\n", 3, "key \"b\" was given before, in line 2");
    check_refused("? [1, 2]\n: 3\n", 1, "a key must be plain text");
    check_refused("? {a: 1}\n: 3\n", 1, "a key must be plain text");
    check_refused("a: 1\n---\nb: 2\n", 2, "a second document");
    check_refused("a: *nobody\n", 1, "alias *nobody has no anchor before it");
    check_refused("a: \"x\\0y\"\n", 1, "zero byte");
    check_refused("\xFF\xFE\xFF", 1, "");
}

static void zero_bytes_are_refused(void **state)
{
    static const char yaml[] = "a: x\0y\n";
    (void)state;

    check_refused_bytes(yaml, sizeof yaml - 1, 1, "control characters are not allowed");
}

static void anchors_in_circles_are_refused(void **state)
{
    (void)state;
    check_refused("&a [*a]\n", 1, "alias *a lies inside its own anchor");
    check_refused("a: &x [1, 2,\n  *x]\n", 2, "alias *x lies inside its own anchor");
    check_refused("a: &x\n  b: 1\n  c: {d: *x}\n", 3, "alias *x lies inside its own anchor");
}

static char *repeat(const char *text, int times, const char *end)
{
    struct text out;

    text_init(&out, 0);
    for (int i = 0; i < times; i++)
        text_add(&out, text);
    text_add(&out, end);
    return text_take(&out);
}

static void depth_has_a_limit(void **state)
{
    char *deep = repeat("[", YAML_DEPTH + 1, ""), *closed;
    struct text text;
    (void)state;

    check_refused(deep, 1, "nested deeper than 64 levels");
    free(deep);
    text_init(&text, 0);
    for (int i = 0; i < YAML_DEPTH; i++)
        text_add(&text, "[");
    for (int i = 0; i < YAML_DEPTH; i++)
        text_add(&text, "]");
    closed = text_take(&text);
    {
        struct yaml_document document = parse(closed);

        yaml_close(&document);
    }
    free(closed);
}

/* Nine levels of ten references each stand for a billion values. */
static void alias_bombs_are_refused(void **state)
{
    struct text text;
    (void)state;

    text_init(&text, 0);
    text_add(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        text_printf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            text_printf(&text, "%s*a%d", k ? ", " : "", i - 1);
        text_add(&text, "]\n");
    }
    check_refused(text.bytes, 6, "more than 4000000 values once aliases are expanded");
    text_release(&text);
}

static void keys_have_a_limit(void **state)
{
    struct text text;
    (void)state;

    text_init(&text, 0);
    for (int i = 0; i <= YAML_KEYS; i++)
        text_printf(&text, "k%d: 0\n", i);
    check_refused(text.bytes, YAML_KEYS + 1, "more than 4096 keys in one map");
    text_release(&text);
}

static void files_have_a_limit_and_a_name(void **state)
{
    struct yaml_document document;
    struct err err;
    (void)state;

    assert_int_equal(yaml_open(&document, "/nowhere/x.yaml", &err), ERR_IO);
    assert_string_equal(err.message, "/nowhere/x.yaml: cannot open: No such file or directory");
    assert_int_equal(yaml_open(&document, "/", &err), ERR_IO);
    assert_int_equal(yaml_open(&document, "/dev/zero", &err), ERR_LIMIT);
    assert_non_null(strstr(err.message, "/dev/zero"));
}

static const struct option_spec table[] = {
    {"rate", OPTION_REAL, "1", .low = 0, .high = 10, .help = "a rate"},
    {"name", OPTION_STRING, .flags = OPTION_REQUIRED, .help = "who it is"},
    {"list", OPTION_NODE, .help = "a list"},
    {0},
};

static void check_map(const char *yaml, const char *wanted)
{
    struct yaml_document document = parse(yaml);
    struct params params;
    struct err err = {0};
    int rc;

    params_init(&params, table);
    rc = yaml_read_map(document.root, "thing", &params, &err);
    assert_string_equal(rc ? err.message : "", wanted);
    params_release(&params);
    yaml_close(&document);
}

static void maps_are_read_against_a_table(void **state)
{
    (void)state;
    check_map("name: x\nrate: 2\nlist: {any: thing}\n", "");
    check_map("name: x\nrate: 11\n",
              "f.yaml:2: thing: rate: expected a number from 0 to 10, not \"11\"");
    check_map("name: x\nrat: 1\n", "f.yaml:2: thing: unknown key \"rat\"; did you mean \"rate\"?");
    check_map("\nrate: 1\n", "f.yaml:2: thing: missing name: who it is");
    check_map("name: [x]\n", "f.yaml:1: name: expected a single value, not a list");
    check_map("[1, 2]\n", "f.yaml:1: thing: expected a map, not a list");
}

static void single_values_are_read(void **state)
{
    struct yaml_document document = parse("[1.5, 7, word, {a: b}, 1e400, 99999999999999999999]\n");
    const struct yaml_node *const *item = document.root->item;
    const char *string;
    double real = -1;
    int64_t integer = -1;
    struct err err;
    (void)state;

    assert_int_equal(yaml_real(item[0], "x", 0, 2, &real, &err), 0);
    assert_true(real == 1.5);
    assert_int_equal(yaml_int(item[1], "x", 0, 9, &integer, &err), 0);
    assert_int_equal(integer, 7);
    assert_int_equal(yaml_string(item[2], "x", &string, &err), 0);
    assert_string_equal(string, "word");
    assert_int_equal(yaml_real(item[0], "x", 2, 3, &real, &err), ERR_INVALID);
    assert_string_equal(err.message, "f.yaml:1: x: expected a number from 2 to 3, not \"1.5\"");
    assert_int_equal(yaml_int(item[0], "x", 0, 9, &integer, &err), ERR_INVALID);
    assert_int_equal(yaml_int(item[2], "x", 0, 9, &integer, &err), ERR_INVALID);
    assert_int_equal(yaml_real(item[3], "x", 0, 9, &real, &err), ERR_INVALID);
    assert_string_equal(err.message, "f.yaml:1: x: expected a single value, not a map");
    assert_int_equal(yaml_real(item[4], "x", 0, HUGE_VAL, &real, &err), ERR_INVALID);
    assert_int_equal(yaml_int(item[5], "x", 0, 9, &integer, &err), ERR_INVALID);
    assert_int_equal(yaml_string(item[3], "x", &string, &err), ERR_INVALID);
    assert_true(real == 1.5);
    assert_int_equal(integer, 7);
    yaml_close(&document);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nodes_know_their_lines),
    cmocka_unit_test(an_empty_file_has_no_root),
    cmocka_unit_test(aliases_point_at_their_anchor),
    cmocka_unit_test(broken_yaml_is_refused_with_its_line),
    cmocka_unit_test(zero_bytes_are_refused),
    cmocka_unit_test(anchors_in_circles_are_refused),
    cmocka_unit_test(depth_has_a_limit),
    cmocka_unit_test(alias_bombs_are_refused),
    cmocka_unit_test(keys_have_a_limit),
    cmocka_unit_test(files_have_a_limit_and_a_name),
    cmocka_unit_test(maps_are_read_against_a_table),
    cmocka_unit_test(single_values_are_read),
};

RUN_TESTS(tests)
