/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/openapi.h"

#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "base/version.h"
#include "serve/book.h"
#include "serve/routes.h"

static const char amount_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"cpu\":{\"type\":\"integer\",\"minimum\":0},\"gpu\":{\"type\":\"integer\",\"minimum\":0},"
    "\"mem_bytes\":{\"type\":\"integer\",\"minimum\":0}}}";

static const char problem_schema[] =
    "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"detail\",\"reason\"],"
    "\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
    "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
    "\"reason\":{\"type\":\"string\"},\"request_id\":{\"type\":\"string\"}}}";

/* Headers that an answer may have beside its body. */
static const struct answer_header {
    const char *name, *what;
} answer_headers[] = {
    {"ETag", "Names what was read: for If-None-Match and, before the \"-\", for If-Match."},
    {"X-Request-Id", "The request's number, also in errors."},
    {"Retry-After", "Seconds after which it may go better."},
    {"Location", "Of what was made."},
    {"Set-Cookie", "What a browser keeps in place of a token, or that it shall forget it."},
};

static bool is_read(const struct route *route)
{
    return strcmp(route->method, "GET") == 0;
}

/* Whether its answer is named, so that it need not be sent twice. */
static bool has_tag(const struct route *route)
{
    return is_read(route) && (!route->type || strcmp(route->type, "text/html") == 0);
}

/* Whether it changes something that can be read before, and named. */
static bool takes_tag(const struct route *route)
{
    return !is_read(route) &&
           (strstr(route->path, "/jobs/{") || strstr(route->path, "/clusters/{") ||
            strcmp(route->path, "/v1/policy") == 0);
}

static void add_parameter(json_t *list, const char *name, size_t length, const char *in,
                          bool required)
{
    json_array_append_new(list,
                          json_pack("{s:o, s:s, s:b, s:{s:s}}", "name", json_stringn(name, length),
                                    "in", in, "required", required, "schema", "type", "string"));
}

static void add_header(json_t *list, const char *name)
{
    add_parameter(list, name, strlen(name), "header", false);
}

static json_t *parameters(const struct route *route)
{
    json_t *list = json_array();

    for (const char *at = strchr(route->path, '{'); at; at = strchr(at + 1, '{'))
        add_parameter(list, at + 1, strcspn(at + 1, "}"), "path", true);
    for (const char *at = route->query; at && *at;) {
        size_t length = strcspn(at, " ");

        add_parameter(list, at, length, "query", false);
        at += length + (at[length] == ' ');
    }
    if (has_tag(route))
        add_header(list, "If-None-Match");
    if (takes_tag(route))
        add_header(list, "If-Match");
    if (strcmp(route->path, "/v1/jobs") == 0 && !is_read(route))
        add_header(list, "Idempotency-Key");
    if (strstr(route->path, "/logs"))
        add_header(list, "Range");
    if (route->type && strcmp(route->type, "text/event-stream") == 0)
        add_header(list, "Last-Event-ID");
    return list;
}

/* One in which nothing must be said may be left out. */
static json_t *request_body(const struct route *route)
{
    json_t *schema = json_loads(route->body, 0, NULL);
    bool required = json_object_get(schema, "required") || json_object_get(schema, "minProperties");

    return json_pack("{s:b, s:{s:{s:o}}}", "required", required, "content", "application/json",
                     "schema", schema);
}

static void promise_header(json_t *answer, const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "#/components/headers/%s", name);
    if (!json_object_get(answer, "headers"))
        json_object_set_new(answer, "headers", json_object());
    json_object_set_new(json_object_get(answer, "headers"), name, json_pack("{s:s}", "$ref", path));
}

static json_t *refusal(const char *what)
{
    return json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", what, "content",
                     "application/problem+json", "schema", "$ref", "#/components/schemas/Problem");
}

static json_t *answers_of(const struct route *route)
{
    const char *type = route->type ? route->type : "application/json";
    json_t *answers = json_object(), *usual, *busy;
    char status[8];

    snprintf(status, sizeof status, "%d", route->success);
    usual = json_pack("{s:s, s:{s:{}}}", "description", route->summary, "content", type);
    promise_header(usual, "X-Request-Id");
    if (has_tag(route))
        promise_header(usual, "ETag");
    if (route->success == 201 && strstr(route->path, "/jobs"))
        promise_header(usual, "Location");
    if (strcmp(route->path, "/v1/session") == 0)
        promise_header(usual, "Set-Cookie");
    json_object_set_new(answers, status, usual);
    if (has_tag(route))
        json_object_set_new(answers, "304",
                            json_pack("{s:s}", "description", "It is as If-None-Match has it."));
    if (takes_tag(route))
        json_object_set_new(answers, "412", refusal("It is no longer as If-Match has it."));
    busy = refusal("Too many requests with one token.");
    promise_header(busy, "Retry-After");
    json_object_set_new(answers, "429", busy);
    json_object_set_new(answers, "default", refusal("What went wrong."));
    return answers;
}

static json_t *operation(const struct route *route)
{
    json_t *doc = json_object();

    json_object_set_new(doc, "summary", json_string(route->summary));
    json_object_set_new(doc, "parameters", parameters(route));
    json_object_set_new(doc, "x-role", json_string(role_word(route->role)));
    if (route->body)
        json_object_set_new(doc, "requestBody", request_body(route));
    json_object_set_new(doc, "responses", answers_of(route));
    return doc;
}

static json_t *event_schema(enum book_event event)
{
    return json_pack("{s:s, s:s, s:{s:{s:s}}}", "description", book_event_meaning(event), "type",
                     "object", "properties", "id", "type", "string");
}

json_t *openapi_json(void)
{
    json_t *paths = json_object(), *schemas = json_object(), *headers = json_object();

    for (const struct route *route = routes; route->method; route++) {
        json_t *path = json_object_get(paths, route->path);
        char method[16];
        size_t i = 0;

        for (; route->method[i]; i++)
            method[i] = (char)tolower((unsigned char)route->method[i]);
        method[i] = 0;
        if (!path) {
            path = json_object();
            json_object_set_new(paths, route->path, path);
        }
        json_object_set_new(path, method, operation(route));
    }
    json_object_set_new(schemas, "Amount", json_loads(amount_schema, 0, NULL));
    json_object_set_new(schemas, "Problem", json_loads(problem_schema, 0, NULL));
    for (int event = 0; event < BOOK_EVENTS; event++)
        json_object_set_new(schemas, book_event_word((enum book_event)event),
                            event_schema((enum book_event)event));
    for (size_t i = 0; i < COUNT_OF(answer_headers); i++)
        json_object_set_new(headers, answer_headers[i].name,
                            json_pack("{s:s, s:{s:s}}", "description", answer_headers[i].what,
                                      "schema", "type", "string"));
    return json_pack("{s:s, s:{s:s, s:s}, s:o, s:{s:o, s:o, s:{s:{s:s, s:s}}}}", "openapi", "3.1.0",
                     "info", "title", "tapfinger", "version", version_number(), "paths", paths,
                     "components", "schemas", schemas, "headers", headers, "securitySchemes",
                     "token", "type", "http", "scheme", "bearer");
}
