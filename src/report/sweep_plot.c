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
    struct arena *arena;
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
    double *y = arena_zalloc(d->arena, (size_t)count, sizeof *y);
    double *low = arena_zalloc(d->arena, (size_t)count, sizeof *low);
    double *high = arena_zalloc(d->arena, (size_t)count, sizeof *high);

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
        title = arena_printf(d->arena, "%s%s%s = %s", title, k > 1 ? ", " : "", grid->key[k].key,
                             grid->key[k].value[grid_index(grid, cell_of(d, panel, 0), k)]);
    return grid->keys > 1 ? title : NULL;
}

/* The range of the y axis, the same in all panels so that they can be compared. */
static void find_range(const struct sweep_figures *f, double *low, double *high)
{
    *low = *high = 0;
    for (int i = 0; i < grid_cells(f->grid) * f->entrants; i++) {
        const struct estimate *e = &f->estimate[i];
        double half = isfinite(e->half) ? e->half : 0;

        if (isfinite(e->mean)) {
            *low = fmin(*low, e->mean - half);
            *high = fmax(*high, e->mean + half);
        }
    }
}

static struct plot_panel make_panel(struct drawer *d, int panel, const char *label)
{
    const struct sweep_figures *f = d->figures;
    const struct grid_key *key = &f->grid->key[0];
    struct plot_series *series = arena_zalloc(d->arena, (size_t)f->entrants, sizeof *series);

    double low, high;

    find_range(f, &low, &high);
    for (int e = 0; e < f->entrants; e++)
        series[e] = make_series(d, panel, e);
    return (struct plot_panel){
        .title = panel_title(d, panel),
        .x = {.label = key->key,
              .category = d->is_numeric ? NULL : (const char *const *)key->value,
              .categories = d->is_numeric ? 0 : key->values},
        .y = {.label = label, .from_zero = true, .low = low, .high = high},
        .series = series,
        .count = f->entrants,
    };
}

static void place_values(struct drawer *d)
{
    const struct grid_key *key = &d->figures->grid->key[0];
    double *x = arena_zalloc(d->arena, (size_t)key->values, sizeof *x);

    d->is_numeric = grid_numbers(key, x);
    for (int i = 0; !d->is_numeric && i < key->values; i++)
        x[i] = i;
    d->x = x;
}

struct plot sweep_plot_make(const struct sweep_figures *figures, struct arena *arena)
{
    const struct grid *grid = figures->grid;
    int panels = grid_cells(grid) / grid->key[0].values;
    int drawn = panels < SWEEP_PANELS ? panels : SWEEP_PANELS;
    struct drawer d = {.figures = figures, .arena = arena};
    struct plot_panel *panel = arena_zalloc(arena, (size_t)drawn, sizeof *panel);
    struct plot plot = {.panels = drawn, .columns = drawn > 4 ? 3 : drawn > 1 ? 2 : 1};
    char label[80];

    place_values(&d);
    sweep_figure_label(figures, label, sizeof label);
    for (int p = 0; p < drawn; p++)
        panel[p] = make_panel(&d, p, figures->label ? figures->label : arena_strdup(arena, label));
    plot.panel = panel;
    plot.title = figures->scenario;
    plot.note = arena_printf(arena, "means over %d seeds with 95 %% intervals%s", figures->seeds,
                             drawn < panels ? "; the first panels of more" : "");
    if (drawn == 1) {
        plot.panel_width = 420;
        plot.panel_height = 280;
    }
    return plot;
}

int sweep_plot_write(const struct sweep_figures *figures, const char *path, struct err *err)
{
    struct arena arena;
    struct plot plot;
    int rc;

    arena_init(&arena);
    plot = sweep_plot_make(figures, &arena);
    rc = plot_write(&plot, path, err);
    arena_release(&arena);
    return rc;
}
