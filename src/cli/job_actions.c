/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapfinger cancel, hold, release, requeue, retry: one request per job, which the command names.
 * Several jobs that are chosen by what they are get confirmed on a terminal.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/job_selection.h"
#include "serve/quantity.h"

static const char unfinished[] = "PENDING,HELD,STARTING,RUNNING";

/* What each verb calls those that it changed and those that it did not, and whom it is for where
 * the command line says no state. */
static const struct verb {
    const char *name, *done, *changed, *left, *left_words, *usual;
} verbs[] = {
    {"cancel", "canceled", "canceled", "already_final", "over already", unfinished},
    {"requeue", "requeued", "requeued", "waiting_already", "waiting already", unfinished},
    {"retry", "retried", "retried", "not_failed", "not failed", "FAILED,LOST"},
    {"hold", "held", "held_tasks", "not_held", "not held", unfinished},
    {"release", "released", "released_tasks", "not_released", "not released", "HELD"},
};

static const struct verb *find_verb(const struct arguments *args)
{
    size_t i = 0;

    while (strcmp(verbs[i].name, args->command->name) != 0)
        i++;
    return &verbs[i];
}

/* "canceled 58.3-8 (6 tasks: 1 is being stopped, 5 never started)" */
static void say_changed(const struct verb *verb, const json_t *doc)
{
    const json_t *list = json_object_get(doc, verb->changed);
    size_t count = json_array_size(list);
    size_t stopping = json_array_size(json_object_get(doc, "stopping"));
    struct text ids;

    if (!count)
        return;
    text_init(&ids, 0);
    job_selection_fold(list, &ids);
    printf("%s %s", verb->done, ids.bytes);
    if (count > 1)
        printf(" (%zu tasks%s", count, stopping || strcmp(verb->name, "cancel") == 0 ? ": " : "");
    if (count > 1 && (stopping || strcmp(verb->name, "cancel") == 0))
        printf("%zu being stopped, %zu not running", stopping, count - stopping);
    printf("%s\n", count > 1 ? ")" : "");
    text_release(&ids);
}

static void say_done(const struct arguments *args, const json_t *doc)
{
    const struct verb *verb = find_verb(args);
    const json_t *left = json_object_get(doc, verb->left);
    struct text ids;

    say_changed(verb, doc);
    if (!json_array_size(left))
        return;
    text_init(&ids, 0);
    job_selection_fold(left, &ids);
    printf("%s: %s\n", verb->left_words, ids.bytes);
    text_release(&ids);
}

/* Before more than one job is changed that was not named by its number. */
static bool may_go_on(const struct arguments *args, const struct job_selection *selection)
{
    char answer[16] = "";

    if (selection->words.count <= 1 || arguments_flag(args, "yes") || !isatty(0) || !isatty(2))
        return true;
    for (size_t i = 0; i < selection->words.count && i < 20; i++)
        fprintf(stderr, "  %s\n", selection->words.item[i]);
    if (selection->words.count > 20)
        fprintf(stderr, "  and %zu more\n", selection->words.count - 20);
    fprintf(stderr, "%s %zu jobs with %lld tasks? [y/N] ", args->command->name,
            selection->words.count, selection->tasks);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int show_selection(const struct job_selection *selection, const struct arguments *args)
{
    json_t *ids = json_array();

    for (size_t i = 0; i < selection->ids.count; i++)
        json_array_append_new(ids, json_string(selection->ids.item[i]));
    if (arguments_want_json(args)) {
        json_t *doc = json_pack("{s:s, s:s, s:O}", "schema", "tapfinger.selection/1", "would",
                                args->command->name, "items", ids);

        json_dumpf(doc, stdout, JSON_COMPACT);
        printf("\n");
        json_decref(doc);
    }
    for (size_t i = 0; i < selection->ids.count && !arguments_want_json(args); i++)
        printf("would %s %s\n", args->command->name,
               i < selection->words.count ? selection->words.item[i] : selection->ids.item[i]);
    json_decref(ids);
    return EXIT_DONE;
}

static json_t *make_body(const struct arguments *args, const struct job_selection *selection,
                         struct err *err)
{
    bool has_grace = strcmp(args->command->name, "cancel") == 0;
    const char *grace = has_grace ? arguments_string(args, "grace") : NULL;
    json_t *body = json_object();
    double seconds;

    if (selection->state)
        json_object_set_new(body, "state", json_string(selection->state));
    if (grace && quantity_duration(grace, &seconds, err)) {
        err_prefix(err, "--grace");
        json_decref(body);
        return NULL;
    }
    if (grace)
        json_object_set_new(body, "grace_s", json_real(seconds));
    return body;
}

/* One document for all jobs that were named. */
static void merge(json_t *all, const json_t *doc)
{
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)doc, key, value) {
        json_t *list = json_object_get(all, key);

        if (!json_is_array(value))
            json_object_set(all, key, value);
        else if (!list)
            json_object_set_new(all, key, json_copy(value));
        else
            json_array_extend(list, value);
    }
}

static int change(struct client *client, const struct arguments *args,
                  const struct job_selection *selection, const json_t *body, struct err *err)
{
    json_t *all = json_object();
    int code = EXIT_DONE;

    for (size_t i = 0; i < selection->ids.count && code == EXIT_DONE; i++) {
        struct answer answer;
        char path[100];

        snprintf(path, sizeof path, "/v1/jobs/%.40s/%s", selection->ids.item[i],
                 args->command->name);
        code = client_call(client, "POST", path, json_deep_copy(body), NULL, &answer, err);
        if (code == EXIT_DONE)
            merge(all, answer.doc);
        answer_release(&answer);
    }
    if (arguments_want_json(args)) {
        json_dumpf(all, stdout, JSON_COMPACT);
        printf("\n");
    } else {
        say_done(args, all);
    }
    json_decref(all);
    return code;
}

static int run(const struct arguments *args, struct err *err)
{
    struct job_selection selection = {0};
    struct client client;
    json_t *body;
    int code;

    if (client_open(&client, args, err))
        return EXIT_MISUSED;
    code = job_selection_read(&selection, &client, args, find_verb(args)->usual, err);
    body = code == EXIT_DONE ? make_body(args, &selection, err) : NULL;
    if (code == EXIT_DONE && !body)
        code = EXIT_MISUSED;
    if (code == EXIT_DONE && !selection.ids.count)
        fprintf(stderr, "there are none\n");
    if (code == EXIT_DONE && arguments_flag(args, "dry-run")) {
        code = show_selection(&selection, args);
    } else if (code == EXIT_DONE && !may_go_on(args, &selection)) {
        err_set(err, ERR_INTERRUPTED, "nothing was changed");
        code = EXIT_FAILED;
    } else if (code == EXIT_DONE) {
        code = change(&client, args, &selection, body, err);
    }
    json_decref(body);
    job_selection_release(&selection);
    client_close(&client);
    return code;
}

#define ID_OPTION_ROW                                                                      \
    {                                                                                      \
        "id", OPTION_STRING, .choices = "ID", .flags = OPTION_POSITIONAL | OPTION_REPEATS, \
                             .help = "jobs, tasks or ranges: 58, 58.3, 58-60, 58.3-8"      \
    }

static const struct option_spec options[] = {
    ID_OPTION_ROW,
    SELECTION_OPTION_ROWS,
    CLIENT_OPTION_ROWS,
    {0},
};

static const struct option_spec cancel_options[] = {
    ID_OPTION_ROW,
    SELECTION_OPTION_ROWS,
    {"grace", OPTION_STRING, .choices = "DURATION",
     .help = "from SIGTERM to SIGKILL; default: what was said at submission"},
    CLIENT_OPTION_ROWS,
    {0},
};

static const struct example cancel_examples[] = {
    {"tapfinger cancel 58", "a job with all its tasks"},
    {"tapfinger cancel 58.3-8 59", "some members, and another job"},
    {"tapfinger cancel --state PENDING --name 'hp-*' --dry-run", "what that would be"},
    {0},
};

const struct command command_cancel = {
    .name = "cancel",
    .summary = "call off jobs or tasks",
    .description = "Running tasks get SIGTERM, and SIGKILL after their grace period. What is over "
                   "already stays as it is, and is no error.",
    .examples = cancel_examples,
    .options = cancel_options,
    .run = run,
};

static const struct example hold_examples[] = {
    {"tapfinger hold 58", "what waits of it does not start; what runs goes on"},
    {0},
};

const struct command command_hold = {
    .name = "hold",
    .summary = "keep jobs from starting",
    .examples = hold_examples,
    .options = options,
    .run = run,
};

static const struct example release_examples[] = {
    {"tapfinger release 58", "it may start again"},
    {0},
};

const struct command command_release = {
    .name = "release",
    .summary = "let held jobs start",
    .examples = release_examples,
    .options = options,
    .run = run,
};

static const struct example requeue_examples[] = {
    {"tapfinger requeue 58", "all its tasks once more, from the start"},
    {"tapfinger requeue 58.3", "one member"},
    {0},
};

const struct command command_requeue = {
    .name = "requeue",
    .summary = "run jobs or tasks again",
    .description = "Finished tasks run once more; running ones are stopped and wait again.",
    .examples = requeue_examples,
    .options = options,
    .run = run,
};

static const struct example retry_examples[] = {
    {"tapfinger retry 58", "those of its tasks that failed, once more"},
    {"tapfinger retry --name 'hp-*'", "all that failed of such a name"},
    {0},
};

const struct command command_retry = {
    .name = "retry",
    .summary = "run what failed again",
    .description = "Tasks that FAILED or are LOST wait again, with all their retries; others stay "
                   "as they are.",
    .examples = retry_examples,
    .options = options,
    .run = run,
};
