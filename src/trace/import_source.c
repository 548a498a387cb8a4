/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "trace/import.h"

static int set_options(struct import_source *source, const char *const *option, int options,
                       struct err *err)
{
    size_t length = strlen(source->format->name);
    int rc = 0;

    for (int i = 0; rc == 0 && i < options; i++) {
        if (strncmp(option[i], source->format->name, length) != 0 || option[i][length] != '.')
            continue;
        rc = params_parse(&source->params, option[i] + length + 1, err);
        if (rc)
            err_prefix(err, "--option %s", source->format->name);
    }
    return rc;
}

static int find_format(struct import_source *source, const char *name, struct err *err)
{
    const char *near = trace_format_nearest(name);

    *source = (struct import_source){.format = trace_format_find(name)};
    if (!source->format)
        return err_set(err, ERR_NOT_FOUND, "there is no format \"%.40s\"%s%s%s", name,
                       near ? "; did you mean \"" : "; \"tapfinger import --list\" lists all",
                       near ? near : "", near ? "\"?" : "");
    params_init(&source->params, source->format->options);
    return 0;
}

/* The format's folder among the public sets. */
static int add_home(struct import_source *source, const char *data, struct err *err)
{
    char *path;

    if (!source->format->home)
        return err_set(err, ERR_INVALID, "%s: no path; say %s@PATH", source->format->name,
                       source->format->name);
    if (!data)
        return err_set(err, ERR_NOT_FOUND,
                       "%s: no path, and no folder of public data sets; say %s@PATH, --data or "
                       "TAPFINGER_DATA",
                       source->format->name, source->format->name);
    BUG_ON(asprintf(&path, "%s/%s", data, source->format->home) < 0);
    vector_push(&source->paths, path);
    if (access(path, R_OK) == 0)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "%s is not there; say %s@PATH, or --data", path,
                   source->format->name);
}

int import_source_open(struct import_source *source, const char *format, const char *const *path,
                       int paths, const char *data, const char *const *option, int options,
                       struct err *err)
{
    char *name = xstrdup(format), *part = strchr(name, ':');
    int rc;

    if (part)
        *part++ = '\0';
    rc = find_format(source, name, err);
    if (rc == 0 && part)
        source->part = xstrdup(part);
    free(name);
    for (int i = 0; rc == 0 && i < paths; i++)
        vector_push(&source->paths, xstrdup(path[i]));
    if (rc == 0 && paths == 0)
        rc = add_home(source, data, err);
    return rc ? rc : set_options(source, option, options, err);
}

int import_source_parse(struct import_source *source, const char *text, const char *data,
                        const char *const *option, int options, struct err *err)
{
    char *copy = xstrdup(text), *path = strchr(copy, '@');
    const char *paths[1];
    int rc;

    if (path)
        *path++ = '\0';
    paths[0] = path;
    rc = import_source_open(source, copy, paths, path ? 1 : 0, data, option, options, err);
    free(copy);
    return rc;
}

void import_source_release(struct import_source *source)
{
    for (size_t i = 0; i < source->paths.count; i++)
        free(source->paths.item[i]);
    vector_release(&source->paths);
    params_release(&source->params);
    free(source->part);
    *source = (struct import_source){.role = NULL};
}
