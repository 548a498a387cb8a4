/* SPDX-License-Identifier: Apache-2.0 */
/* New trees from old ones: merging two maps, setting one value by its path, printing. Nodes are
 * shared between the trees, so all of them must outlive the result; each keeps its own file and
 * line. */
#ifndef BASE_YAML_EDIT_H
#define BASE_YAML_EDIT_H

struct arena;
struct err;
struct text;
struct yaml_node;

/* over laid upon base: maps merge key by key (base's order first), all else is replaced, and so are
 * maps under one of the keys in whole (ends with NULL). A key whose value is null goes away. */
const struct yaml_node *yaml_merge(struct arena *arena, const struct yaml_node *base,
                                   const struct yaml_node *over, const char *const *whole);

/* root with the value at a path like "clusters.2.capacity.cpu" replaced or added; a number selects
 * a list's entry, which must exist. NULL on error. */
const struct yaml_node *yaml_set_path(struct arena *arena, const struct yaml_node *root,
                                      const char *path, const struct yaml_node *value,
                                      struct err *err);

/* root without one top-level key. */
const struct yaml_node *yaml_without(struct arena *arena, const struct yaml_node *root,
                                     const char *key);

/* The tree as YAML that reads back to the same tree: a line per key, and what holds no map in flow
 * style on that line. */
void yaml_print(const struct yaml_node *root, struct text *out);

#endif
