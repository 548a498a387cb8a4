/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/message.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool request_set_path(struct request *request, const char *url)
{
    char *at;

    if (strlen(url) >= sizeof request->path || strstr(url, ".."))
        return false;
    snprintf(request->path, sizeof request->path, "%s", url);
    for (at = request->path; *at == '/' && request->segments < REQUEST_SEGMENTS;) {
        *at++ = 0;
        if (!*at)
            break;
        request->segment[request->segments++] = at;
        at += strcspn(at, "/");
    }
    return *at == 0;
}

bool request_read_body(struct request *request, const struct text *body, struct reply *reply)
{
    json_error_t trouble;

    if (text_is_cut(body)) {
        reply_problem(reply, 413, "limit", "body: more than %d bytes", REQUEST_BODY_BYTES);
        return false;
    }
    if (!body->length)
        return true;
    request->body = json_loadb(body->bytes, body->length, JSON_REJECT_DUPLICATES, &trouble);
    if (request->body)
        return true;
    reply_problem(reply, 400, "invalid", "body: line %d: %s", trouble.line, trouble.text);
    return false;
}

const char *request_query(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct known_query {
    const char *known, *unknown;
};

static enum MHD_Result check_query(void *arg, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct known_query *query = arg;
    size_t length = strlen(name);
    const char *at = query->known;

    (void)kind;
    (void)value;
    while (at && *at && (strcspn(at, " ") != length || strncmp(at, name, length) != 0)) {
        at += strcspn(at, " ");
        at += *at == ' ';
    }
    if (!at || !*at)
        query->unknown = name;
    return query->unknown ? MHD_NO : MHD_YES;
}

const char *request_unknown_query(const struct request *request, const char *known)
{
    struct known_query query = {.known = known};

    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, check_query, &query);
    return query.unknown;
}

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

bool request_is_change(const struct request *request)
{
    return strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
}

void reply_json(struct reply *reply, int status, json_t *doc)
{
    char *words = json_dumps(doc, JSON_COMPACT);

    reply->status = status;
    text_reset(&reply->body);
    text_add(&reply->body, words ? words : "{}");
    text_add_char(&reply->body, '\n');
    free(words);
    json_decref(doc);
}

void reply_problem(struct reply *reply, int status, const char *reason, const char *format, ...)
{
    char detail[512], type[80];
    json_t *doc, *words;
    va_list args;

    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    snprintf(type, sizeof type, "urn:tapfinger:error:%s", reason);
    words = json_string(detail);
    doc = json_pack("{s:s, s:s, s:i, s:o, s:s, s:s}", "type", type, "title", reason, "status",
                    status, "detail", words ? words : json_string("not UTF-8"), "reason", reason,
                    "request_id", reply->id);
    reply_json(reply, status, doc);
    reply->type = "application/problem+json";
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    MHD_add_response_header(response, name, value);
}

void reply_add_headers(const struct reply *reply, struct MHD_Response *response)
{
    char number[32];

    if (reply->status != 304)
        add_header(response, "Content-Type", reply->type ? reply->type : "application/json");
    add_header(response, "X-Request-Id", reply->id);
    if (reply->tag[0])
        add_header(response, "ETag", reply->tag);
    add_header(response, "Cache-Control", "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "X-Frame-Options", "DENY");
    add_header(response, "Referrer-Policy", "no-referrer");
    add_header(response, "Content-Security-Policy",
               reply->policy[0] ? reply->policy : "default-src 'none'; frame-ancestors 'none'");
    if (reply->location[0])
        add_header(response, "Location", reply->location);
    if (reply->cookie[0])
        add_header(response, "Set-Cookie", reply->cookie);
    if (reply->allow[0])
        add_header(response, "Allow", reply->allow);
    if (reply->status == 401)
        add_header(response, "WWW-Authenticate", "Bearer");
    if (reply->retry_s) {
        snprintf(number, sizeof number, "%d", reply->retry_s);
        add_header(response, "Retry-After", number);
    }
    if (reply->range[0])
        add_header(response, "Content-Range", reply->range);
    if (reply->log_offset >= 0) {
        snprintf(number, sizeof number, "%lld", (long long)reply->log_offset);
        add_header(response, "X-Log-Offset", number);
        snprintf(number, sizeof number, "%lld", (long long)reply->log_size);
        add_header(response, "X-Log-Size", number);
        add_header(response, "X-Log-End", reply->log_end ? "true" : "false");
    }
}
