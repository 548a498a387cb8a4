/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a site is: its clusters, types, policy, where it listens and where it keeps things. Read
 * from YAML, or made up for the machine at hand when there is no file.
 */
#ifndef SERVE_SITE_H
#define SERVE_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/option.h"
#include "base/yaml.h"
#include "core/allocation.h"
#include "serve/role.h"

struct err;
struct text;

/* Which resource is which, in every allocation of a site. Memory counts in MiB. */
enum { SITE_CPU, SITE_GPU, SITE_MEM, SITE_RESOURCES };
#define SITE_MEM_UNIT_BYTES ((int64_t)1 << 20)

struct site_cluster {
    const char *name, *backend;
    struct allocation capacity;
    const char *cpus, *gpus; /* lists, or NULL: whichever there are */
};

struct site_type {
    const char *name;
    struct allocation min, max;
};

/* What one user's tasks may have together; -1: any amount. */
struct site_quota {
    const char *user; /* NULL: everybody who is not named */
    int32_t running, cpu, gpu, pending;
};

/* What a user of this machine may do. */
struct site_role {
    const char *user;
    enum role role;
};

struct site {
    struct arena arena;
    struct yaml_document document; /* what was read, for places in errors; empty: no file */
    const char *name;
    const char *store;  /* the file of the database */
    const char *folder; /* where it lies, with all that is kept beside it */
    const char *unix_path;
    const char *http; /* "host:port", or NULL */
    const char *tls_cert, *tls_key;
    const char *policy;   /* with its model */
    const char *fallback; /* who decides where the policy does not */
    double decide_timeout_s;
    double keep_finished_s, keep_events_s;
    int64_t log_bytes;
    const char *tokens; /* a file, or NULL */
    enum role anonymous;
    double session_s;
    struct site_role *role;
    int roles;
    double rate;                          /* requests per second of one token; 0: any number */
    struct site_quota quota, *user_quota; /* the default, and by name */
    int quotas;                           /* by name */
    bool has_quota;                       /* any of them says something */
    int clusters, types;
    struct site_cluster *cluster;
    struct site_type *type;
    bool has_mem; /* some cluster states its memory */
};

/* Reads a file; NULL: the machine as one cluster. Release in any case. */
int site_read(struct site *site, const char *path, struct err *err);
/* The same from memory. */
int site_parse(struct site *site, const char *name, const char *bytes, size_t count,
               struct err *err);
void site_release(struct site *site);

const struct site_quota *site_quota(const struct site *site, const char *user);
/* What the file says of a user; NULL: nothing. */
const enum role *site_role(const struct site *site, const char *user);
/* What to say where anonymous callers of other machines may do more than look. */
const char *site_anonymous_warning(const struct site *site);
int site_find_cluster(const struct site *site, const char *name);
/* Some cluster offers them. */
bool site_has_gpus(const struct site *site);

/* Adds "file:line: key: " to an error, unless rc is 0, the line being that of the key or of what it
 * would be in: "listen.http", "clusters[1].cpus". Without a file: "key: ". Returns rc. */
int site_blame(const struct site *site, const char *key, int rc, struct err *err);
/* A new one, ERR_INVALID. */
int site_refuse(const struct site *site, struct err *err, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Where this user's (or the system's) daemon listens unless told otherwise; free it. */
char *site_default_socket(void);
/* Where to look for a daemon: that, or if nothing is there, the system's; free it. */
char *site_find_socket(void);

extern const struct option_section site_sections[];

#endif
