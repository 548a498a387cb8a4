/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/openapi.h"

#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "base/version.h"
#include "serve/routes.h"

static const char amount_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"cpu\":{\"type\":\"integer\",\"minimum\":0},\"gpu\":{\"type\":\"integer\",\"minimum\":0},"
    "\"mem_bytes\":{\"type\":\"integer\",\"minimum\":0}}}";

static const char problem_schema[] =
    "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"detail\",\"reason\"],"
    "\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
    "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
    "\"reason\":{\"type\":\"string\"}}}";

static void add_parameter(json_t *list, const char *name, size_t length, const char *in,
                          bool required)
{
    json_array_append_new(list,
                          json_pack("{s:o, s:s, s:b, s:{s:s}}", "name", json_stringn(name, length),
                                    "in", in, "required", required, "schema", "type", "string"));
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
    return list;
}

static json_t *operation(const struct route *route)
{
    json_t *doc = json_object(), *answers = json_object();
    const char *type = route->type ? route->type : "application/json";
    char status[8];

    snprintf(status, sizeof status, "%d", route->success);
    json_object_set_new(doc, "summary", json_string(route->summary));
    json_object_set_new(doc, "parameters", parameters(route));
    json_object_set_new(doc, "x-role", json_string(role_word(route->role)));
    if (route->body)
        json_object_set_new(doc, "requestBody",
                            json_pack("{s:b, s:{s:{s:o}}}", "required", 1, "content",
                                      "application/json", "schema",
                                      json_loads(route->body, 0, NULL)));
    json_object_set_new(answers, status,
                        json_pack("{s:s, s:{s:{}}}", "description", route->summary, "content",
                                  type));
    json_object_set_new(answers, "default",
                        json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", "What went wrong.",
                                  "content", "application/problem+json", "schema", "$ref",
                                  "#/components/schemas/Problem"));
    json_object_set_new(doc, "responses", answers);
    return doc;
}

static json_t *event_schema(enum book_event event)
{
    return json_pack("{s:s, s:s, s:{s:{s:s}}}", "description", book_event_meaning(event), "type",
                     "object", "properties", "id", "type", "string");
}

json_t *openapi_json(void)
{
    json_t *paths = json_object(), *schemas = json_object();

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
    return json_pack("{s:s, s:{s:s, s:s}, s:o, s:{s:o, s:{s:{s:s, s:s}}}}", "openapi", "3.1.0",
                     "info", "title", "tapfinger", "version", version_number(), "paths", paths,
                     "components", "schemas", schemas, "securitySchemes", "token", "type", "http",
                     "scheme", "bearer");
}
