/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manual.h"

#include <string.h>

#include "base/text.h"
#include "base/version.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/help.h"

/* Text as roff: nothing in it is taken for a request or an escape. */
static void add_words(struct text *out, const char *words)
{
    bool begins = true;

    for (const char *c = words; *c; c++) {
        if (begins && (*c == '.' || *c == '\''))
            text_add(out, "\\&");
        begins = *c == '\n';
        if (*c == '\\')
            text_add(out, "\\e");
        else if (*c == '-')
            text_add(out, "\\-");
        else if (c[0] == '\n' && c[1] == '\n')
            text_add(out, "\n.PP");
        else
            text_add_char(out, *c);
    }
}

static void add_head(struct text *out, const char *page, const char *summary)
{
    text_add(out, ".TH ");
    for (const char *c = page; *c; c++)
        text_add_char(out, (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c));
    text_printf(out, " 1 \"\" \"tapfinger %s\" \"User Commands\"\n.SH NAME\n", version_number());
    add_words(out, page);
    text_add(out, " \\- ");
    add_words(out, summary);
    text_add(out, "\n");
}

static void add_entry(const struct text *name, const struct option_spec *row, struct text *out)
{
    struct text words;

    text_init(&words, 0);
    help_option_text(row, &words);
    text_add(out, ".TP\n.B ");
    add_words(out, name->bytes);
    text_add_char(out, '\n');
    add_words(out, words.bytes);
    text_add(out, ".\n");
    text_release(&words);
}

static void add_options(const struct option_spec *rows, unsigned positional, struct text *out)
{
    struct text name;

    text_init(&name, 0);
    for (; rows->name; rows++) {
        if ((rows->flags & OPTION_POSITIONAL) != positional)
            continue;
        text_reset(&name);
        help_option_name(rows, &name);
        add_entry(&name, rows, out);
    }
    text_release(&name);
}

static void add_keys(const struct option_section *sections, struct text *out)
{
    struct text name;

    if (!sections)
        return;
    text_add(out, ".SH KEYS OF THE FILE\n");
    text_init(&name, 0);
    for (; sections->path; sections++)
        for (const struct option_spec *row = sections->options; row->name; row++) {
            text_reset(&name);
            help_key_name(sections, row, &name);
            add_entry(&name, row, out);
        }
    text_release(&name);
}

static bool has_arguments(const struct command *command)
{
    for (const struct option_spec *row = command->options; row->name; row++)
        if (row->flags & OPTION_POSITIONAL)
            return true;
    return false;
}

static void add_examples(const struct example *examples, struct text *out)
{
    text_add(out, ".SH EXAMPLES\n");
    for (; examples->line; examples++) {
        text_add(out, ".PP\n");
        add_words(out, examples->what);
        text_add(out, ":\n.PP\n.RS 4\n.nf\n");
        add_words(out, examples->line);
        text_add(out, "\n.fi\n.RE\n");
    }
}

static void add_exit_codes(struct text *out)
{
    text_add(out, ".SH EXIT STATUS\n0 done, 1 failed (or a difference was found), 2 misused, 130 "
                  "left at once by a second Ctrl\\-C.\n");
}

void manual_command_page(const struct command *command, struct text *out)
{
    struct text words;

    text_init(&words, 0);
    text_printf(&words, "tapfinger-%s", command->name);
    add_head(out, words.bytes, command->summary);
    text_add(out, ".SH SYNOPSIS\n");
    text_reset(&words);
    help_usage(command, &words);
    add_words(out, words.bytes);
    if (command->description) {
        text_add(out, ".SH DESCRIPTION\n");
        add_words(out, command->description);
        text_add_char(out, '\n');
    }
    if (has_arguments(command)) {
        text_add(out, ".SH ARGUMENTS\n");
        add_options(command->options, OPTION_POSITIONAL, out);
    }
    text_add(out, ".SH OPTIONS\n");
    add_options(command->options, 0, out);
    add_options(common_options, 0, out);
    add_keys(command->keys, out);
    add_examples(command->examples, out);
    add_exit_codes(out);
    text_add(out, ".SH SEE ALSO\n.BR tapfinger (1)\n");
    text_release(&words);
}

void manual_program_page(struct text *out)
{
    add_head(out, "tapfinger", "a scheduler for machine-learning tasks on edge clusters");
    text_add(out, ".SH SYNOPSIS\n.B tapfinger\n.I COMMAND\n[arguments]\n.SH DESCRIPTION\n");
    add_words(out, "tapfinger decides for every task where it runs and how much of each resource "
                   "it gets, so that the sum of all completion times is as small as it can be. "
                   "Each command has a page of its own.\n");
    text_add(out, ".SH COMMANDS\n");
    for (int i = 0; commands[i]; i++) {
        if (commands[i]->hidden)
            continue;
        text_printf(out, ".TP\n.BR tapfinger\\-%s (1)\n", commands[i]->name);
        add_words(out, commands[i]->summary);
        text_add_char(out, '\n');
    }
    add_exit_codes(out);
    text_add(out, ".SH ENVIRONMENT\n.TP\n.B TAPFINGER_SCENARIOS\nA folder with scenarios that can "
                  "be named without their path.\n.TP\n.BR NO_COLOR \", \" CLICOLOR_FORCE\nSwitch "
                  "colours off, or on where output is no terminal; \\-\\-color comes first.\n");
    text_add(out, ".SH SEE ALSO\n");
    for (int i = 0, shown = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            text_printf(out, "%s.BR tapfinger\\-%s (1)", shown++ ? " ,\n" : "", commands[i]->name);
    text_add_char(out, '\n');
}
