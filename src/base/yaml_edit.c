/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_edit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"

/* A container of the same kind and place with room for one more entry. */
static struct yaml_node *copy_container(struct arena *arena, const struct yaml_node *old)
{
    struct yaml_node *copy = arena_alloc(arena, sizeof *copy);
    size_t room = (size_t)old->items + 1;

    *copy = *old;
    copy->item = arena_zalloc(arena, room, sizeof *copy->item);
    if (old->items)
        memcpy(copy->item, old->item, (size_t)old->items * sizeof *copy->item);
    if (old->kind == YAML_MAP) {
        copy->key = arena_zalloc(arena, room, sizeof *copy->key);
        copy->key_line = arena_zalloc(arena, room, sizeof *copy->key_line);
        if (old->items) {
            memcpy(copy->key, old->key, (size_t)old->items * sizeof *copy->key);
            memcpy(copy->key_line, old->key_line, (size_t)old->items * sizeof *copy->key_line);
        }
    }
    return copy;
}

static int find_key(const struct yaml_node *map, const char *key)
{
    for (int i = 0; i < map->items; i++)
        if (strcmp(map->key[i], key) == 0)
            return i;
    return -1;
}

static void put(struct yaml_node *map, const char *key, int line, const struct yaml_node *value)
{
    int at = find_key(map, key);

    if (at < 0)
        at = map->items++;
    map->key[at] = key;
    map->key_line[at] = line;
    map->item[at] = value;
    map->file = value->file;
}

static void drop(struct yaml_node *map, int at)
{
    for (int i = at; i + 1 < map->items; i++) {
        map->key[i] = map->key[i + 1];
        map->key_line[i] = map->key_line[i + 1];
        map->item[i] = map->item[i + 1];
    }
    map->items--;
}

static bool is_null(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && !node->quoted &&
           (strcmp(node->text, "null") == 0 || strcmp(node->text, "~") == 0);
}

static bool is_whole(const char *key, const char *const *whole)
{
    for (; *whole; whole++)
        if (strcmp(*whole, key) == 0)
            return true;
    return false;
}

const struct yaml_node *yaml_merge(struct arena *arena, const struct yaml_node *base,
                                   const struct yaml_node *over, const char *const *whole)
{
    struct yaml_node *merged;

    if (!base || base->kind != YAML_MAP || over->kind != YAML_MAP)
        return over;
    merged = copy_container(arena, base);
    for (int i = 0; i < over->items; i++) {
        const char *key = over->key[i];
        int at = find_key(merged, key);
        const struct yaml_node *below = at >= 0 && !is_whole(key, whole) ? merged->item[at] : NULL;

        if (is_null(over->item[i])) {
            if (at >= 0)
                drop(merged, at);
            continue;
        }
        put(merged, key, over->key_line[i], yaml_merge(arena, below, over->item[i], whole));
        merged = copy_container(arena, merged);
    }
    merged->line = over->line;
    return merged;
}

/* The container's entry that a path step names; for a map possibly a new one. -1 on error. */
static int find_step(struct yaml_node *at, const char *step, const char *path,
                     const struct yaml_node *value, struct err *err)
{
    char *end;
    long index;

    if (at->kind == YAML_MAP) {
        int found = find_key(at, step);

        if (found >= 0)
            return found;
        at->key[at->items] = step;
        at->key_line[at->items] = value->line;
        at->item[at->items] = NULL;
        return at->items++;
    }
    if (at->kind == YAML_LIST) {
        index = strtol(step, &end, 10);
        if (isdigit((unsigned char)*step) && *end == '\0' && index < at->items)
            return (int)index;
        yaml_error(value, err, "%s: \"%s\" is no entry of a list with %d", path, step, at->items);
        return -1;
    }
    yaml_error(value, err, "%s: there is nothing below a single value", path);
    return -1;
}

static struct yaml_node *empty_map(struct arena *arena, const struct yaml_node *value)
{
    struct yaml_node *map = arena_zalloc(arena, 1, sizeof *map);

    map->kind = YAML_MAP;
    map->line = value->line;
    map->file = value->file;
    map->weight = 1;
    return map;
}

const struct yaml_node *yaml_set_path(struct arena *arena, const struct yaml_node *root,
                                      const char *path, const struct yaml_node *value,
                                      struct err *err)
{
    size_t length = strcspn(path, ".");
    char *step = arena_printf(arena, "%.*s", (int)length, path);
    struct yaml_node *copy = copy_container(arena, root ? root : empty_map(arena, value));
    int at = find_step(copy, step, path, value, err);

    if (at < 0)
        return NULL;
    if (path[length] == '\0') {
        copy->item[at] = value;
        if (copy->kind == YAML_MAP)
            copy->key_line[at] = value->line;
        return copy;
    }
    copy->item[at] = yaml_set_path(arena, copy->item[at], path + length + 1, value, err);
    return copy->item[at] ? copy : NULL;
}

const struct yaml_node *yaml_without(struct arena *arena, const struct yaml_node *root,
                                     const char *key)
{
    struct yaml_node *copy;
    int at = root->kind == YAML_MAP ? find_key(root, key) : -1;

    if (at < 0)
        return root;
    copy = copy_container(arena, root);
    drop(copy, at);
    return copy;
}

/* Whether a scalar reads back as the same text without quotes. */
static bool is_plain(const char *text)
{
    if (!isalnum((unsigned char)*text) && !strchr("-+./_", *text))
        return false;
    if (*text == '\0' || (*text == '-' && (text[1] == '\0' || text[1] == ' ')))
        return false;
    if (strncmp(text, "---", 3) == 0 || strncmp(text, "...", 3) == 0)
        return false;
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-+./_ ()", *c))
            return false;
    return text[strlen(text) - 1] != ' ';
}

/* One character of UTF-8, which the text is known to be; *next is where the following one begins.
 */
static unsigned decode(const unsigned char *c, const unsigned char **next)
{
    int tails = *c < 0xC0 ? 0 : *c < 0xE0 ? 1 : *c < 0xF0 ? 2 : 3;
    unsigned code = tails ? *c & (0x3Fu >> tails) : *c;

    for (c++; tails > 0 && *c >> 6 == 2; tails--)
        code = code << 6 | (*c++ & 0x3Fu);
    *next = c;
    return code;
}

/* What may stand between quotes as it is: no controls, line ends or marks of byte order. */
static bool is_printable(unsigned code)
{
    if (code < 0xA0)
        return code >= 0x20 && code < 0x7F;
    return code != 0x2028 && code != 0x2029 && code != 0xFEFF && code != 0xFFFE && code != 0xFFFF;
}

static void print_quoted(const char *text, struct text *out)
{
    const unsigned char *c = (const unsigned char *)text, *next;

    text_add_char(out, '"');
    for (; *c; c = next) {
        unsigned code = decode(c, &next);

        if (*c == '"' || *c == '\\')
            text_printf(out, "\\%c", *c);
        else if (is_printable(code))
            text_add_bytes(out, c, (size_t)(next - c));
        else
            text_printf(out, code < 0x100 ? "\\x%02X" : "\\u%04X", code);
    }
    text_add_char(out, '"');
}

static void print_text(const char *text, struct text *out)
{
    if (is_plain(text))
        text_add(out, text);
    else
        print_quoted(text, out);
}

/* A quoted null is the word, not the absence of a value. */
static void print_scalar(const struct yaml_node *node, struct text *out)
{
    if (node->quoted && strcmp(node->text, "null") == 0)
        print_quoted(node->text, out);
    else
        print_text(node->text, out);
}

static bool is_flat(const struct yaml_node *node)
{
    for (int i = 0; i < node->items; i++)
        if (node->item[i]->kind == YAML_MAP || !is_flat(node->item[i]))
            return false;
    return true;
}

static void print_flow(const struct yaml_node *node, struct text *out)
{
    if (node->kind == YAML_SCALAR) {
        print_scalar(node, out);
        return;
    }
    text_add_char(out, node->kind == YAML_LIST ? '[' : '{');
    for (int i = 0; i < node->items; i++) {
        if (i > 0)
            text_add(out, ", ");
        if (node->kind == YAML_MAP) {
            print_text(node->key[i], out);
            text_add(out, ": ");
        }
        print_flow(node->item[i], out);
    }
    text_add_char(out, node->kind == YAML_LIST ? ']' : '}');
}

static void print_block(const struct yaml_node *node, int indent, struct text *out);

/* What follows "key:" or "-". */
static void print_value(const struct yaml_node *node, int indent, struct text *out)
{
    if (node->kind == YAML_SCALAR || node->items == 0 || is_flat(node)) {
        text_add_char(out, ' ');
        print_flow(node, out);
        text_add_char(out, '\n');
        return;
    }
    text_add_char(out, '\n');
    print_block(node, indent + 2, out);
}

static void print_block(const struct yaml_node *node, int indent, struct text *out)
{
    for (int i = 0; i < node->items; i++) {
        text_printf(out, "%*s", indent, "");
        if (node->kind == YAML_LIST) {
            text_add(out, "- ");
            print_flow(node->item[i], out);
            text_add_char(out, '\n');
            continue;
        }
        print_text(node->key[i], out);
        text_add_char(out, ':');
        print_value(node->item[i], indent, out);
    }
}

void yaml_print(const struct yaml_node *root, struct text *out)
{
    if (root->kind == YAML_MAP && root->items > 0) {
        print_block(root, 0, out);
        return;
    }
    print_flow(root, out);
    text_add_char(out, '\n');
}
