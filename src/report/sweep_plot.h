/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plot of a sweep: the first key along the x axis, a line per entrant with its 95 % band, and a
 * panel per combination of the other keys.
 */
#ifndef REPORT_SWEEP_PLOT_H
#define REPORT_SWEEP_PLOT_H

#include "base/statistics.h"
#include "report/measure.h"
#include "report/plot.h"

struct arena;
struct err;
struct grid;

enum { SWEEP_PANELS = 12 }; /* of more, the first are drawn, and the note says so */

struct sweep_figures {
    const struct grid *grid;
    const char *scenario;
    const char *unit; /* of the figure: "slots" */
    enum measure measure;
    const char *const *name; /* of entrants */
    int entrants, seeds;
    const struct estimate *estimate; /* cell * entrants + entrant; NAN: none */
    const char *label;               /* of the y axis, in place of the figure's; may be NULL */
};

/* In the arena. */
struct plot sweep_plot_make(const struct sweep_figures *figures, struct arena *arena);

/* The format is by the ending of the path: svg, pdf or png. */
int sweep_plot_write(const struct sweep_figures *figures, const char *path, struct err *err);

/* "mean completion (slots)" */
void sweep_figure_label(const struct sweep_figures *figures, char *out, int bytes);

#endif
