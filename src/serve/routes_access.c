/* SPDX-License-Identifier: Apache-2.0 */
/* Routes about who asks: sessions of browsers, and tokens. */
#include "base/err.h"
#include "base/version.h"
#include "serve/daemon.h"
#include "serve/http.h"
#include "serve/quantity.h"
#include "serve/routes.h"

static json_t *caller_json(const struct daemon *daemon, const struct caller *caller)
{
    return json_pack("{s:s, s:s, s:s, s:s*, s:o, s:s, s:s}", "user", caller->user, "role",
                     role_word(caller->role), "way", access_way_word(caller->way), "token",
                     *caller->token ? caller->token : NULL, "ends_at",
                     quantity_time_json(caller->ends_us), "site", daemon->site.name, "version",
                     version_number());
}

void route_whoami(struct daemon *daemon, struct request *request, struct reply *reply)
{
    reply_json(reply, 200, caller_json(daemon, &request->caller));
}

/* A guess costs as much as a request with an unknown token. */
void route_sign_in(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *secret = json_string_value(json_object_get(request->body, "token"));
    char cookie[ACCESS_SECRET_BYTES];
    struct access *access = &daemon->access;
    struct caller caller;
    struct err err;
    bool known;

    if (!secret) {
        reply_problem(reply, 400, "invalid", "expected {\"token\":\"...\"}");
        return;
    }
    known = access_token(access, secret, &caller);
    if (access_spend(access, &caller, request->began_s) > 0) {
        reply->retry_s = 1;
        reply_problem(reply, 429, "rate", "too many attempts; wait a second");
    } else if (!known) {
        reply_problem(reply, 401, "denied", "the token is not known");
    } else if (access_begin_session(access, &caller, cookie, &err)) {
        reply_problem(reply, 500, "io", "%s", err.message);
    } else {
        access_end_session(access, &request->caller);
        http_set_cookie(daemon->http, reply, cookie, daemon->site.session_s);
        reply_json(reply, 201, caller_json(daemon, &caller));
    }
}

void route_sign_out(struct daemon *daemon, struct request *request, struct reply *reply)
{
    bool ended = request->caller.way == WAY_SESSION;

    access_end_session(&daemon->access, &request->caller);
    http_set_cookie(daemon->http, reply, NULL, 0);
    reply_json(reply, 200, json_pack("{s:b}", "ended", ended));
}

void route_tokens(struct daemon *daemon, struct request *request, struct reply *reply)
{
    json_t *list = json_array();

    (void)request;
    for (size_t i = 0; i < daemon->access.tokens.count; i++) {
        const struct token *token = &daemon->access.tokens.item[i];

        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name", token->name, "user",
                                              token->user, "role", role_word(token->role), "from",
                                              token->from_file ? "file" : "store"));
    }
    reply_json(reply, 200, json_pack("{s:s, s:o}", "schema", "tapfinger.tokens/1", "items", list));
}

void route_add_token(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *name = json_string_value(json_object_get(request->body, "name"));
    const char *user = json_string_value(json_object_get(request->body, "user"));
    const char *word = json_string_value(json_object_get(request->body, "role"));
    enum role role = ROLE_NONE;
    char secret[ACCESS_SECRET_BYTES];
    struct err err;

    if (!name || !user || !word || !role_find(word, &role) || role == ROLE_NONE)
        reply_problem(reply, 400, "invalid",
                      "expected name, user and role (read, submit or admin)");
    else if (access_add_token(&daemon->access, name, user, role, secret, &err))
        reply_problem(reply, 422, "invalid", "%s", err.message);
    else
        reply_json(reply, 201,
                   json_pack("{s:s, s:s, s:s, s:s}", "name", name, "user", user, "role", word,
                             "secret", secret));
}

void route_drop_token(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const char *name = route_argument(request, 2);
    const struct token *token = access_find_token(&daemon->access, name);

    if (token && token->from_file)
        reply_problem(reply, 409, "file",
                      "token %.40s is a line of %s: take it out there and reload", name,
                      daemon->site.tokens);
    else if (access_drop_token(&daemon->access, name))
        reply_json(reply, 200, json_pack("{s:s}", "revoked", name));
    else
        reply_problem(reply, 404, "not-found", "no token %.40s", name);
}
