/* SPDX-License-Identifier: Apache-2.0 */
#include "report/sweep_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/memory.h"
#include "report/grid.h"
#include "report/plot.h"

void sweep_figure_label(const struct sweep_figures *f, char *out, int bytes)
{
    snprintf(out, (size_t)bytes, "%s%s%s%s", measure_info[f->measure].name, *f->unit ? " (" : "",
             f->unit, *f->unit ? ")" : "");
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = ' ';
}

struct drawer {
    const struct sweep_figures *figures;
    struct arena arena;
    const double *x; /* of the first key's values */
    bool is_numeric;
};

/* Cells of one panel differ in the first key, the slowest to change. */
static int cell_of(const struct drawer *d, int panel, int i)
{
    const struct grid *grid = d->figures->grid;

    return i * (grid_cells(grid) / grid->key[0].values) + panel;
}

static struct plot_series make_series(struct drawer *d, int panel, int entrant)
{
    const struct sweep_figures *f = d->figures;
    int count = f->grid->key[0].values;
    double *y = arena_zalloc(&d->arena, (size_t)count, sizeof *y);
    double *low = arena_zalloc(&d->arena, (size_t)count, sizeof *low);
    double *high = arena_zalloc(&d->arena, (size_t)count, sizeof *high);

    for (int i = 0; i < count; i++) {
        const struct estimate *e = &f->estimate[cell_of(d, panel, i) * f->entrants + entrant];

        y[i] = e->mean;
        low[i] = e->mean - e->half;
        high[i] = e->mean + e->half;
    }
    return (struct plot_series){
        .name = f->name[entrant],
        .mark = PLOT_LINE,
        .x = d->x,
        .y = y,
        .low = low,
        .high = high,
        .count = count,
        .colour = entrant,
    };
}

/* "slot=2, window=5": what the panel's cells have in common. */
static const char *panel_title(struct drawer *d, int panel)
{
    const struct grid *grid = d->figures->grid;
    const char *title = "";

    for (int k = 1; k < grid->keys; k++)
        title = arena_printf(&d->arena, "%s%s%s = %s", title, k > 1 ? ", " : "", grid->key[k].key,
                             grid->key[k].value[grid_index(grid, cell_of(d, panel, 0), k)]);
    return grid->keys > 1 ? title : NULL;
}

/* The top of the y axis, the same in all panels so that they can be compared. */
static double largest_figure(const struct sweep_figures *f)
{
    double most = 0;

    for (int i = 0; i < grid_cells(f->grid) * f->entrants; i++) {
        const struct estimate *e = &f->estimate[i];
        double top = isfinite(e->half) ? e->mean + e->half : e->mean;

        most = isfinite(top) && top > most ? top : most;
    }
    return most;
}

static struct plot_panel make_panel(struct drawer *d, int panel, const char *label)
{
    const struct sweep_figures *f = d->figures;
    const struct grid_key *key = &f->grid->key[0];
    struct plot_series *series = arena_zalloc(&d->arena, (size_t)f->entrants, sizeof *series);

    for (int e = 0; e < f->entrants; e++)
        series[e] = make_series(d, panel, e);
    return (struct plot_panel){
        .title = panel_title(d, panel),
        .x = {.label = key->key,
              .category = d->is_numeric ? NULL : (const char *const *)key->value,
              .categories = d->is_numeric ? 0 : key->values},
        .y = {.label = label, .from_zero = true, .high = largest_figure(f)},
        .series = series,
        .count = f->entrants,
    };
}

static void place_values(struct drawer *d)
{
    const struct grid_key *key = &d->figures->grid->key[0];
    double *x = arena_zalloc(&d->arena, (size_t)key->values, sizeof *x);

    d->is_numeric = grid_numbers(key, x);
    for (int i = 0; !d->is_numeric && i < key->values; i++)
        x[i] = i;
    d->x = x;
}

int sweep_plot_write(const struct sweep_figures *figures, const char *path, struct err *err)
{
    const struct grid *grid = figures->grid;
    int panels = grid_cells(grid) / grid->key[0].values, rc;
    int drawn = panels < SWEEP_PANELS ? panels : SWEEP_PANELS;
    struct drawer d = {.figures = figures};
    struct plot_panel *panel;
    struct plot plot = {.panels = drawn, .columns = drawn > 4 ? 3 : drawn > 1 ? 2 : 1};
    char label[80];

    arena_init(&d.arena);
    place_values(&d);
    sweep_figure_label(figures, label, sizeof label);
    panel = arena_zalloc(&d.arena, (size_t)drawn, sizeof *panel);
    for (int p = 0; p < drawn; p++)
        panel[p] = make_panel(&d, p, label);
    plot.panel = panel;
    plot.title = figures->scenario;
    plot.note = arena_printf(&d.arena, "means over %d seeds with 95 %% intervals%s", figures->seeds,
                             drawn < panels ? "; the first panels of more" : "");
    if (drawn == 1) {
        plot.panel_width = 420;
        plot.panel_height = 280;
    }
    rc = plot_write(&plot, path, err);
    arena_release(&d.arena);
    return rc;
}
