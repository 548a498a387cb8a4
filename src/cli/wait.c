/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger wait: until jobs are over. */
#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/follow.h"
#include "serve/quantity.h"

static int run(const struct arguments *args, struct err *err)
{
    const struct option_value *ids = params_value(&args->own, "id");
    const char *timeout = arguments_string(args, "timeout");
    double most_s = 0;
    struct client client;
    int code = EXIT_DONE;

    if (timeout && quantity_duration(timeout, &most_s, err))
        return EXIT_MISUSED;
    if (client_open(&client, args, err))
        return EXIT_MISUSED;
    for (int i = 0; i < ids->repeats; i++) {
        int own = follow_to_end(&client, ids->repeat[i], most_s, arguments_flag(args, "propagate"),
                                LAST_LINES, err);

        if (own != EXIT_DONE)
            code = own;
    }
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger wait 58 59", "for both; exit code 1 if a task failed"},
    {"tapfinger wait 58 --propagate", "exit as the task did, 128 + signal"},
    {"tapfinger wait 58 --timeout 10m", "exit code 124 if it takes longer"},
    {0},
};

static const struct option_spec options[] = {
    {"id", OPTION_STRING, .choices = "ID",
     .flags = OPTION_POSITIONAL | OPTION_REPEATS | OPTION_REQUIRED, .help = "jobs or tasks"},
    {"timeout", OPTION_STRING, .choices = "DURATION", .help = "wait no longer, for each"},
    {"propagate", OPTION_FLAG, .help = "exit with the task's own code"},
    CLIENT_SITE_ROW,
    {0},
};

const struct command command_wait = {
    .name = "wait",
    .summary = "wait for jobs to end",
    .examples = examples,
    .options = options,
    .run = run,
};
