/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML files as a tree of nodes that remember their line. libyaml does the parsing; here are the
 * limits (size, depth, expansion of aliases), the errors ("file:line: key: expected ...") and the
 * reading of a map against an option table.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct err;
struct option_spec;
struct params;

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    int line;
    bool quoted;      /* a scalar in quotes is text, also when it looks like a number */
    const char *text; /* of a scalar */
    const struct yaml_node **item; /* of a list, or the values of a map */
    const char **key;              /* of a map */
    int *key_line;
    int items;
    size_t weight;    /* nodes below, aliases counted as often as they are used */
    int depth;        /* levels below, those behind aliases too */
    const char *file; /* borrowed from the document */
};

struct yaml_document {
    struct arena arena;
    const struct yaml_node *root; /* NULL for an empty file */
};

enum { YAML_FILE_BYTES = 64 << 20, YAML_DEPTH = 64, YAML_WEIGHT = 4000000, YAML_KEYS = 4096 };

int yaml_open(struct yaml_document *document, const char *path, struct err *err);
/* The same from memory; name stands for the path in errors. */
int yaml_parse(struct yaml_document *document, const char *name, const char *bytes, size_t count,
               struct err *err);
void yaml_close(struct yaml_document *document);

/* The value of a key, or NULL; node may be NULL. */
const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);

/* "file:line: message". Returns ERR_INVALID. */
int yaml_error(const struct yaml_node *node, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Names of resources, clusters and types go into files, columns and flags. */
int yaml_check_name(const struct yaml_node *at, const char *name, struct err *err);

int yaml_need_kind(const struct yaml_node *node, enum yaml_kind kind, const char *what,
                   struct err *err);
int yaml_real(const struct yaml_node *node, const char *what, double low, double high, double *out,
              struct err *err);
int yaml_int(const struct yaml_node *node, const char *what, int64_t low, int64_t high,
             int64_t *out, struct err *err);
int yaml_string(const struct yaml_node *node, const char *what, const char **out, struct err *err);

/* Sets params (initialised with the table) from a map; what names it in errors, or NULL. Unknown
 * keys, wrong values and missing required rows are errors; rows of type OPTION_NODE are only
 * checked for being known. */
int yaml_read_map(const struct yaml_node *map, const char *what, struct params *params,
                  struct err *err);

#endif
