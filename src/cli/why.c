/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger why: why a task waits, or why it runs there and with that much. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "report/table.h"
#include "serve/quantity.h"

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

static void print_clusters(const json_t *doc, const char *only, bool colour)
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

        if (only && strcmp(client_text(cluster, "name"), only) != 0)
            continue;

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
        print_clusters(doc, arguments_string(args, "cluster"), arguments_want_colour(args, 1));
    print_decisions(doc);
}

/* What an event says beyond its name. */
static void print_event(const json_t *event)
{
    const char *const key[] = {"reason", "meaning", "action", "cluster", "policy", "why"};
    struct text amount;

    printf("  %s  %-14s %s", client_text(event, "at"), client_text(event, "event"),
           client_text(event, "id"));
    for (size_t i = 0; i < COUNT_OF(key); i++)
        if (json_is_string(json_object_get(event, key[i])))
            printf("  %s%s", strcmp(key[i], "policy") == 0 ? "by " : "",
                   client_text(event, key[i]));
    text_init(&amount, 0);
    client_print_amount(json_object_get(event, "allocation"), &amount);
    if (strcmp(amount.bytes, "-") != 0)
        printf("  %s", amount.bytes);
    if (json_is_number(json_object_get(event, "progress")))
        printf("  %.0f%%", 100 * json_number_value(json_object_get(event, "progress")));
    printf("\n");
    text_release(&amount);
}

static bool is_before(const json_t *event, int64_t until_us)
{
    int64_t at_us;

    return quantity_time(client_text(event, "at"), &at_us, NULL) != 0 || at_us <= until_us;
}

/* Oldest first, as they happened; progress only where it says something else than the rest. */
static void print_history(const json_t *events, int64_t until_us)
{
    for (size_t i = json_array_size(events); i-- > 0;) {
        const json_t *event = json_array_get(events, i);

        if (strcmp(client_text(event, "event"), "job.progress") != 0 && is_before(event, until_us))
            print_event(event);
    }
}

/* How it stood at a moment: the last of each kind of event before that. */
static void print_moment(const json_t *events, int64_t until_us)
{
    const json_t *change = NULL, *decision = NULL, *reason = NULL;

    for (size_t i = 0; i < json_array_size(events) && !change; i++) {
        const json_t *event = json_array_get(events, i);
        const char *kind = client_text(event, "event");

        if (!is_before(event, until_us))
            continue;
        if (strcmp(kind, "decision") == 0)
            decision = decision ? decision : event;
        else if (strcmp(kind, "job.waits") == 0)
            reason = reason ? reason : event;
        else if (strcmp(kind, "job.progress") != 0)
            change = event;
    }
    if (!change)
        printf("nothing is known of it that early\n");
    if (change)
        print_event(change);
    if (reason)
        print_event(reason);
    if (decision) {
        print_event(decision);
        print_alternatives(decision);
    }
}

static int look_back(struct client *client, const struct arguments *args, struct err *err)
{
    const char *at = arguments_string(args, "at");
    int64_t until_us = INT64_MAX;
    struct answer answer;
    char path[100];
    int code;

    if (at && quantity_time(at, &until_us, err)) {
        err_prefix(err, "--at: ");
        return EXIT_MISUSED;
    }
    snprintf(path, sizeof path, "/v1/jobs/%.40s/events?limit=1000&newest=true",
             arguments_string(args, "id"));
    code = client_call(client, "GET", path, NULL, NULL, &answer, err);
    if (code == EXIT_DONE && !arguments_want_json(args)) {
        const json_t *events = json_object_get(answer.doc, "items");

        if (arguments_flag(args, "history"))
            print_history(events, until_us);
        else
            print_moment(events, until_us);
        answer_release(&answer);
        return code;
    }
    return answer_show(&answer, code, args, NULL);
}

static bool is_cluster_of(const json_t *doc, const char *name)
{
    size_t at;
    json_t *cluster;

    json_array_foreach(json_object_get(doc, "clusters"), at,
                       cluster) if (strcmp(client_text(cluster, "name"), name) == 0) return true;
    return false;
}

static int look_now(struct client *client, const struct arguments *args, struct err *err)
{
    const char *cluster = arguments_string(args, "cluster");
    struct answer answer;
    char path[100];
    int code;

    snprintf(path, sizeof path, "/v1/jobs/%.40s/explanation", arguments_string(args, "id"));
    code = client_call(client, "GET", path, NULL, NULL, &answer, err);
    if (code == EXIT_DONE && cluster && !is_cluster_of(answer.doc, cluster)) {
        err_set(err, ERR_NOT_FOUND, "no cluster \"%.40s\"", cluster);
        code = EXIT_NOT_FOUND;
    }
    return answer_show(&answer, code, args, explain);
}

static int run(const struct arguments *args, struct err *err)
{
    bool back = arguments_flag(args, "history") || arguments_string(args, "at");
    struct client client;
    int code;

    if (client_open(&client, args, err))
        return EXIT_FAILED;
    code = back ? look_back(&client, args, err) : look_now(&client, args, err);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger why 58", "why it waits, cluster by cluster; or why it runs where it runs"},
    {"tapfinger why 58 --history", "what happened to it, and for what it waited when"},
    {"tapfinger why 58 --at 2026-11-22T05:00:00Z", "how it stood then"},
    {0},
};

static const struct option_spec options[] = {
    {"id", OPTION_STRING, .choices = "ID", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "a job or a task"},
    {"cluster", OPTION_STRING, .choices = "CLUSTER", .help = "only of this one"},
    {"history", OPTION_FLAG, .help = "all that happened to it: states, reasons, decisions"},
    {"at", OPTION_STRING, .choices = "TIME",
     .help = "how it stood then, or its history until then"},
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
