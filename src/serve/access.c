/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret is 24 random bytes, so its plain SHA-256 can be kept: there is nothing to guess. A role
 * is what a token has or what the site's file says of its user, whichever is less; and nobody is
 * given rights that the machine does not know of: tasks run as users of this machine, and a daemon
 * that is not root can run them as its own user only.
 *
 * A session is a secret of its own, so a browser never keeps a token. It lives in the store, since
 * the daemon may be killed at any time, and ends with its token.
 */
#include "serve/access.h"

#include <jansson.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/rng.h"
#include "serve/book.h"
#include "serve/site.h"
#include "store/store.h"

enum { SESSIONS_MOST = 1000 };

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
    if (name && user && role && hash && role_find(role, &token.role)) {
        token.name = xstrdup(name);
        token.user = xstrdup(user);
        snprintf(token.hash, sizeof token.hash, "%s", hash);
        vector_push(&access->tokens, token);
    }
    json_decref(doc);
    return true;
}

static bool load_session(void *arg, int64_t id, const char *words)
{
    struct access *access = arg;
    json_t *doc = json_loads(words, 0, NULL);
    const char *hash = json_string_value(json_object_get(doc, "hash"));
    const char *token = json_string_value(json_object_get(doc, "token"));
    struct session session = {.made_us = json_integer_value(json_object_get(doc, "made_us")),
                              .ends_us = json_integer_value(json_object_get(doc, "ends_us"))};

    (void)id;
    if (hash && token) {
        snprintf(session.hash, sizeof session.hash, "%s", hash);
        snprintf(session.token_hash, sizeof session.token_hash, "%s", token);
        vector_push(&access->sessions, session);
    }
    json_decref(doc);
    return true;
}

static int older_first(const void *a, const void *b)
{
    const struct session *x = a, *y = b;
    int by_hash = strcmp(x->hash, y->hash);

    return x->made_us == y->made_us ? by_hash : x->made_us < y->made_us ? -1 : 1;
}

int access_open(struct access *access, struct store *store, const struct site *site,
                struct err *err)
{
    int rc;

    *access = (struct access){.store = store, .site = site};
    rc = store_each(store, STORE_TOKEN, load_token, access, err);
    if (rc == 0)
        rc = store_each(store, STORE_SESSION, load_session, access, err);
    vector_sort(&access->sessions, older_first);
    return rc ? rc : access_reload(access, site, err);
}

void access_close(struct access *access)
{
    token_list_release(&access->tokens);
    vector_release(&access->sessions);
}

const struct token *access_find_token(const struct access *access, const char *name)
{
    for (size_t i = 0; i < access->tokens.count; i++)
        if (strcmp(access->tokens.item[i].name, name) == 0)
            return &access->tokens.item[i];
    return NULL;
}

static void drop_file_tokens(struct access *access)
{
    size_t kept = 0;

    for (size_t i = 0; i < access->tokens.count; i++)
        if (access->tokens.item[i].from_file)
            token_release(&access->tokens.item[i]);
        else
            access->tokens.item[kept++] = access->tokens.item[i];
    access->tokens.count = kept;
}

int access_reload(struct access *access, const struct site *site, struct err *err)
{
    token_list list = {0};
    int rc = site->tokens ? token_file_read(&list, site->tokens, err) : 0;

    for (size_t i = 0; i < list.count && rc == 0; i++) {
        const struct token *own = access_find_token(access, list.item[i].name);

        if (own && !own->from_file)
            rc = err_set(err, ERR_INVALID,
                         "%s: token \"%s\" was made with \"tapfinger token\", too; revoke that",
                         site->tokens, own->name);
    }
    if (rc) {
        token_list_release(&list);
        return rc;
    }
    drop_file_tokens(access);
    for (size_t i = 0; i < list.count; i++)
        vector_push(&access->tokens, list.item[i]);
    vector_release(&list);
    return 0;
}

const char *access_way_word(enum access_way way)
{
    static const char *const word[] = {"none", "socket", "token", "session", "anonymous"};

    return word[way];
}

static enum role at_most(enum role a, enum role b)
{
    return a < b ? a : b;
}

/* Others than the daemon's own user can only look where it could not run tasks as them. */
static enum role machine_allows(uid_t uid)
{
    if (uid == (uid_t)-1 || (geteuid() != 0 && uid != geteuid()))
        return ROLE_READ;
    return ROLE_ADMIN;
}

void access_local(const struct access *access, struct caller *out, uid_t uid, gid_t gid)
{
    const struct passwd *user = getpwuid(uid);
    const enum role *said;

    *out = (struct caller){.way = WAY_SOCKET, .uid = uid, .gid = gid};
    if (user)
        snprintf(out->user, sizeof out->user, "%s", user->pw_name);
    else
        snprintf(out->user, sizeof out->user, "%u", (unsigned)uid);
    said = site_role(access->site, out->user);
    if (uid == 0 || uid == geteuid())
        out->role = ROLE_ADMIN; /* whatever the file says: they can change that, too */
    else
        out->role = at_most(said ? *said : ROLE_SUBMIT, machine_allows(uid));
}

static bool same_hash(const char *a, const char *b)
{
    unsigned char differ = 0;

    for (int i = 0; i < SHA256_HEX_BYTES - 1; i++)
        differ |= (unsigned char)(a[i] ^ b[i]);
    return !differ;
}

static const struct token *token_of_hash(const struct access *access, const char *hash)
{
    const struct token *found = NULL;

    for (size_t i = 0; i < access->tokens.count; i++)
        if (same_hash(hash, access->tokens.item[i].hash))
            found = &access->tokens.item[i];
    return found;
}

static void become(const struct access *access, const struct token *token, enum access_way way,
                   struct caller *out)
{
    const struct passwd *user = getpwnam(token->user);
    const enum role *said = site_role(access->site, token->user);

    out->way = way;
    if (user) {
        out->uid = user->pw_uid;
        out->gid = user->pw_gid;
    }
    out->role = at_most(token->role, machine_allows(out->uid));
    if (said)
        out->role = at_most(out->role, *said);
    snprintf(out->user, sizeof out->user, "%s", token->user);
    snprintf(out->token, sizeof out->token, "%s", token->name);
}

bool access_token(const struct access *access, const char *secret, struct caller *out)
{
    const struct token *found;
    char hash[SHA256_HEX_BYTES];

    *out = (struct caller){.uid = (uid_t)-1, .gid = (gid_t)-1};
    sha256_hex(secret, strlen(secret), hash);
    found = token_of_hash(access, hash);
    if (found)
        become(access, found, WAY_TOKEN, out);
    return found;
}

static const struct session *find_session(const struct access *access, const char *hash)
{
    const struct session *found = NULL;

    for (size_t i = 0; i < access->sessions.count; i++)
        if (same_hash(hash, access->sessions.item[i].hash))
            found = &access->sessions.item[i];
    return found && found->ends_us > clock_us(CLOCK_REALTIME) ? found : NULL;
}

bool access_session(const struct access *access, const char *secret, struct caller *out)
{
    const struct session *session;
    const struct token *token;
    char hash[SHA256_HEX_BYTES];

    *out = (struct caller){.uid = (uid_t)-1, .gid = (gid_t)-1};
    sha256_hex(secret, strlen(secret), hash);
    session = find_session(access, hash);
    token = session ? token_of_hash(access, session->token_hash) : NULL;
    if (!token)
        return false;
    become(access, token, WAY_SESSION, out);
    memcpy(out->session, session->hash, sizeof out->session);
    out->ends_us = session->ends_us;
    return true;
}

/* Tasks of nobody in particular run as the daemon's own user or, where that is root, as nobody. */
void access_anonymous(const struct access *access, struct caller *out)
{
    const struct passwd *nobody = geteuid() == 0 ? getpwnam("nobody") : NULL;

    *out = (struct caller){.way = WAY_ANONYMOUS, .uid = geteuid(), .gid = getegid()};
    snprintf(out->user, sizeof out->user, "anonymous");
    out->role = access->site->anonymous;
    if (nobody) {
        out->uid = nobody->pw_uid;
        out->gid = nobody->pw_gid;
    } else if (geteuid() == 0) {
        out->uid = (uid_t)-1;
        out->role = at_most(out->role, ROLE_READ);
    }
}

bool access_stands(const struct access *access, const struct caller *caller)
{
    if (caller->way == WAY_TOKEN)
        return access_find_token(access, caller->token);
    if (caller->way == WAY_SESSION)
        return access_find_token(access, caller->token) && find_session(access, caller->session);
    return caller->way == WAY_SOCKET || access->site->anonymous >= ROLE_READ;
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
    double rate = access->site->rate;

    if (rate <= 0)
        return 0;
    for (size_t i = 0; i < access->tokens.count; i++)
        if (strcmp(access->tokens.item[i].name, caller->token) == 0)
            return take(&access->tokens.item[i].bucket, rate, now_s);
    return take(caller->way == WAY_ANONYMOUS ? &access->anonymous : &access->strangers, rate,
                now_s);
}

/* A random secret, and its hash. */
static int make_secret(char secret[ACCESS_SECRET_BYTES], char hash[SHA256_HEX_BYTES],
                       struct err *err)
{
    unsigned char bytes[24];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return err_set(err, ERR_IO, "no random bytes");
    snprintf(secret, ACCESS_SECRET_BYTES, "tap_");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(secret + 4 + 2 * i, ACCESS_SECRET_BYTES - 4 - 2 * i, "%02x", bytes[i]);
    sha256_hex(secret, strlen(secret), hash);
    return 0;
}

static int check_token(const struct access *access, const char *name, const char *user,
                       struct err *err)
{
    if (access_find_token(access, name))
        return err_set(err, ERR_INVALID, "there is a token \"%s\" already", name);
    if (!*name || strlen(name) > TOKEN_NAME_MOST)
        return err_set(err, ERR_INVALID, "name: expected 1 to %d characters", TOKEN_NAME_MOST);
    if (strlen(user) > TOKEN_USER_MOST || !getpwnam(user))
        return err_set(err, ERR_INVALID, "no user \"%.60s\" on this machine", user);
    return 0;
}

static void keep(struct access *access, enum store_table table, int64_t id, json_t *doc)
{
    char *words = json_dumps(doc, JSON_COMPACT);

    store_put(access->store, table, id, words);
    free(words);
    json_decref(doc);
}

int access_add_token(struct access *access, const char *name, const char *user, enum role role,
                     char secret[ACCESS_SECRET_BYTES], struct err *err)
{
    struct token token = {.role = role, .made_us = clock_us(CLOCK_REALTIME)};
    int rc = check_token(access, name, user, err);

    if (rc == 0)
        rc = make_secret(secret, token.hash, err);
    if (rc)
        return rc;
    token.name = xstrdup(name);
    token.user = xstrdup(user);
    vector_push(&access->tokens, token);
    keep(access, STORE_TOKEN, token_key(name),
         json_pack("{s:s, s:s, s:s, s:s, s:I}", "name", name, "user", user, "role", role_word(role),
                   "hash", token.hash, "made_us", (json_int_t)token.made_us));
    return 0;
}

static void drop_session(struct access *access, size_t at)
{
    store_erase(access->store, STORE_SESSION, token_key(access->sessions.item[at].hash));
    access->sessions.count--;
    memmove(&access->sessions.item[at], &access->sessions.item[at + 1],
            (access->sessions.count - at) * sizeof *access->sessions.item);
}

bool access_drop_token(struct access *access, const char *name)
{
    for (size_t i = 0; i < access->tokens.count; i++)
        if (strcmp(access->tokens.item[i].name, name) == 0 && !access->tokens.item[i].from_file) {
            store_erase(access->store, STORE_TOKEN, token_key(name));
            token_release(&access->tokens.item[i]);
            access->tokens.item[i] = vector_pop(&access->tokens);
            access_sweep(access);
            return true;
        }
    return false;
}

int access_begin_session(struct access *access, struct caller *caller,
                         char secret[ACCESS_SECRET_BYTES], struct err *err)
{
    const struct token *token = access_find_token(access, caller->token);
    struct session session = {.made_us = clock_us(CLOCK_REALTIME)};
    int rc = make_secret(secret, session.hash, err);

    BUG_ON(!token); /* the caller was let in by it */
    if (rc)
        return rc;
    access_sweep(access);
    if (access->sessions.count == SESSIONS_MOST)
        drop_session(access, 0);
    memcpy(session.token_hash, token->hash, sizeof session.token_hash);
    session.ends_us = session.made_us + (int64_t)(access->site->session_s * 1e6);
    vector_push(&access->sessions, session);
    keep(access, STORE_SESSION, token_key(session.hash),
         json_pack("{s:s, s:s, s:I, s:I}", "hash", session.hash, "token", session.token_hash,
                   "made_us", (json_int_t)session.made_us, "ends_us", (json_int_t)session.ends_us));
    caller->way = WAY_SESSION;
    memcpy(caller->session, session.hash, sizeof caller->session);
    caller->ends_us = session.ends_us;
    return 0;
}

void access_end_session(struct access *access, const struct caller *caller)
{
    for (size_t i = access->sessions.count; i-- > 0;)
        if (strcmp(access->sessions.item[i].hash, caller->session) == 0)
            drop_session(access, i);
}

void access_sweep(struct access *access)
{
    int64_t now_us = clock_us(CLOCK_REALTIME);

    for (size_t i = access->sessions.count; i-- > 0;)
        if (access->sessions.item[i].ends_us <= now_us ||
            !token_of_hash(access, access->sessions.item[i].token_hash))
            drop_session(access, i);
}

bool access_owns(const struct caller *caller, const struct job *job)
{
    return caller->role == ROLE_ADMIN || (caller->role == ROLE_SUBMIT && caller->uid == job->uid);
}
