/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger cancel, hold, release, requeue: one request per job, which the command names. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"

static void say_list(const json_t *doc, const char *key, const char *words)
{
    const json_t *list = json_object_get(doc, key);

    if (!json_array_size(list))
        return;
    printf("%s", words);
    for (size_t i = 0; i < json_array_size(list) && i < 20; i++)
        printf(" %s", json_string_value(json_array_get(list, i)));
    if (json_array_size(list) > 20)
        printf(" and %zu more", json_array_size(list) - 20);
    printf("\n");
}

static void say_done(const struct arguments *args, const json_t *doc)
{
    const char *verb = args->command->name;

    if (strcmp(verb, "cancel") == 0) {
        say_list(doc, "canceled", "canceled");
        say_list(doc, "already_final", "over already:");
    } else if (strcmp(verb, "requeue") == 0) {
        say_list(doc, "requeued", "requeued");
        say_list(doc, "waiting_already", "waiting already:");
    } else {
        printf("%s %s\n", client_text(doc, "id"), client_text(doc, "state"));
    }
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
        char path[100];

        snprintf(path, sizeof path, "/v1/jobs/%.40s/%s", ids->repeat[i], args->command->name);
        code = client_call(&client, "POST", path, NULL, NULL, &answer, err);
        code = answer_show(&answer, code, args, say_done);
    }
    client_close(&client);
    return code;
}

static const struct option_spec options[] = {
    {"id", OPTION_STRING, .choices = "ID",
     .flags = OPTION_POSITIONAL | OPTION_REPEATS | OPTION_REQUIRED, .help = "jobs or tasks"},
    CLIENT_OPTION_ROWS,
    {0},
};

static const struct example cancel_examples[] = {
    {"tapfinger cancel 58", "a job with all its tasks"},
    {"tapfinger cancel 58.3 59", "one member, and another job"},
    {0},
};

const struct command command_cancel = {
    .name = "cancel",
    .summary = "call off jobs or tasks",
    .description = "Running tasks get SIGTERM, and SIGKILL after their grace period.",
    .examples = cancel_examples,
    .options = options,
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
