/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger policy: who decides at the daemon, and letting another one decide. */
#include <stdio.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "report/table.h"

static void say(const struct arguments *args, const json_t *doc)
{
    (void)args;
    printf("%s decides", client_text(doc, "policy"));
    if (json_is_true(json_object_get(doc, "fallback_decides")))
        printf("; at present fifo-min in its place");
    if (json_is_string(json_object_get(doc, "trouble")))
        printf(" (%s)", client_text(doc, "trouble"));
    printf("\n");
}

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

static void say_plan(const struct arguments *args, const json_t *doc)
{
    const json_t *items = json_object_get(doc, "items");
    struct table table;

    if (json_is_string(json_object_get(doc, "trouble")))
        fprintf(stderr, "%s: fifo-min would decide in its place\n", client_text(doc, "trouble"));
    if (json_array_size(items) == 0)
        fprintf(stderr, "%s would change nothing now (%lld wait, %lld run)\n",
                client_text(doc, "policy"),
                (long long)json_integer_value(json_object_get(doc, "waiting")),
                (long long)json_integer_value(json_object_get(doc, "running")));
    table_init(&table);
    table_column(&table, "ID", TABLE_LEFT, 0);
    table_column(&table, "NAME", TABLE_LEFT, 1);
    table_column(&table, "TYPE", TABLE_LEFT, 2);
    table_column(&table, "WOULD", TABLE_LEFT, 0);
    table_column(&table, "CLUSTER", TABLE_LEFT, 0);
    table_column(&table, "HOLD", TABLE_LEFT, 0);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        table_cell(&table, MOOD_STRONG, "%s", client_text(item, "id"));
        table_cell(&table, MOOD_PLAIN, "%s", client_text(item, "name"));
        table_cell(&table, MOOD_PLAIN, "%s", client_text(item, "type"));
        table_cell(&table, MOOD_PLAIN, "%s", client_text(item, "action"));
        table_cell(&table, MOOD_PLAIN, "%s", client_text(item, "cluster"));
        add_change(&table, item);
    }
    if (json_array_size(items))
        listing_show(args, &table);
    table_release(&table);
}

static int run(const struct arguments *args, struct err *err)
{
    const char *name = arguments_string(args, "policy");
    bool dry = arguments_flag(args, "dry-run");
    struct client client;
    struct answer answer;
    int code;

    if (dry && !name) {
        err_set(err, ERR_INVALID, "--dry-run: of which policy?");
        return EXIT_MISUSED;
    }
    if (client_open(&client, args, err))
        return EXIT_FAILED;
    code = name ? client_call(&client, dry ? "POST" : "PUT", dry ? "/v1/policy/plan" : "/v1/policy",
                              json_pack("{s:s}", "policy", name), NULL, &answer, err)
                : client_call(&client, "GET", "/v1/policies", NULL, NULL, &answer, err);
    code = answer_show(&answer, code, args, dry ? say_plan : say);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger policy", "who decides"},
    {"tapfinger policy fair --dry-run", "what another would do now"},
    {"tapfinger policy fair", "another one, from now on; running tasks stay"},
    {0},
};

static const struct option_spec options[] = {
    {"policy", OPTION_STRING, .choices = "POLICY", .flags = OPTION_POSITIONAL,
     .help = "NAME, or NAME:key=value,..."},
    {"dry-run", OPTION_FLAG, .help = "only show what it would start, resize and stop now"},
    LIST_OPTION_ROWS,
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_policy = {
    .name = "policy",
    .summary = "show or change who decides at the daemon",
    .examples = examples,
    .options = options,
    .run = run,
};
