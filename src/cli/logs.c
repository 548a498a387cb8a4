/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger logs: what a task printed. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/follow.h"

static int print_once(struct client *client, const char *id, const char *stream, long long offset,
                      struct err *err)
{
    for (;;) {
        struct answer answer;
        char path[200];
        size_t got;
        int code;

        snprintf(path, sizeof path, "/v1/jobs/%.40s/logs?stream=%s&offset=%lld", id, stream,
                 offset);
        code = client_call(client, "GET", path, NULL, NULL, &answer, err);
        got = answer.body.length;
        if (code == EXIT_DONE) {
            fwrite(answer.body.bytes, 1, got, stdout);
            offset = answer.log_offset + (long long)got;
        }
        answer_release(&answer);
        if (code != EXIT_DONE || got == 0)
            return code;
    }
}

/* Prints what came since then, as far as one answer goes, and says where the next begins. */
static int print_since(struct client *client, const char *id, const char *stream, const char *since,
                       long long *offset, struct err *err)
{
    struct answer answer;
    struct text path;
    int code;

    text_init(&path, 0);
    text_printf(&path, "/v1/jobs/%.40s/logs?stream=%s&since=", id, stream);
    client_escape(client, since, &path);
    code = client_call(client, "GET", path.bytes, NULL, NULL, &answer, err);
    if (code == EXIT_DONE) {
        fwrite(answer.body.bytes, 1, answer.body.length, stdout);
        fflush(stdout);
        *offset = answer.log_offset + (long long)answer.body.length;
    }
    answer_release(&answer);
    text_release(&path);
    return code;
}

static int run(const struct arguments *args, struct err *err)
{
    const char *since = arguments_string(args, "since");
    const char *stream = arguments_flag(args, "stderr") ? "stderr" : "stdout";
    const char *id = arguments_string(args, "id");
    long long offset = 0;
    struct client client;
    struct text last;
    int code = EXIT_DONE;

    if (since && params_given(&args->own, "tail")) {
        err_set(err, ERR_INVALID, "--since and --tail: choose one");
        return EXIT_MISUSED;
    }
    if (client_open(&client, args, err))
        return EXIT_MISUSED;
    text_init(&last, 0);
    if (params_given(&args->own, "tail"))
        code = follow_tail(&client, id, stream, (int)params_int(&args->own, "tail"), &last, &offset,
                           err);
    text_release(&last);
    if (since)
        code = print_since(&client, id, stream, since, &offset, err);
    if (code == EXIT_DONE)
        code = arguments_flag(args, "follow") ? follow_logs(&client, id, stream, offset, err)
                                              : print_once(&client, id, stream, offset, err);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger logs 58", "its standard output"},
    {"tapfinger logs -f 58.3", "as it comes, until the task is over"},
    {"tapfinger logs 58 --stderr --tail 20", "the last 20 lines of its standard error"},
    {"tapfinger logs 58 --since 5m", "what it printed in the last five minutes"},
    {0},
};

static const struct option_spec options[] = {
    {"id", OPTION_STRING, .choices = "ID", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "a job or a task"},
    {"follow", OPTION_FLAG, .letter = 'f', .help = "wait for more"},
    {"stderr", OPTION_FLAG, .help = "standard error in place of standard output"},
    {"tail", OPTION_INT, .choices = "LINES", .low = 1, .high = 1e6,
     .help = "only so many lines of its end, of the last MiB"},
    {"since", OPTION_STRING, .choices = "TIME",
     .help = "only what it printed in the last 5m, 2h, ..., or since 2026-11-22T05:04:03Z"},
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_logs = {
    .name = "logs",
    .summary = "print what a task printed",
    .examples = examples,
    .options = options,
    .run = run,
};
