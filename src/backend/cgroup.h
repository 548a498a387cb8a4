/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups, version 2 where it has the controllers, version 1 where only that is there, both
 * at once where the machine mixes them. One site is a group that holds one group per attempt.
 */
#ifndef BACKEND_CGROUP_H
#define BACKEND_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct text;

enum cgroup_controller { CGROUP_CPU, CGROUP_CPUSET, CGROUP_MEMORY, CGROUP_FREEZER, CGROUP_KINDS };

struct cgroup_site {
    char *unified;             /* folder of version 2, or NULL */
    char *v1[CGROUP_KINDS];    /* folders of version 1, or NULL */
    int version[CGROUP_KINDS]; /* which version serves each: 0 (none), 1 or 2 */
};

/* Looks what is writable below `root`, and makes the site's groups there. Nothing writable is no
 * error: all versions are 0 then. */
void cgroup_site_open(struct cgroup_site *site, const char *root, const char *name);
/* The same site as far as can be told without changing what is there: its groups are made, but this
 * process stays in its group, and no controller is enabled. Close it. */
void cgroup_site_probe(struct cgroup_site *site, const char *root, const char *name);
/* Removes the site's groups if they are empty. */
void cgroup_site_close(struct cgroup_site *site);
bool cgroup_site_is_usable(const struct cgroup_site *site);

/* A group of an attempt. */
int cgroup_make(const struct cgroup_site *site, const char *group, struct err *err);
int cgroup_set_cpu(const struct cgroup_site *site, const char *group, double cpus, struct err *err);
int cgroup_set_cpuset(const struct cgroup_site *site, const char *group, const char *cpus,
                      struct err *err);
int cgroup_set_memory(const struct cgroup_site *site, const char *group, int64_t bytes,
                      struct err *err); /* 0: no limit */
int cgroup_freeze(const struct cgroup_site *site, const char *group, bool frozen, struct err *err);
/* SIGKILL to all that is in it now. */
void cgroup_kill(const struct cgroup_site *site, const char *group);
bool cgroup_has_oom(const struct cgroup_site *site, const char *group);
double cgroup_cpu_s(const struct cgroup_site *site, const char *group);      /* -1: not known */
int64_t cgroup_mem_bytes(const struct cgroup_site *site, const char *group); /* -1: not known */
/* Whether it is there and holds no process; also true if it is gone. */
bool cgroup_is_empty(const struct cgroup_site *site, const char *group);
bool cgroup_exists(const struct cgroup_site *site, const char *group);
void cgroup_remove(const struct cgroup_site *site, const char *group);

/* The folders of a group, one line each, version 2 first as "2 path": for keepers, which put tasks
 * into them. */
void cgroup_print_folders(const struct cgroup_site *site, const char *group, struct text *out);

#endif
