/* SPDX-License-Identifier: Apache-2.0 */
/* Staying with a job: its output as it comes, and its end. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include <stdbool.h>

struct client;
struct err;

/* Prints a stream from an offset on (negative: from the end) until the task is over. */
int follow_logs(struct client *client, const char *id, const char *stream, long long offset,
                struct err *err);

/* Waits for the end, at most so many seconds (0: any). EXIT_DONE if all went well, EXIT_FAILED if
 * not; propagate: the task's own exit code, 128 + signal. */
int follow_to_end(struct client *client, const char *id, double most_s, bool propagate,
                  struct err *err);

#endif
