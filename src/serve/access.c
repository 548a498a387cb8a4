/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/access.h"

#include <jansson.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rng.h"
#include "serve/book.h"
#include "store/store.h"

const char *role_word(enum role role)
{
    static const char *const word[] = {"none", "read", "submit", "admin"};

    return word[role];
}

enum role role_find(const char *word)
{
    for (int role = ROLE_READ; role <= ROLE_ADMIN; role++)
        if (strcmp(word, role_word((enum role)role)) == 0)
            return (enum role)role;
    return ROLE_NONE;
}

static int64_t token_key(const char *name)
{
    return (int64_t)(rng_hash_seed(0, name) >> 1);
}

static bool load_token(void *arg, int64_t id, const char *words)
{
    struct access *access = arg;
    json_t *doc = json_loads(words, 0, NULL);
    const char *name = json_string_value(json_object_get(doc, "name"));
    const char *user = json_string_value(json_object_get(doc, "user"));
    const char *role = json_string_value(json_object_get(doc, "role"));
    const char *hash = json_string_value(json_object_get(doc, "hash"));
    struct token token = {.made_us = json_integer_value(json_object_get(doc, "made_us"))};

    (void)id;
    if (name && user && role && hash) {
        token.name = xstrdup(name);
        token.user = xstrdup(user);
        token.role = role_find(role);
        snprintf(token.hash, sizeof token.hash, "%s", hash);
        vector_push(&access->tokens, token);
    }
    json_decref(doc);
    return true;
}

int access_open(struct access *access, struct store *store, double rate, struct err *err)
{
    *access = (struct access){.store = store, .rate = rate};
    return store_each(store, STORE_TOKEN, load_token, access, err);
}

void access_close(struct access *access)
{
    for (size_t i = 0; i < access->tokens.count; i++) {
        free(access->tokens.item[i].name);
        free(access->tokens.item[i].user);
    }
    vector_release(&access->tokens);
}

/* Others than the daemon's own user can only look where it could not run tasks as them. */
void access_local(struct caller *out, uid_t uid, gid_t gid)
{
    const struct passwd *user = getpwuid(uid);

    *out = (struct caller){.uid = uid, .gid = gid};
    if (user)
        snprintf(out->user, sizeof out->user, "%s", user->pw_name);
    else
        snprintf(out->user, sizeof out->user, "%u", (unsigned)uid);
    out->role = uid == 0 || uid == geteuid() ? ROLE_ADMIN
                : geteuid() == 0             ? ROLE_SUBMIT
                                             : ROLE_READ;
}

static bool same_hash(const char *a, const char *b)
{
    unsigned char differ = 0;

    for (int i = 0; i < SHA256_HEX_BYTES - 1; i++)
        differ |= (unsigned char)(a[i] ^ b[i]);
    return !differ;
}

bool access_token(const struct access *access, const char *secret, struct caller *out)
{
    const struct token *found = NULL;
    const struct passwd *user;
    char hash[SHA256_HEX_BYTES];

    *out = (struct caller){.uid = (uid_t)-1, .gid = (gid_t)-1};
    sha256_hex(secret, strlen(secret), hash);
    for (size_t i = 0; i < access->tokens.count; i++)
        if (same_hash(hash, access->tokens.item[i].hash))
            found = &access->tokens.item[i];
    if (!found)
        return false;
    user = getpwnam(found->user);
    if (user) {
        out->uid = user->pw_uid;
        out->gid = user->pw_gid;
    }
    out->role = found->role;
    /* Nobody can be given rights that the daemon's machine does not know of. */
    if (out->role >= ROLE_SUBMIT && (!user || (geteuid() != 0 && out->uid != geteuid())))
        out->role = ROLE_READ;
    snprintf(out->user, sizeof out->user, "%s", found->user);
    snprintf(out->token, sizeof out->token, "%s", found->name);
    return true;
}

/* A second's requests may come at once. */
static double take(struct bucket *bucket, double rate, double now_s)
{
    double most = fmax(rate, 1);

    if (bucket->at_s > 0)
        bucket->level = fmin(most, bucket->level + rate * (now_s - bucket->at_s));
    else
        bucket->level = most;
    bucket->at_s = now_s;
    if (bucket->level < 1)
        return (1 - bucket->level) / rate;
    bucket->level--;
    return 0;
}

double access_spend(struct access *access, const struct caller *caller, double now_s)
{
    if (access->rate <= 0)
        return 0;
    for (size_t i = 0; i < access->tokens.count; i++)
        if (strcmp(access->tokens.item[i].name, caller->token) == 0)
            return take(&access->tokens.item[i].bucket, access->rate, now_s);
    return take(&access->strangers, access->rate, now_s);
}

static int check_token(const struct access *access, const char *name, const char *user,
                       struct err *err)
{
    for (size_t i = 0; i < access->tokens.count; i++)
        if (strcmp(access->tokens.item[i].name, name) == 0)
            return err_set(err, ERR_INVALID, "there is a token \"%s\" already", name);
    if (!*name || strlen(name) > 40)
        return err_set(err, ERR_INVALID, "name: expected 1 to 40 characters");
    if (strlen(user) > 60 || !getpwnam(user))
        return err_set(err, ERR_INVALID, "no user \"%.60s\" on this machine", user);
    return 0;
}

int access_add_token(struct access *access, const char *name, const char *user, enum role role,
                     char secret[64], struct err *err)
{
    unsigned char bytes[24];
    struct token token = {.role = role, .made_us = book_now_us()};
    int rc = check_token(access, name, user, err);
    json_t *doc;
    char *words;

    if (rc)
        return rc;
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return err_set(err, ERR_IO, "no random bytes");
    snprintf(secret, 64, "tap_");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(secret + 4 + 2 * i, 64 - 4 - 2 * i, "%02x", bytes[i]);
    sha256_hex(secret, strlen(secret), token.hash);
    token.name = xstrdup(name);
    token.user = xstrdup(user);
    vector_push(&access->tokens, token);
    doc = json_pack("{s:s, s:s, s:s, s:s, s:I}", "name", name, "user", user, "role",
                    role_word(role), "hash", token.hash, "made_us", (json_int_t)token.made_us);
    words = json_dumps(doc, JSON_COMPACT);
    store_put(access->store, STORE_TOKEN, token_key(name), words);
    free(words);
    json_decref(doc);
    return 0;
}

bool access_drop_token(struct access *access, const char *name)
{
    for (size_t i = 0; i < access->tokens.count; i++)
        if (strcmp(access->tokens.item[i].name, name) == 0) {
            store_erase(access->store, STORE_TOKEN, token_key(name));
            free(access->tokens.item[i].name);
            free(access->tokens.item[i].user);
            access->tokens.item[i] = vector_pop(&access->tokens);
            return true;
        }
    return false;
}

bool access_owns(const struct caller *caller, const struct job *job)
{
    return caller->role == ROLE_ADMIN || (caller->role == ROLE_SUBMIT && caller->uid == job->uid);
}
