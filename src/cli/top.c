/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger top: clusters and what runs on them, as it changes. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"

static void add_bar(const json_t *cluster, const char *resource, struct text *out)
{
    enum { WIDTH = 12 };
    json_int_t all =
        json_integer_value(json_object_get(json_object_get(cluster, "capacity"), resource));
    json_int_t free =
        json_integer_value(json_object_get(json_object_get(cluster, "free"), resource));
    int full;

    if (!all)
        return;
    full = (int)((all - free) * WIDTH / all);
    text_printf(out, "  %s [", resource);
    for (int i = 0; i < WIDTH; i++)
        text_add_char(out, i < full ? '#' : '-');
    text_printf(out, "] %lld/%lld", (long long)(all - free), (long long)all);
}

static void add_tasks(const json_t *cluster, struct text *out)
{
    size_t at;
    json_t *task;

    json_array_foreach(json_object_get(cluster, "running"), at, task)
    {
        const json_t *progress = json_object_get(task, "progress");
        struct text amount, age;

        text_init(&amount, 0);
        text_init(&age, 0);
        client_print_amount(json_object_get(task, "allocation"), &amount);
        client_print_seconds(client_age(json_object_get(task, "started_at")), &age);
        text_printf(out, "    %-8s %-18.18s %-9s %-22s %8s", client_text(task, "id"),
                    client_text(task, "name"), client_text(task, "state"), amount.bytes, age.bytes);
        if (json_is_number(progress))
            text_printf(out, " %5.1f%%", 100 * json_number_value(progress));
        text_add_char(out, '\n');
        text_release(&amount);
        text_release(&age);
    }
}

static int draw(struct client *client, struct text *out, struct err *err)
{
    struct answer answer;
    int code = client_call(client, "GET", "/v1/clusters", NULL, NULL, &answer, err);
    size_t at;
    json_t *cluster;

    if (code == EXIT_DONE)
        text_printf(out, "%lld waiting\n",
                    (long long)json_integer_value(json_object_get(answer.doc, "waiting")));
    json_array_foreach(json_object_get(answer.doc, "items"), at, cluster)
    {
        text_printf(out, "%-12s", client_text(cluster, "name"));
        add_bar(cluster, "cpu", out);
        add_bar(cluster, "gpu", out);
        if (strcmp(client_text(cluster, "state"), "ready") != 0)
            text_printf(out, "  %s", client_text(cluster, "state"));
        text_add_char(out, '\n');
        add_tasks(cluster, out);
    }
    answer_release(&answer);
    return code;
}

/* Keys come at once and are not shown. */
static bool raw_terminal(struct termios *before)
{
    struct termios now;

    if (tcgetattr(0, before) != 0)
        return false;
    now = *before;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(0, TCSANOW, &now);
    return true;
}

static int watch(struct client *client, struct err *err)
{
    struct termios before;
    bool raw = raw_terminal(&before);
    int code = EXIT_DONE;
    char key = 0;

    while (code == EXIT_DONE && key != 'q') {
        struct pollfd input = {.fd = raw ? 0 : -1, .events = POLLIN};
        struct text out;

        text_init(&out, 0);
        text_add(&out, "\033[H\033[2J");
        code = draw(client, &out, err);
        text_add(&out, "q quits\n");
        fwrite(out.bytes, 1, out.length, stdout);
        fflush(stdout);
        text_release(&out);
        if (code == EXIT_DONE && poll(&input, 1, 1000) > 0 && read(0, &key, 1) != 1)
            key = 'q';
    }
    if (raw)
        tcsetattr(0, TCSANOW, &before);
    return code;
}

static int run(const struct arguments *args, struct err *err)
{
    struct client client;
    struct text out;
    int code;

    if (client_open(&client, args, err))
        return EXIT_FAILED;
    if (arguments_want_json(args)) {
        struct answer answer;

        code = client_call(&client, "GET", "/v1/clusters", NULL, NULL, &answer, err);
        code = answer_show(&answer, code, args, NULL);
    } else if (arguments_flag(args, "once") || !isatty(1)) {
        text_init(&out, 0);
        code = draw(&client, &out, err);
        fputs(out.bytes, stdout);
        text_release(&out);
    } else {
        code = watch(&client, err);
    }
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger top", "full screen, once a second; q quits"},
    {"tapfinger top --once", "one look"},
    {0},
};

static const struct option_spec options[] = {
    {"once", OPTION_FLAG, .help = "print once and leave"},
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_top = {
    .name = "top",
    .summary = "watch clusters and what runs on them",
    .examples = examples,
    .options = options,
    .run = run,
};
