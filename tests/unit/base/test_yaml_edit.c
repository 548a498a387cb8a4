/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/yaml.h"
#include "base/yaml_edit.h"

enum { DOCUMENTS = 8, TREES = 3000 };

struct fixture {
    struct arena arena;
    struct yaml_document document[DOCUMENTS];
    int documents;
};

static int set_up(void **state)
{
    *state = xcalloc(1, sizeof(struct fixture));
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < f->documents; i++)
        yaml_close(&f->document[i]);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static const struct yaml_node *tree(struct fixture *f, const char *yaml)
{
    struct yaml_document *document = &f->document[f->documents++];
    struct err err;

    assert_true(f->documents <= DOCUMENTS);
    if (yaml_parse(document, "f", yaml, strlen(yaml), &err))
        fail_msg("%s\n%s", err.message, yaml);
    return document->root;
}

static void check_printed(const struct yaml_node *root, const char *wanted)
{
    struct text text;

    text_init(&text, 0);
    yaml_print(root, &text);
    assert_string_equal(text.bytes, wanted);
    text_release(&text);
}

static const char *const whole[] = {"speed", NULL};

static void maps_merge_key_by_key(void **state)
{
    struct fixture *f = *state;
    const struct yaml_node *base = tree(f, "a: 1\nm: {x: 1, y: 2}\nlist: [1, 2]\nspeed: {p: 1}\n");
    const struct yaml_node *over =
        tree(f, "m: {y: 3, z: 4}\nlist: [5]\nspeed: {q: 2}\nb: new\na: null\n");

    check_printed(yaml_merge(&f->arena, base, over, whole),
                  "m: {x: 1, y: 3, z: 4}\nlist: [5]\nspeed: {q: 2}\nb: new\n");
    check_printed(base, "a: 1\nm: {x: 1, y: 2}\nlist: [1, 2]\nspeed: {p: 1}\n");
}

static void only_bare_nulls_take_keys_away(void **state)
{
    struct fixture *f = *state;
    const struct yaml_node *base = tree(f, "{a: 1, b: 2, c: 3, d: 4}");
    const struct yaml_node *over = tree(f, "{a: null, b: ~, c: 'null', e: null}");

    check_printed(yaml_merge(&f->arena, base, over, whole), "c: \"null\"\nd: 4\n");
}

static void other_kinds_replace(void **state)
{
    struct fixture *f = *state;

    check_printed(yaml_merge(&f->arena, tree(f, "{a: {b: 1}}"), tree(f, "{a: [1]}"), whole),
                  "a: [1]\n");
    check_printed(yaml_merge(&f->arena, tree(f, "[1, 2]"), tree(f, "{a: 1}"), whole), "a: 1\n");
    check_printed(yaml_merge(&f->arena, NULL, tree(f, "{a: 1}"), whole), "a: 1\n");
}

static const struct yaml_node *set(struct fixture *f, const struct yaml_node *root,
                                   const char *path, const char *value, struct err *err)
{
    return yaml_set_path(&f->arena, root, path, tree(f, value), err);
}

static void a_path_names_one_value(void **state)
{
    struct fixture *f = *state;
    const struct yaml_node *root = tree(f, "c: [{n: 1}, {n: 2}]\nm: {x: 1}\n");
    struct err err;

    root = set(f, root, "c.1.n", "7", &err);
    root = set(f, root, "m.y.z", "[1, 2]", &err);
    root = set(f, root, "new", "{k: v}", &err);
    root = set(f, root, "m.x", "one", &err);
    check_printed(root,
                  "c:\n  - {n: 1}\n  - {n: 7}\nm:\n  x: one\n  y: {z: [1, 2]}\nnew: {k: v}\n");
    check_printed(f->document[0].root, "c:\n  - {n: 1}\n  - {n: 2}\nm: {x: 1}\n");
}

static void a_path_that_leads_nowhere_is_an_error(void **state)
{
    struct fixture *f = *state;
    const struct yaml_node *root = tree(f, "c: [1, 2]\nm: 5\n");
    struct err err;

    assert_null(set(f, root, "c.2", "7", &err));
    assert_string_equal(err.message, "f:1: 2: \"2\" is no entry of a list with 2");
    assert_null(set(f, root, "c.-1", "7", &err));
    assert_null(set(f, root, "c.99999999999999999999", "7", &err));
    assert_null(set(f, root, "c.x", "7", &err));
    assert_null(set(f, root, "m.x", "7", &err));
    assert_string_equal(err.message, "f:1: x: there is nothing below a single value");
}

static void one_key_can_be_left_out(void **state)
{
    struct fixture *f = *state;
    const struct yaml_node *root = tree(f, "{a: 1, b: 2}");

    check_printed(yaml_without(&f->arena, root, "a"), "b: 2\n");
    assert_ptr_equal(yaml_without(&f->arena, root, "z"), root);
}

/* Printing and reading back, over random trees with nasty texts. */

static const char *random_text(struct rng *rng, struct arena *arena)
{
    static const char *const nasty[] = {"",
                                        "-",
                                        "--- x",
                                        "---",
                                        "...",
                                        "null",
                                        "~",
                                        "true",
                                        "1e3",
                                        "- a",
                                        "a: b",
                                        "a #b",
                                        "#",
                                        " lead",
                                        "trail ",
                                        "\"",
                                        "'",
                                        "\\",
                                        "a\nb",
                                        "\t",
                                        "[",
                                        "{a",
                                        "*x",
                                        "&x",
                                        "!tag",
                                        "%",
                                        "@",
                                        "`",
                                        "|",
                                        ">",
                                        "?",
                                        "? x",
                                        ":",
                                        ",",
                                        "a,b",
                                        "=",
                                        "<<",
                                        "\x01",
                                        "\x7F",
                                        "\xC2\x85",
                                        "\xE2\x80\xA8",
                                        "\xEF\xBB\xBF",
                                        "\xC2\xA0",
                                        "\xC3\xA4",
                                        "\xF0\x9F\x98\x80",
                                        "\xC2\x80",
                                        "0x1F",
                                        "12:30:45",
                                        ".",
                                        "-.5",
                                        "+",
                                        "(a) b/c-d"};
    char *text;
    uint32_t length;

    if (rng_below(rng, 3) == 0)
        return nasty[rng_below(rng, (uint32_t)COUNT_OF(nasty))];
    length = rng_below(rng, 12);
    text = arena_zalloc(arena, length + 1, 1);
    for (uint32_t i = 0; i < length; i++)
        text[i] = (char)(rng_below(rng, 2) ? 'a' + rng_below(rng, 26) : 0x20 + rng_below(rng, 95));
    return text;
}

static const struct yaml_node *random_tree(struct rng *rng, struct arena *arena, int depth)
{
    struct yaml_node *node = arena_zalloc(arena, 1, sizeof *node);

    node->kind = depth == 0 ? YAML_SCALAR : (enum yaml_kind)rng_below(rng, 3);
    node->file = "random";
    if (node->kind == YAML_SCALAR) {
        node->text = random_text(rng, arena);
        return node;
    }
    node->items = (int)rng_below(rng, 5);
    node->item = arena_zalloc(arena, (size_t)node->items, sizeof *node->item);
    node->key = arena_zalloc(arena, (size_t)node->items, sizeof *node->key);
    for (int i = 0; i < node->items; i++) {
        node->item[i] = random_tree(rng, arena, depth - 1);
        if (node->kind == YAML_MAP) /* numbered: keys must differ */
            node->key[i] = arena_printf(arena, "%s%d", random_text(rng, arena), i);
    }
    return node;
}

static bool is_equal(const struct yaml_node *a, const struct yaml_node *b)
{
    if (a->kind != b->kind || a->items != b->items)
        return false;
    if (a->kind == YAML_SCALAR)
        return strcmp(a->text, b->text) == 0;
    for (int i = 0; i < a->items; i++)
        if ((a->kind == YAML_MAP && strcmp(a->key[i], b->key[i]) != 0) ||
            !is_equal(a->item[i], b->item[i]))
            return false;
    return true;
}

static void what_is_printed_reads_back(void **state)
{
    struct arena arena;
    struct rng rng;
    struct text text;
    (void)state;

    arena_init(&arena);
    text_init(&text, 0);
    for (uint64_t seed = 1; seed <= TREES; seed++) {
        struct yaml_document document;
        const struct yaml_node *root;
        struct err err;

        rng_stream(&rng, seed, "tree");
        root = random_tree(&rng, &arena, (int)rng_below(&rng, 5));
        text_reset(&text);
        yaml_print(root, &text);
        if (yaml_parse(&document, "printed", text.bytes, text.length, &err))
            fail_msg("tree %d: %s\n%s", (int)seed, err.message, text.bytes);
        if (!document.root || !is_equal(root, document.root))
            fail_msg("tree %d reads back differently:\n%s", (int)seed, text.bytes);
        yaml_close(&document);
        arena_reset(&arena);
    }
    text_release(&text);
    arena_release(&arena);
}

/* A text in quotes stays text, though it looks like nothing or a number. */
static void quotes_stay_where_they_matter(void **state)
{
    struct fixture *f = *state;

    check_printed(tree(f, "{a: 'null', b: null, c: '~', d: \"x: y\", e: '12', f: plain}"),
                  "a: \"null\"\nb: null\nc: \"~\"\nd: \"x: y\"\ne: 12\nf: plain\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(maps_merge_key_by_key),
    TEST(only_bare_nulls_take_keys_away),
    TEST(other_kinds_replace),
    TEST(a_path_names_one_value),
    TEST(a_path_that_leads_nowhere_is_an_error),
    TEST(one_key_can_be_left_out),
    TEST(what_is_printed_reads_back),
    TEST(quotes_stay_where_they_matter),
};

RUN_TESTS(tests)
