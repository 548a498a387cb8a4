/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger show: everything about jobs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/job_selection.h"

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
}

/* What it has been through: "queued 13:52:02Z > started ... > ended ..." */
static void print_timeline(const json_t *task)
{
    static const char *const step[][2] = {
        {"submitted_at", "submitted"}, {"started_at", "started"}, {"ended_at", "ended"}};
    const char *arrow = "";

    printf("%-10s ", "timeline");
    for (size_t i = 0; i < COUNT_OF(step); i++)
        if (json_is_string(json_object_get(task, step[i][0]))) {
            printf("%s%s %s", arrow, step[i][1], client_text(task, step[i][0]));
            arrow = " > ";
        }
    printf("\n");
}

/* What it asked for against what it used. */
static void print_use(const json_t *task)
{
    double ran_s = client_age(json_object_get(task, "started_at")) -
                   client_age(json_object_get(task, "ended_at"));
    const json_t *held = json_object_get(task, "allocation");
    json_int_t cpu = json_integer_value(json_object_get(held, "cpu"));
    json_int_t mem = json_integer_value(json_object_get(held, "mem_bytes"));

    if (!json_is_number(json_object_get(task, "cpu_s")))
        return;
    printf("%-10s cpu %.2f s", "used", json_number_value(json_object_get(task, "cpu_s")));
    if (ran_s > 0 && cpu)
        printf(" (%.2f of %lld)", json_number_value(json_object_get(task, "cpu_s")) / ran_s,
               (long long)cpu);
    printf(", largest process %.1f MiB",
           (double)json_integer_value(json_object_get(task, "most_bytes")) / 1048576);
    if (mem)
        printf(" of %.0f MiB", (double)mem / 1048576);
    printf("\n");
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
    print_timeline(task);
    print_end(task);
    print_command(json_object_get(job, "command"));
    print_line("folder", client_text(job, "cwd"));
    print_line("deadline", client_text(job, "deadline"));
    print_line("uid", client_text(job, "uid"));
    print_use(task);
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

/* The job as it could be submitted again: "submit --file" reads it. */
static json_t *spec_of(const json_t *job)
{
    static const char *const key[] = {"name",  "type",  "command", "cwd",      "env",    "each",
                                      "after", "reach", "labels",  "priority", "retries"};
    static const char *const amount[] = {"request", "min", "max"};
    static const char *const seconds[][2] = {
        {"timeout_s", "timeout"}, {"grace_s", "grace"}, {"backoff_s", "backoff"}};
    json_t *spec = json_object();

    for (size_t i = 0; i < COUNT_OF(key); i++)
        if (json_object_get(job, key[i]))
            json_object_set(spec, key[i], json_object_get(job, key[i]));
    if (!json_object_get(job, "each") && json_is_string(json_object_get(job, "members")))
        json_object_set(spec, "array", json_object_get(job, "members"));
    for (size_t i = 0; i < COUNT_OF(amount); i++) {
        json_t *map = json_copy(json_object_get(job, amount[i]));
        const json_t *mem = json_object_get(map, "mem_bytes");

        if (!map)
            continue;
        if (mem)
            json_object_set_new(map, "mem",
                                json_sprintf("%lld", (long long)json_integer_value(mem)));
        json_object_del(map, "mem_bytes");
        json_object_set_new(spec, amount[i], map);
    }
    for (size_t i = 0; i < COUNT_OF(seconds); i++)
        if (json_is_number(json_object_get(job, seconds[i][0])))
            json_object_set_new(
                spec, seconds[i][1],
                json_sprintf("%gs", json_number_value(json_object_get(job, seconds[i][0]))));
    if (json_is_string(json_object_get(job, "deadline")))
        json_object_set(spec, "deadline", json_object_get(job, "deadline"));
    return spec;
}

static void print(const struct arguments *args, const json_t *job)
{
    if (arguments_flag(args, "spec")) {
        json_t *spec = spec_of(job);

        json_dumpf(spec, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(spec);
        return;
    }
    print_job(job);
    if (arguments_flag(args, "tasks"))
        print_tasks(job);
}

/* One document: the job, or where several were asked for a list of them. */
static int show_json(struct client *client, const struct job_selection *selection, struct err *err)
{
    json_t *list = json_array();
    int code = EXIT_DONE;

    for (size_t i = 0; i < selection->ids.count && code == EXIT_DONE; i++) {
        struct answer answer;
        char path[80];

        snprintf(path, sizeof path, "/v1/jobs/%.40s", selection->ids.item[i]);
        code = client_call(client, "GET", path, NULL, NULL, &answer, err);
        if (code == EXIT_DONE)
            json_array_append(list, answer.doc);
        answer_release(&answer);
    }
    if (code == EXIT_DONE && selection->ids.count > 1) {
        json_t *doc = json_pack("{s:s, s:O}", "schema", "tapfinger.jobs/1", "items", list);

        json_dumpf(doc, stdout, JSON_COMPACT);
        json_decref(doc);
    } else if (code == EXIT_DONE) {
        json_dumpf(json_array_get(list, 0), stdout, JSON_COMPACT);
    }
    if (code == EXIT_DONE)
        printf("\n");
    json_decref(list);
    return code;
}

static int show_each(struct client *client, const struct arguments *args,
                     const struct job_selection *selection, struct err *err)
{
    int code = EXIT_DONE;

    for (size_t i = 0; i < selection->ids.count && code == EXIT_DONE; i++) {
        struct answer answer;
        char path[80];

        snprintf(path, sizeof path, "/v1/jobs/%.40s", selection->ids.item[i]);
        code = client_call(client, "GET", path, NULL, NULL, &answer, err);
        code = answer_show(&answer, code, args, print);
    }
    return code;
}

static int run(const struct arguments *args, struct err *err)
{
    struct job_selection selection;
    struct client client;
    int code = EXIT_MISUSED;

    if (client_open(&client, args, err))
        return EXIT_MISUSED;
    if (job_selection_expand(&selection, params_value(&args->own, "id"), err) == 0)
        code = arguments_want_json(args) && !arguments_flag(args, "spec")
                   ? show_json(&client, &selection, err)
                   : show_each(&client, args, &selection, err);
    job_selection_release(&selection);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger show 58", "a job"},
    {"tapfinger show 58.3 59-61 --json", "a member of an array and other jobs, as one list"},
    {"tapfinger show 58 --spec >job.yaml", "as it was submitted: for submit --file"},
    {0},
};

static const struct option_spec options[] = {
    {"id", OPTION_STRING, .choices = "ID",
     .flags = OPTION_POSITIONAL | OPTION_REPEATS | OPTION_REQUIRED,
     .help = "jobs, tasks or ranges: 58, 58.3, 58-60, 58.3-8"},
    {"spec", OPTION_FLAG, .help = "only what was submitted, as a file for submit --file"},
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
