/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/stage.h"

#include "serve/site.h"

enum { STAGES_MAX = 256 };

/* A stage that holds something, behind one that does so on the same cluster. */
static bool is_resize(const struct stages *stages, size_t at)
{
    const struct stage *stage = &stages->list.item[at];

    return at > 0 && stage->cluster >= 0 && stage[-1].cluster == stage->cluster;
}

static void thin_out(struct stages *stages)
{
    size_t kept = 0;
    bool drop = false;

    for (size_t i = 0; i < stages->list.count; i++) {
        if (is_resize(stages, i) && (drop = !drop))
            continue;
        stages->list.item[kept++] = stages->list.item[i];
    }
    stages->list.count = kept;
}

void stages_add(struct stages *stages, const struct stage *stage)
{
    if (stages->list.count >= STAGES_MAX)
        thin_out(stages);
    if (!stages->list.capacity)
        vector_reserve(&stages->list, 2); /* as many as most tasks have */
    vector_push(&stages->list, *stage);
}

json_t *stages_json(const struct stages *stages, const struct site *site)
{
    json_t *list = json_array();

    for (size_t i = 0; i < stages->list.count; i++) {
        const struct stage *stage = &stages->list.item[i];
        json_t *one = json_array();

        json_array_append_new(one, json_integer(stage->at_us));
        if (stage->cluster < 0)
            json_array_append_new(one, json_boolean(stage->failed));
        else
            json_array_append_new(one, json_string(site->cluster[stage->cluster].name));
        for (int r = 0; stage->cluster >= 0 && r < SITE_RESOURCES; r++)
            json_array_append_new(one, json_integer(stage->allocation.amount[r]));
        json_array_append_new(list, one);
    }
    return list;
}

void stages_read(struct stages *stages, const json_t *list, const struct site *site)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *where = json_array_get(one, 1);
        struct stage stage = {.at_us = json_integer_value(json_array_get(one, 0)), .cluster = -1};

        if (json_is_string(where))
            stage.cluster = site_find_cluster(site, json_string_value(where));
        stage.failed = json_is_true(where);
        for (int r = 0; stage.cluster >= 0 && r < SITE_RESOURCES; r++)
            stage.allocation.amount[r] =
                (int32_t)json_integer_value(json_array_get(one, 2 + (size_t)r));
        stages_add(stages, &stage);
    }
}
