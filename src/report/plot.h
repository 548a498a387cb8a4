/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plots for papers and pages: panels side by side, each with two axes and some series; a legend on
 * top. Colours are Okabe and Ito's, told apart by colour-blind readers too; lines have marks of
 * different shapes besides. Drawn with cairo, as SVG, PDF or PNG.
 */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <stdbool.h>

#include "report/picture.h"

struct err;
struct text;

enum plot_mark {
    PLOT_LINE,  /* points joined by lines */
    PLOT_STEPS, /* y holds until the next x: time series, distribution functions */
    PLOT_BARS,  /* bars from 0 to y; x holds their left edges, the last one the end: count - 1 bars
                 */
    PLOT_DOTS,  /* single points; low and high are whiskers, along x where y has categories */
};

struct plot_series {
    const char *name; /* in the legend; NULL: not there */
    enum plot_mark mark;
    const double *x, *y;      /* NAN in y breaks a line */
    const double *low, *high; /* a band around y; NULL: none */
    int count;
    bool faint; /* stands behind the others: single samples */
    int colour; /* 0, 1, 2, ...; series of one colour have one legend entry */
};

struct plot_axis {
    const char *label;
    bool logarithmic;            /* values must be above 0; others are left out */
    bool from_zero;              /* begins at 0 even if the data do not */
    double low, high;            /* both 0: from the data */
    const char *const *category; /* names of the values 0, 1, 2, ... in place of numbers; along y
                                    they run from the top down */
    int categories;
};

struct plot_panel {
    const char *title; /* NULL: none */
    struct plot_axis x, y;
    const struct plot_series *series;
    int count;
};

struct plot {
    const char *title, *note; /* above and below; NULL: none */
    const struct plot_panel *panel;
    int panels, columns;
    double panel_width, panel_height; /* points (1/72 inch) with axes; 0: 300 x 220 */
};

/*
 * The bytes of the picture; the same data give the same bytes where the fonts are the same. An SVG
 * holds ids ("glyph0-1") that all of them share: a page with several must embed each as an image.
 */
int plot_render(const struct plot *plot, enum picture_format format, struct text *out,
                struct err *err);
/* Into a file, its format by the ending of its name. */
int plot_write(const struct plot *plot, const char *path, struct err *err);

/* Colour i as "#rrggbb", for other pictures of the same data. */
const char *plot_colour(int i);

#endif
