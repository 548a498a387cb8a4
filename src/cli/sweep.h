/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep on its way, and how it is printed. */
#ifndef CLI_SWEEP_H
#define CLI_SWEEP_H

#include "base/text.h"
#include "cli/lineup.h"
#include "report/grid.h"
#include "report/sweep_plot.h"

struct progress_bar;

struct sweep {
    const struct arguments *args;
    const char *folder; /* NULL: none */
    struct grid grid;
    struct lineup lineup;
    enum measure measure;
    const char **name;         /* of entrants */
    struct scenario *base;     /* before anything is varied */
    struct estimate *estimate; /* of the measure; cell * entrants + entrant */
    struct text csv, json;
    struct progress_bar *bar;
    int done; /* cells */
};

/* A row per cell, a column per policy, the least figure in green. */
void sweep_print_table(const struct sweep *sweep, const struct sweep_figures *figures,
                       struct text *out);
/* One object, schema "tapfinger.sweep/1". */
void sweep_print_json(const struct sweep *sweep, struct text *out);

#endif
