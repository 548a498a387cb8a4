/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger docs: prints what the tables say, for the build; see "make docs" and "make install". */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/manual.h"

static int write_page(const char *folder, const struct command *command, struct err *err)
{
    struct text text;
    char *path;
    int rc;

    text_init(&text, 0);
    if (command)
        manual_command_page(command, &text);
    else
        manual_program_page(&text);
    BUG_ON(asprintf(&path, "%s/tapfinger%s%s.1", folder, command ? "-" : "",
                    command ? command->name : "") < 0);
    rc = text_write_file(&text, path, err);
    free(path);
    text_release(&text);
    return rc;
}

static int write_man(const char *folder, struct err *err)
{
    int rc = write_page(folder, NULL, err);

    for (int i = 0; rc == 0 && commands[i]; i++)
        if (!commands[i]->hidden)
            rc = write_page(folder, commands[i], err);
    return rc;
}

static int run(const struct arguments *args, struct err *err)
{
    static void (*const print[])(struct text *) = {NULL, manual_scenarios, manual_policies,
                                                   manual_commands, manual_traces};
    int page = params_choice(&args->own, "page");
    struct text text;

    if (page == 0)
        return write_man(arguments_string(args, "dir"), err) ? EXIT_FAILED : EXIT_DONE;
    text_init(&text, 0);
    print[page](&text);
    fputs(text.bytes, stdout);
    text_release(&text);
    return EXIT_DONE;
}

static const struct example examples[] = {
    {"tapfinger docs scenarios > docs/scenarios.md", "a page of docs/"},
    {"tapfinger docs man --dir build/man", "all man pages"},
    {0},
};

static const struct option_spec options[] = {
    {"page", OPTION_CHOICE, .choices = "man|scenarios|policies|commands|traces",
     .flags = OPTION_POSITIONAL | OPTION_REQUIRED, .help = "which"},
    {"dir", OPTION_STRING, ".", .choices = "DIR", .help = "man: where to write the pages"},
    {0},
};

const struct command command_docs = {
    .name = "docs",
    .summary = "print documentation that is made from tables",
    .examples = examples,
    .options = options,
    .hidden = true,
    .run = run,
};
