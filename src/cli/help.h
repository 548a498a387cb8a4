/* SPDX-License-Identifier: Apache-2.0 */
/* What --help prints, made from the tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdbool.h>

struct command;
struct option_section;
struct option_spec;
struct text;

/* All commands, one line each. */
void help_overview(struct text *out, bool colour);
/* One command: examples first, then usage, arguments and options. */
void help_of_command(const struct command *command, struct text *out, bool colour);

/* A key of a file: "listen.http HOST:PORT". */
void help_key_name(const struct option_section *section, const struct option_spec *row,
                   struct text *out);
/* "tapfinger simulate SCENARIO --policy POLICY ... [options]" */
void help_usage(const struct command *command, struct text *out);
/* "-p, --policy POLICY", or "SCENARIO" for an argument. */
void help_option_name(const struct option_spec *row, struct text *out);
/* The help of a row with what its value may be and its default: "seeds ...; default: 30". */
void help_option_text(const struct option_spec *row, struct text *out);

/* Words broken into lines of at most `width`, each after `indent` spaces but the first, which
 * begins where the text stands. Empty lines in words stay. */
void help_wrap(struct text *out, const char *words, int indent, int width);

#endif
