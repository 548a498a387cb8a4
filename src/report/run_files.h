/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one episode: jobs.csv, stretches.csv, machines.csv, decisions.jsonl, outages.csv,
 * schedule.json and trace.json. docs/outputs.md describes them. All but jobs.csv and schedule.json
 * are written while the episode runs.
 */
#ifndef REPORT_RUN_FILES_H
#define REPORT_RUN_FILES_H

#include <stdint.h>

struct err;
struct metrics;
struct scenario;
struct world;
struct run_files;

/* Creates the files in a folder that exists and watches the world from now on. */
int run_files_open(struct run_files **out, const char *folder, const struct scenario *scenario,
                   struct world *world, struct err *err);
/* Writes the rest after the episode; metrics is NULL if it did not come to its end, and then what
 * is there is taken away again. */
int run_files_close(struct run_files *files, const struct metrics *metrics, struct err *err);

/* The names of the files, NULL after the last: for clearing a folder. */
extern const char *const run_file_names[];

#endif
