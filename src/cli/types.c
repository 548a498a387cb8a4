/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger types: what was learned of task types. */
#include <stdio.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "report/table.h"

static void add_points(struct table *table, const json_t *type)
{
    size_t at;
    json_t *point;

    json_array_foreach (json_object_get(type, "points"), at, point) {
        struct text amount;

        text_init(&amount, 0);
        client_print_amount(json_object_get(point, "allocation"), &amount);
        table_cell(table, MOOD_STRONG, "%s", client_text(type, "type"));
        table_cell(table, MOOD_PLAIN, "%s", amount.bytes);
        table_cell(table, MOOD_PLAIN, "%lld",
                   (long long)json_integer_value(json_object_get(point, "samples")));
        table_cell(table, MOOD_PLAIN, "%.3g s +- %.2g",
                   json_number_value(json_object_get(point, "measured_s")),
                   json_number_value(json_object_get(point, "error_s")));
        if (json_is_number(json_object_get(point, "believed_s")))
            table_cell(table, MOOD_PLAIN, "%.3g s",
                       json_number_value(json_object_get(point, "believed_s")));
        else
            table_cell(table, MOOD_FAINT, "-");
        text_release(&amount);
    }
}

static void add_unknown(struct table *table, const json_t *type)
{
    table_cell(table, MOOD_STRONG, "%s", client_text(type, "type"));
    table_cell(table, MOOD_FAINT, "-");
    table_cell(table, MOOD_FAINT, "0");
    table_cell(table, MOOD_FAINT, "-");
    table_cell(table, MOOD_FAINT, "-");
}

static void print_types(const struct arguments *args, const json_t *doc)
{
    const json_t *items = json_object_get(doc, "items");
    struct table table;

    table_init(&table);
    table_column(&table, "TYPE", TABLE_LEFT, 0);
    table_column(&table, "WITH", TABLE_LEFT, 0);
    table_column(&table, "SEEN", TABLE_RIGHT, 0);
    table_column(&table, "WHOLE RUN", TABLE_LEFT, 0);
    table_column(&table, "MODEL SAYS", TABLE_LEFT, 0);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *type = json_array_get(items, i);

        if (json_array_size(json_object_get(type, "points")))
            add_points(&table, type);
        else
            add_unknown(&table, type);
    }
    listing_show(args, &table);
    table_release(&table);
}

static int run(const struct arguments *args, struct err *err)
{
    struct client client;
    struct answer answer;
    int code;

    if (client_open(&client, args, err))
        return EXIT_MISUSED;
    code = client_call(&client, "GET", "/v1/types", NULL, NULL, &answer, err);
    code = answer_show(&answer, code, args, print_types);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger types", "how long tasks of each type took, with which allocation"},
    {0},
};

static const struct option_spec options[] = {
    LIST_OPTION_ROWS,
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_types = {
    .name = "types",
    .summary = "list task types and what was learned of their speeds",
    .examples = examples,
    .options = options,
    .run = run,
};
