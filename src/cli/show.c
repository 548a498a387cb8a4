/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger show: everything about jobs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"

static void print_line(const char *key, const char *value)
{
    if (strcmp(value, "-") != 0)
        printf("%-10s %s\n", key, value);
}

static void print_amount(const char *key, const json_t *amount)
{
    struct text text;

    text_init(&text, 0);
    client_print_amount(amount, &text);
    print_line(key, text.bytes);
    text_release(&text);
}

static void print_command(const json_t *command)
{
    if (!json_is_array(command))
        return;
    printf("%-10s", "command");
    for (size_t i = 0; i < json_array_size(command); i++)
        printf(" %s", json_string_value(json_array_get(command, i)));
    printf("\n");
}

static void print_end(const json_t *task)
{
    const json_t *code = json_object_get(task, "exit_code");
    const json_t *signal = json_object_get(task, "exit_signal");

    if (json_is_integer(signal))
        printf("%-10s signal %lld\n", "exit", (long long)json_integer_value(signal));
    else if (json_is_integer(code))
        printf("%-10s %lld\n", "exit", (long long)json_integer_value(code));
    if (json_is_number(json_object_get(task, "cpu_s")))
        printf("%-10s cpu %.2f s, largest process %.1f MiB\n", "used",
               json_number_value(json_object_get(task, "cpu_s")),
               (double)json_integer_value(json_object_get(task, "most_bytes")) / 1048576);
}

static void print_job(const json_t *job)
{
    const json_t *task = json_object_get(job, "task") ? json_object_get(job, "task") : job;
    const json_t *progress = json_object_get(task, "progress");
    char *metrics = json_dumps(json_object_get(task, "metrics"), 0);

    printf("%s %s  %s%s%s\n", client_text(task, "id"), client_text(job, "name"),
           client_text(task, "state"), strcmp(client_text(task, "cluster"), "-") ? " on " : "",
           strcmp(client_text(task, "cluster"), "-") ? client_text(task, "cluster") : "");
    print_line("reason", client_text(job, "reason"));
    print_line("message", client_text(task, "message"));
    print_line("user", client_text(job, "user"));
    print_line("type", client_text(job, "type"));
    print_line("after", client_text(job, "after"));
    print_amount("request", json_object_get(job, "request"));
    print_amount("min", json_object_get(job, "min"));
    print_amount("max", json_object_get(job, "max"));
    print_amount("holds", json_object_get(task, "allocation"));
    if (json_is_number(progress))
        printf("%-10s %.1f %%\n", "progress", 100 * json_number_value(progress));
    if (metrics && strcmp(metrics, "{}") != 0)
        print_line("metrics", metrics);
    free(metrics);
    print_line("submitted", client_text(task, "submitted_at"));
    print_line("started", client_text(task, "started_at"));
    print_line("ended", client_text(task, "ended_at"));
    print_end(task);
    print_command(json_object_get(job, "command"));
    print_line("folder", client_text(job, "cwd"));
}

static void print_tasks(const json_t *job)
{
    const json_t *list = json_object_get(job, "task_list");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *task = json_array_get(list, i);

        printf("  %-10s %-10s %s\n", client_text(task, "id"), client_text(task, "state"),
               client_text(task, "cluster"));
    }
}

static void print(const struct arguments *args, const json_t *job)
{
    print_job(job);
    if (arguments_flag(args, "tasks"))
        print_tasks(job);
}

static int run(const struct arguments *args, struct err *err)
{
    const struct option_value *ids = params_value(&args->own, "id");
    struct client client;
    int code = EXIT_DONE;

    if (client_open(&client, args, err))
        return EXIT_FAILED;
    for (int i = 0; i < ids->repeats && code == EXIT_DONE; i++) {
        struct answer answer;
        char path[80];

        snprintf(path, sizeof path, "/v1/jobs/%.40s", ids->repeat[i]);
        code = client_call(&client, "GET", path, NULL, NULL, &answer, err);
        code = answer_show(&answer, code, args, print);
    }
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger show 58", "a job"},
    {"tapfinger show 58.3 59 --json", "a member of an array and another job, for programs"},
    {0},
};

static const struct option_spec options[] = {
    {"id", OPTION_STRING, .choices = "ID",
     .flags = OPTION_POSITIONAL | OPTION_REPEATS | OPTION_REQUIRED, .help = "jobs or tasks"},
    {"tasks", OPTION_FLAG, .help = "list the tasks of an array"},
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_show = {
    .name = "show",
    .summary = "show everything about a job",
    .examples = examples,
    .options = options,
    .run = run,
};
