/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plan_table.h"

#include <stdio.h>

#include "base/text.h"
#include "cli/client.h"
#include "report/table.h"

/* "cpu=1 -> cpu=4", "cpu=2", "to edge-b" */
static void add_change(struct table *table, const json_t *item)
{
    const json_t *before = json_object_get(item, "before"),
                 *now = json_object_get(item, "allocation");
    struct text words;

    text_init(&words, 0);
    if (json_is_object(before))
        client_print_amount(before, &words);
    if (json_is_object(before) && json_is_object(now))
        text_add(&words, " -> ");
    if (json_is_object(now))
        client_print_amount(now, &words);
    if (json_is_string(json_object_get(item, "to")))
        text_printf(&words, ", to %s", client_text(item, "to"));
    table_cell(table, MOOD_PLAIN, "%s", words.bytes);
    text_release(&words);
}

bool plan_table_fill(struct table *table, const json_t *doc)
{
    const json_t *items = json_object_get(doc, "items");

    if (json_is_string(json_object_get(doc, "trouble")))
        fprintf(stderr, "%s: %s would decide in its place\n", client_text(doc, "trouble"),
                client_text(doc, "fallback"));
    if (json_array_size(items) == 0)
        fprintf(stderr, "%s would change nothing now (%lld wait, %lld run)\n",
                client_text(doc, "policy"),
                (long long)json_integer_value(json_object_get(doc, "waiting")),
                (long long)json_integer_value(json_object_get(doc, "running")));
    table_init(table);
    table_column(table, "ID", TABLE_LEFT, 0);
    table_column(table, "NAME", TABLE_LEFT, 1);
    table_column(table, "TYPE", TABLE_LEFT, 2);
    table_column(table, "WOULD", TABLE_LEFT, 0);
    table_column(table, "CLUSTER", TABLE_LEFT, 0);
    table_column(table, "HOLD", TABLE_LEFT, 0);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        table_cell(table, MOOD_STRONG, "%s", client_text(item, "id"));
        table_cell(table, MOOD_PLAIN, "%s", client_text(item, "name"));
        table_cell(table, MOOD_PLAIN, "%s", client_text(item, "type"));
        table_cell(table, MOOD_PLAIN, "%s", client_text(item, "action"));
        table_cell(table, MOOD_PLAIN, "%s", client_text(item, "cluster"));
        add_change(table, item);
    }
    return json_array_size(items) > 0;
}
