/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapfinger completion: scripts for shells, made from the commands' tables. What a value is, the
 * name that its help gives it tells: FILE, DIR, POLICY, SCENARIO and their like are completed,
 * choices are listed. Policies and scenarios are asked of the program itself ("policies -q").
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"

enum value_kind {
    VALUE_NONE,
    VALUE_FILE,
    VALUE_FOLDER,
    VALUE_POLICY,
    VALUE_SCENARIO,
    VALUE_COMMAND,
    VALUE_CHOICE,
    VALUE_OTHER
};

static enum value_kind kind_of(const struct option_spec *row)
{
    static const struct {
        const char *word;
        enum value_kind kind;
    } known[] = {{"FILE", VALUE_FILE},       {"DIR", VALUE_FOLDER},
                 {"POLICY", VALUE_POLICY},   {"SCENARIO", VALUE_SCENARIO},
                 {"COMMAND", VALUE_COMMAND}, {"A", VALUE_FILE},
                 {"B", VALUE_FILE},          {"PATH", VALUE_FILE},
                 {"PROFILE", VALUE_FILE}};

    if (row->type == OPTION_FLAG)
        return VALUE_NONE;
    if (row->type == OPTION_CHOICE)
        return VALUE_CHOICE;
    for (size_t i = 0; row->choices && i < COUNT_OF(known); i++)
        if (strcmp(row->choices, known[i].word) == 0)
            return known[i].kind;
    return VALUE_OTHER;
}

static void add_choices(struct text *out, const char *choices)
{
    for (const char *c = choices; *c; c++)
        text_add_char(out, *c == '|' ? ' ' : *c);
}

static void add_command_names(struct text *out)
{
    for (int i = 0, shown = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            text_printf(out, "%s%s", shown++ ? " " : "", commands[i]->name);
}

static bool is_positional(const struct option_spec *row)
{
    return row->flags & OPTION_POSITIONAL;
}

/* bash */

static void bash_values(const struct option_spec *row, struct text *out)
{
    switch (kind_of(row)) {
    case VALUE_FILE:
        text_add(out, "COMPREPLY=($(compgen -f -- \"$cur\"))");
        break;
    case VALUE_FOLDER:
        text_add(out, "COMPREPLY=($(compgen -d -- \"$cur\"))");
        break;
    case VALUE_POLICY:
        text_add(out, "COMPREPLY=($(compgen -W \"$(tapfinger policies -q 2>/dev/null)\" -- "
                      "\"$cur\"))");
        break;
    case VALUE_SCENARIO:
        text_add(out, "COMPREPLY=($(compgen -W \"$(tapfinger scenarios -q 2>/dev/null)\" -- "
                      "\"$cur\") $(compgen -f -- \"$cur\"))");
        break;
    case VALUE_COMMAND:
        text_add(out, "COMPREPLY=($(compgen -W '");
        add_command_names(out);
        text_add(out, "' -- \"$cur\"))");
        break;
    case VALUE_CHOICE:
        text_add(out, "COMPREPLY=($(compgen -W '");
        add_choices(out, row->choices);
        text_add(out, "' -- \"$cur\"))");
        break;
    case VALUE_NONE:
    case VALUE_OTHER:
        text_add(out, "COMPREPLY=()");
        break;
    }
}

static void bash_flag_cases(const struct option_spec *rows, struct text *out)
{
    for (; rows->name; rows++) {
        if (is_positional(rows) || kind_of(rows) == VALUE_NONE)
            continue;
        text_printf(out, "            --%s", rows->name);
        if (rows->letter)
            text_printf(out, "|-%c", rows->letter);
        text_add(out, ") ");
        bash_values(rows, out);
        text_add(out, "; return;;\n");
    }
}

static void bash_flag_names(const struct option_spec *rows, struct text *out)
{
    for (; rows->name; rows++)
        if (!is_positional(rows))
            text_printf(out, " --%s", rows->name);
}

static void bash_command(const struct command *command, struct text *out)
{
    text_printf(out, "    %s)\n        case \"$prev\" in\n", command->name);
    bash_flag_cases(command->options, out);
    bash_flag_cases(common_options, out);
    text_add(out, "        esac\n        if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '");
    bash_flag_names(command->options, out);
    bash_flag_names(common_options, out);
    text_add(out, "' -- \"$cur\")); return; fi\n");
    for (const struct option_spec *row = command->options; row->name; row++)
        if (is_positional(row) && kind_of(row) != VALUE_OTHER) {
            text_add(out, "        ");
            bash_values(row, out);
            text_add_char(out, '\n');
            break;
        }
    text_add(out, "        ;;\n");
}

static void print_bash(struct text *out)
{
    text_add(out, "# bash completion for tapfinger: source it, or put it into "
                  "/usr/share/bash-completion/completions\n"
                  "_tapfinger() {\n"
                  "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                  "    COMPREPLY=()\n"
                  "    if [[ $COMP_CWORD -eq 1 ]]; then\n"
                  "        COMPREPLY=($(compgen -W '");
    add_command_names(out);
    text_add(out, " --help --version' -- \"$cur\"))\n        return\n    fi\n"
                  "    case \"${COMP_WORDS[1]}\" in\n");
    for (int i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            bash_command(commands[i], out);
    text_add(out, "    esac\n}\ncomplete -F _tapfinger tapfinger\n");
}

/* zsh */

/* Inside '...[...]': brackets and quotes would end it, a colon would begin the next part. */
static void zsh_text(struct text *out, const char *words)
{
    for (; *words; words++) {
        if (*words == '[' || *words == ']' || *words == ':')
            text_add_char(out, '\\');
        text_add(out, *words == '\'' ? "'\\''" : (char[]){*words, '\0'});
    }
}

static void zsh_action(const struct option_spec *row, struct text *out)
{
    switch (kind_of(row)) {
    case VALUE_FILE:
        text_add(out, "_files");
        break;
    case VALUE_FOLDER:
        text_add(out, "_files -/");
        break;
    case VALUE_POLICY:
        text_add(out, "($(tapfinger policies -q 2>/dev/null))");
        break;
    case VALUE_SCENARIO:
        text_add(out, "_tapfinger_scenarios");
        break;
    case VALUE_COMMAND:
        text_add(out, "(");
        add_command_names(out);
        text_add(out, ")");
        break;
    case VALUE_CHOICE:
        text_add(out, "(");
        add_choices(out, row->choices);
        text_add(out, ")");
        break;
    case VALUE_NONE:
    case VALUE_OTHER:
        text_add(out, " ");
        break;
    }
}

static void zsh_option(const struct option_spec *row, char letter, struct text *out)
{
    text_printf(out, " \\\n            '%s", row->flags & OPTION_REPEATS ? "*" : "");
    if (letter)
        text_printf(out, "-%c", letter);
    else
        text_printf(out, "--%s", row->name);
    text_add_char(out, '[');
    zsh_text(out, row->help);
    text_add_char(out, ']');
    if (kind_of(row) != VALUE_NONE) {
        text_printf(out, ":%s:", row->name);
        zsh_action(row, out);
    }
    text_add_char(out, '\'');
}

static void zsh_options(const struct option_spec *rows, struct text *out)
{
    for (const struct option_spec *row = rows; row->name; row++) {
        if (is_positional(row)) {
            text_printf(out, " \\\n            '%s:%s:", row->flags & OPTION_REPEATS ? "*" : "",
                        row->name);
            zsh_action(row, out);
            text_add_char(out, '\'');
            continue;
        }
        zsh_option(row, 0, out);
        if (row->letter)
            zsh_option(row, row->letter, out);
    }
}

static void print_zsh(struct text *out)
{
    text_add(out, "#compdef tapfinger\n# zsh completion for tapfinger: put it into a folder of "
                  "$fpath as _tapfinger\n"
                  "_tapfinger_scenarios() {\n"
                  "    _alternative 'names:scenario:($(tapfinger scenarios -q 2>/dev/null))' "
                  "'files:file:_files'\n}\n"
                  "_tapfinger() {\n    local -a commands=(\n");
    for (int i = 0; commands[i]; i++) {
        if (commands[i]->hidden)
            continue;
        text_printf(out, "        '%s:", commands[i]->name);
        zsh_text(out, commands[i]->summary);
        text_add(out, "'\n");
    }
    text_add(out, "    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n"
                  "        return\n    fi\n    local command=$words[2]\n    shift words\n"
                  "    (( CURRENT-- ))\n    case $command in\n");
    for (int i = 0; commands[i]; i++) {
        if (commands[i]->hidden)
            continue;
        text_printf(out, "    %s)\n        _arguments", commands[i]->name);
        zsh_options(commands[i]->options, out);
        zsh_options(common_options, out);
        text_add(out, "\n        ;;\n");
    }
    text_add(out, "    esac\n}\nif [[ $funcstack[1] == _tapfinger ]]; then\n    _tapfinger \"$@\"\n"
                  "else\n    compdef _tapfinger tapfinger\nfi\n");
}

/* fish */

static void fish_text(struct text *out, const char *words)
{
    text_add_char(out, '\'');
    for (; *words; words++) {
        if (*words == '\'' || *words == '\\')
            text_add_char(out, '\\');
        text_add_char(out, *words);
    }
    text_add_char(out, '\'');
}

static void fish_values(const struct option_spec *row, struct text *out)
{
    switch (kind_of(row)) {
    case VALUE_FILE:
        text_add(out, " -r -F");
        break;
    case VALUE_FOLDER:
        text_add(out, " -x -a '(__fish_complete_directories)'");
        break;
    case VALUE_POLICY:
        text_add(out, " -x -a '(tapfinger policies -q 2>/dev/null)'");
        break;
    case VALUE_SCENARIO:
        text_add(out, " -F -a '(tapfinger scenarios -q 2>/dev/null)'");
        break;
    case VALUE_COMMAND:
        text_add(out, " -x -a '");
        add_command_names(out);
        text_add_char(out, '\'');
        break;
    case VALUE_CHOICE:
        text_add(out, " -x -a '");
        add_choices(out, row->choices);
        text_add_char(out, '\'');
        break;
    case VALUE_OTHER:
        text_add(out, " -x");
        break;
    case VALUE_NONE:
        break;
    }
}

static void fish_rows(const char *command, const struct option_spec *rows, struct text *out)
{
    for (; rows->name; rows++) {
        text_printf(out, "complete -c tapfinger -n '__fish_seen_subcommand_from %s'", command);
        if (!is_positional(rows))
            text_printf(out, " -l %s", rows->name);
        if (rows->letter)
            text_printf(out, " -s %c", rows->letter);
        fish_values(rows, out);
        text_add(out, " -d ");
        fish_text(out, rows->help);
        text_add_char(out, '\n');
    }
}

static void print_fish(struct text *out)
{
    text_add(out, "# fish completion for tapfinger: put it into "
                  "~/.config/fish/completions/tapfinger.fish\ncomplete -c tapfinger -f\n");
    for (int i = 0; commands[i]; i++) {
        if (commands[i]->hidden)
            continue;
        text_printf(out, "complete -c tapfinger -n __fish_use_subcommand -a %s -d ",
                    commands[i]->name);
        fish_text(out, commands[i]->summary);
        text_add_char(out, '\n');
        fish_rows(commands[i]->name, commands[i]->options, out);
        fish_rows(commands[i]->name, common_options, out);
    }
}

static int run(const struct arguments *args, struct err *err)
{
    static void (*const print[])(struct text *) = {print_bash, print_zsh, print_fish};
    struct text text;

    (void)err;
    text_init(&text, 0);
    print[params_choice(&args->own, "shell")](&text);
    fputs(text.bytes, stdout);
    text_release(&text);
    return EXIT_DONE;
}

static const struct example examples[] = {
    {"source <(tapfinger completion bash)", "in this shell"},
    {"tapfinger completion fish > ~/.config/fish/completions/tapfinger.fish", "for good"},
    {0},
};

static const struct option_spec options[] = {
    {"shell", OPTION_CHOICE, .choices = "bash|zsh|fish",
     .flags = OPTION_POSITIONAL | OPTION_REQUIRED, .help = "for which shell"},
    {0},
};

const struct command command_completion = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .examples = examples,
    .options = options,
    .run = run,
};
