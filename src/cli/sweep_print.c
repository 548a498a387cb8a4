/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sweep.h"

#include <math.h>

#include "base/emit.h"
#include "cli/arguments.h"
#include "cli/listing.h"
#include "core/scenario.h"
#include "report/table.h"

static void add_cell_figure(struct table *table, const struct estimate *e, bool best)
{
    int decimals = table_decimals(e->mean);
    enum mood mood = best ? MOOD_GOOD : MOOD_PLAIN;

    if (isfinite(e->mean) && isfinite(e->half))
        table_cell(table, mood, "%.*f ±%.*f", decimals, e->mean, decimals, e->half);
    else if (isfinite(e->mean))
        table_cell(table, mood, "%.*f", decimals, e->mean);
    else
        table_cell(table, MOOD_FAINT, "-");
}

/* The entrant with the least figure; -1 where less is not better. */
static int find_best(const struct sweep *s, int cell)
{
    int best = -1;

    for (int e = 0; measure_info[s->measure].unit == UNIT_TIME && e < s->lineup.specs; e++) {
        double mean = s->estimate[cell * s->lineup.specs + e].mean;

        if (isfinite(mean) && (best < 0 || mean < s->estimate[cell * s->lineup.specs + best].mean))
            best = e;
    }
    return best;
}

void sweep_print_table(const struct sweep *s, const struct sweep_figures *figures, struct text *out)
{
    struct table_style style = {.width = LISTING_WIDTH,
                                .colour = arguments_want_colour(s->args, 1)};
    struct table table;
    char label[80];

    sweep_figure_label(figures, label, sizeof label);
    text_printf(out, "%s: %s over %d seed%s\n\n", s->base->name, label, s->lineup.seeds.count,
                s->lineup.seeds.count == 1 ? "" : "s");
    table_init(&table);
    for (int k = 0; k < s->grid.keys; k++)
        table_column(&table, s->grid.key[k].key, TABLE_RIGHT, 0);
    for (int e = 0; e < s->lineup.specs; e++)
        table_column(&table, s->name[e], TABLE_RIGHT, e + 1);
    for (int cell = 0; cell < grid_cells(&s->grid); cell++) {
        int best = find_best(s, cell);

        for (int k = 0; k < s->grid.keys; k++)
            table_cell(&table, MOOD_STRONG, "%s",
                       s->grid.key[k].value[grid_index(&s->grid, cell, k)]);
        for (int e = 0; e < s->lineup.specs; e++)
            add_cell_figure(&table, &s->estimate[cell * s->lineup.specs + e], e == best);
    }
    table_print(&table, &style, out);
    table_release(&table);
}

void sweep_print_json(const struct sweep *s, struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    emit_key_string(&e, "schema", "tapfinger.sweep/1");
    emit_key_string(&e, "scenario", s->base->name);
    emit_key(&e, "vary");
    emit_open(&e, '[');
    for (int k = 0; k < s->grid.keys; k++) {
        emit_open(&e, '{');
        emit_key_string(&e, "key", s->grid.key[k].key);
        emit_key(&e, "values");
        emit_open(&e, '[');
        for (int i = 0; i < s->grid.key[k].values; i++)
            emit_string(&e, s->grid.key[k].value[i]);
        emit_close(&e);
        emit_close(&e);
    }
    emit_close(&e);
    emit_key(&e, "cells");
    emit_open(&e, '[');
    emit_raw(&e, s->json.bytes);
    emit_close(&e);
    emit_close(&e);
    text_add_char(out, '\n');
}
