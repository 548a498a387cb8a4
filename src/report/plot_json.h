/* SPDX-License-Identifier: Apache-2.0 */
/* A plot as JSON, for the charts of web/chart.js. */
#ifndef REPORT_PLOT_JSON_H
#define REPORT_PLOT_JSON_H

struct emit;
struct plot;

/*
 * {"columns":n,"height":of a panel or
 * null,"panels":[{"title":..,"x":axis,"y":axis,"series":[..]}]}. An axis has "label", "log", "zero"
 * (begins at 0), "low" and "high" (null: from the data) and "category" (names or null), a series
 * "name", "mark" ("line", "steps", "bars", "dots"), "colour", "faint" and the arrays "x", "y",
 * "low", "high" (the last two may be null). Numbers that are none are null.
 */
void plot_emit(const struct plot *plot, struct emit *e);

#endif
