/* SPDX-License-Identifier: Apache-2.0 */
/* What plots and schedules are drawn with. */
#ifndef REPORT_PLOT_DRAW_H
#define REPORT_PLOT_DRAW_H

#include <cairo.h>

#include "report/plot.h"

static const double PLOT_FONT = PICTURE_FONT, PLOT_GREY = 0.35;

void plot_set_colour(cairo_t *cairo, int colour, double alpha);
void plot_set_grey(cairo_t *cairo, double level);

/* align: 0 left, 0.5 centred, 1 right; y is the base line. */
void plot_text(cairo_t *cairo, const char *text, double x, double y, double align);

/* One panel with its axes in the given place. */
void plot_panel_draw(cairo_t *cairo, const struct plot_panel *panel, double x, double y,
                     double width, double height);

/* The swatch of a series before its name in the legend. */
void plot_key_draw(cairo_t *cairo, const struct plot_series *series, double x, double y);

#endif
