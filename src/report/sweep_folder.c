/* SPDX-License-Identifier: Apache-2.0 */
#include "report/sweep_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/version.h"
#include "core/scenario.h"
#include "report/folder.h"
#include "report/grid.h"

static const char *const files[] = {"DONE",      "sweep.json", "config.yaml", "sweep.csv",
                                    "sweep.svg", "sweep.pdf",  "report.html", NULL};

char *sweep_folder_cell(const char *path, int cell)
{
    char *name;

    BUG_ON(asprintf(&name, "%s/cells/%d.json", path, cell) < 0);
    return name;
}

static void print_plan(const struct sweep_plan *plan, struct text *out)
{
    const char *config = plan->scenario->effective;
    char hash[SHA256_HEX_BYTES];
    struct emit e;

    sha256_hex(config, strlen(config), hash);
    emit_init(&e, out);
    emit_open(&e, '{');
    emit_key_string(&e, "schema", "tapfinger.sweep-plan/1");
    emit_key_string(&e, "version", version_number());
    emit_key(&e, "argv");
    emit_open(&e, '[');
    for (int i = 0; i < plan->arguments; i++)
        emit_string(&e, plan->argument[i]);
    emit_close(&e);
    emit_key_string(&e, "scenario", plan->scenario->name);
    emit_key_string(&e, "config_sha256", hash);
    emit_key_int(&e, "cells", grid_cells(plan->grid));
    emit_close(&e);
    text_add_char(out, '\n');
}

static bool is_same_plan(const char *path, const struct text *plan)
{
    char *name = folder_join(path, "sweep.json");
    struct text old;
    bool same;

    text_init(&old, 1 << 24);
    same = text_read_file(&old, name, NULL) == 0 && strcmp(old.bytes, plan->bytes) == 0;
    text_release(&old);
    free(name);
    return same;
}

/* "12.json" */
static bool is_cell_name(const char *name)
{
    size_t digits = strspn(name, "0123456789");

    return digits > 0 && strcmp(name + digits, ".json") == 0;
}

static void clear(const char *path)
{
    char *cells = folder_join(path, "cells");
    DIR *dir = opendir(cells);
    struct dirent *entry;

    folder_remove_files(path, files);
    while (dir && (entry = readdir(dir)))
        if (is_cell_name(entry->d_name)) {
            char *name = folder_join(cells, entry->d_name);

            unlink(name);
            free(name);
        }
    if (dir)
        closedir(dir);
    free(cells);
}

static int begin(const char *path, const struct sweep_plan *plan, const struct text *plan_text,
                 struct err *err)
{
    char *cells = folder_join(path, "cells");
    struct text config;
    int rc = folder_make_path(path, err);

    text_init(&config, 0);
    text_add(&config, plan->scenario->effective);
    if (rc == 0)
        rc = folder_make(cells, err);
    if (rc == 0)
        rc = folder_write(path, "config.yaml", &config, err);
    if (rc == 0)
        rc = folder_write(path, "sweep.json", plan_text, err);
    text_release(&config);
    free(cells);
    return rc;
}

int sweep_folder_open(const char *path, enum sweep_opening opening, const struct sweep_plan *plan,
                      struct err *err)
{
    bool has_sweep = folder_has(path, "sweep.json");
    struct text text;
    int rc = 0;

    text_init(&text, 0);
    print_plan(plan, &text);
    if (opening == SWEEP_RESUME && has_sweep) {
        if (!is_same_plan(path, &text))
            rc = err_set(err, ERR_INVALID,
                         "%s: holds another sweep (see sweep.json there); --force begins anew",
                         path);
        goto out;
    }
    if (opening != SWEEP_FORCE && !folder_is_empty(path))
        rc = err_set(err, ERR_INVALID, "%s: %s", path,
                     has_sweep ? "holds a sweep; --resume goes on with it, --force begins anew"
                               : "holds other things than a sweep; --force writes there all the "
                                 "same");
    if (rc == 0 && has_sweep)
        clear(path);
    if (rc == 0)
        rc = begin(path, plan, &text, err);
out:
    text_release(&text);
    return rc;
}
