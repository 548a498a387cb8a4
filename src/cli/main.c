/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapfinger: finds the command, parses its arguments, runs it. Data goes to standard output, talk
 * to standard error. Exit codes: 0 done, 1 failed, 2 misused (130 on a second Ctrl-C).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/help.h"

static void print(const struct text *text, FILE *stream)
{
    fwrite(text->bytes, 1, text->length, stream);
}

/* RFC 9457's "problem details", for programs that asked for JSON. */
static void print_problem(const struct err *err)
{
    static const char *const kind[] = {"none",  "invalid",     "io",      "not-found",
                                       "limit", "unsupported", "corrupt", "interrupted"};
    char type[64];
    struct text out;
    struct emit e;

    text_init(&out, 0);
    emit_init(&e, &out);
    emit_open(&e, '{');
    snprintf(type, sizeof type, "urn:tapfinger:error:%s", kind[-err->code]);
    emit_key_string(&e, "type", type);
    emit_key_string(&e, "title", kind[-err->code]);
    emit_key_string(&e, "detail", err->message);
    emit_close(&e);
    text_add_char(&out, '\n');
    print(&out, stderr);
    text_release(&out);
}

static void complain(const struct arguments *args, const struct err *err)
{
    if (!err->message[0])
        return;
    if (arguments_want_json(args))
        print_problem(err);
    else
        fprintf(stderr, "tapfinger %s: %s\n", args->command->name, err->message);
}

static int run_command(const struct command *command, int count, char *const *word)
{
    struct err err = {0};
    struct arguments args;
    int code = EXIT_MISUSED;

    if (arguments_parse(&args, command, count, word, &err))
        goto out;
    if (params_flag(&args.common, "help")) {
        struct text text;

        text_init(&text, 0);
        help_of_command(command, &text, arguments_want_colour(&args, 1));
        print(&text, stdout);
        text_release(&text);
        code = EXIT_DONE;
    } else if (arguments_check(&args, &err) == 0) {
        code = command->run(&args, &err);
    }
out:
    complain(&args, &err);
    arguments_release(&args);
    return code;
}

static int refuse_command(const char *name)
{
    const char *near = command_nearest(name);

    if (*name == '-') {
        fprintf(stderr,
                "tapfinger: %.60s: options come behind the command; \"tapfinger help\" lists all\n",
                name);
        return EXIT_MISUSED;
    }
    fprintf(stderr, "tapfinger: unknown command \"%.60s\"", name);
    if (near)
        fprintf(stderr, "; did you mean \"%s\"?\n", near);
    else
        fprintf(stderr, "; \"tapfinger help\" lists all\n");
    return EXIT_MISUSED;
}

static int show_overview(FILE *stream, int code)
{
    struct text text;

    text_init(&text, 0);
    help_overview(&text, false);
    print(&text, stream);
    text_release(&text);
    return code;
}

static int show_version(void)
{
    const char *commit = version_commit();

    printf("tapfinger %s%s%s%s\n", version_number(), *commit ? " (" : "", commit,
           *commit ? ")" : "");
    return EXIT_DONE;
}

static int dispatch(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2)
        return show_overview(stderr, EXIT_MISUSED);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return show_overview(stdout, EXIT_DONE);
    if (strcmp(argv[1], "--version") == 0)
        return show_version();
    command = command_find(argv[1]);
    return command ? run_command(command, argc - 2, argv + 2) : refuse_command(argv[1]);
}

int main(int argc, char **argv)
{
    int code = dispatch(argc, argv);

    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "tapfinger: cannot write to standard output: %s\n", strerror(errno));
        return code ? code : EXIT_FAILED;
    }
    return code;
}
