/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger clusters: what there is and what runs there; draining. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "report/table.h"
#include "serve/quantity.h"

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

/* "draining(ann)" */
static void add_state(struct table *table, const json_t *cluster)
{
    bool draining = strcmp(client_text(cluster, "state"), "draining") == 0;

    table_cell(table, draining ? MOOD_BAD : MOOD_GOOD, "%s%s%s%s", client_text(cluster, "state"),
               draining ? "(" : "", draining ? client_text(cluster, "by") : "",
               draining ? ")" : "");
}

/* Why it is drained, and for how long yet: "disk swap (1h59m)". */
static void add_note(struct table *table, const json_t *cluster)
{
    bool draining = strcmp(client_text(cluster, "state"), "draining") == 0;
    struct text left;

    text_init(&left, 0);
    if (draining && json_is_string(json_object_get(cluster, "until")))
        client_print_seconds(fmax(0, -client_age(json_object_get(cluster, "until"))), &left);
    table_cell(table, MOOD_FAINT, "%s%s%s%s", draining ? client_text(cluster, "reason") : "-",
               left.length ? " (" : "", left.bytes ? left.bytes : "", left.length ? ")" : "");
    text_release(&left);
}

static void add_age(struct table *table, const json_t *cluster)
{
    struct text age;

    text_init(&age, 0);
    client_print_seconds(client_age(json_object_get(cluster, "seen_at")), &age);
    table_cell(table, MOOD_FAINT, "%s", age.bytes);
    text_release(&age);
}

static void print_one(const struct arguments *args, const json_t *cluster)
{
    const json_t *enforced = json_object_get(cluster, "enforced");
    struct text capacity, free;
    size_t at;
    json_t *task;

    (void)args;
    text_init(&capacity, 0);
    text_init(&free, 0);
    client_print_amount(json_object_get(cluster, "capacity"), &capacity);
    client_print_amount(json_object_get(cluster, "free"), &free);
    printf("%s %s\n%-10s %s\n%-10s %s\n", client_text(cluster, "name"),
           client_text(cluster, "state"), "has", capacity.bytes, "free", free.bytes);
    if (json_is_string(json_object_get(cluster, "by")))
        printf("%-10s by %s, \"%s\", until %s\n", "drained", client_text(cluster, "by"),
               client_text(cluster, "reason"), client_text(cluster, "until"));
    for (size_t i = 0; i < json_array_size(enforced); i++)
        printf("%-10s %s\n", i ? "" : "enforced", json_string_value(json_array_get(enforced, i)));
    json_array_foreach (json_object_get(cluster, "running"), at, task) {
        struct text amount;

        text_init(&amount, 0);
        client_print_amount(json_object_get(task, "allocation"), &amount);
        printf("%-10s %s %s %s\n", at ? "" : "runs", client_text(task, "id"),
               client_text(task, "name"), amount.bytes);
        text_release(&amount);
    }
    text_release(&capacity);
    text_release(&free);
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
    table_column(&table, "RUN", TABLE_RIGHT, 0);
    table_column(&table, "QUEUE", TABLE_RIGHT, 0);
    table_column(&table, "UTIL 1h", TABLE_RIGHT, 3);
    table_column(&table, "SEEN", TABLE_RIGHT, 4);
    table_column(&table, "NOTE", TABLE_LEFT, 1);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *cluster = json_array_get(items, i);

        table_cell(&table, MOOD_STRONG, "%s", client_text(cluster, "name"));
        table_cell(&table, MOOD_PLAIN, "%s", client_text(cluster, "backend"));
        add_state(&table, cluster);
        add_used(&table, cluster, "cpu", 1);
        add_used(&table, cluster, "gpu", 1);
        add_used(&table, cluster, "mem_bytes", 1073741824);
        table_cell(&table, MOOD_PLAIN, "%zu", json_array_size(json_object_get(cluster, "running")));
        table_cell(&table, MOOD_PLAIN, "%lld",
                   (long long)json_integer_value(json_object_get(cluster, "queue")));
        table_cell(&table, MOOD_PLAIN, "%.0f%%",
                   100 * json_number_value(json_object_get(cluster, "util_1h")));
        add_age(&table, cluster);
        add_note(&table, cluster);
    }
    listing_show(args, &table);
    table_release(&table);
}

/* A time, or a duration from now on. */
static int add_until(json_t *body, const char *until, struct err *err)
{
    int64_t at_us;

    if (quantity_moment(until, &at_us, err))
        return err_prefix(err, "--until");
    json_object_set_new(body, "until", quantity_time_json(at_us));
    return 0;
}

static int show_one(struct client *client, const struct arguments *args, const char *name,
                    struct err *err)
{
    struct answer answer;
    struct text path;
    int code;

    text_init(&path, 0);
    text_add(&path, "/v1/clusters/");
    client_escape(client, name, &path);
    code = client_call(client, "GET", path.bytes, NULL, NULL, &answer, err);
    text_release(&path);
    return answer_show(&answer, code, args, print_one);
}

static int change(struct client *client, const struct arguments *args, struct err *err)
{
    const char *drain = arguments_string(args, "drain"), *resume = arguments_string(args, "resume");
    const char *reason = arguments_string(args, "reason"), *until = arguments_string(args, "until");
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
    if (until && add_until(body, until, err)) {
        json_decref(body);
        return EXIT_MISUSED;
    }
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
        return EXIT_MISUSED;
    if (arguments_string(args, "drain") || arguments_string(args, "resume")) {
        code = change(&client, args, err);
    } else if (arguments_string(args, "name")) {
        code = show_one(&client, args, arguments_string(args, "name"), err);
    } else {
        code = client_call(&client, "GET", "/v1/clusters", NULL, NULL, &answer, err);
        code = answer_show(&answer, code, args, print_clusters);
    }
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger clusters", "all of them"},
    {"tapfinger clusters --drain edge-d --reason \"disk swap\" --until 2h", "no new tasks there"},
    {"tapfinger clusters --resume edge-d", "tasks again"},
    {0},
};

static const struct option_spec options[] = {
    {"name", OPTION_STRING, .choices = "CLUSTER", .flags = OPTION_POSITIONAL,
     .help = "only this one, with what runs there"},
    {"drain", OPTION_STRING, .choices = "CLUSTER", .help = "start nothing more there"},
    {"reason", OPTION_STRING, .choices = "TEXT", .help = "why, for --drain"},
    {"until", OPTION_STRING, .choices = "TIME",
     .help = "when the drain ends by itself: 2h, or a time; default: with --resume"},
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
