/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fit_plot.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "report/plot.h"

enum { MOST_PANELS = 12, COLUMNS = 3 };

struct panel {
    double *measured, *fitted; /* fitted: model by model */
    double diagonal[2];
    struct plot_series series[FIT_MODELS + 1];
};

/* A series for every model that could be fitted; the diagonal is where all would be right. */
static int fill_panel(struct panel *panel, const struct trace *trace, const struct trace_type *type,
                      const struct profile_fit *fits)
{
    size_t points = type->points.count;
    int count = 0;

    panel->measured = xcalloc(points, sizeof(double));
    panel->fitted = xcalloc(points * FIT_MODELS, sizeof(double));
    panel->diagonal[0] = HUGE_VAL;
    for (size_t i = 0; i < points; i++) {
        panel->measured[i] = type->points.item[i].seconds;
        panel->diagonal[0] = fmin(panel->diagonal[0], panel->measured[i]);
        panel->diagonal[1] = fmax(panel->diagonal[1], panel->measured[i]);
    }
    for (int m = 0; m < FIT_MODELS; m++) {
        double *y = panel->fitted + (size_t)m * points;

        if (fits[m].verdict == FIT_NOT_POSSIBLE)
            continue;
        for (size_t i = 0; i < points; i++) {
            struct allocation amount;

            for (int r = 0; r < MAX_RESOURCES; r++)
                amount.amount[r] = type->points.item[i].amount[r];
            y[i] = profile_fit_seconds(&fits[m], trace, type, &amount);
        }
        panel->series[count] = (struct plot_series){.name = fit_words[fits[m].model].name,
                                                    .mark = PLOT_DOTS,
                                                    .x = panel->measured,
                                                    .y = y,
                                                    .count = (int)points,
                                                    .colour = 1 + (int)fits[m].model};
        count++;
    }
    panel->series[count] = (struct plot_series){.name = "measured",
                                                .mark = PLOT_LINE,
                                                .x = panel->diagonal,
                                                .y = panel->diagonal,
                                                .count = 2};
    return count + 1;
}

int fit_plot(const struct trace *trace, const int *type, int types,
             struct profile_fit (*fits)[FIT_MODELS], const char *path, struct err *err)
{
    int panels = types < MOST_PANELS ? types : MOST_PANELS, rc;
    struct panel *panel = xcalloc((size_t)panels, sizeof *panel);
    struct plot_panel *plotted = xcalloc((size_t)panels, sizeof *plotted);
    struct plot plot = {.title = "Measured and fitted seconds",
                        .note = types > panels ? "The first types only." : NULL,
                        .panel = plotted,
                        .panels = panels,
                        .columns = panels < COLUMNS ? panels : COLUMNS};

    for (int i = 0; i < panels; i++) {
        const struct trace_type *one = &trace->types.item[type[i]];

        plotted[i] = (struct plot_panel){.title = one->name,
                                         .x = {.label = "measured", .logarithmic = true},
                                         .y = {.label = "fitted", .logarithmic = true},
                                         .series = panel[i].series};
        plotted[i].count = fill_panel(&panel[i], trace, one, fits[i]);
    }
    rc = plot_write(&plot, path, err);
    for (int i = 0; i < panels; i++) {
        free(panel[i].measured);
        free(panel[i].fitted);
    }
    free(panel);
    free(plotted);
    return rc;
}
