/* SPDX-License-Identifier: Apache-2.0 */
/* --help and the command help: the same text by two roads. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"

enum { WIDTH = 90, INDENT = 2, NAMES = 26 };

static void heading(struct text *out, const char *words, bool colour)
{
    text_printf(out, colour ? "\033[1m%s\033[0m\n" : "%s\n", words);
}

void help_wrap(struct text *out, const char *words, int indent, int width)
{
    int column = indent;
    bool begins = true;

    while (*words) {
        size_t length = strcspn(words, " \n");

        if (!begins && column + 1 + (int)length > width) {
            text_printf(out, "\n%*s", indent, "");
            column = indent;
            begins = true;
        }
        if (!begins)
            text_add_char(out, ' ');
        text_add_bytes(out, words, length);
        column += (int)length + !begins;
        begins = false;
        words += length;
        while (*words == '\n') {
            text_printf(out, "\n%*s", words[1] == '\n' ? 0 : indent, "");
            words++;
            column = indent;
            begins = true;
        }
        words += *words == ' ';
    }
    text_add_char(out, '\n');
}

static const char *value_name(const struct option_spec *row, char name[32])
{
    size_t i = 0;

    if (row->choices && row->type != OPTION_CHOICE)
        return row->choices;
    for (; i < 31 && row->name[i]; i++)
        name[i] =
            (char)(row->name[i] >= 'a' && row->name[i] <= 'z' ? row->name[i] - 32 : row->name[i]);
    name[i] = '\0';
    return name;
}

void help_option_name(const struct option_spec *row, struct text *out)
{
    char name[32];

    if (row->flags & OPTION_POSITIONAL) {
        text_add(out, value_name(row, name));
        return;
    }
    if (row->letter)
        text_printf(out, "-%c, ", row->letter);
    text_printf(out, "--%s", row->name);
    if (row->type != OPTION_FLAG)
        text_printf(out, " %s", value_name(row, name));
}

void help_key_name(const struct option_section *section, const struct option_spec *row,
                   struct text *out)
{
    char name[32];

    text_printf(out, "%s%s%s", section->path, *section->path ? "." : "", row->name);
    if (row->choices && row->type != OPTION_CHOICE)
        text_printf(out, " %s", value_name(row, name));
}

void help_option_text(const struct option_spec *row, struct text *out)
{
    struct text what;

    text_add(out, row->help);
    text_init(&what, 0);
    option_describe(row, &what);
    if (row->type == OPTION_CHOICE || row->type == OPTION_INT || row->type == OPTION_REAL)
        text_printf(out, "; %s", what.bytes);
    text_release(&what);
    if (row->flags & OPTION_REPEATS)
        text_add(out, "; may be given several times");
    if (row->initial && row->initial[0] && row->type != OPTION_FLAG)
        text_printf(out, "; default: %s", row->initial);
}

static void usage_word(const struct option_spec *row, struct text *out)
{
    bool required = row->flags & OPTION_REQUIRED;
    char name[32];

    text_add(out, required ? " " : " [");
    if (!(row->flags & OPTION_POSITIONAL))
        text_printf(out, "--%s ", row->name);
    text_add(out, value_name(row, name));
    if (row->flags & OPTION_REPEATS)
        text_add(out, " ...");
    if (!required)
        text_add_char(out, ']');
}

void help_usage(const struct command *command, struct text *out)
{
    bool has_flags = false;

    text_printf(out, "tapfinger %s", command->name);
    for (const struct option_spec *row = command->options; row->name; row++)
        if (row->flags & OPTION_POSITIONAL)
            usage_word(row, out);
    for (const struct option_spec *row = command->options; row->name; row++)
        if (!(row->flags & OPTION_POSITIONAL) && row->flags & OPTION_REQUIRED)
            usage_word(row, out);
        else
            has_flags |= !(row->flags & OPTION_POSITIONAL);
    text_add(out, has_flags ? " [options]\n" : "\n");
}

static void described_line(const struct option_spec *row, const struct text *name, struct text *out)
{
    int room = NAMES - INDENT - (int)name->length;
    struct text words;

    text_init(&words, 0);
    help_option_text(row, &words);
    text_printf(out, "%*s%s", INDENT, "", name->bytes);
    if (room < 2)
        text_printf(out, "\n%*s", NAMES, "");
    else
        text_printf(out, "%*s", room, "");
    help_wrap(out, words.bytes, NAMES, WIDTH);
    text_release(&words);
}

static void option_line(const struct option_spec *row, struct text *out)
{
    struct text name;

    text_init(&name, 0);
    help_option_name(row, &name);
    described_line(row, &name, out);
    text_release(&name);
}

static void key_lines(const struct option_section *sections, struct text *out, bool colour)
{
    if (!sections)
        return;
    text_add_char(out, '\n');
    heading(out, "Keys of the file", colour);
    for (; sections->path; sections++)
        for (const struct option_spec *row = sections->options; row->name; row++) {
            struct text name;

            text_init(&name, 0);
            help_key_name(sections, row, &name);
            described_line(row, &name, out);
            text_release(&name);
        }
}

static void option_lines(const struct option_spec *rows, unsigned positional, const char *title,
                         struct text *out, bool colour)
{
    bool any = false;

    for (const struct option_spec *row = rows; row->name; row++) {
        if ((row->flags & OPTION_POSITIONAL) != positional)
            continue;
        if (!any && title) {
            text_add_char(out, '\n');
            heading(out, title, colour);
        }
        any = true;
        option_line(row, out);
    }
}

void help_of_command(const struct command *command, struct text *out, bool colour)
{
    text_printf(out, "tapfinger %s: %s\n\n", command->name, command->summary);
    heading(out, "Examples", colour);
    for (const struct example *example = command->examples; example->line; example++)
        text_printf(out, "%*s%s\n%*s# %s\n", INDENT, "", example->line, 2 * INDENT, "",
                    example->what);
    text_add_char(out, '\n');
    heading(out, "Usage", colour);
    text_printf(out, "%*s", INDENT, "");
    help_usage(command, out);
    if (command->description) {
        text_printf(out, "\n%*s", INDENT, "");
        help_wrap(out, command->description, INDENT, WIDTH);
    }
    option_lines(command->options, OPTION_POSITIONAL, "Arguments", out, colour);
    text_add_char(out, '\n');
    heading(out, "Options", colour);
    option_lines(command->options, 0, NULL, out, colour);
    option_lines(common_options, 0, NULL, out, colour);
    key_lines(command->keys, out, colour);
}

void help_overview(struct text *out, bool colour)
{
    text_add(out, "tapfinger: a scheduler for machine-learning tasks on edge clusters\n\n");
    heading(out, "Examples", colour);
    text_add(out, "  tapfinger simulate hetero-6 -p fifo-min -p knee\n"
                  "    # two policies on a scenario that ships, over 30 seeds\n"
                  "  tapfinger help simulate\n"
                  "    # what a command can do\n\n");
    heading(out, "Commands", colour);
    for (int i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            text_printf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    text_add(out, "\n\"tapfinger COMMAND --help\" says more; \"tapfinger --version\" which build "
                  "this is.\n");
}

static int run(const struct arguments *args, struct err *err)
{
    const char *name = arguments_string(args, "command");
    const struct command *command = name ? command_find(name) : NULL;
    bool colour = arguments_want_colour(args, 1);
    struct text out;

    if (name && !command) {
        const char *near = command_nearest(name);

        err_set(err, ERR_NOT_FOUND, "unknown command \"%.60s\"%s%s%s", name,
                near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        return EXIT_MISUSED;
    }
    text_init(&out, 0);
    if (command)
        help_of_command(command, &out, colour);
    else
        help_overview(&out, colour);
    fputs(out.bytes, stdout);
    text_release(&out);
    return EXIT_DONE;
}

static const struct example examples[] = {
    {"tapfinger help", "all commands"},
    {"tapfinger help simulate", "one of them"},
    {0},
};

static const struct option_spec options[] = {
    {"command", OPTION_STRING, .choices = "COMMAND", .flags = OPTION_POSITIONAL,
     .help = "the command to explain"},
    {0},
};

const struct command command_help = {
    .name = "help",
    .summary = "explain a command",
    .examples = examples,
    .options = options,
    .run = run,
};
