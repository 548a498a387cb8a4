/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens: names for secrets that are kept as hashes only. Those made by the daemon are in its
 * store; others are lines of a file that the site names.
 */
#ifndef SERVE_TOKEN_H
#define SERVE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"
#include "base/vector.h"
#include "serve/role.h"

struct err;

enum { TOKEN_NAME_MOST = 40, TOKEN_USER_MOST = 60 };

/* Requests that may still come at once; one more with each part of a second that passes. */
struct bucket {
    double level, at_s;
};

struct token {
    char hash[SHA256_HEX_BYTES];
    char *name, *user;
    enum role role;
    bool from_file;
    int64_t made_us; /* 0: not known */
    struct bucket bucket;
};

typedef VECTOR(struct token) token_list;

void token_release(struct token *token);
void token_list_release(token_list *list);

/*
 * Puts the tokens of a file behind those of the list: a line each of name, user, role and the
 * SHA-256 of the secret in hexadecimal digits; "#" begins a comment. Errors name file and line.
 */
int token_file_parse(token_list *list, const char *name, const char *bytes, size_t count,
                     struct err *err);
/* The same from a file, which nobody but its owner and root may be able to write. */
int token_file_read(token_list *list, const char *path, struct err *err);

#endif
