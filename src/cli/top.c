/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger top: clusters and what runs on them, as it changes. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/why.h"

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

/* What is looked at, and how: changed by keys. */
struct look {
    int order;       /* ORDER_... */
    char filter[80]; /* only tasks whose name or type holds this */
};

enum { ORDER_START, ORDER_PROGRESS, ORDER_SIZE, ORDERS };

static const char *const order_words[] = {"start", "progress", "size"};

static double key_of(const json_t *task, int order)
{
    if (order == ORDER_PROGRESS)
        return -json_number_value(json_object_get(task, "progress"));
    if (order == ORDER_SIZE)
        return -json_number_value(json_object_get(json_object_get(task, "allocation"), "cpu"));
    return -client_age(json_object_get(task, "started_at"));
}

static bool is_shown(const json_t *task, const struct look *look)
{
    return strstr(client_text(task, "name"), look->filter) ||
           strstr(client_text(task, "type"), look->filter);
}

static void add_task(const json_t *task, struct text *out)
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

/* By the key, smallest first; as they are where it is the same. */
static void add_tasks(const json_t *cluster, const struct look *look, struct text *out)
{
    const json_t *list = json_object_get(cluster, "running");
    size_t count = json_array_size(list);
    bool *told = xcalloc(count + 1, sizeof *told);

    for (size_t i = 0; i < count; i++) {
        size_t best = count;

        for (size_t k = 0; k < count; k++)
            if (!told[k] && (best == count || key_of(json_array_get(list, k), look->order) <
                                                  key_of(json_array_get(list, best), look->order)))
                best = k;
        told[best] = true;
        if (is_shown(json_array_get(list, best), look))
            add_task(json_array_get(list, best), out);
    }
    free(told);
}

static int draw(struct client *client, const struct look *look, struct text *out, struct err *err)
{
    struct answer answer;
    int code = client_call(client, "GET", "/v1/clusters", NULL, NULL, &answer, err);
    size_t at;
    json_t *cluster;

    if (code == EXIT_DONE)
        text_printf(out, "%lld waiting\n",
                    (long long)json_integer_value(json_object_get(answer.doc, "waiting")));
    json_array_foreach (json_object_get(answer.doc, "items"), at, cluster) {
        text_printf(out, "%-12s", client_text(cluster, "name"));
        add_bar(cluster, "cpu", out);
        add_bar(cluster, "gpu", out);
        text_printf(out, "  q %lld",
                    (long long)json_integer_value(json_object_get(cluster, "queue")));
        if (json_is_number(json_object_get(cluster, "next_end_in_s"))) {
            text_add(out, "  next free in ~");
            client_print_seconds(json_number_value(json_object_get(cluster, "next_end_in_s")), out);
        }
        if (strcmp(client_text(cluster, "state"), "ready") != 0)
            text_printf(out, "  %s", client_text(cluster, "state"));
        text_add_char(out, '\n');
        add_tasks(cluster, look, out);
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

/* A line from the keyboard, shown while it is typed. */
static void ask(const struct termios *cooked, const char *question, char *out, size_t bytes)
{
    struct termios raw;

    tcgetattr(0, &raw);
    tcsetattr(0, TCSANOW, cooked);
    printf("%s", question);
    fflush(stdout);
    if (!fgets(out, (int)bytes, stdin))
        *out = 0;
    out[strcspn(out, "\n")] = 0;
    tcsetattr(0, TCSANOW, &raw);
}

/* Why a task waits or runs there, until a key is hit. */
static void tell_why(struct client *client, const struct arguments *args,
                     const struct termios *cooked)
{
    struct err err = {0};
    char id[40], key;

    ask(cooked, "why, of which job or task? ", id, sizeof id);
    if (*id && why_explain(client, args, id, &err) != EXIT_DONE)
        printf("%s\n", err.message);
    printf("any key goes back\n");
    fflush(stdout);
    if (read(0, &key, 1) != 1)
        return;
}

static int watch(struct client *client, const struct arguments *args, struct err *err)
{
    struct look look = {0};
    struct termios before;
    bool raw = raw_terminal(&before);
    int code = EXIT_DONE;
    char key = 0;

    while (code == EXIT_DONE && key != 'q') {
        struct pollfd input = {.fd = raw ? 0 : -1, .events = POLLIN};
        struct text out;

        text_init(&out, 0);
        text_add(&out, "\033[H\033[2J");
        code = draw(client, &look, &out, err);
        text_printf(&out, "s sorts (%s)  f filters%s%s  w why  q quits\n", order_words[look.order],
                    *look.filter ? ": " : "", look.filter);
        fwrite(out.bytes, 1, out.length, stdout);
        fflush(stdout);
        text_release(&out);
        key = 0;
        if (code == EXIT_DONE && poll(&input, 1, 1000) > 0 && read(0, &key, 1) != 1)
            key = 'q';
        if (key == 's')
            look.order = (look.order + 1) % ORDERS;
        else if (key == 'f')
            ask(&before, "only names or types with: ", look.filter, sizeof look.filter);
        else if (key == 'w')
            tell_why(client, args, &before);
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
        return EXIT_MISUSED;
    if (arguments_want_json(args)) {
        struct answer answer;

        code = client_call(&client, "GET", "/v1/clusters", NULL, NULL, &answer, err);
        code = answer_show(&answer, code, args, NULL);
    } else if (arguments_flag(args, "once") || !isatty(1)) {
        text_init(&out, 0);
        code = draw(&client, &(struct look){0}, &out, err);
        fputs(out.bytes, stdout);
        text_release(&out);
    } else {
        code = watch(&client, args, err);
    }
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger top", "full screen, once a second; keys: sort, filter, why, quit"},
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
