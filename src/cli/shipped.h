/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scenarios that ship: *.yaml in the folders of base/data_folders.h. A name is the path below
 * such a folder without ".yaml": "paper/hetero-6", or "hetero-6" where that is clear.
 */
#ifndef CLI_SHIPPED_H
#define CLI_SHIPPED_H

struct err;

struct shipped {
    char *name, *path;
};

struct shipped_list {
    struct shipped *item; /* by name */
    int count;
};

void shipped_list_make(struct shipped_list *list);
void shipped_list_release(struct shipped_list *list);

/* The file that a user means by a path or a name; *out is freed by the caller. ERR_NOT_FOUND comes
 * with the nearest name. */
int shipped_find(char **out, const char *text, struct err *err);

#endif
