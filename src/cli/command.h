/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All commands. To add one: write src/cli/NAME.c with a table command_NAME at its end, and add a
 * line here. Parsing, --help, man pages, completion and docs/commands.md come from the table.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

#include "base/option.h"

struct arguments;
struct err;

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,      /* the work could not be done, or found what it was asked to look for */
    EXIT_MISUSED = 2,     /* the command line was wrong */
    EXIT_NEVER = 3,       /* nothing here could ever run it */
    EXIT_NOT_FOUND = 4,   /* no such job, cluster, ... at the daemon */
    EXIT_UNREACHABLE = 5, /* no daemon */
    EXIT_DENIED = 6,      /* the daemon says no */
    EXIT_TIMED_OUT = 124, /* waited long enough */
};

struct example {
    const char *line, *what;
};

struct command {
    const char *name, *summary;
    const char *description;           /* paragraphs with empty lines between; may be NULL */
    const struct example *examples;    /* ends with .line == NULL */
    const struct option_spec *options; /* flags and positional arguments */
    const struct option_section *keys; /* of the file that it reads; may be NULL */
    bool hidden;                       /* not in overviews */
    /* Returns an exit code. What it puts into err is printed to standard error. */
    int (*run)(const struct arguments *args, struct err *err);
};

#define COMMAND_LIST(X) \
    X(simulate)         \
    X(train)            \
    X(evaluate)         \
    X(sweep)            \
    X(import)           \
    X(fit)              \
    X(bound)            \
    X(report)           \
    X(check)            \
    X(scenarios)        \
    X(policies)         \
    X(record)           \
    X(replay)           \
    X(diff)             \
    X(serve)            \
    X(submit)           \
    X(ps)               \
    X(show)             \
    X(logs)             \
    X(wait)             \
    X(cancel)           \
    X(hold)             \
    X(release)          \
    X(requeue)          \
    X(retry)            \
    X(why)              \
    X(top)              \
    X(clusters)         \
    X(types)            \
    X(profile)          \
    X(policy)           \
    X(token)            \
    X(progress)         \
    X(keeper)           \
    X(completion)       \
    X(docs)             \
    X(help)

#define X(name) extern const struct command command_##name;
COMMAND_LIST(X)
#undef X

extern const struct command *const commands[]; /* ends with NULL */

/* By name, or NULL. */
const struct command *command_find(const char *name);
/* The known name nearest to a mistyped one, or NULL. */
const char *command_nearest(const char *name);

#endif
