/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what. Over the unix socket the kernel says who is asking; over TCP a token does, of
 * which only a hash is kept, or a session that was begun with a token: a browser's, by cookie. Who
 * brings nothing is anonymous, and may do what the site allows to such.
 */
#ifndef SERVE_ACCESS_H
#define SERVE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "serve/token.h"

struct err;
struct job;
struct site;
struct store;

enum access_way { WAY_NONE, WAY_SOCKET, WAY_TOKEN, WAY_SESSION, WAY_ANONYMOUS };

struct caller {
    enum access_way way;
    enum role role;
    uid_t uid;
    gid_t gid;
    char user[64];
    char token[64];                 /* its name, also of a session; else "" */
    char session[SHA256_HEX_BYTES]; /* hash of its secret, else "" */
    int64_t ends_us;                /* of a session */
};

enum { ACCESS_SECRET_BYTES = 64 };

/* What a browser's cookie stands for. */
struct session {
    char hash[SHA256_HEX_BYTES], token_hash[SHA256_HEX_BYTES];
    int64_t made_us, ends_us;
};

struct access {
    struct store *store;
    const struct site *site;
    struct bucket strangers; /* all who come with a token that there is not */
    struct bucket anonymous; /* all who come with none */
    token_list tokens;
    VECTOR(struct session) sessions; /* oldest first */
};

/* Reads what the store has and the site's file of tokens; the site stays the caller's. */
int access_open(struct access *access, struct store *store, const struct site *site,
                struct err *err);
void access_close(struct access *access);
/* The tokens of this site's file in place of those of the present one, or an error and no change.
 */
int access_reload(struct access *access, const struct site *site, struct err *err);

const char *access_way_word(enum access_way way);

void access_local(const struct access *access, struct caller *out, uid_t uid, gid_t gid);
/* False: no such token. */
bool access_token(const struct access *access, const char *secret, struct caller *out);
/* False: no such session, or it has ended. */
bool access_session(const struct access *access, const char *secret, struct caller *out);
void access_anonymous(const struct access *access, struct caller *out);
/* Whether somebody who came in a while ago would still come in. */
bool access_stands(const struct access *access, const struct caller *caller);

/* A request over TCP: seconds until it may be made; 0: now. */
double access_spend(struct access *access, const struct caller *caller, double now_s);

/* Makes a token for a user and writes its secret, which nobody can read again. */
int access_add_token(struct access *access, const char *name, const char *user, enum role role,
                     char secret[ACCESS_SECRET_BYTES], struct err *err);
/* With all sessions that were begun with it. False: no such token, or not one of the daemon's. */
bool access_drop_token(struct access *access, const char *name);
const struct token *access_find_token(const struct access *access, const char *name);

/* Begins a session of who has just shown a token, and writes its secret. */
int access_begin_session(struct access *access, struct caller *caller,
                         char secret[ACCESS_SECRET_BYTES], struct err *err);
void access_end_session(struct access *access, const struct caller *caller);
/* Forgets sessions that have ended. */
void access_sweep(struct access *access);

/* Whether the caller may see everything of a job and change it. */
bool access_owns(const struct caller *caller, const struct job *job);

#endif
