/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what. Over the unix socket the kernel says who is asking; over TCP a token does, of
 * which only a hash is kept.
 */
#ifndef SERVE_ACCESS_H
#define SERVE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/sha256.h"
#include "base/vector.h"

struct err;
struct job;
struct store;

enum role { ROLE_NONE, ROLE_READ, ROLE_SUBMIT, ROLE_ADMIN };

const char *role_word(enum role role);
/* ROLE_NONE: no such word. */
enum role role_find(const char *word);

struct caller {
    enum role role;
    uid_t uid;
    gid_t gid;
    char user[64];
    char token[64]; /* its name; "" over the unix socket */
};

/* Requests that may still come at once; one more with each part of a second that passes. */
struct bucket {
    double level, at_s;
};

struct token {
    char hash[SHA256_HEX_BYTES];
    char *name, *user;
    enum role role;
    int64_t made_us;
    struct bucket bucket;
};

struct access {
    struct store *store;
    double rate;             /* requests per second of one token; 0: any number */
    struct bucket strangers; /* all who come with a token that there is not */
    VECTOR(struct token) tokens;
};

int access_open(struct access *access, struct store *store, double rate, struct err *err);
void access_close(struct access *access);

void access_local(struct caller *out, uid_t uid, gid_t gid);
/* False: no such token. */
bool access_token(const struct access *access, const char *secret, struct caller *out);

/* A request of somebody who came with a token: seconds until it may be made; 0: now. */
double access_spend(struct access *access, const struct caller *caller, double now_s);

/* Makes a token for a user and writes its secret, which nobody can read again. */
int access_add_token(struct access *access, const char *name, const char *user, enum role role,
                     char secret[64], struct err *err);
bool access_drop_token(struct access *access, const char *name);

/* Whether the caller may see everything of a job and change it. */
bool access_owns(const struct caller *caller, const struct job *job);

#endif
