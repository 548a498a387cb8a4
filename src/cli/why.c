/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger why: why a task waits, or why it runs there and with that much. */
#include "cli/why.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "report/table.h"
#include "serve/quantity.h"

/* "6-14 min", or the words for the likely case alone where all are the same. */
static void add_range(const json_t *range, struct text *out)
{
    double low = json_number_value(json_array_get(range, 0));
    double likely = json_number_value(json_array_get(range, 1));
    double high = json_number_value(json_array_get(range, 2));

    client_print_seconds(low, out);
    text_add(out, " to ");
    client_print_seconds(high, out);
    text_add(out, " (likely ");
    client_print_seconds(likely, out);
    text_add(out, ")");
}

/* ": fits 4 of 5 clusters (2 no-gpu, 1 cluster-draining)" */
static void add_tally(const json_t *doc, struct text *out)
{
    const json_t *clusters = json_object_get(doc, "clusters");
    json_t *tally = json_object();
    const char *reason;
    size_t at, fits = 0, others = 0;
    json_t *cluster, *count;

    json_array_foreach (clusters, at, cluster) {
        reason = client_text(cluster, "reason");
        fits += json_is_true(json_object_get(cluster, "fits_empty")) &&
                json_is_true(json_object_get(cluster, "in_reach"));
        json_object_set_new(tally, reason,
                            json_integer(json_integer_value(json_object_get(tally, reason)) + 1));
    }
    text_printf(out, "fits %zu of %zu cluster%s", fits, json_array_size(clusters),
                json_array_size(clusters) == 1 ? "" : "s");
    json_object_foreach (tally, reason, count)
        text_printf(out, "%s%lld %s", others++ ? ", " : " (", (long long)json_integer_value(count),
                    reason);
    text_add(out, others ? ")" : "");
    json_decref(tally);
}

static void add_verdict(const json_t *doc, struct text *out)
{
    const json_t *blocks = json_object_get(doc, "blocks"), *block;

    if (strcmp(client_text(doc, "verdict"), "runs") == 0 &&
        json_is_array(json_object_get(doc, "left_s"))) {
        text_add(out, ": ends in ");
        add_range(json_object_get(doc, "left_s"), out);
        text_add(out, ", est.");
    } else if (json_array_size(blocks)) {
        block = json_array_get(blocks, 0);
        text_printf(out, ": %s (%s)", client_text(block, "code"), client_text(block, "meaning"));
    } else if (strcmp(client_text(doc, "verdict"), "wait") == 0) {
        text_add(out, ": ");
        add_tally(doc, out);
        if (json_is_array(json_object_get(doc, "eta_s"))) {
            text_add(out, ". Starts in ");
            add_range(json_object_get(doc, "eta_s"), out);
            text_add(out, strcmp(client_text(doc, "eta_by"), "policy") == 0
                              ? ", est. by running the policy forward"
                              : ", est. by the queue's order alone");
        }
    } else if (json_is_string(json_object_get(doc, "message"))) {
        text_printf(out, ": %s", client_text(doc, "message"));
    }
}

static void print_asked(const json_t *doc)
{
    json_int_t position = json_integer_value(json_object_get(doc, "queue_position"));
    const json_t *blocks = json_object_get(doc, "blocks"), *detail;
    struct text min, max;

    text_init(&min, 0);
    text_init(&max, 0);
    client_print_amount(json_object_get(doc, "min"), &min);
    client_print_amount(json_object_get(doc, "max"), &max);
    printf("asked   %s", min.bytes);
    if (strcmp(min.bytes, max.bytes) != 0)
        printf(" to %s", max.bytes);
    if (position >= 0)
        printf("     queue %lld of %lld", (long long)position + 1,
               (long long)json_integer_value(json_object_get(doc, "waiting")));
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        detail = json_object_get(json_array_get(blocks, i), "detail");
        printf("%s%s", i ? ", " : "     job-wide ", client_text(json_array_get(blocks, i), "code"));
        if (json_is_string(detail))
            printf(" until %s", json_string_value(detail));
        for (size_t k = 0; k < json_array_size(detail); k++)
            printf(" %s", json_string_value(json_array_get(detail, k)));
    }
    printf("\n");
    text_release(&min);
    text_release(&max);
}

static void print_head(const json_t *doc)
{
    struct text age, verdict;

    text_init(&age, 0);
    text_init(&verdict, 0);
    client_print_seconds(client_age(json_object_get(doc, "submitted_at")), &age);
    add_verdict(doc, &verdict);
    printf("%s %s %s %s%s\n", client_text(doc, "id"), client_text(doc, "name"),
           client_text(doc, "state"), age.bytes, verdict.bytes);
    print_asked(doc);
    text_release(&age);
    text_release(&verdict);
}

/* "need 1, free 0", or who drained it and why */
static void add_detail(const json_t *reason, struct text *out)
{
    double unit = strcmp(client_text(reason, "code"), "no-mem") == 0 ? 1073741824 : 1;

    if (json_is_integer(json_object_get(reason, "need")))
        text_printf(out, "need %.3g, free %.3g",
                    json_number_value(json_object_get(reason, "need")) / unit,
                    json_number_value(json_object_get(reason, "free")) / unit);
    if (json_is_string(json_object_get(reason, "by")))
        text_printf(out, "by %s, \"%s\"", client_text(reason, "by"), client_text(reason, "detail"));
}

/* A row for each reason; the cluster is named in the first. */
static void add_cluster(struct table *table, const json_t *cluster)
{
    bool now = json_is_true(json_object_get(cluster, "fits_now"));
    const json_t *frees = json_object_get(cluster, "frees_in_s");
    size_t at;
    json_t *reason;

    json_array_foreach (json_object_get(cluster, "reasons"), at, reason) {
        struct text detail, when;

        text_init(&detail, 0);
        text_init(&when, 0);
        add_detail(reason, &detail);
        if (json_is_number(frees) && !now)
            client_print_seconds(json_number_value(frees), &when);
        table_cell(table, MOOD_STRONG, "%s", at ? "" : client_text(cluster, "name"));
        table_cell(table, MOOD_PLAIN, "%s",
                   at                                                     ? ""
                   : json_is_true(json_object_get(cluster, "fits_empty")) ? "yes"
                                                                          : "no");
        table_cell(table, now ? MOOD_GOOD : MOOD_PLAIN, "%s", at ? "" : now ? "yes" : "no");
        table_cell(table, MOOD_PLAIN, "%s", client_text(reason, "code"));
        table_cell(table, MOOD_PLAIN, "%s", detail.bytes);
        table_cell(table, MOOD_PLAIN, "%s", at ? "" : when.length ? when.bytes : "-");
        text_release(&detail);
        text_release(&when);
    }
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
    table_column(&table, "DETAIL", TABLE_LEFT, 1);
    table_column(&table, "FREES IN (est.)", TABLE_RIGHT, 2);
    json_array_foreach (json_object_get(doc, "clusters"), at, cluster)
        if (!only || strcmp(client_text(cluster, "name"), only) == 0)
            add_cluster(&table, cluster);
    if (only && !table.cells.count)
        fprintf(stderr, "no cluster \"%.60s\"\n", only);
    text_init(&out, 0);
    table_print(&table, &style, &out);
    fputs(out.bytes, stdout);
    text_release(&out);
    table_release(&table);
}

/* "would start now with: cpu=1 (edge-a, est. run 1.4x) | --reach edge-e" */
static void print_remedies(const json_t *doc)
{
    const json_t *list = json_object_get(doc, "remedies");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *change = json_object_get(one, "change");
        const char *key;
        json_t *value;
        int keys = 0;

        printf("%s", i ? " | " : "would start now with: ");
        json_object_foreach ((json_t *)(uintptr_t)change, key, value) {
            printf("%s", keys++ ? " " : "");
            if (json_is_string(value))
                printf("--reach %s", json_string_value(value));
            else
                printf("%s=%lld", key, (long long)json_integer_value(value));
        }
        printf(" (%s", client_text(one, "cluster"));
        if (json_is_number(json_object_get(one, "run_ratio")))
            printf(", est. run %.2gx", json_number_value(json_object_get(one, "run_ratio")));
        printf(")");
    }
    if (json_array_size(list))
        printf("\n");
}

static void print_alternatives(const json_t *decision)
{
    size_t at;
    json_t *one;

    json_array_foreach (json_object_get(decision, "alternatives"), at, one) {
        struct text amount;

        text_init(&amount, 0);
        client_print_amount(json_object_get(one, "could_hold"), &amount);
        printf("    %c %-12s could hold ", json_is_true(json_object_get(one, "chosen")) ? '>' : ' ',
               client_text(one, "cluster"));
        if (json_is_number(json_object_get(one, "seconds"))) {
            text_add(&amount, ", est. ");
            client_print_seconds(json_number_value(json_object_get(one, "seconds")), &amount);
        }
        printf("%s\n", amount.bytes);
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
        if (json_is_string(json_object_get(one, "because")))
            printf("    because %s\n", client_text(one, "because"));
        text_release(&amount);
        print_alternatives(one);
    }
}

static void explain(const struct arguments *args, const json_t *doc, const char *cluster)
{
    bool waits = strcmp(client_text(doc, "state"), "PENDING") == 0 ||
                 strcmp(client_text(doc, "state"), "HELD") == 0;

    print_head(doc);
    if (waits)
        print_clusters(doc, cluster, arguments_want_colour(args, 1));
    if (waits)
        print_remedies(doc);
    print_decisions(doc);
    printf("view %s tick %lld policy %s\n", client_text(json_object_get(doc, "as_of"), "at"),
           (long long)json_integer_value(json_object_get(doc, "tick")), client_text(doc, "policy"));
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

    if (at && quantity_past(at, &until_us, err)) {
        err_prefix(err, "--at");
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

    json_array_foreach (json_object_get(doc, "clusters"), at, cluster)
        if (strcmp(client_text(cluster, "name"), name) == 0)
            return true;
    return false;
}

int why_explain(struct client *client, const struct arguments *args, const char *id,
                struct err *err)
{
    struct answer answer;
    char path[100];
    int code;

    snprintf(path, sizeof path, "/v1/jobs/%.40s/explanation", id);
    code = client_call(client, "GET", path, NULL, NULL, &answer, err);
    if (code == EXIT_DONE)
        explain(args, answer.doc, NULL);
    answer_release(&answer);
    return code;
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
    if (code != EXIT_DONE || arguments_want_json(args))
        return answer_show(&answer, code, args, NULL);
    explain(args, answer.doc, cluster);
    answer_release(&answer);
    return code;
}

static int run(const struct arguments *args, struct err *err)
{
    bool back = arguments_flag(args, "history") || arguments_string(args, "at");
    struct client client;
    int code;

    if (client_open(&client, args, err))
        return EXIT_MISUSED;
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
     .help = "how it stood so long ago (10m) or then (2026-11-22T05:04:03Z), or its history until "
             "then"},
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
