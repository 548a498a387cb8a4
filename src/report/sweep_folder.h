/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a sweep:
 *
 *     sweep.json     the plan: a sweep that goes on must have the same
 *     config.yaml    the scenario before anything is varied
 *     cells/N.json   one per finished cell, written as a whole
 *     sweep.csv, sweep.svg, sweep.pdf, and DONE last
 */
#ifndef REPORT_SWEEP_FOLDER_H
#define REPORT_SWEEP_FOLDER_H

#include <stdbool.h>

struct err;
struct grid;
struct scenario;
struct text;

struct sweep_plan {
    const char *const *argument; /* what decides the outcome, in a fixed order */
    int arguments;
    const struct scenario *scenario;
    const struct grid *grid;
};

enum sweep_opening { SWEEP_NEW, SWEEP_RESUME, SWEEP_FORCE };

/*
 * Prepares the directory. SWEEP_NEW wants a new or empty one; SWEEP_RESUME goes on where the same
 * sweep broke off, or begins; SWEEP_FORCE begins anew and removes the files of an earlier sweep.
 */
int sweep_folder_open(const char *path, enum sweep_opening opening, const struct sweep_plan *plan,
                      struct err *err);

/* Path of a cell's file; the caller frees it. */
char *sweep_folder_cell(const char *path, int cell);

#endif
