/* SPDX-License-Identifier: Apache-2.0 */
#include "report/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

char *folder_join(const char *folder, const char *name)
{
    char *path;

    BUG_ON(asprintf(&path, "%s/%s", folder, name) < 0);
    return path;
}

bool folder_has(const char *folder, const char *name)
{
    char *path = folder_join(folder, name);
    bool has = access(path, F_OK) == 0;

    free(path);
    return has;
}

bool folder_is_empty(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool empty = true;

    while (dir && (entry = readdir(dir)))
        empty &= strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (dir)
        closedir(dir);
    return empty;
}

int folder_make(const char *path, struct err *err)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    return err_set(err, ERR_IO, "%s: cannot make a directory: %s", path, strerror(errno));
}

/* All folders of a path, like mkdir -p. */
int folder_make_path(const char *path, struct err *err)
{
    char *copy = xstrdup(path);
    int rc = 0;

    for (char *at = copy + 1; rc == 0 && (at = strchr(at, '/')); at++) {
        *at = '\0';
        rc = folder_make(copy, err);
        *at = '/';
    }
    if (rc == 0)
        rc = folder_make(copy, err);
    free(copy);
    return rc;
}

void folder_remove_files(const char *folder, const char *const *names)
{
    for (int i = 0; names[i]; i++) {
        char *path = folder_join(folder, names[i]);

        unlink(path);
        free(path);
    }
}

void folder_remove_ending(const char *folder, const char *ending)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        size_t length = strlen(entry->d_name), tail = strlen(ending);

        if (length > tail && strcmp(entry->d_name + length - tail, ending) == 0)
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
}

int folder_write(const char *folder, const char *name, const struct text *text, struct err *err)
{
    char *path = folder_join(folder, name);
    int rc = text_write_file(text, path, err);

    free(path);
    return rc;
}
