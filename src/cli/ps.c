/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger ps: jobs, one row each. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "report/table.h"

static enum mood mood_of(const char *state)
{
    if (strcmp(state, "FAILED") == 0 || strcmp(state, "LOST") == 0)
        return MOOD_BAD;
    if (strcmp(state, "RUNNING") == 0 || strcmp(state, "SUCCEEDED") == 0)
        return MOOD_GOOD;
    return strcmp(state, "CANCELED") == 0 ? MOOD_FAINT : MOOD_PLAIN;
}

static void print_done(const json_t *job, struct text *out)
{
    const json_t *progress = json_object_get(job, "progress");
    const json_t *counts = json_object_get(job, "counts");
    json_int_t tasks = json_integer_value(json_object_get(job, "tasks"));

    if (tasks > 1)
        text_printf(out, "%lld/%lld",
                    (long long)json_integer_value(json_object_get(counts, "SUCCEEDED")),
                    (long long)tasks);
    else if (json_is_number(progress))
        text_printf(out, "%.0f%%", 100 * json_number_value(progress));
    else
        text_add_char(out, '-');
}

/* Since it was submitted, or how long it ran. */
static void print_elapsed(const json_t *job, struct text *out)
{
    double submitted = client_age(json_object_get(job, "submitted_at"));
    double started = client_age(json_object_get(job, "started_at"));
    double ended = client_age(json_object_get(job, "ended_at"));

    if (ended >= 0)
        client_print_seconds((started >= 0 ? started : submitted) - ended, out);
    else
        client_print_seconds(started >= 0 ? started : submitted, out);
}

/* "58", or "58.1-8" of an array whose members are a range. */
static void print_id(const json_t *job, bool plain, struct text *out)
{
    const char *members = client_text(job, "members");
    size_t range = strcspn(members, "%");

    text_add(out, client_text(job, "id"));
    if (!plain && json_is_string(json_object_get(job, "members")) &&
        strspn(members, "0123456789-") == range)
        text_printf(out, ".%.*s", (int)range, members);
}

/* When it starts, or ends: the likely case. */
static void print_eta(const json_t *job, struct text *out)
{
    const json_t *range = json_object_get(job, "eta_s");

    if (!json_is_array(range))
        range = json_object_get(job, "left_s");
    if (!json_is_array(range)) {
        text_add_char(out, '-');
        return;
    }
    text_add_char(out, '~');
    client_print_seconds(json_number_value(json_array_get(range, 1)), out);
}

static void add_amount(struct table *table, const json_t *job, const char *resource)
{
    const json_t *amount = json_object_get(json_object_get(job, "allocation"), resource);

    if (json_is_integer(amount))
        table_cell(table, MOOD_PLAIN, "%lld", (long long)json_integer_value(amount));
    else
        table_cell(table, MOOD_FAINT, "-");
}

/* Why it waits, with its place; or what became of it. */
static void print_reason(const json_t *job, struct text *out)
{
    if (!json_is_string(json_object_get(job, "reason")))
        text_add(out, client_text(job, "message"));
    else
        text_add(out, client_text(job, "reason"));
}

static void add_text(struct table *table, void (*print)(const json_t *, struct text *),
                     const json_t *job)
{
    struct text text;

    text_init(&text, 0);
    print(job, &text);
    table_cell(table, MOOD_PLAIN, "%s", text.bytes);
    text_release(&text);
}

static void add_row(struct table *table, const struct arguments *args, const json_t *job)
{
    const char *state = client_text(job, "state");
    struct text id;

    text_init(&id, 0);
    print_id(job, arguments_flag(args, "quiet"), &id);
    table_cell(table, MOOD_STRONG, "%s", id.bytes);
    table_cell(table, MOOD_PLAIN, "%s", client_text(job, "name"));
    table_cell(table, MOOD_PLAIN, "%s", client_text(job, "type"));
    table_cell(table, MOOD_PLAIN, "%s", client_text(job, "user"));
    table_cell(table, mood_of(state), "%s", state);
    table_cell(table, MOOD_PLAIN, "%s", client_text(job, "cluster"));
    add_amount(table, job, "cpu");
    add_amount(table, job, "gpu");
    add_text(table, print_done, job);
    add_text(table, print_elapsed, job);
    add_text(table, print_eta, job);
    add_text(table, print_reason, job);
    text_release(&id);
}

/* "2 jobs, 9 tasks: 1 RUNNING, 8 PENDING. 31 hidden (--all)" */
static void print_summary(const json_t *doc)
{
    json_int_t hidden = json_integer_value(json_object_get(doc, "hidden")), tasks = 0;
    const json_t *items = json_object_get(doc, "items");
    json_t *counts = json_object();
    const char *state, *comma = ": ";
    json_t *count;

    for (size_t i = 0; i < json_array_size(items); i++) {
        json_object_foreach (json_object_get(json_array_get(items, i), "counts"), state, count) {
            json_int_t sum = json_integer_value(json_object_get(counts, state));

            json_object_set_new(counts, state, json_integer(sum + json_integer_value(count)));
            tasks += json_integer_value(count);
        }
    }
    if (json_array_size(items))
        fprintf(stderr, "%zu job%s, %lld task%s", json_array_size(items),
                json_array_size(items) == 1 ? "" : "s", (long long)tasks, tasks == 1 ? "" : "s");
    else
        fprintf(stderr, "no jobs to show");
    json_object_foreach (counts, state, count) {
        fprintf(stderr, "%s%lld %s", comma, (long long)json_integer_value(count), state);
        comma = ", ";
    }
    if (hidden)
        fprintf(stderr, ". %lld hidden (--all shows all)", (long long)hidden);
    fprintf(stderr, "\n");
    json_decref(counts);
    if (json_is_string(json_object_get(doc, "next")))
        fprintf(stderr, "and more: --after-id %s\n", client_text(doc, "next"));
}

static void print_jobs(const struct arguments *args, const json_t *doc)
{
    const json_t *items = json_object_get(doc, "items");
    bool bare = arguments_flag(args, "quiet") || arguments_flag(args, "plain");
    struct table table;

    table_init(&table);
    table_column(&table, "ID", TABLE_LEFT, 0);
    table_column(&table, "NAME", TABLE_LEFT, 0);
    table_column(&table, "TYPE", TABLE_LEFT, 2);
    table_column(&table, "USER", TABLE_LEFT, 4);
    table_column(&table, "STATE", TABLE_LEFT, 0);
    table_column(&table, "CLUSTER", TABLE_LEFT, 0);
    table_column(&table, "CPU", TABLE_RIGHT, 3);
    table_column(&table, "GPU", TABLE_RIGHT, 3);
    table_column(&table, "DONE", TABLE_RIGHT, 0);
    table_column(&table, "ELAPSED", TABLE_RIGHT, 1);
    table_column(&table, "ETA", TABLE_RIGHT, 1);
    table_column(&table, "REASON", TABLE_LEFT, 0);
    for (size_t i = 0; i < json_array_size(items); i++)
        add_row(&table, args, json_array_get(items, i));
    if (json_array_size(items) || arguments_flag(args, "plain"))
        listing_show(args, &table);
    table_release(&table);
    if (!bare)
        print_summary(doc);
}

static void add_filter(struct client *client, const struct arguments *args, const char *flag,
                       const char *key, struct text *path)
{
    if (!arguments_string(args, flag))
        return;
    text_printf(path, "&%s=", key);
    client_escape(client, arguments_string(args, flag), path);
}

static void make_path(struct client *client, const struct arguments *args, struct text *path)
{
    static const char *const filters[][2] = {{"state", "state"}, {"type", "type"},
                                             {"name", "name"},   {"cluster", "cluster"},
                                             {"since", "since"}, {"after-id", "cursor"}};
    bool all = arguments_flag(args, "all");

    text_printf(path, "/v1/jobs?limit=%lld", (long long)params_int(&args->own, "limit"));
    for (size_t i = 0; i < COUNT_OF(filters); i++)
        add_filter(client, args, filters[i][0], filters[i][1], path);
    if (!arguments_string(args, "state") && !all)
        text_add(path, "&active=true");
    if (arguments_string(args, "user"))
        add_filter(client, args, "user", "user", path);
    else if (!all)
        text_add(path, "&user=me");
}

static int show(struct client *client, const struct arguments *args, struct err *err)
{
    struct answer answer;
    struct text path;
    int code;

    text_init(&path, 0);
    make_path(client, args, &path);
    code = client_call(client, "GET", path.bytes, NULL, NULL, &answer, err);
    if (code == EXIT_DONE && arguments_flag(args, "watch") && isatty(1))
        printf("\033[H\033[2J");
    code = answer_show(&answer, code, args, print_jobs);
    fflush(stdout);
    text_release(&path);
    return code;
}

static int run(const struct arguments *args, struct err *err)
{
    bool watch = arguments_flag(args, "watch");
    struct client client;
    int code;

    if (client_open(&client, args, err))
        return EXIT_MISUSED;
    code = show(&client, args, err);
    while (watch && code == EXIT_DONE) {
        nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
        code = show(&client, args, err);
    }
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger ps", "yours that are not over"},
    {"tapfinger ps --all", "everybody's, finished ones too"},
    {"tapfinger ps -u ann --since 1d --sort -elapsed", "ann's of the last day"},
    {"tapfinger ps --state FAILED -q", "the numbers of those that failed"},
    {0},
};

static const struct option_spec options[] = {
    {"all", OPTION_FLAG, .letter = 'a', .help = "everybody's, finished ones too"},
    {"state", OPTION_STRING, .choices = "STATES", .help = "only these: RUNNING,PENDING"},
    {"user", OPTION_STRING, .choices = "USER", .letter = 'u',
     .help = "only theirs; default: yours"},
    {"type", OPTION_STRING, .choices = "TYPE", .letter = 't', .help = "only of this type"},
    {"name", OPTION_STRING, .choices = "GLOB", .letter = 'n',
     .help = "only of such a name: 'hp-*'"},
    {"cluster", OPTION_STRING, .choices = "CLUSTER", .letter = 'c',
     .help = "only what runs or last ran there"},
    {"since", OPTION_STRING, .choices = "AGE", .help = "only what was submitted since then: 1d"},
    {"watch", OPTION_FLAG, .help = "again every two seconds"},
    {"limit", OPTION_INT, "200", .choices = "N", .low = 1, .high = 1000, .help = "at most so many"},
    {"after-id", OPTION_STRING, .choices = "ID", .help = "go on after this job"},
    LIST_OPTION_ROWS,
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_ps = {
    .name = "ps",
    .summary = "list jobs of the daemon",
    .examples = examples,
    .options = options,
    .run = run,
};
