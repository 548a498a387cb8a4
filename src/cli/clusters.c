/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger clusters: what there is and what runs there; draining. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "report/table.h"

static void add_used(struct table *table, const json_t *cluster, const char *resource, double unit)
{
    json_int_t all =
        json_integer_value(json_object_get(json_object_get(cluster, "capacity"), resource));
    json_int_t free =
        json_integer_value(json_object_get(json_object_get(cluster, "free"), resource));

    if (all)
        table_cell(table, MOOD_PLAIN, "%.0f/%.0f", (double)(all - free) / unit, (double)all / unit);
    else
        table_cell(table, MOOD_FAINT, "-");
}

static void print_clusters(const struct arguments *args, const json_t *doc)
{
    const json_t *items = json_object_get(doc, "items");
    struct table table;

    table_init(&table);
    table_column(&table, "CLUSTER", TABLE_LEFT, 0);
    table_column(&table, "BACKEND", TABLE_LEFT, 2);
    table_column(&table, "STATE", TABLE_LEFT, 0);
    table_column(&table, "CPU", TABLE_RIGHT, 0);
    table_column(&table, "GPU", TABLE_RIGHT, 0);
    table_column(&table, "MEM GiB", TABLE_RIGHT, 0);
    table_column(&table, "TASKS", TABLE_RIGHT, 0);
    table_column(&table, "NOTE", TABLE_LEFT, 1);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *cluster = json_array_get(items, i);
        bool draining = strcmp(client_text(cluster, "state"), "draining") == 0;

        table_cell(&table, MOOD_STRONG, "%s", client_text(cluster, "name"));
        table_cell(&table, MOOD_PLAIN, "%s", client_text(cluster, "backend"));
        table_cell(&table, draining ? MOOD_BAD : MOOD_GOOD, "%s%s%s%s",
                   client_text(cluster, "state"), draining ? "(" : "",
                   draining ? client_text(cluster, "by") : "", draining ? ")" : "");
        add_used(&table, cluster, "cpu", 1);
        add_used(&table, cluster, "gpu", 1);
        add_used(&table, cluster, "mem_bytes", 1073741824);
        table_cell(&table, MOOD_PLAIN, "%zu", json_array_size(json_object_get(cluster, "running")));
        table_cell(
            &table, MOOD_FAINT, "%s",
            draining ? client_text(cluster, "reason")
                     : json_string_value(json_array_get(json_object_get(cluster, "enforced"), 0)));
    }
    listing_show(args, &table);
    table_release(&table);
}

static int change(struct client *client, const struct arguments *args, struct err *err)
{
    const char *drain = arguments_string(args, "drain"), *resume = arguments_string(args, "resume");
    const char *reason = arguments_string(args, "reason");
    struct answer answer;
    struct text path;
    json_t *body;
    int code;

    if (drain && !reason) {
        err_set(err, ERR_INVALID, "--drain: say why, with --reason");
        return EXIT_MISUSED;
    }
    body = drain ? json_pack("{s:b, s:s}", "drain", 1, "reason", reason)
                 : json_pack("{s:b}", "drain", 0);
    text_init(&path, 0);
    text_printf(&path, "/v1/clusters/%s", drain ? drain : resume);
    code = client_call(client, "PATCH", path.bytes, body, NULL, &answer, err);
    if (code == EXIT_DONE)
        printf("%s %s\n", client_text(answer.doc, "name"), client_text(answer.doc, "state"));
    answer_release(&answer);
    text_release(&path);
    return code;
}

static int run(const struct arguments *args, struct err *err)
{
    struct client client;
    struct answer answer;
    int code;

    if (client_open(&client, args, err))
        return EXIT_FAILED;
    if (arguments_string(args, "drain") || arguments_string(args, "resume")) {
        code = change(&client, args, err);
    } else {
        code = client_call(&client, "GET", "/v1/clusters", NULL, NULL, &answer, err);
        code = answer_show(&answer, code, args, print_clusters);
    }
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger clusters", "all of them"},
    {"tapfinger clusters --drain edge-d --reason \"disk swap\"", "no new tasks there"},
    {"tapfinger clusters --resume edge-d", "tasks again"},
    {0},
};

static const struct option_spec options[] = {
    {"drain", OPTION_STRING, .choices = "CLUSTER", .help = "start nothing more there"},
    {"reason", OPTION_STRING, .choices = "TEXT", .help = "why, for --drain"},
    {"resume", OPTION_STRING, .choices = "CLUSTER", .help = "end a drain"},
    LIST_OPTION_ROWS,
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_clusters = {
    .name = "clusters",
    .summary = "list clusters of the daemon, drain or resume one",
    .examples = examples,
    .options = options,
    .run = run,
};
