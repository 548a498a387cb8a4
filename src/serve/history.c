/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/history.h"

#include "serve/site.h"

enum { SPELLS_MAX = 256 };

/* A spell that holds something, behind one that does so on the same cluster. */
static bool is_resize(const struct history *history, size_t at)
{
    const struct spell *spell = &history->list.item[at];

    return at > 0 && spell->cluster >= 0 && spell[-1].cluster == spell->cluster;
}

static void thin_out(struct history *history)
{
    size_t kept = 0;
    bool drop = false;

    for (size_t i = 0; i < history->list.count; i++) {
        if (is_resize(history, i) && (drop = !drop))
            continue;
        history->list.item[kept++] = history->list.item[i];
    }
    history->list.count = kept;
}

void history_add(struct history *history, const struct spell *spell)
{
    if (history->list.count >= SPELLS_MAX)
        thin_out(history);
    if (!history->list.capacity)
        vector_reserve(&history->list, 2); /* as many as most tasks have */
    vector_push(&history->list, *spell);
}

json_t *history_json(const struct history *history, const struct site *site)
{
    json_t *list = json_array();

    for (size_t i = 0; i < history->list.count; i++) {
        const struct spell *spell = &history->list.item[i];
        json_t *one = json_array();

        json_array_append_new(one, json_integer(spell->at_us));
        if (spell->cluster < 0)
            json_array_append_new(one, json_boolean(spell->failed));
        else
            json_array_append_new(one, json_string(site->cluster[spell->cluster].name));
        for (int r = 0; spell->cluster >= 0 && r < SITE_RESOURCES; r++)
            json_array_append_new(one, json_integer(spell->allocation.amount[r]));
        json_array_append_new(list, one);
    }
    return list;
}

void history_read(struct history *history, const json_t *list, const struct site *site)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *where = json_array_get(one, 1);
        struct spell spell = {.at_us = json_integer_value(json_array_get(one, 0)), .cluster = -1};

        if (json_is_string(where))
            spell.cluster = site_find_cluster(site, json_string_value(where));
        spell.failed = json_is_true(where);
        for (int r = 0; spell.cluster >= 0 && r < SITE_RESOURCES; r++)
            spell.allocation.amount[r] =
                (int32_t)json_integer_value(json_array_get(one, 2 + (size_t)r));
        history_add(history, &spell);
    }
}
