/* SPDX-License-Identifier: Apache-2.0 */
#include "report/run_folder.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/version.h"
#include "core/policy.h"
#include "core/scenario.h"
#include "report/folder.h"
#include "report/result.h"
#include "report/result_csv.h"
#include "report/run_files.h"

struct run_folder {
    char *path;
    struct run_description run;
    struct run_files **files; /* by piece, while it runs */
};

static const char *const top_files[] = {"DONE",        "run.json",    "config.yaml",
                                        "summary.csv", "report.html", NULL};

void run_folder_name(const char *label, char *out, size_t bytes)
{
    size_t i = 0;

    for (; label[i] && i + 1 < bytes; i++)
        out[i] = isalnum((unsigned char)label[i]) || strchr("._=,-", label[i]) ? label[i] : '+';
    out[i] = '\0';
}

/* Clearing: only names that a run makes are ever removed. This calls f for every subfolder whose
 * name begins with prefix. */
static void each_folder(const char *folder, const char *prefix, void (*f)(const char *path))
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        struct stat info;
        char *path;

        if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        path = folder_join(folder, entry->d_name);
        if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
            f(path);
        free(path);
    }
    if (dir)
        closedir(dir);
}

static void clear_seed(const char *path)
{
    folder_remove_files(path, run_file_names);
    rmdir(path);
}

static void clear_policy(const char *path)
{
    each_folder(path, "seed-", clear_seed);
    rmdir(path);
}

/* What report makes of a run. */
static void clear_figures(const char *path)
{
    char *figures = folder_join(path, "figures");

    folder_remove_ending(figures, ".svg");
    folder_remove_ending(figures, ".pdf");
    folder_remove_ending(figures, ".tex");
    rmdir(figures);
    free(figures);
}

static int prepare(const char *path, bool force, struct err *err)
{
    struct stat info;
    bool is_run = folder_has(path, "run.json");

    if (stat(path, &info) != 0)
        return folder_make_path(path, err);
    if (!S_ISDIR(info.st_mode))
        return err_set(err, ERR_INVALID, "%s: there is a file of that name", path);
    if (folder_is_empty(path))
        return 0;
    if (!force && folder_has(path, "DONE"))
        return err_set(err, ERR_INVALID, "%s: holds a finished run; --force replaces it", path);
    if (!force && !is_run)
        return err_set(err, ERR_INVALID,
                       "%s: holds other things than a run; --force writes there all the same",
                       path);
    if (is_run) {
        folder_remove_files(path, top_files);
        clear_figures(path);
        each_folder(path, "", clear_policy);
    }
    return 0;
}

/* run.json */

static void emit_policies(struct emit *e, const struct result *result)
{
    emit_key(e, "policies");
    emit_open(e, '[');
    for (int i = 0; i < result->entrants; i++) {
        char folder[256];

        run_folder_name(result->entrant[i].name, folder, sizeof folder);
        emit_open(e, '{');
        emit_key_string(e, "name", result->entrant[i].name);
        emit_key_string(e, "policy", result->entrant[i].policy);
        emit_key_string(e, "info", info_class_name(result->entrant[i].info));
        emit_key_string(e, "folder", folder);
        emit_close(e);
    }
    emit_close(e);
}

static void emit_catalog(struct emit *e, const struct catalog *catalog)
{
    emit_key(e, "resources");
    emit_open(e, '[');
    for (int r = 0; r < catalog->resources; r++) {
        emit_open(e, '{');
        emit_key_string(e, "name", catalog->resource[r].name);
        emit_key_string(e, "unit", catalog->resource[r].unit);
        emit_close(e);
    }
    emit_close(e);
    emit_key(e, "clusters");
    emit_open(e, '[');
    for (int c = 0; c < catalog->clusters; c++) {
        emit_open(e, '{');
        emit_key_string(e, "name", catalog->cluster[c].name);
        for (int r = 0; r < catalog->resources; r++)
            emit_key_int(e, catalog->resource[r].name, catalog->cluster[c].capacity.amount[r]);
        emit_close(e);
    }
    emit_close(e);
}

static int emit_inputs(struct emit *e, const struct scenario *scenario, struct err *err)
{
    char hash[SHA256_HEX_BYTES];
    int rc = 0;

    sha256_hex(scenario->effective, strlen(scenario->effective), hash);
    emit_key_string(e, "config_sha256", hash);
    emit_key(e, "inputs");
    emit_open(e, '[');
    if (scenario->arrivals.process == ARRIVALS_FILE) {
        rc = sha256_file_hex(scenario->arrivals.file, hash, err);
        emit_open(e, '{');
        emit_key_string(e, "path", scenario->arrivals.file);
        emit_key_string(e, "sha256", hash);
        emit_close(e);
    }
    emit_close(e);
    return rc;
}

static int emit_run(struct emit *e, const struct run_description *run, struct err *err)
{
    const struct result *result = run->result;
    int rc;

    emit_open(e, '{');
    emit_key_string(e, "schema", "tapfinger.run/1");
    emit_key_string(e, "version", version_number());
    emit_key_string(e, "commit", version_commit());
    emit_key_string(e, "command", run->command);
    emit_key(e, "argv");
    emit_open(e, '[');
    for (int i = 0; i < run->arguments; i++)
        emit_string(e, run->argument[i]);
    emit_close(e);
    emit_key_string(e, "scenario", result->scenario);
    emit_key_string(e, "summary", run->scenario->summary);
    rc = emit_inputs(e, run->scenario, err);
    emit_key_string(e, "time_unit", result->catalog->time_unit);
    emit_key_real(e, "time_unit_s", result->catalog->time_unit_s);
    emit_key(e, "seeds");
    emit_open(e, '[');
    for (int s = 0; s < result->seeds; s++)
        emit_int(e, (int64_t)result->seed[s]);
    emit_close(e);
    emit_policies(e, result);
    emit_catalog(e, result->catalog);
    emit_close(e);
    return rc;
}

static int write_head(const struct run_folder *folder, struct err *err)
{
    struct text text;
    struct emit e;
    int rc;

    text_init(&text, 0);
    emit_init(&e, &text);
    rc = emit_run(&e, &folder->run, err);
    text_add_char(&text, '\n');
    if (rc == 0)
        rc = folder_write(folder->path, "run.json", &text, err);
    text_reset(&text);
    text_add(&text, folder->run.scenario->effective);
    if (rc == 0)
        rc = folder_write(folder->path, "config.yaml", &text, err);
    text_release(&text);
    return rc;
}

static int make_policies(const struct run_folder *folder, struct err *err)
{
    const struct result *result = folder->run.result;
    int rc = 0;

    for (int i = 0; rc == 0 && i < result->entrants; i++) {
        char name[256], *path;

        run_folder_name(result->entrant[i].name, name, sizeof name);
        path = folder_join(folder->path, name);
        if (folder_has(folder->path, name))
            rc = err_set(err, ERR_INVALID, "%s: two policies, or another file, want this name",
                         path);
        else
            rc = folder_make(path, err);
        free(path);
    }
    return rc;
}

int run_folder_open(struct run_folder **out, const char *path, bool force,
                    const struct run_description *description, struct err *err)
{
    const struct result *result = description->result;
    struct run_folder *folder = xcalloc(1, sizeof *folder);
    int rc = prepare(path, force, err);

    folder->path = xstrdup(path);
    folder->run = *description;
    folder->files =
        xcalloc((size_t)result->entrants * (size_t)result->seeds, sizeof *folder->files);
    if (rc == 0)
        rc = write_head(folder, err);
    if (rc == 0)
        rc = make_policies(folder, err);
    *out = folder;
    if (rc) {
        run_folder_close(folder, false, NULL);
        *out = NULL;
    }
    return rc;
}

static int begin(void *arg, const struct piece *piece, struct err *err)
{
    struct run_folder *folder = arg;
    char name[256], *path;
    int rc;

    run_folder_name(folder->run.result->entrant[piece->contender].name, name, sizeof name);
    BUG_ON(asprintf(&path, "%s/%s/seed-%llu", folder->path, name, (unsigned long long)piece->seed) <
           0);
    rc = folder_make(path, err);
    if (rc == 0)
        rc = run_files_open(&folder->files[piece->index], path, folder->run.scenario,
                            piece->episode->world, err);
    free(path);
    return rc;
}

static int end(void *arg, const struct piece *piece, const struct metrics *metrics, struct err *err)
{
    struct run_folder *folder = arg;

    return run_files_close(folder->files[piece->index], metrics, err);
}

struct observer run_folder_observer(struct run_folder *folder)
{
    return (struct observer){.arg = folder, .begin = begin, .end = end};
}

static int write_summary(const struct run_folder *folder, bool finished, struct err *err)
{
    struct csv_style style = {.separator = ',', .reproducible = true};
    struct text text;
    int rc;

    text_init(&text, 0);
    result_csv_per_seed(folder->run.result, &style, &text);
    rc = folder_write(folder->path, "summary.csv", &text, err);
    text_reset(&text);
    if (rc == 0 && finished)
        rc = folder_write(folder->path, "DONE", &text, err);
    text_release(&text);
    return rc;
}

int run_folder_close(struct run_folder *folder, bool finished, struct err *err)
{
    int rc = 0;

    if (!folder)
        return 0;
    if (folder->run.result->summary)
        rc = write_summary(folder, finished, err);
    free(folder->files);
    free(folder->path);
    free(folder);
    return rc;
}
