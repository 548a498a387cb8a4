/* SPDX-License-Identifier: Apache-2.0 */
/* Scales and ticks: where a value lies, and which values get a label. */
#ifndef REPORT_PLOT_AXIS_H
#define REPORT_PLOT_AXIS_H

#include <stdbool.h>

enum { PLOT_TICKS = 40 };

struct scale {
    bool logarithmic;
    double low, high; /* of the data, widened to ticks where that is near */
    double from, to;  /* where these lie, in points */
    double tick[PLOT_TICKS];
    int ticks, decimals; /* of tick labels; -1: each as short as it can be */
};

/* From low to high (finite, low <= high; above 0 if logarithmic) with about so many ticks. */
void scale_init(struct scale *scale, double low, double high, bool logarithmic, int wanted);

double scale_at(const struct scale *scale, double value);

/* "0.25", "1,000": at most 31 characters. */
void scale_label(const struct scale *scale, double tick, char out[32]);

#endif
