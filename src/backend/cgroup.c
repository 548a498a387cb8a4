/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files mean:
 *
 *                 version 2                    version 1
 *     quota       cpu.max "quota period"       cpu.cfs_period_us, cpu.cfs_quota_us
 *     processors  cpuset.cpus                  cpuset.cpus, with cpuset.mems set before any task
 *     memory      memory.max                   memory.limit_in_bytes
 *     freeze      cgroup.freeze 1|0            freezer.state FROZEN|THAWED
 *     kill        cgroup.kill 1                SIGKILL to cgroup.procs until it is empty
 *     OOM         memory.events oom_kill       memory.oom_control oom_kill
 *
 * Under version 2 a group with processes may have no controllers for its children, so a daemon that
 * finds itself in a group of its own (systemd's Delegate=) first moves into a leaf of it. A group
 * whose cgroup.kill was ever written kills what is cloned into it on some kernels; every attempt
 * has a fresh one. The period is 50 ms: a new quota holds from the next period on.
 *
 * Files are opened with O_CREAT so that tests can offer a plain folder in place of the real thing.
 */
#include "backend/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

enum { PERIOD_US = 50000, LEAST_QUOTA_US = 1000, FILE_BYTES = 65536 };

static const char *const controller_name[CGROUP_KINDS] = {"cpu", "cpuset", "memory", "freezer"};

static char *join(const char *a, const char *b)
{
    size_t bytes = strlen(a) + strlen(b) + 2;
    char *path = xmalloc(bytes);

    snprintf(path, bytes, "%s/%s", a, b);
    return path;
}

static int write_file(const char *folder, const char *name, const char *value, struct err *err)
{
    char *path = join(folder, name);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), rc = 0;

    if (file < 0 || write(file, value, strlen(value)) < 0)
        rc = err_set(err, ERR_IO, "%s: cannot write \"%s\": %s", path, value, strerror(errno));
    if (file >= 0)
        close(file);
    free(path);
    return rc;
}

/* Up to FILE_BYTES of a file; empty if it cannot be read. */
static void read_file(const char *folder, const char *name, struct text *out)
{
    char *path = join(folder, name), bytes[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    text_init(out, FILE_BYTES);
    while (file >= 0 && (got = read(file, bytes, sizeof bytes)) > 0)
        text_add_bytes(out, bytes, (size_t)got);
    if (file >= 0)
        close(file);
    free(path);
}

static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = text; (at = strstr(at, word)); at += length)
        if ((at == text || at[-1] == ' ') && (!at[length] || strchr(" \n", at[length])))
            return true;
    return false;
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || (errno == EEXIST && is_folder(path));
}

/* The group of version 2 in which this process is, as a path below the mount. */
static void own_group(struct text *out)
{
    struct text all;
    const char *at;

    text_init(out, 0);
    read_file("/proc/self", "cgroup", &all);
    at = strstr(all.bytes, "0::");
    if (at)
        text_add_bytes(out, at + 3, strcspn(at + 3, "\n"));
    text_release(&all);
}

static void enable(const char *folder, const char *controllers, struct cgroup_site *site)
{
    for (int kind = 0; kind < CGROUP_FREEZER; kind++) {
        char word[32];

        snprintf(word, sizeof word, "+%s", controller_name[kind]);
        if (has_word(controllers, controller_name[kind]) &&
            write_file(folder, "cgroup.subtree_control", word, NULL) == 0)
            site->version[kind] = 2;
    }
}

/* Where this process's group is a delegated one it holds the site's group, else the root does.
 * Free it. */
static char *unified_base(const char *mount, bool *own)
{
    struct text group;
    char *base;

    own_group(&group);
    *own = group.length > 1;
    base = *own ? join(mount, group.bytes + 1) : xstrdup(mount);
    if (!is_folder(base)) {
        free(base);
        base = xstrdup(mount);
    }
    text_release(&group);
    return base;
}

static void move_to_leaf(const char *base)
{
    char *leaf = join(base, "daemon");

    if (make_folder(leaf))
        write_file(leaf, "cgroup.procs", "0", NULL);
    free(leaf);
}

static bool make_unified(struct cgroup_site *site, const char *base, const char *name)
{
    char *path = join(base, name);

    if (!make_folder(path) || access(path, W_OK) != 0) {
        free(path);
        return false;
    }
    site->unified = path;
    site->version[CGROUP_FREEZER] = 2;
    return true;
}

static void open_unified(struct cgroup_site *site, const char *mount, const char *name)
{
    struct text controllers;
    bool own;
    char *base = unified_base(mount, &own);

    if (own)
        move_to_leaf(base);
    if (make_unified(site, base, name)) {
        read_file(base, "cgroup.controllers", &controllers);
        enable(base, controllers.bytes, site);
        enable(site->unified, controllers.bytes, site);
        text_release(&controllers);
    }
    free(base);
}

/* Whether a group holds another process than this one. */
static bool has_others(const char *folder)
{
    struct text procs;
    bool found = false;

    read_file(folder, "cgroup.procs", &procs);
    for (char *at = procs.bytes, *end; !found && *at; at = *end ? end + 1 : end)
        found = strtol(at, &end, 10) != getpid();
    text_release(&procs);
    return found;
}

/* A controller is enabled in a group without processes of its own only (the root may have some);
 * this process will have moved out by then. */
static void probe_unified(struct cgroup_site *site, const char *mount, const char *name)
{
    struct text controllers, enabled;
    bool own, may;
    char *base = unified_base(mount, &own), *control = join(base, "cgroup.subtree_control");

    if (make_unified(site, base, name)) {
        read_file(base, "cgroup.controllers", &controllers);
        read_file(base, "cgroup.subtree_control", &enabled);
        may = access(control, W_OK) == 0 && !(own && has_others(base));
        for (int kind = 0; kind < CGROUP_FREEZER; kind++)
            if (has_word(controllers.bytes, controller_name[kind]) &&
                (may || has_word(enabled.bytes, controller_name[kind])))
                site->version[kind] = 2;
        text_release(&controllers);
        text_release(&enabled);
    }
    free(control);
    free(base);
}

/* Version 1 wants a child's processors and memory nodes set before it takes a task. */
static void inherit_cpuset(const char *parent, const char *child)
{
    static const char *const file[] = {"cpuset.cpus", "cpuset.mems"};

    for (size_t i = 0; i < COUNT_OF(file); i++) {
        struct text now, wanted;

        read_file(child, file[i], &now);
        read_file(parent, file[i], &wanted);
        if (now.length <= 1 && wanted.length > 1)
            write_file(child, file[i], wanted.bytes, NULL);
        text_release(&now);
        text_release(&wanted);
    }
}

static void open_v1(struct cgroup_site *site, const char *root, const char *name, int kind)
{
    char *base = join(root, controller_name[kind]), *path = join(base, name);

    if (is_folder(base) && make_folder(path) && access(path, W_OK) == 0) {
        if (kind == CGROUP_CPUSET)
            inherit_cpuset(base, path);
        site->v1[kind] = path;
        site->version[kind] = 1;
        path = NULL;
    }
    free(path);
    free(base);
}

static void find_site(struct cgroup_site *site, const char *root, const char *name,
                      void (*unified)(struct cgroup_site *, const char *mount, const char *name))
{
    char *controllers = join(root, "cgroup.controllers"), *mixed = join(root, "unified");

    *site = (struct cgroup_site){0};
    if (access(controllers, R_OK) == 0)
        unified(site, root, name);
    else if (is_folder(mixed))
        unified(site, mixed, name);
    for (int kind = 0; kind < CGROUP_KINDS; kind++)
        if (!site->version[kind])
            open_v1(site, root, name, kind);
    free(controllers);
    free(mixed);
}

void cgroup_site_open(struct cgroup_site *site, const char *root, const char *name)
{
    find_site(site, root, name, open_unified);
}

void cgroup_site_probe(struct cgroup_site *site, const char *root, const char *name)
{
    find_site(site, root, name, probe_unified);
}

void cgroup_site_close(struct cgroup_site *site)
{
    if (site->unified)
        rmdir(site->unified);
    free(site->unified);
    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        if (site->v1[kind])
            rmdir(site->v1[kind]);
        free(site->v1[kind]);
    }
    *site = (struct cgroup_site){0};
}

bool cgroup_site_is_usable(const struct cgroup_site *site)
{
    for (int kind = 0; kind < CGROUP_KINDS; kind++)
        if (site->version[kind])
            return true;
    return false;
}

/* Folder of a group for one controller; free it. */
static char *group_folder(const struct cgroup_site *site, const char *group, int kind)
{
    return join(site->version[kind] == 2 ? site->unified : site->v1[kind], group);
}

int cgroup_make(const struct cgroup_site *site, const char *group, struct err *err)
{
    int rc = 0;

    if (site->unified) {
        char *path = join(site->unified, group);

        if (!make_folder(path))
            rc = err_set(err, ERR_IO, "%s: cannot make: %s", path, strerror(errno));
        free(path);
    }
    for (int kind = 0; kind < CGROUP_KINDS && rc == 0; kind++) {
        char *path;

        if (site->version[kind] != 1)
            continue;
        path = join(site->v1[kind], group);
        if (!make_folder(path))
            rc = err_set(err, ERR_IO, "%s: cannot make: %s", path, strerror(errno));
        else if (kind == CGROUP_CPUSET)
            inherit_cpuset(site->v1[kind], path);
        free(path);
    }
    return rc;
}

int cgroup_set_cpu(const struct cgroup_site *site, const char *group, double cpus, struct err *err)
{
    long quota = (long)(cpus * PERIOD_US);
    char value[48], *path;
    int rc;

    if (!site->version[CGROUP_CPU])
        return 0;
    if (quota < LEAST_QUOTA_US)
        quota = LEAST_QUOTA_US;
    path = group_folder(site, group, CGROUP_CPU);
    if (site->version[CGROUP_CPU] == 2) {
        snprintf(value, sizeof value, "%ld %d", quota, PERIOD_US);
        rc = write_file(path, "cpu.max", value, err);
    } else {
        snprintf(value, sizeof value, "%d", PERIOD_US);
        rc = write_file(path, "cpu.cfs_period_us", value, err);
        snprintf(value, sizeof value, "%ld", quota);
        if (rc == 0)
            rc = write_file(path, "cpu.cfs_quota_us", value, err);
    }
    free(path);
    return rc;
}

int cgroup_set_cpuset(const struct cgroup_site *site, const char *group, const char *cpus,
                      struct err *err)
{
    char *path;
    int rc;

    if (!site->version[CGROUP_CPUSET] || !cpus[0])
        return 0;
    path = group_folder(site, group, CGROUP_CPUSET);
    rc = write_file(path, "cpuset.cpus", cpus, err);
    free(path);
    return rc;
}

int cgroup_set_memory(const struct cgroup_site *site, const char *group, int64_t bytes,
                      struct err *err)
{
    bool unified = site->version[CGROUP_MEMORY] == 2;
    char value[32], *path;
    int rc;

    if (!site->version[CGROUP_MEMORY])
        return 0;
    path = group_folder(site, group, CGROUP_MEMORY);
    snprintf(value, sizeof value, "%lld", (long long)bytes);
    if (unified)
        rc = write_file(path, "memory.max", bytes ? value : "max", err);
    else
        rc = write_file(path, "memory.limit_in_bytes", bytes ? value : "-1", err);
    free(path);
    return rc;
}

int cgroup_freeze(const struct cgroup_site *site, const char *group, bool frozen, struct err *err)
{
    char *path;
    int rc;

    if (!site->version[CGROUP_FREEZER])
        return err_set(err, ERR_UNSUPPORTED, "no freezer");
    path = group_folder(site, group, CGROUP_FREEZER);
    if (site->version[CGROUP_FREEZER] == 2)
        rc = write_file(path, "cgroup.freeze", frozen ? "1" : "0", err);
    else
        rc = write_file(path, "freezer.state", frozen ? "FROZEN" : "THAWED", err);
    free(path);
    return rc;
}

/* Any folder of the group; free it. NULL: the site has none. */
static char *any_folder(const struct cgroup_site *site, const char *group)
{
    if (site->unified)
        return join(site->unified, group);
    for (int kind = 0; kind < CGROUP_KINDS; kind++)
        if (site->v1[kind])
            return join(site->v1[kind], group);
    return NULL;
}

void cgroup_kill(const struct cgroup_site *site, const char *group)
{
    char *path = any_folder(site, group);
    struct text procs;

    if (!path)
        return;
    if (is_folder(path)) {
        if (site->unified)
            write_file(path, "cgroup.kill", "1", NULL);
        read_file(path, "cgroup.procs", &procs);
        for (char *at = procs.bytes, *end; *at; at = *end ? end + 1 : end) {
            long pid = strtol(at, &end, 10);

            if (end == at)
                break;
            if (pid > 1)
                kill((pid_t)pid, SIGKILL);
        }
        text_release(&procs);
    }
    free(path);
}

/* The number behind a word at the start of a line, or -1. */
static int64_t find_count(const struct text *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = text->bytes; (at = strstr(at, word)); at += length)
        if ((at == text->bytes || at[-1] == '\n') && at[length] == ' ')
            return strtoll(at + length, NULL, 10);
    return -1;
}

static int64_t read_count(const struct cgroup_site *site, const char *group, int kind,
                          const char *file, const char *word)
{
    char *path = group_folder(site, group, kind);
    struct text text;
    int64_t count;

    read_file(path, file, &text);
    count = word ? find_count(&text, word) : text.length ? strtoll(text.bytes, NULL, 10) : -1;
    text_release(&text);
    free(path);
    return count;
}

bool cgroup_has_oom(const struct cgroup_site *site, const char *group)
{
    bool unified = site->version[CGROUP_MEMORY] == 2;

    if (!site->version[CGROUP_MEMORY])
        return false;
    return read_count(site, group, CGROUP_MEMORY, unified ? "memory.events" : "memory.oom_control",
                      "oom_kill") > 0;
}

double cgroup_cpu_s(const struct cgroup_site *site, const char *group)
{
    char *path;
    struct text text;
    int64_t used;

    if (!site->unified)
        return -1;
    path = join(site->unified, group);
    read_file(path, "cpu.stat", &text);
    used = find_count(&text, "usage_usec");
    text_release(&text);
    free(path);
    return used < 0 ? -1 : (double)used / 1e6;
}

int64_t cgroup_mem_bytes(const struct cgroup_site *site, const char *group)
{
    bool unified = site->version[CGROUP_MEMORY] == 2;

    if (!site->version[CGROUP_MEMORY])
        return -1;
    return read_count(site, group, CGROUP_MEMORY,
                      unified ? "memory.current" : "memory.usage_in_bytes", NULL);
}

bool cgroup_is_empty(const struct cgroup_site *site, const char *group)
{
    char *path = any_folder(site, group);
    struct text procs;
    bool empty;

    if (!path)
        return true;
    read_file(path, "cgroup.procs", &procs);
    empty = procs.length == 0;
    text_release(&procs);
    free(path);
    return empty;
}

bool cgroup_exists(const struct cgroup_site *site, const char *group)
{
    char *path = any_folder(site, group);
    bool exists = path && is_folder(path);

    free(path);
    return exists;
}

void cgroup_remove(const struct cgroup_site *site, const char *group)
{
    struct text folders;
    char *rest;

    text_init(&folders, 0);
    cgroup_print_folders(site, group, &folders);
    for (char *at = strtok_r(folders.bytes, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest))
        rmdir(at + 2);
    text_release(&folders);
}

void cgroup_print_folders(const struct cgroup_site *site, const char *group, struct text *out)
{
    if (site->unified)
        text_printf(out, "2 %s/%s\n", site->unified, group);
    for (int kind = 0; kind < CGROUP_KINDS; kind++)
        if (site->v1[kind])
            text_printf(out, "1 %s/%s\n", site->v1[kind], group);
}
