/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger why: why a task waits, or why it runs there and with that much. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "report/table.h"

static void print_head(const json_t *doc)
{
    json_int_t position = json_integer_value(json_object_get(doc, "queue_position"));
    struct text min, max, age;

    text_init(&min, 0);
    text_init(&max, 0);
    text_init(&age, 0);
    client_print_amount(json_object_get(doc, "min"), &min);
    client_print_amount(json_object_get(doc, "max"), &max);
    client_print_seconds(client_age(json_object_get(doc, "submitted_at")), &age);
    printf("%s %s %s, submitted %s ago", client_text(doc, "id"), client_text(doc, "name"),
           client_text(doc, "state"), age.bytes);
    if (json_is_string(json_object_get(doc, "reason")))
        printf(": %s (%s)", client_text(doc, "reason"), client_text(doc, "meaning"));
    else if (json_is_string(json_object_get(doc, "message")))
        printf(": %s", client_text(doc, "message"));
    printf("\nneeds %s to %s", min.bytes, max.bytes);
    if (position >= 0)
        printf("   queue: %lld of %lld", (long long)position + 1,
               (long long)json_integer_value(json_object_get(doc, "waiting")));
    printf("\n");
    text_release(&min);
    text_release(&max);
    text_release(&age);
}

static void print_clusters(const json_t *doc, bool colour)
{
    struct table_style style = {.width = 100, .colour = colour};
    struct table table;
    struct text out;
    size_t at;
    json_t *cluster;

    table_init(&table);
    table_column(&table, "CLUSTER", TABLE_LEFT, 0);
    table_column(&table, "FITS?", TABLE_LEFT, 0);
    table_column(&table, "NOW?", TABLE_LEFT, 0);
    table_column(&table, "REASON", TABLE_LEFT, 0);
    table_column(&table, "LACKS", TABLE_RIGHT, 0);
    table_column(&table, "FREE", TABLE_LEFT, 1);
    json_array_foreach(json_object_get(doc, "clusters"), at, cluster)
    {
        json_int_t missing = json_integer_value(json_object_get(cluster, "missing"));
        bool now = json_is_true(json_object_get(cluster, "fits_now"));
        struct text free;

        text_init(&free, 0);
        client_print_amount(json_object_get(cluster, "free"), &free);
        table_cell(&table, MOOD_STRONG, "%s", client_text(cluster, "name"));
        table_cell(&table, MOOD_PLAIN, "%s",
                   json_is_true(json_object_get(cluster, "fits_empty")) ? "yes" : "no");
        table_cell(&table, now ? MOOD_GOOD : MOOD_PLAIN, "%s", now ? "yes" : "no");
        table_cell(&table, MOOD_PLAIN, "%s", client_text(cluster, "reason"));
        if (missing)
            table_cell(&table, MOOD_PLAIN, "%lld", (long long)missing);
        else
            table_cell(&table, MOOD_FAINT, "-");
        table_cell(&table, MOOD_PLAIN, "%s", free.bytes);
        text_release(&free);
    }
    text_init(&out, 0);
    table_print(&table, &style, &out);
    fputs(out.bytes, stdout);
    text_release(&out);
    table_release(&table);
}

static void print_alternatives(const json_t *decision)
{
    size_t at;
    json_t *one;

    json_array_foreach(json_object_get(decision, "alternatives"), at, one)
    {
        struct text amount;

        text_init(&amount, 0);
        client_print_amount(json_object_get(one, "could_hold"), &amount);
        printf("    %c %-12s could hold %s",
               json_is_true(json_object_get(one, "chosen")) ? '>' : ' ',
               client_text(one, "cluster"), amount.bytes);
        if (json_is_number(json_object_get(one, "seconds")))
            printf(", est. %.3g s", json_number_value(json_object_get(one, "seconds")));
        printf("\n");
        text_release(&amount);
    }
}

static void print_decisions(const json_t *doc)
{
    const json_t *list = json_object_get(doc, "decisions");

    if (json_array_size(list))
        printf("decisions, newest first:\n");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        struct text amount;

        text_init(&amount, 0);
        client_print_amount(json_object_get(one, "allocation"), &amount);
        printf("  %s  %s %s on %s with %s, by %s (tick %lld)\n", client_text(one, "at"),
               client_text(one, "action"), client_text(one, "id"), client_text(one, "cluster"),
               amount.bytes, client_text(one, "policy"),
               (long long)json_integer_value(json_object_get(one, "tick")));
        text_release(&amount);
        print_alternatives(one);
    }
}

static void explain(const struct arguments *args, const json_t *doc)
{
    bool waits = strcmp(client_text(doc, "state"), "PENDING") == 0 ||
                 strcmp(client_text(doc, "state"), "HELD") == 0;

    print_head(doc);
    if (waits)
        print_clusters(doc, arguments_want_colour(args, 1));
    print_decisions(doc);
}

static int run(const struct arguments *args, struct err *err)
{
    struct client client;
    struct answer answer;
    char path[100];
    int code;

    if (client_open(&client, args, err))
        return EXIT_FAILED;
    snprintf(path, sizeof path, "/v1/jobs/%.40s/explanation", arguments_string(args, "id"));
    code = client_call(&client, "GET", path, NULL, NULL, &answer, err);
    code = answer_show(&answer, code, args, explain);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger why 58", "why it waits, cluster by cluster; or why it runs where it runs"},
    {0},
};

static const struct option_spec options[] = {
    {"id", OPTION_STRING, .choices = "ID", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "a job or a task"},
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_why = {
    .name = "why",
    .summary = "say why a task waits, or runs where it runs",
    .examples = examples,
    .options = options,
    .run = run,
};
