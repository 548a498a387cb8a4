/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger record: the daemon's recent past as a log that can be simulated again. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"

static int save(const struct answer *answer, const char *path, struct err *err)
{
    if (!path || strcmp(path, "-") == 0) {
        fwrite(answer->body.bytes, 1, answer->body.length, stdout);
        return EXIT_DONE;
    }
    if (text_write_file(&answer->body, path, err))
        return EXIT_FAILED;
    fprintf(stderr, "wrote %s; \"tapfinger simulate --from-log %s -p fair,tapfinger\" runs it\n",
            path, path);
    return EXIT_DONE;
}

static int run(const struct arguments *args, struct err *err)
{
    const char *since = arguments_string(args, "since");
    struct answer answer = {0};
    struct client client;
    struct text path;
    int code;

    if (client_open(&client, args, err))
        return EXIT_MISUSED;
    text_init(&path, 0);
    text_add(&path, "/v1/record");
    if (since && strspn(since, "0123456789.smhdw") != strlen(since)) {
        err_set(err, ERR_INVALID, "--since: \"%.40s\": expected a duration: 24h", since);
        code = EXIT_MISUSED;
    } else {
        if (since)
            text_printf(&path, "?since=%s", since);
        code = client_call(&client, "GET", path.bytes, NULL, NULL, &answer, err);
    }
    if (code == EXIT_DONE)
        code = save(&answer, arguments_string(args, "out"), err);
    text_release(&path);
    answer_release(&answer);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger record --since 24h -o day.jsonl", "yesterday and today, in a file"},
    {"tapfinger simulate --from-log day.jsonl -p fair,knee", "what others would have made of it"},
    {0},
};

static const struct option_spec options[] = {
    {"since", OPTION_STRING, .choices = "AGE",
     .help = "only tasks that arrived since then (24h, 90m); default: all that is kept"},
    {"out", OPTION_STRING, .choices = "FILE", .letter = 'o', .help = "default: standard output"},
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_record = {
    .name = "record",
    .summary = "save the daemon's recent past as a log for the simulator",
    .description =
        "The log has the format of simulate --events: a scenario with the speeds that the site "
        "has measured, the tasks that arrived with the work that they did, and every start, "
        "resize and end. It holds no commands, names or users.",
    .examples = examples,
    .options = options,
    .run = run,
};
