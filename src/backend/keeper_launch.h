/* SPDX-License-Identifier: Apache-2.0 */
/* What a keeper is to run, and the birth of the task. */
#ifndef BACKEND_KEEPER_LAUNCH_H
#define BACKEND_KEEPER_LAUNCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/cpu_list.h"

struct err;

enum { LAUNCH_GROUPS = 8 };

struct keeper_launch {
    json_t *doc; /* owns the strings */
    const char **argv, **env;
    const char *cwd, *user;
    uid_t uid;
    gid_t gid;
    const char *unified;              /* group folder of version 2, or NULL */
    const char *group[LAUNCH_GROUPS]; /* group folders of version 1 */
    int groups;
    const char *memory_group; /* where OOM kills are counted, or NULL */
    bool memory_unified;
    struct cpu_list cpus; /* affinity, where no cpuset does it; else empty */
    double timeout_s, grace_s;
    int64_t log_bytes;
    const char *allocation; /* what the task is told first, as JSON */
};

int keeper_launch_read(struct keeper_launch *out, const char *folder, struct err *err);
void keeper_launch_release(struct keeper_launch *launch);

struct keeper_child {
    pid_t pid;
    int pidfd;
};

/* Starts the task with these as its standard streams; returns once its program runs. Where the
 * program cannot be run: ERR_IO and why. */
int keeper_launch_start(const struct keeper_launch *launch, int in, int out, int err_file,
                        struct keeper_child *child, struct err *err);

#endif
