/* SPDX-License-Identifier: Apache-2.0 */
#include "base/data_folders.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

#ifndef TAP_DATA_DIR
#define TAP_DATA_DIR "/usr/local/share/tapfinger"
#endif

static void add(struct data_folders *folders, const char *parent, const char *middle,
                const char *kind)
{
    struct text path;

    text_init(&path, 0);
    text_printf(&path, "%s%s%s", parent, middle, kind);
    folders->path[folders->count++] = xstrdup(path.bytes);
    text_release(&path);
}

static void add_own(struct data_folders *folders, const char *kind)
{
    char name[64] = "TAPFINGER_";
    size_t at = strlen(name);
    const char *own;

    for (; *kind && at < sizeof name - 1; kind++)
        name[at++] = (char)toupper((unsigned char)*kind);
    name[at] = '\0';
    own = getenv(name);
    if (own && *own)
        add(folders, own, "", "");
}

/* The folder of the running program, without its last slash. */
static bool find_program(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    char *slash;

    if (length <= 0)
        return false;
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    return slash;
}

void data_folders_make(struct data_folders *folders, const char *kind)
{
    char program[PATH_MAX];

    *folders = (struct data_folders){.count = 0};
    add(folders, "", "", kind);
    add_own(folders, kind);
    if (find_program(program)) {
        add(folders, program, "/../", kind);
        add(folders, program, "/../share/tapfinger/", kind);
    }
    add(folders, TAP_DATA_DIR, "/", kind);
}

void data_folders_release(struct data_folders *folders)
{
    for (int i = 0; i < folders->count; i++)
        free(folders->path[i]);
    folders->count = 0;
}

char *data_folders_find(const char *kind, const char *name, const char *suffix)
{
    struct data_folders folders;
    char *found = NULL;

    if (!*name || *name == '.' || strchr(name, '/'))
        return NULL;
    data_folders_make(&folders, kind);
    for (int i = 0; i < folders.count && !found; i++) {
        struct text path;

        text_init(&path, 0);
        text_printf(&path, "%s/%s.%s", folders.path[i], name, suffix);
        if (access(path.bytes, R_OK) == 0)
            found = xstrdup(path.bytes);
        text_release(&path);
    }
    data_folders_release(&folders);
    return found;
}
