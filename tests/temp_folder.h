/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a test's own, removed with all that is in it. */
#ifndef TESTS_TEMP_FOLDER_H
#define TESTS_TEMP_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct temp_folder {
    char path[64];
};

static int temp_remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void temp_folder_open(struct temp_folder *folder)
{
    snprintf(folder->path, sizeof folder->path, "/tmp/tapfinger-test-XXXXXX");
    if (!mkdtemp(folder->path))
        abort();
}

static inline void temp_folder_close(struct temp_folder *folder)
{
    nftw(folder->path, temp_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a file in it; free it. */
static inline char *temp_path(const struct temp_folder *folder, const char *name)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", folder->path, name) < 0)
        abort();
    return path;
}

#endif
