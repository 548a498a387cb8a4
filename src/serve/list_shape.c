/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers are {"items":[..],..}, made by each route as it likes; what is left out and sorted here
 * is done to the finished document. A name that no item has is an error: it is more often a slip
 * than meant.
 */
#include "serve/list_shape.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "serve/message.h"
#include "serve/routes.h"

static bool has_word(const char *list, char separator, const char *word, size_t length)
{
    char ends[2] = {separator, 0};

    for (; list && *list; list += strcspn(list, ends), list += *list == separator)
        if (strcspn(list, ends) == length && strncmp(list, word, length) == 0)
            return true;
    return false;
}

static bool some_item_has(const json_t *items, const char *name, size_t length)
{
    char *word = xstrndup(name, length);
    bool found = json_array_size(items) == 0;

    for (size_t i = 0; !found && i < json_array_size(items); i++)
        found = json_object_get(json_array_get(items, i), word) != NULL;
    free(word);
    return found;
}

/* False, and a reply that names what there is, if no item has the member. */
static bool know(const json_t *items, const char *parameter, const char *name, size_t length,
                 struct reply *reply)
{
    struct text known;
    const char *key;
    json_t *value;

    if (some_item_has(items, name, length))
        return true;
    text_init(&known, 0);
    json_object_foreach (json_array_get(items, 0), key, value)
        text_printf(&known, "%s%s", known.length ? ", " : "", key);
    reply_problem(reply, 400, "invalid", "%s: no member \"%.*s\"; there are %s", parameter,
                  length < 60 ? (int)length : 60, name, known.bytes);
    text_release(&known);
    return false;
}

static bool keep_fields(json_t *items, const char *fields, struct reply *reply)
{
    size_t at;
    json_t *item;

    for (const char *word = fields; *word; word += *word == ',') {
        size_t length = strcspn(word, ",");

        if (length && !know(items, "fields", word, length, reply))
            return false;
        word += length;
    }
    json_array_foreach (items, at, item) {
        const char *key;
        json_t *value;
        void *next;

        json_object_foreach_safe (item, next, key, value)
            if (!has_word(fields, ',', key, strlen(key)))
                json_object_del(item, key);
    }
    return true;
}

struct row {
    json_t *item;
    const json_t *key;
    size_t at;
};

/* Figures by size, before words by letters, before anything else; what is alike stays as it was. */
static int by_key(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int x_kind = json_is_number(x->key) ? 0 : json_is_string(x->key) ? 1 : 2;
    int y_kind = json_is_number(y->key) ? 0 : json_is_string(y->key) ? 1 : 2;
    int order = x_kind - y_kind;

    if (order == 0 && x_kind == 0) {
        double p = json_number_value(x->key), q = json_number_value(y->key);

        order = (p > q) - (p < q);
    } else if (order == 0 && x_kind == 1) {
        order = strcmp(json_string_value(x->key), json_string_value(y->key));
    }
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static bool sort_items(json_t *doc, const char *sort, struct reply *reply)
{
    const json_t *items = json_object_get(doc, "items");
    bool down = *sort == '-';
    const char *name = sort + down;
    size_t count = json_array_size(items);
    struct row *row;
    json_t *sorted;

    if (!know(items, "sort", name, strlen(name), reply))
        return false;
    row = xcalloc(count + 1, sizeof *row);
    sorted = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *item = json_array_get(items, i);

        row[i] = (struct row){item, json_object_get(item, name), i};
    }
    qsort(row, count, sizeof *row, by_key);
    for (size_t i = 0; i < count; i++)
        json_array_append(sorted, row[down ? count - 1 - i : i].item);
    json_object_set_new(doc, "items", sorted);
    free(row);
    return true;
}

void list_shape(const struct route *route, const struct request *request, struct reply *reply)
{
    const char *fields = request_query(request, "fields"), *sort = request_query(request, "sort");
    json_t *doc;
    bool good = true;

    if (!has_word(route->query, ' ', "fields", 6))
        fields = NULL;
    if (!has_word(route->query, ' ', "sort", 4) || has_word(route->query, ' ', "cursor", 6))
        sort = NULL;
    if (reply->status != 200 || reply->wait || (!fields && !sort))
        return;
    doc = json_loads(reply->body.bytes, 0, NULL);
    BUG_ON(!doc);
    if (sort)
        good = sort_items(doc, sort, reply);
    if (good && fields)
        good = keep_fields(json_object_get(doc, "items"), fields, reply);
    if (good)
        reply_json(reply, 200, json_incref(doc));
    json_decref(doc);
}
