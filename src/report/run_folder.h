/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results directory of a comparison (docs/outputs.md):
 *
 *     run.json  config.yaml  summary.csv  POLICY/seed-N/{jobs.csv, ...}  DONE
 *
 * Nothing in it depends on the clock, the host, the number of threads or the directory's name, so a
 * rerun writes the same bytes. DONE comes last; without it the run did not finish.
 */
#ifndef REPORT_RUN_FOLDER_H
#define REPORT_RUN_FOLDER_H

#include <stdbool.h>

#include "sim/comparison.h"

struct err;
struct result;
struct run_folder;

struct run_description {
    const char *command;         /* "simulate" */
    const char *const *argument; /* what decides the outcome, in a fixed order */
    int arguments;
    const struct scenario *scenario;
    const struct result *result; /* need not be summed up yet */
};

/*
 * Makes the directory, or clears one that a run left unfinished. One with other things in it, or
 * with a finished run, is refused unless forced; even then only a run's own files are removed.
 */
int run_folder_open(struct run_folder **out, const char *path, bool force,
                    const struct run_description *description, struct err *err);

/* Writes the files of every episode. */
struct observer run_folder_observer(struct run_folder *folder);

/* After the comparison: the summary, and DONE if it came to its end. */
int run_folder_close(struct run_folder *folder, bool finished, struct err *err);

/* The folder's name of an entrant: its label with all but letters, digits and . _ = , - made +. */
void run_folder_name(const char *label, char *out, size_t bytes);

#endif
