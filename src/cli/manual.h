/* SPDX-License-Identifier: Apache-2.0 */
/* The documentation that is made from tables: man pages and pages of docs/. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

struct command;
struct text;

/* tapfinger(1), and tapfinger-NAME(1), in roff. */
void manual_program_page(struct text *out);
void manual_command_page(const struct command *command, struct text *out);

/* docs/commands.md, docs/policies.md, docs/scenarios.md */
void manual_commands(struct text *out);
void manual_policies(struct text *out);
void manual_scenarios(struct text *out);
/* docs/traces.md */
void manual_traces(struct text *out);

#endif
