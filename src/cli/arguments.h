/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line against a command's table: "--name value", "--name=value", "-n value", "-nvalue",
 * flags before or after positional arguments, "--" before arguments that begin with a dash. An
 * optional argument may stand before a required one: it is there if there are words enough.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <stdbool.h>

#include "base/option.h"

struct command;
struct err;

struct arguments {
    const struct command *command;
    struct params own;    /* over the command's table */
    struct params common; /* over common_options */
};

/* What every command takes. */
extern const struct option_spec common_options[];

/* Rows for commands that print a list: names only, tabs, no headings. */
#define LIST_OPTION_ROWS                                                        \
    {"quiet", OPTION_FLAG, .letter = 'q', .help = "names only, one per line"},  \
        {"columns", OPTION_STRING, .choices = "COLUMNS", .letter = 'o',         \
         .help = "only these, in this order: id,state"},                        \
        {"sort", OPTION_STRING, .choices = "COLUMN",                            \
         .help = "by this column; -COLUMN: the largest first"},                 \
        {"plain", OPTION_FLAG, .help = "values between tabs, nothing cut"},     \
    {                                                                           \
        "no-header", OPTION_FLAG, .help = "without the line of column headings" \
    }

/* Errors name the flag and the nearest known one. Release in any case. */
int arguments_parse(struct arguments *args, const struct command *command, int count,
                    char *const *word, struct err *err);
void arguments_release(struct arguments *args);

/* Required flags and arguments are there; not asked of "--help". */
int arguments_check(const struct arguments *args, struct err *err);

/* For what is required only without something else: fails as a required option would. */
int arguments_need(const struct arguments *args, const char *name, struct err *err);

bool arguments_flag(const struct arguments *args, const char *name);
const char *arguments_string(const struct arguments *args, const char *name);

/* --json */
bool arguments_want_json(const struct arguments *args);
/* Whether to colour what goes to a stream: --color, then NO_COLOR, then CLICOLOR_FORCE, then
 * whether it is a terminal. */
bool arguments_want_colour(const struct arguments *args, int stream);

#endif
