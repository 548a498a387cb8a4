/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger progress: for tasks written in shell; says how far the task is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"

static int add_metric(struct emit *e, const char *word, struct err *err)
{
    const char *equals = strchr(word, '=');
    char name[64], *end;
    double value;

    if (!equals || equals == word || equals - word >= (long)sizeof name)
        return err_set(err, ERR_INVALID, "--metric: expected NAME=NUMBER, not \"%.60s\"", word);
    value = strtod(equals + 1, &end);
    if (end == equals + 1 || *end)
        return err_set(err, ERR_INVALID, "--metric: expected NAME=NUMBER, not \"%.60s\"", word);
    snprintf(name, sizeof name, "%.*s", (int)(equals - word), word);
    emit_key_real(e, name, value);
    return 0;
}

static int send_line(const char *path, const struct text *line, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file, rc = 0;

    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, ERR_LIMIT, "TAP_SOCKET: too long");
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0 || connect(file, (struct sockaddr *)&address, sizeof address) != 0 ||
        send(file, line->bytes, line->length, MSG_NOSIGNAL) != (ssize_t)line->length)
        rc = err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (file >= 0)
        close(file);
    return rc;
}

static int run(const struct arguments *args, struct err *err)
{
    const struct option_value *metric = params_value(&args->own, "metric");
    const char *path = getenv("TAP_SOCKET");
    struct text line;
    struct emit e;
    int rc = 0;

    if (!path) {
        err_set(err, ERR_NOT_FOUND, "TAP_SOCKET is not set; this is for tasks of the daemon");
        return EXIT_FAILED;
    }
    text_init(&line, 0);
    emit_init(&e, &line);
    emit_open(&e, '{');
    emit_key_real(&e, "progress", params_real(&args->own, "fraction"));
    for (int i = 0; i < metric->repeats && rc == 0; i++)
        rc = add_metric(&e, metric->repeat[i], err);
    emit_close(&e);
    text_add_char(&line, '\n');
    if (rc) {
        text_release(&line);
        return EXIT_MISUSED;
    }
    rc = send_line(path, &line, err);
    text_release(&line);
    return rc ? EXIT_FAILED : EXIT_DONE;
}

static const struct example examples[] = {
    {"tapfinger progress 0.4", "40 % is done"},
    {"tapfinger progress 0.4 --metric loss=1.25", "and a figure to show beside it"},
    {0},
};

static const struct option_spec options[] = {
    {"fraction", OPTION_REAL, .choices = "FRACTION", .low = 0, .high = 1,
     .flags = OPTION_POSITIONAL | OPTION_REQUIRED, .help = "how much is done"},
    {"metric", OPTION_STRING, .choices = "NAME=NUMBER", .flags = OPTION_REPEATS,
     .help = "a figure to show beside the progress"},
    {0},
};

const struct command command_progress = {
    .name = "progress",
    .summary = "say how far a task is, from inside the task",
    .examples = examples,
    .options = options,
    .run = run,
};
