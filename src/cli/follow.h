/* SPDX-License-Identifier: Apache-2.0 */
/* Staying with a job: its output as it comes, and its end. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include <stdbool.h>

enum { LAST_LINES = 10 };

struct client;
struct err;
struct text;

/* Prints a stream from an offset on (negative: from the end) until the task is over. */
int follow_logs(struct client *client, const char *id, const char *stream, long long offset,
                struct err *err);

/* The last so many lines of a stream, put behind what *out holds, and where they begin. */
int follow_tail(struct client *client, const char *id, const char *stream, int lines,
                struct text *out, long long *offset, struct err *err);

/* Waits for the end, at most so many seconds (0: any). EXIT_DONE if all went well, EXIT_FAILED if
 * not; propagate: the task's own exit code, 128 + signal. tail: of what did not go well so many
 * last lines are printed to standard error. */
int follow_to_end(struct client *client, const char *id, double most_s, bool propagate, int tail,
                  struct err *err);

#endif
