/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger ps: jobs, one row each. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
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

static void add_row(struct table *table, const json_t *job)
{
    const char *state = client_text(job, "state"), *message = client_text(job, "message");
    struct text amount, done, elapsed;

    text_init(&amount, 0);
    text_init(&done, 0);
    text_init(&elapsed, 0);
    client_print_amount(json_object_get(job, "allocation"), &amount);
    print_done(job, &done);
    print_elapsed(job, &elapsed);
    table_cell(table, MOOD_STRONG, "%s", client_text(job, "id"));
    table_cell(table, MOOD_PLAIN, "%s", client_text(job, "name"));
    table_cell(table, MOOD_PLAIN, "%s", client_text(job, "type"));
    table_cell(table, mood_of(state), "%s", state);
    table_cell(table, MOOD_PLAIN, "%s", client_text(job, "cluster"));
    table_cell(table, MOOD_PLAIN, "%s", amount.bytes);
    table_cell(table, MOOD_PLAIN, "%s", done.bytes);
    table_cell(table, MOOD_PLAIN, "%s", elapsed.bytes);
    table_cell(table, MOOD_PLAIN, "%s",
               json_is_string(json_object_get(job, "reason")) ? client_text(job, "reason")
                                                              : message);
    text_release(&amount);
    text_release(&done);
    text_release(&elapsed);
}

static void print_jobs(const struct arguments *args, const json_t *doc)
{
    json_int_t hidden = json_integer_value(json_object_get(doc, "hidden"));
    const json_t *items = json_object_get(doc, "items");
    struct table table;

    table_init(&table);
    table_column(&table, "ID", TABLE_RIGHT, 0);
    table_column(&table, "NAME", TABLE_LEFT, 0);
    table_column(&table, "TYPE", TABLE_LEFT, 3);
    table_column(&table, "STATE", TABLE_LEFT, 0);
    table_column(&table, "CLUSTER", TABLE_LEFT, 0);
    table_column(&table, "HOLDS", TABLE_LEFT, 2);
    table_column(&table, "DONE", TABLE_RIGHT, 0);
    table_column(&table, "TIME", TABLE_RIGHT, 1);
    table_column(&table, "REASON", TABLE_LEFT, 0);
    for (size_t i = 0; i < json_array_size(items); i++)
        add_row(&table, json_array_get(items, i));
    if (json_array_size(items) || arguments_flag(args, "plain"))
        listing_show(args, &table);
    table_release(&table);
    if (arguments_flag(args, "quiet") || arguments_flag(args, "plain"))
        return;
    if (!json_array_size(items))
        fprintf(stderr, "no jobs to show");
    if (hidden)
        fprintf(stderr, "%s%lld hidden (--all shows all)\n", json_array_size(items) ? "" : "; ",
                (long long)hidden);
    else if (!json_array_size(items))
        fprintf(stderr, "\n");
    if (json_is_string(json_object_get(doc, "next")))
        fprintf(stderr, "and more: --after-id %s\n", client_text(doc, "next"));
}

static void make_path(const struct arguments *args, struct text *path)
{
    text_printf(path, "/v1/jobs?limit=%lld", (long long)params_int(&args->own, "limit"));
    if (arguments_string(args, "state"))
        text_printf(path, "&state=%s", arguments_string(args, "state"));
    else if (!arguments_flag(args, "all"))
        text_add(path, "&active=true");
    if (arguments_string(args, "user"))
        text_printf(path, "&user=%s", arguments_string(args, "user"));
    if (arguments_string(args, "type"))
        text_printf(path, "&type=%s", arguments_string(args, "type"));
    if (arguments_string(args, "after-id"))
        text_printf(path, "&cursor=%s", arguments_string(args, "after-id"));
}

static int run(const struct arguments *args, struct err *err)
{
    struct client client;
    struct answer answer;
    struct text path;
    int code;

    if (client_open(&client, args, err))
        return EXIT_FAILED;
    text_init(&path, 0);
    make_path(args, &path);
    code = client_call(&client, "GET", path.bytes, NULL, NULL, &answer, err);
    code = answer_show(&answer, code, args, print_jobs);
    text_release(&path);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger ps", "jobs that are not over"},
    {"tapfinger ps --all -u me", "all of mine that are kept"},
    {"tapfinger ps --state FAILED -q", "the numbers of those that failed"},
    {0},
};

static const struct option_spec options[] = {
    {"all", OPTION_FLAG, .letter = 'a', .help = "finished ones too"},
    {"state", OPTION_STRING, .choices = "STATES", .help = "only these: RUNNING,PENDING"},
    {"user", OPTION_STRING, .choices = "USER", .letter = 'u', .help = "only theirs; me is you"},
    {"type", OPTION_STRING, .choices = "TYPE", .letter = 't', .help = "only of this type"},
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
