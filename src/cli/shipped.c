/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/shipped.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/data_folders.h"
#include "base/err.h"
#include "base/option.h"
#include "base/vector.h"

enum { DEPTH = 3 };

struct finder {
    struct arena arena;
    VECTOR(struct shipped) found; /* of the folders so far; texts in the arena */
};

static bool is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool is_file(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

static bool has_name(const struct finder *finder, const char *name)
{
    for (size_t i = 0; i < finder->found.count; i++)
        if (strcmp(finder->found.item[i].name, name) == 0)
            return true;
    return false;
}

static void add_file(struct finder *finder, const char *path, const char *name)
{
    size_t length = strlen(name);
    struct shipped item;

    if (length <= 5 || strcmp(name + length - 5, ".yaml") != 0)
        return;
    item.name = arena_printf(&finder->arena, "%.*s", (int)length - 5, name);
    item.path = arena_strdup(&finder->arena, path);
    if (!has_name(finder, item.name))
        vector_push(&finder->found, item);
}

static void walk(struct finder *finder, const char *folder, const char *prefix, int depth)
{
    DIR *dir = depth > 0 ? opendir(folder) : NULL;
    struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        const char *path, *name;

        if (entry->d_name[0] == '.')
            continue;
        path = arena_printf(&finder->arena, "%s/%s", folder, entry->d_name);
        name = arena_printf(&finder->arena, "%s%s", prefix, entry->d_name);
        if (is_folder(path))
            walk(finder, path, arena_printf(&finder->arena, "%s/", name), depth - 1);
        else
            add_file(finder, path, name);
    }
    closedir(dir);
}

static int compare(const void *a, const void *b)
{
    const struct shipped *left = a, *right = b;

    return strcmp(left->name, right->name);
}

static void find_all(struct finder *finder)
{
    struct data_folders folders;

    *finder = (struct finder){.found = {0}};
    arena_init(&finder->arena);
    data_folders_make(&folders, "scenarios");
    for (int i = 0; i < folders.count; i++)
        walk(finder, folders.path[i], "", DEPTH);
    data_folders_release(&folders);
    vector_sort(&finder->found, compare);
}

static void release(struct finder *finder)
{
    vector_release(&finder->found);
    arena_release(&finder->arena);
}

void shipped_list_make(struct shipped_list *list)
{
    struct finder finder;

    find_all(&finder);
    list->count = (int)finder.found.count;
    list->item = xcalloc(finder.found.count, sizeof *list->item);
    for (int i = 0; i < list->count; i++)
        list->item[i] = (struct shipped){xstrdup(finder.found.item[i].name),
                                         xstrdup(finder.found.item[i].path)};
    release(&finder);
}

void shipped_list_release(struct shipped_list *list)
{
    for (int i = 0; i < list->count; i++) {
        free(list->item[i].name);
        free(list->item[i].path);
    }
    free(list->item);
    *list = (struct shipped_list){0};
}

/* "hetero-6" means "paper/hetero-6". */
static bool means(const char *text, const char *name)
{
    const char *slash = strrchr(name, '/');

    return strcmp(text, name) == 0 || (slash && strcmp(text, slash + 1) == 0);
}

static const char *nearest(const struct shipped_list *list, const char *text)
{
    const char **names = xcalloc(2 * (size_t)list->count, sizeof *names), *near;
    int count = 0;

    for (int i = 0; i < list->count; i++) {
        const char *slash = strrchr(list->item[i].name, '/');

        names[count++] = list->item[i].name;
        if (slash)
            names[count++] = slash + 1;
    }
    near = nearest_name(names, count, text);
    free(names);
    return near;
}

static int find_by_name(char **out, const struct shipped_list *list, const char *text,
                        struct err *err)
{
    const struct shipped *found = NULL;
    const char *near;

    for (int i = 0; i < list->count; i++) {
        const struct shipped *item = &list->item[i];

        if (!means(text, item->name))
            continue;
        if (found && strcmp(text, item->name) != 0 && strcmp(text, found->name) != 0)
            return err_set(err, ERR_NOT_FOUND, "scenario \"%.80s\": %s or %s?", text, found->name,
                           item->name);
        if (!found || strcmp(text, item->name) == 0)
            found = item;
    }
    if (found) {
        *out = xstrdup(found->path);
        return 0;
    }
    near = nearest(list, text);
    if (near)
        return err_set(err, ERR_NOT_FOUND,
                       "no scenario \"%.80s\", neither a file nor one that ships; did you mean "
                       "\"%s\"?",
                       text, near);
    return err_set(err, ERR_NOT_FOUND,
                   "no scenario \"%.80s\", neither a file nor one that ships; \"tapfinger "
                   "scenarios\" lists those",
                   text);
}

int shipped_find(char **out, const char *text, struct err *err)
{
    struct shipped_list list;
    int rc;

    *out = NULL;
    if (strcmp(text, "-") == 0 || is_file(text)) {
        *out = xstrdup(text);
        return 0;
    }
    shipped_list_make(&list);
    rc = find_by_name(out, &list, text, err);
    shipped_list_release(&list);
    return rc;
}
