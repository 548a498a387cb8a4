/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree is built from libyaml's events, iteratively, with a stack of open containers, so that
 * depth is a limit of ours and not of the machine's stack. An alias points at the finished node of
 * its anchor (an anchor that is still open would be a cycle, and is refused); every node carries
 * the number of nodes below it, aliases expanded, and a document heavier than YAML_WEIGHT is
 * refused before anybody walks it.
 */
#include "base/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/err.h"
#include "base/option.h"
#include "base/text.h"
#include "base/vector.h"

struct open_node {
    struct yaml_node *node;
    const char *key; /* of a map: read, its value not yet */
    int key_line;
    VECTOR(const struct yaml_node *) items;
    VECTOR(const char *) keys;
    VECTOR(int) key_lines;
};

struct anchor {
    const char *name;
    const struct yaml_node *node;
};

struct builder {
    struct yaml_document *document;
    const char *file;
    struct err *err;
    VECTOR(struct open_node) open;
    VECTOR(struct anchor) anchors;
};

static int fail_at(struct builder *b, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail_at(struct builder *b, size_t line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err_set_v(b->err, ERR_INVALID, format, args);
    va_end(args);
    return err_place(b->err, b->file, (long long)line);
}

static void *copy_items(struct arena *arena, const void *items, size_t count, size_t bytes)
{
    if (count == 0)
        return NULL;
    return memcpy(arena_alloc(arena, count * bytes), items, count * bytes);
}

static void close_open_node(struct open_node *open)
{
    vector_release(&open->items);
    vector_release(&open->keys);
    vector_release(&open->key_lines);
}

static int find_repeat(const struct open_node *top, const char *key)
{
    for (size_t i = 0; i < top->keys.count; i++)
        if (strcmp(top->keys.item[i], key) == 0)
            return top->key_lines.item[i];
    return 0;
}

/* A scalar in the key position of the innermost map. */
static int take_key(struct builder *b, struct open_node *top, const struct yaml_node *node)
{
    int before;

    if (node->kind != YAML_SCALAR)
        return fail_at(b, (size_t)node->line, "a key must be plain text");
    if (top->keys.count >= YAML_KEYS)
        return fail_at(b, (size_t)node->line, "more than %d keys in one map", YAML_KEYS);
    before = find_repeat(top, node->text);
    if (before)
        return fail_at(b, (size_t)node->line, "key \"%.60s\" was given before, in line %d",
                       node->text, before);
    top->key = node->text;
    top->key_line = node->line;
    return 0;
}

/* Hangs a finished node into its parent. */
static int attach(struct builder *b, const struct yaml_node *node)
{
    struct open_node *top;

    if (b->open.count == 0) {
        b->document->root = node;
        return 0;
    }
    top = &b->open.item[b->open.count - 1];
    top->node->weight += node->weight;
    if (top->node->weight > YAML_WEIGHT)
        return fail_at(b, (size_t)node->line, "more than %d values once aliases are expanded",
                       YAML_WEIGHT);
    if (node->depth >= top->node->depth)
        top->node->depth = node->depth + 1;
    if (top->node->depth > YAML_DEPTH)
        return fail_at(b, (size_t)node->line,
                       "nested deeper than %d levels once aliases are expanded", YAML_DEPTH);
    if (top->node->kind == YAML_MAP) {
        vector_push(&top->keys, top->key);
        vector_push(&top->key_lines, top->key_line);
        top->key = NULL;
    }
    vector_push(&top->items, node);
    return 0;
}

static int is_key_position(const struct builder *b)
{
    const struct open_node *top;

    if (b->open.count == 0)
        return 0;
    top = &b->open.item[b->open.count - 1];
    return top->node->kind == YAML_MAP && !top->key;
}

static struct yaml_node *new_node(struct builder *b, enum yaml_kind kind, const yaml_event_t *event)
{
    struct yaml_node *node = arena_zalloc(&b->document->arena, 1, sizeof *node);

    node->kind = kind;
    node->line = (int)event->start_mark.line + 1;
    node->file = b->file;
    node->weight = 1;
    return node;
}

static int note_anchor(struct builder *b, const yaml_char_t *name, const struct yaml_node *node)
{
    struct anchor anchor = {.node = node};

    if (!name)
        return 0;
    if (b->anchors.count >= YAML_KEYS)
        return fail_at(b, (size_t)node->line, "more than %d anchors", YAML_KEYS);
    anchor.name = arena_strdup(&b->document->arena, (const char *)name);
    vector_push(&b->anchors, anchor);
    return 0;
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
    struct yaml_node *node = new_node(b, YAML_SCALAR, event);
    const char *value = (const char *)event->data.scalar.value;

    if (strlen(value) != event->data.scalar.length)
        return fail_at(b, (size_t)node->line, "text with a zero byte");
    node->text = arena_strdup(&b->document->arena, value);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (note_anchor(b, event->data.scalar.anchor, node))
        return ERR_INVALID;
    if (is_key_position(b))
        return take_key(b, &b->open.item[b->open.count - 1], node);
    return attach(b, node);
}

static bool is_open(const struct builder *b, const struct yaml_node *node)
{
    for (size_t i = 0; i < b->open.count; i++)
        if (b->open.item[i].node == node)
            return true;
    return false;
}

static int on_alias(struct builder *b, const yaml_event_t *event)
{
    size_t line = event->start_mark.line + 1;
    const char *name = (const char *)event->data.alias.anchor;

    for (size_t i = b->anchors.count; i-- > 0;) {
        if (strcmp(b->anchors.item[i].name, name) != 0)
            continue;
        if (is_open(b, b->anchors.item[i].node))
            return fail_at(b, line, "alias *%.60s lies inside its own anchor", name);
        if (is_key_position(b))
            return take_key(b, &b->open.item[b->open.count - 1], b->anchors.item[i].node);
        return attach(b, b->anchors.item[i].node);
    }
    return fail_at(b, line, "alias *%.60s has no anchor before it", name);
}

static int on_start(struct builder *b, enum yaml_kind kind, const yaml_char_t *anchor,
                    const yaml_event_t *event)
{
    struct open_node open = {.node = new_node(b, kind, event)};

    if (is_key_position(b))
        return fail_at(b, event->start_mark.line + 1, "a key must be plain text");
    if (b->open.count >= YAML_DEPTH)
        return fail_at(b, event->start_mark.line + 1, "nested deeper than %d levels", YAML_DEPTH);
    if (note_anchor(b, anchor, open.node))
        return ERR_INVALID;
    vector_push(&b->open, open);
    return 0;
}

static int on_end(struct builder *b)
{
    struct arena *arena = &b->document->arena;
    struct open_node top;
    struct yaml_node *node;

    BUG_ON(!b->open.item);
    top = vector_pop(&b->open);
    node = top.node;
    node->items = (int)top.items.count;
    node->item = copy_items(arena, top.items.item, top.items.count, sizeof *top.items.item);
    node->key = copy_items(arena, top.keys.item, top.keys.count, sizeof *top.keys.item);
    node->key_line =
        copy_items(arena, top.key_lines.item, top.key_lines.count, sizeof *top.key_lines.item);
    close_open_node(&top);
    return attach(b, node);
}

static int on_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_ALIAS_EVENT:
        return on_alias(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, YAML_LIST, event->data.sequence_start.anchor, event);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, YAML_MAP, event->data.mapping_start.anchor, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(b);
    case YAML_DOCUMENT_START_EVENT:
        if (b->document->root)
            return fail_at(b, event->start_mark.line + 1, "a second document; one is allowed");
        return 0;
    default:
        return 0;
    }
}

static int run_parser(struct builder *b, yaml_parser_t *parser)
{
    for (;;) {
        yaml_event_t event;
        int rc, last;

        if (!yaml_parser_parse(parser, &event))
            return fail_at(b, parser->problem_mark.line + 1, "%s%s%s",
                           parser->context ? parser->context : "", parser->context ? ": " : "",
                           parser->problem ? parser->problem : "not YAML");
        last = event.type == YAML_STREAM_END_EVENT;
        rc = on_event(b, &event);
        yaml_event_delete(&event);
        if (rc || last)
            return rc;
    }
}

int yaml_parse(struct yaml_document *document, const char *name, const char *bytes, size_t count,
               struct err *err)
{
    struct builder b = {.document = document, .err = err};
    yaml_parser_t parser;
    int rc;

    arena_init(&document->arena);
    document->root = NULL;
    b.file = arena_strdup(&document->arena, name);
    BUG_ON(!yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, count);
    rc = run_parser(&b, &parser);
    yaml_parser_delete(&parser);
    while (b.open.count > 0)
        close_open_node(&vector_pop(&b.open));
    vector_release(&b.open);
    vector_release(&b.anchors);
    if (rc)
        yaml_close(document);
    return rc;
}

int yaml_open(struct yaml_document *document, const char *path, struct err *err)
{
    struct text text;
    int rc;

    *document = (struct yaml_document){0};
    text_init(&text, YAML_FILE_BYTES);
    rc = text_read_file(&text, path, err);
    if (rc == 0)
        rc = yaml_parse(document, path, text.bytes, text.length, err);
    text_release(&text);
    return rc;
}

void yaml_close(struct yaml_document *document)
{
    arena_release(&document->arena);
    document->root = NULL;
}

const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (int i = 0; i < map->items; i++)
        if (strcmp(map->key[i], key) == 0)
            return map->item[i];
    return NULL;
}

int yaml_error(const struct yaml_node *node, struct err *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err_set_v(err, ERR_INVALID, format, args);
    va_end(args);
    return err_place(err, node->file, node->line);
}

int yaml_need_kind(const struct yaml_node *node, enum yaml_kind kind, const char *what,
                   struct err *err)
{
    static const char *const name[] = {"a single value", "a list", "a map"};

    if (node->kind == kind)
        return 0;
    return yaml_error(node, err, "%s: expected %s, not %s", what, name[kind], name[node->kind]);
}

static int read_number(const struct yaml_node *node, const char *what,
                       const struct option_spec *row, struct params *params, struct err *err)
{
    int rc = yaml_need_kind(node, YAML_SCALAR, what, err);

    if (rc)
        return rc;
    params_init(params, row);
    rc = params_set(params, row->name, node->text, err);
    if (rc)
        err_place(err, node->file, node->line);
    return rc;
}

int yaml_real(const struct yaml_node *node, const char *what, double low, double high, double *out,
              struct err *err)
{
    const struct option_spec row[] = {{.name = what, .type = OPTION_REAL, .low = low, .high = high},
                                      {0}};
    struct params params = {0};
    int rc = read_number(node, what, row, &params, err);

    if (rc == 0)
        *out = params_real(&params, what);
    params_release(&params);
    return rc;
}

int yaml_int(const struct yaml_node *node, const char *what, int64_t low, int64_t high,
             int64_t *out, struct err *err)
{
    const struct option_spec row[] = {
        {.name = what, .type = OPTION_INT, .low = (double)low, .high = (double)high}, {0}};
    struct params params = {0};
    int rc = read_number(node, what, row, &params, err);

    if (rc == 0)
        *out = params_int(&params, what);
    params_release(&params);
    return rc;
}

int yaml_string(const struct yaml_node *node, const char *what, const char **out, struct err *err)
{
    int rc = yaml_need_kind(node, YAML_SCALAR, what, err);

    if (rc == 0)
        *out = node->text;
    return rc;
}

static int read_entry(const struct yaml_node *map, int i, const char *what, struct params *params,
                      struct err *err)
{
    const struct yaml_node *value = map->item[i];
    int at = option_find(params->spec, map->key[i]);
    int rc;

    if (at >= 0 && params->spec[at].type == OPTION_NODE) {
        params->value[at].given = true;
        return 0;
    }
    if (at >= 0) {
        rc = yaml_need_kind(value, YAML_SCALAR, map->key[i], err);
        if (rc)
            return rc;
    }
    rc = params_set(params, map->key[i], at >= 0 ? value->text : "", err);
    if (rc) {
        if (what)
            err_prefix(err, "%s", what);
        err_place(err, value->file, map->key_line[i]);
    }
    return rc;
}

int yaml_read_map(const struct yaml_node *map, const char *what, struct params *params,
                  struct err *err)
{
    int rc = yaml_need_kind(map, YAML_MAP, what ? what : "keys", err);

    for (int i = 0; rc == 0 && i < map->items; i++)
        rc = read_entry(map, i, what, params, err);
    if (rc == 0) {
        rc = params_check_required(params, err);
        if (rc) {
            if (what)
                err_prefix(err, "%s", what);
            err_place(err, map->file, map->line);
        }
    }
    return rc;
}

int yaml_check_name(const struct yaml_node *at, const char *name, struct err *err)
{
    size_t length = strlen(name);

    if (length == 0 || length > 40)
        return yaml_error(at, err, "name: expected 1 to 40 characters, not \"%.60s\"", name);
    for (const char *c = name; *c; c++)
        if (strchr(" \t\r\n,;:/\\\"'{}[]=|", *c) || (unsigned char)*c < 0x20)
            return yaml_error(at, err, "name: \"%.60s\" holds a character that names may not",
                              name);
    return 0;
}
