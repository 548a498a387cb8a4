/* SPDX-License-Identifier: Apache-2.0 */
/* Why a job waits, or runs where it runs: for other commands. */
#ifndef CLI_WHY_H
#define CLI_WHY_H

struct arguments;
struct client;
struct err;

/* Prints the explanation of a job or task. Returns an exit code. */
int why_explain(struct client *client, const struct arguments *args, const char *id,
                struct err *err);

#endif
