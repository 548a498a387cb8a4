/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token comes in a header, which no page of another site can set. All else comes by itself: a
 * cookie, the user at the other end of a socket (which ssh or a proxy may forward to a browser), an
 * anonymous caller's rights. Then any page that a browser shows could act with it, and is kept from
 * that in three ways:
 *
 *   - the cookie is SameSite=Strict (and HttpOnly, and Secure over TLS). It has no Path, so it is
 *     sent to the folder of "v1/session" alone, below whatever prefix a proxy puts there; its name
 *     has the port in it, since cookies do not tell ports apart.
 *   - a change must come from a page of ours: Sec-Fetch-Site, which a page cannot forge, says
 *     "same-origin"; a browser that does not send it (plain HTTP beyond this machine) must name an
 *     Origin that is the Host. Whoever is no browser sends neither, and may go on, but not by
 * cookie.
 *   - against names of an attacker that lead here ("DNS rebinding") the Host must be an address, a
 *     name without a dot, or the one of listen.http. A cookie is safe from that: it belongs to its
 *     host.
 */
#include "serve/entrance.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "serve/access.h"
#include "serve/message.h"
#include "serve/site.h"

/* Whether a page of ours sends this; "must_say": it has to say so. */
static bool is_own_page(const struct request *request, bool must_say)
{
    const char *site = request_header(request, "Sec-Fetch-Site");
    const char *origin = request_header(request, "Origin");
    const char *host = request_header(request, "Host"), *at;

    if (site)
        return strcmp(site, "same-origin") == 0;
    if (!origin)
        return !must_say;
    at = strstr(origin, "://");
    return at && host && strcasecmp(at + 3, host) == 0;
}

/* A Host without its port: "host:port", "[::1]:port", "host". */
static size_t name_length(const char *host)
{
    const char *end = *host == '[' ? strchr(host, ']') : strrchr(host, ':');

    return !end ? strlen(host) : (size_t)(end - host) + (*host == '[');
}

static bool is_own_host(const struct entrance *at, const char *host)
{
    size_t length = host ? name_length(host) : 0;

    if (!host || *host == '[' || !memchr(host, '.', length) ||
        strspn(host, "0123456789.") >= length)
        return true;
    if (length > 10 && strncasecmp(host + length - 10, ".localhost", 10) == 0)
        return true;
    return at->http && name_length(at->http) == length && strncasecmp(at->http, host, length) == 0;
}

static void print_name(const struct entrance *at, char out[32])
{
    snprintf(out, 32, "tapfinger-%d", at->port);
}

/* The session's secret among "name=value; name=value". */
static bool find_cookie(const struct entrance *at, const struct request *request,
                        char out[ACCESS_SECRET_BYTES])
{
    const char *header = request_header(request, "Cookie");
    char name[32];
    size_t length;

    print_name(at, name);
    length = strlen(name);
    for (const char *part = header; part;) {
        part += strspn(part, " ;");
        if (strncmp(part, name, length) == 0 && part[length] == '=') {
            size_t value = strcspn(part + length + 1, "; ");

            if (value >= ACCESS_SECRET_BYTES)
                return false;
            snprintf(out, ACCESS_SECRET_BYTES, "%.*s", (int)value, part + length + 1);
            return true;
        }
        part = strchr(part, ';');
    }
    return false;
}

static bool refuse_rate(struct access *access, struct request *request, struct reply *reply,
                        const char *who)
{
    double wait_s = access_spend(access, &request->caller, request->began_s);

    if (wait_s <= 0)
        return false;
    reply->retry_s = (int)ceil(wait_s);
    reply_problem(reply, 429, "rate", "more than %g requests per second %s", access->site->rate,
                  who);
    return true;
}

static bool admit_token(struct access *access, struct request *request, struct reply *reply,
                        const char *header)
{
    bool known = access_token(access, strncmp(header, "Bearer ", 7) == 0 ? header + 7 : "",
                              &request->caller);

    if (refuse_rate(access, request, reply, known ? "with this token" : "with unknown tokens"))
        return false;
    if (!known)
        reply_problem(reply, 401, "denied", "the token is not known");
    return known;
}

static bool refuse_foreign(const struct entrance *at, const struct request *request,
                           struct reply *reply)
{
    bool session = request->caller.way == WAY_SESSION;

    if (request_is_change(request) && !is_own_page(request, session)) {
        reply_problem(reply, 403, "cross-origin",
                      "a page of another site may not change anything here");
        return true;
    }
    if (session || request->caller.role == ROLE_NONE ||
        is_own_host(at, request_header(request, "Host")))
        return false;
    reply_problem(reply, 403, "host",
                  "Host: expected an address, localhost or the name in listen.http");
    return true;
}

bool entrance_admit(const struct entrance *at, struct access *access, struct request *request,
                    struct reply *reply)
{
    const char *header = request_header(request, "Authorization");
    char secret[ACCESS_SECRET_BYTES];

    if (at->local)
        request->caller = *at->local;
    else if (header)
        return admit_token(access, request, reply, header);
    else if (!find_cookie(at, request, secret) || !access_session(access, secret, &request->caller))
        access_anonymous(access, &request->caller);
    if (refuse_foreign(at, request, reply))
        return false;
    if (at->local || request->caller.role == ROLE_NONE)
        return true; /* some routes are open to all */
    return !refuse_rate(access, request, reply,
                        request->caller.way == WAY_SESSION ? "with this token" : "without a token");
}

void entrance_cookie(const struct entrance *at, const char *secret, double seconds,
                     struct text *out)
{
    char name[32];

    print_name(at, name);
    text_printf(out, "%s=%s; Max-Age=%.0f; HttpOnly; SameSite=Strict%s", name, secret ? secret : "",
                secret ? seconds : 0, at->tls ? "; Secure" : "");
}
