/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger submit: hand a command to the daemon. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/follow.h"
#include "cli/job_env.h"
#include "cli/job_file.h"
#include "serve/quantity.h"

static json_t *command_words(const struct option_value *words)
{
    json_t *list = json_array();

    for (int i = 0; i < words->repeats; i++)
        json_array_append_new(list, json_string(words->repeat[i]));
    return list;
}

static int add_env(json_t *doc, const struct arguments *args, struct err *err)
{
    const struct option_value *own = params_value(&args->own, "env");
    json_t *env = arguments_flag(args, "clean-env") ? json_object() : job_env_of_shell();
    json_t *of_file = json_object_get(doc, "env");
    int rc = 0;

    json_object_update(env, of_file);
    for (int i = 0; i < own->repeats && rc == 0; i++)
        rc = job_env_add(env, "env", own->repeat[i], err);
    if (!arguments_flag(args, "clean-env") || own->repeats || of_file)
        json_object_set(doc, "env", env);
    json_decref(env);
    return rc;
}

static int add_amounts(json_t *doc, const struct arguments *args, struct err *err)
{
    static const char *const flag[] = {"request", "min", "max"};

    for (size_t i = 0; i < COUNT_OF(flag); i++) {
        const char *words = arguments_string(args, flag[i]);
        json_t *amount;

        if (!words)
            continue;
        if (client_read_amount(words, &amount, err)) {
            err_prefix(err, "--%s", flag[i]);
            return ERR_INVALID;
        }
        json_object_set_new(doc, flag[i], amount);
    }
    return 0;
}

static void add_texts(json_t *doc, const struct arguments *args)
{
    static const char *const flag[] = {"name", "type", "array", "after"};

    for (size_t i = 0; i < COUNT_OF(flag); i++)
        if (arguments_string(args, flag[i]))
            json_object_set_new(doc, flag[i], json_string(arguments_string(args, flag[i])));
}

/* The seconds that an option says: 1, or 0 where it was not given. */
static int take_seconds(const struct arguments *args, const char *flag, double *out,
                        struct err *err)
{
    const char *words = arguments_string(args, flag);

    if (!words)
        return 0;
    if (quantity_duration(words, out, err)) {
        err_prefix(err, "--%s", flag);
        return ERR_INVALID;
    }
    return 1;
}

static int add_duration(json_t *doc, const struct arguments *args, const char *flag,
                        const char *key, struct err *err)
{
    double seconds;
    int rc = take_seconds(args, flag, &seconds, err);

    if (rc > 0)
        json_object_set_new(doc, key, json_real(seconds));
    return rc < 0 ? rc : 0;
}

/* "in so long", or a time. */
static int add_moment(json_t *doc, const struct arguments *args, const char *flag, const char *key,
                      struct err *err)
{
    const char *words = arguments_string(args, flag);
    int64_t at_us;

    if (!words)
        return 0;
    if (quantity_moment(words, &at_us, err))
        return err_prefix(err, "--%s", flag);
    json_object_set_new(doc, key, quantity_time_json(at_us));
    return 0;
}

static int add_rest(json_t *doc, const struct arguments *args, struct err *err)
{
    const struct option_value *labels = params_value(&args->own, "label");
    const struct option_value *reach = params_value(&args->own, "reach");
    int rc = add_duration(doc, args, "timeout", "timeout_s", err);

    if (rc == 0)
        rc = add_duration(doc, args, "grace", "grace_s", err);
    if (rc == 0)
        rc = add_duration(doc, args, "backoff", "backoff_s", err);
    if (rc == 0)
        rc = add_moment(doc, args, "begin", "not_before", err);
    if (rc == 0)
        rc = add_moment(doc, args, "deadline", "deadline", err);
    if (params_given(&args->own, "prio"))
        json_object_set_new(doc, "priority", json_integer(params_int(&args->own, "prio")));
    if (params_given(&args->own, "retries"))
        json_object_set_new(doc, "retries", json_integer(params_int(&args->own, "retries")));
    if (arguments_flag(args, "hold"))
        json_object_set_new(doc, "hold", json_true());
    if (arguments_flag(args, "force-queue"))
        json_object_set_new(doc, "force_queue", json_true());
    if (reach->repeats)
        json_object_set_new(doc, "reach", command_words(reach));
    if (labels->repeats)
        json_object_set_new(doc, "labels", json_object());
    for (int i = 0; i < labels->repeats && rc == 0; i++)
        rc = job_env_add(json_object_get(doc, "labels"), "label", labels->repeat[i], err);
    return rc;
}

/* What the tasks of an array differ in. */
static int add_entries(json_t *doc, const struct arguments *args, struct err *err)
{
    const char *lines = arguments_string(args, "each-line");
    const char *values = arguments_string(args, "from-json");
    json_t *list;
    int rc;

    if (!lines && !values)
        return 0;
    if (lines && values)
        return err_set(err, ERR_INVALID, "--each-line or --from-json, not both");
    rc = lines ? job_file_lines(lines, &list, err) : job_file_values(values, &list, err);
    json_object_set_new(doc, "each", list);
    return rc;
}

static int fill_job(json_t *doc, const struct arguments *args, struct err *err)
{
    const struct option_value *command = params_value(&args->own, "command");
    const char *file = arguments_string(args, "file"), *cwd = arguments_string(args, "cwd");
    int rc = file ? job_file_read(file, doc, err) : 0;
    char here[4096];

    if (rc)
        return rc;
    if (command->repeats)
        json_object_set_new(doc, "command", command_words(command));
    if (!json_object_get(doc, "command"))
        return err_set(
            err, ERR_INVALID,
            file ? "%s: command: what shall run?" : "what shall run? After --, or --file", file);
    if (!cwd && !json_object_get(doc, "cwd"))
        cwd = getcwd(here, sizeof here);
    if (cwd)
        json_object_set_new(doc, "cwd", json_string(cwd));
    add_texts(doc, args);
    rc = add_entries(doc, args, err);
    if (rc == 0)
        rc = add_env(doc, args, err);
    if (rc == 0)
        rc = add_amounts(doc, args, err);
    return rc ? rc : add_rest(doc, args, err);
}

static json_t *make_job(const struct arguments *args, struct err *err)
{
    json_t *doc = json_object();

    if (fill_job(doc, args, err) == 0)
        return doc;
    json_decref(doc);
    return NULL;
}

/* "; first start likely in 6m00s to 14m00s", unless that is at once or not known. */
static void say_start(const json_t *eta)
{
    double low_s = json_number_value(json_array_get(eta, 0));
    double high_s = json_number_value(json_array_get(eta, 2));
    struct text words;

    if (!(high_s > 1))
        return;
    text_init(&words, 0);
    client_print_seconds(low_s, &words);
    text_add(&words, " to ");
    client_print_seconds(high_s, &words);
    fprintf(stderr, "; first start likely in %s", words.bytes);
    text_release(&words);
}

static void say_submitted(const struct answer *answer)
{
    const char *id = client_text(answer->doc, "id");
    json_int_t tasks = json_integer_value(json_object_get(answer->doc, "tasks"));

    printf("%s\n", id);
    if (!isatty(2))
        return;
    fprintf(stderr, "%s  %s  %lld task%s queued", id, client_text(answer->doc, "name"),
            (long long)tasks, tasks == 1 ? "" : "s");
    say_start(json_object_get(answer->doc, "eta_s"));
    fprintf(stderr, "      next: tapfinger why %s | logs -f %s\n", id, id);
}

static void say_plan(const struct answer *answer)
{
    size_t at;
    json_t *cluster;

    json_array_foreach (json_object_get(answer->doc, "clusters"), at, cluster) {
        struct text free;

        text_init(&free, 0);
        client_print_amount(json_object_get(cluster, "free"), &free);
        printf("%-12s %s; free: %s\n", client_text(cluster, "name"),
               json_is_true(json_object_get(cluster, "fits_now")) ? "fits now"
                                                                  : client_text(cluster, "reason"),
               free.bytes);
        text_release(&free);
    }
}

static int submit(struct client *client, const struct arguments *args, json_t *job, struct err *err)
{
    bool plan = arguments_flag(args, "dry-run");
    struct answer answer;
    int code = client_call(client, "POST", plan ? "/v1/plan" : "/v1/jobs", job,
                           plan ? NULL : arguments_string(args, "key"), &answer, err);

    if (code == EXIT_DONE && arguments_want_json(args))
        fputs(answer.body.bytes, stdout);
    else if (code == EXIT_DONE && plan)
        say_plan(&answer);
    else if (code == EXIT_DONE)
        say_submitted(&answer);
    fflush(stdout);
    if (code == EXIT_DONE && !plan && arguments_flag(args, "follow"))
        code = follow_logs(client, client_text(answer.doc, "id"), "stdout", 0, err);
    if (code == EXIT_DONE && !plan &&
        (arguments_flag(args, "wait") || arguments_flag(args, "follow")))
        code = follow_to_end(client, client_text(answer.doc, "id"), 0,
                             arguments_flag(args, "propagate"),
                             arguments_flag(args, "follow") ? 0 : LAST_LINES, err);
    answer_release(&answer);
    return code;
}

static int run(const struct arguments *args, struct err *err)
{
    struct client client = {0};
    json_t *job = make_job(args, err);
    int code;

    if (!job)
        return EXIT_MISUSED;
    if (client_open(&client, args, err)) {
        json_decref(job);
        return EXIT_MISUSED;
    }
    code = submit(&client, args, job, err);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger submit -- ./train.sh", "let the policy choose how much it gets"},
    {"tapfinger submit -t image --max cpu=8,gpu=1 -- ./train.sh", "a known type, up to so much"},
    {"tapfinger submit -r cpu=2,mem=4G --array 1-100%8 -- ./one.sh",
     "a hundred tasks, eight at once, each with exactly that"},
    {"tapfinger submit --each-line cameras.txt -- sh -c './retrain.sh $TAP_ENTRY'",
     "one task per line of a file"},
    {"tapfinger submit --file job.yaml --prio 3", "a job from a file, with another priority"},
    {"tapfinger submit --after ok:58 --wait -- ./report.sh", "when 58 has succeeded"},
    {0},
};

static const struct option_spec options[] = {
    {"command", OPTION_STRING, .choices = "COMMAND", .flags = OPTION_POSITIONAL | OPTION_REPEATS,
     .help = "what to run"},
    {"file", OPTION_STRING, .choices = "FILE",
     .help = "the job in YAML, where the command line says nothing else; -: standard input"},
    {"name", OPTION_STRING, .choices = "NAME", .letter = 'n', .help = "what to call it"},
    {"type", OPTION_STRING, .choices = "TYPE", .letter = 't',
     .help = "tasks of one type gain alike from resources"},
    {"request", OPTION_STRING, .choices = "AMOUNTS", .letter = 'r',
     .help = "exactly what it gets: cpu=2,gpu=1,mem=4G"},
    {"min", OPTION_STRING, .choices = "AMOUNTS", .help = "the least that it needs"},
    {"max", OPTION_STRING, .choices = "AMOUNTS", .help = "the most that it can use"},
    {"array", OPTION_STRING, .choices = "MEMBERS",
     .help = "one task per member: 1-8, 0,4,6-9, 0-10:2, 1-100%8 (eight at once)"},
    {"each-line", OPTION_STRING, .choices = "FILE",
     .help = "one task per line of a file, which it finds in $TAP_ENTRY"},
    {"from-json", OPTION_STRING, .choices = "FILE",
     .help = "one task per value of a JSON list, which it finds in $TAP_ENTRY"},
    {"after", OPTION_STRING, .choices = "IDS",
     .help = "jobs to wait for: ID or ok:ID, any:ID, notok:ID; corr:ID: each member for its own"},
    {"prio", OPTION_INT, .choices = "N", .low = -1000, .high = 1000,
     .help = "higher ones are served first"},
    {"reach", OPTION_STRING, .choices = "CLUSTER", .flags = OPTION_REPEATS,
     .help = "a cluster where it may run; default: any"},
    {"label", OPTION_STRING, .choices = "NAME=VALUE", .flags = OPTION_REPEATS,
     .help = "a note to find it by"},
    {"env", OPTION_STRING, .choices = "NAME=VALUE", .flags = OPTION_REPEATS,
     .help = "a variable for it"},
    {"clean-env", OPTION_FLAG, .help = "leave out the variables of this shell"},
    {"cwd", OPTION_STRING, .choices = "FOLDER", .help = "where it runs; default: here"},
    {"timeout", OPTION_STRING, .choices = "DURATION", .help = "stop it after so long"},
    {"grace", OPTION_STRING, .choices = "DURATION", .help = "from SIGTERM to SIGKILL; 10s"},
    {"retries", OPTION_INT, .choices = "N", .low = 0, .high = 1000,
     .help = "run it again so many times if it fails"},
    {"backoff", OPTION_STRING, .choices = "DURATION",
     .help = "wait so long before that, and twice as long each time; 5s"},
    {"begin", OPTION_STRING, .choices = "TIME",
     .help = "not before so long from now, or 2026-11-22T05:04:03Z"},
    {"deadline", OPTION_STRING, .choices = "TIME",
     .help = "when it should be done: in so long, or 2026-11-22T05:04:03Z; a hint"},
    {"hold", OPTION_FLAG, .help = "do not start it until it is released"},
    {"key", OPTION_STRING, .choices = "KEY",
     .help = "submit once only, however often the same is sent with this key"},
    {"force-queue", OPTION_FLAG, .help = "queue it even if nothing here could hold it"},
    {"dry-run", OPTION_FLAG, .help = "only say where it would fit"},
    {"wait", OPTION_FLAG, .letter = 'w', .help = "wait for its end"},
    {"propagate", OPTION_FLAG, .help = "with --wait: exit with the task's own code, 128 + signal"},
    {"follow", OPTION_FLAG, .letter = 'f', .help = "print its output as it comes"},
    CLIENT_SITE_ROW,
    {0},
};

const struct command command_submit = {
    .name = "submit",
    .summary = "submit a task to the daemon",
    .description =
        "Prints the job's number. Exit codes: 0 done, 1 a task failed (with --wait), 3 "
        "nothing here could ever run it, 5 no daemon, 6 not allowed.\n\n"
        "A file holds one job: command (a list of words, or one text for the shell), name, type, "
        "cwd, env, request or min and max ({cpu: 2, gpu: 1, mem: 4GiB}), array, each, after, "
        "priority, reach, labels, hold, retries, timeout, grace, backoff, begin, deadline, "
        "force_queue. Its env comes on top of this shell's (or alone, with --clean-env).",
    .examples = examples,
    .options = options,
    .run = run,
};
