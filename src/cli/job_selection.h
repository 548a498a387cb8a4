/* SPDX-License-Identifier: Apache-2.0 */
/* Which jobs and tasks a command is about: by number, in ranges, or by what they are. */
#ifndef CLI_JOB_SELECTION_H
#define CLI_JOB_SELECTION_H

#include <jansson.h>
#include <stdbool.h>

#include "base/vector.h"

struct arguments;
struct client;
struct err;
struct option_value;
struct text;

struct job_selection {
    VECTOR(char *) ids;
    VECTOR(char *) words; /* by what they are: each one described */
    const char *state;    /* only tasks in these states; NULL: any */
    long long tasks;      /* by what they are: how many */
};

#define SELECTION_OPTION_ROWS                                                               \
    {"state", OPTION_STRING, .choices = "STATES",                                           \
     .help = "all tasks in these states: PENDING,RUNNING; yours, unless --user says"},      \
        {"name", OPTION_STRING, .choices = "GLOB", .letter = 'n',                           \
         .help = "all jobs with such a name: 'hp-*'"},                                      \
        {"type", OPTION_STRING, .choices = "TYPE", .letter = 't', .help = "all of a type"}, \
        {"user", OPTION_STRING, .choices = "USER", .letter = 'u', .help = "all of theirs"}, \
        {"yes", OPTION_FLAG, .letter = 'y', .help = "do not ask, however many they are"},   \
    {                                                                                       \
        "dry-run", OPTION_FLAG, .help = "only say which they are"                           \
    }

/* "58", "58.3", "58-60" and "58.3-8" as single numbers. Release with job_selection_release in any
 * case. */
int job_selection_expand(struct job_selection *selection, const struct option_value *words,
                         struct err *err);
/* What the command line says, by SELECTION_OPTION_ROWS and the arguments "id"; usual: the states
 * that are meant where it names none. Returns an exit code. */
int job_selection_read(struct job_selection *selection, struct client *client,
                       const struct arguments *args, const char *usual, struct err *err);
void job_selection_release(struct job_selection *selection);

/* A list of numbers with neighbours folded: "58.3-8 60". */
void job_selection_fold(const json_t *ids, struct text *out);

#endif
