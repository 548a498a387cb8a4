/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded command line as one would type it. */
#ifndef REPORT_COMMAND_LINE_H
#define REPORT_COMMAND_LINE_H

struct text;

/* "tapfinger simulate 'a b' ...": what a shell would not leave alone is quoted. */
void command_line_print(const char *command, const char *const *argument, int count,
                        struct text *out);

#endif
