/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backends: the engines that really run tasks. Every start is an attempt with a number of its own
 * and a folder of its own, both chosen and recorded by the caller before start() is called. Calls
 * do not wait; what happened comes back as events.
 *
 * After a crash of the caller, adopt() finds out what became of an attempt. It never answers "it
 * did not start" unless it has made sure that it never will.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/allocation.h"

struct err;
struct text;

/* One cluster as the backend sees it. */
struct backend_config {
    const char *cluster;
    const char *program;   /* the tapfinger program, for keepers */
    const char *groups;    /* name of the control group that holds the groups of all attempts */
    const char *cpus;      /* "0-3,8": the processors of this cluster; NULL: all */
    const char *gpus;      /* "0,1": its GPUs; NULL: 0 .. n-1 */
    const char *groups_at; /* where control groups are mounted; NULL: /sys/fs/cgroup */
    struct allocation capacity;
    int cpu, gpu, mem; /* which resource is which; -1: none */
    int64_t mem_unit_bytes;
};

struct launch {
    int64_t attempt;
    const char *folder;                   /* made by start() */
    const char *const *argv, *const *env; /* end with NULL; env is whole but for TAP_* */
    const char *cwd;
    const char *user; /* for its groups; NULL: none but gid */
    uid_t uid;
    gid_t gid;
    struct allocation allocation;
    double timeout_s;  /* 0: none */
    double grace_s;    /* between the request to stop and SIGKILL, when time is up */
    int64_t log_bytes; /* kept of each of stdout and stderr */
};

enum backend_event_kind {
    BACKEND_STARTED,  /* the program runs */
    BACKEND_PROGRESS, /* progress or metrics were reported */
    BACKEND_ENDED,
};

enum end_cause {
    END_EXIT,    /* of its own: see code and signal */
    END_TIMEOUT, /* stopped because its time was up */
    END_STOPPED, /* stopped on request */
    END_ERROR,   /* never ran: message says why */
    END_LOST,    /* nobody saw how it ended */
};

struct backend_end {
    enum end_cause cause;
    int code, signal; /* signal 0: exited with code */
    bool oom;
    double wall_s, user_s, system_s;
    int64_t most_bytes;           /* largest resident set of any of its processes */
    int64_t started_us, ended_us; /* since 1970; 0: not known */
    double over_s;                /* of the machine's clock, as backend_event.at_s */
    char message[256];
};

struct backend_event {
    enum backend_event_kind kind;
    int64_t attempt;
    double at_s;         /* when it happened, by CLOCK_BOOTTIME; 0: not known */
    double progress;     /* PROGRESS: 0 .. 1, or -1 if none was reported yet */
    const char *metrics; /* PROGRESS: a JSON object; until the next poll */
    int64_t pid;         /* STARTED */
    struct backend_end end;
};

enum adoption {
    ADOPTED,       /* it runs, or an event says how it ended */
    ADOPTED_NEVER, /* it never started and never will */
};

struct backend_usage {
    double cpu_s;      /* -1: not known */
    int64_t mem_bytes; /* -1: not known */
};

struct backend_ops {
    const char *name, *summary;
    int (*open)(void **out, const struct backend_config *config, struct err *err);
    /* Whether open() would succeed, and what describe() would say then. Nothing is changed; groups
     * named like config's are made and removed again. */
    int (*probe)(const struct backend_config *config, struct text *out, struct err *err);
    int (*start)(void *state, const struct launch *launch, struct err *err);
    /* Only attempt, folder and allocation of the launch count. */
    int (*adopt)(void *state, const struct launch *launch, enum adoption *out, struct err *err);
    int (*resize)(void *state, int64_t attempt, const struct allocation *allocation,
                  struct err *err);
    /* Asks for a checkpoint and an end; what is left after the grace period is killed. */
    int (*stop)(void *state, int64_t attempt, double grace_s, struct err *err);
    int (*freeze)(void *state, int64_t attempt, bool frozen, struct err *err);
    int (*usage)(void *state, int64_t attempt, struct backend_usage *out);
    /* At most `max` events that are there already. Metrics stay valid until the next call. */
    int (*poll)(void *state, struct backend_event *out, int max);
    int (*descriptor)(void *state); /* readable when poll() has work to do */
    /* One line per resource: how it is enforced, "cpu: quota and cpuset (cgroup v1)". */
    void (*describe)(void *state, struct text *out);
    /* Tasks keep running. */
    void (*close)(void *state);
};

extern const struct backend_ops backend_local;
extern const struct backend_ops *const backends[]; /* ends with NULL */

const struct backend_ops *backend_find(const char *name);

#endif
