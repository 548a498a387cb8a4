/* SPDX-License-Identifier: Apache-2.0 */
#include "report/sweep_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "report/command_line.h"
#include "report/folder.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/sweep_plot.h"
#include "report/sweep_read.h"
#include "report/table.h"

static const char *const scripts[] = {"page.js", "chart.js", NULL};
static const char *const styles[] = {"page.css", "chart.css", NULL};

/* Those with a section of their own. */
static const enum measure shown[] = {MEASURE_COMPLETION, MEASURE_P95,      MEASURE_SLOWDOWN,
                                     MEASURE_WAIT,       MEASURE_FAIRNESS, MEASURE_MAKESPAN};

enum { CONFIG_BYTES = 1 << 22 };

struct writer {
    struct page page;
    const struct sweep_record *sweep;
    const char **name; /* of entrants */
    struct estimate *estimate;
};

static struct sweep_figures figures_of(const struct writer *w, enum measure measure)
{
    const struct sweep_record *s = w->sweep;

    return (struct sweep_figures){
        .grid = &s->grid,
        .scenario = s->scenario,
        .unit = measure_unit_word(measure, &s->catalog),
        .measure = measure,
        .name = w->name,
        .entrants = s->entrants,
        .seeds = s->seeds,
        .estimate = w->estimate,
    };
}

static struct estimate none(void)
{
    return (struct estimate){.mean = (double)NAN, .half = (double)NAN};
}

static void take_measure(struct writer *w, enum measure measure)
{
    const struct sweep_record *s = w->sweep;

    for (int i = 0; i < grid_cells(&s->grid) * s->entrants; i++)
        w->estimate[i] = s->summary[i].seeds > 0 ? s->summary[i].measure[measure] : none();
}

static void take_differences(struct writer *w)
{
    const struct sweep_record *s = w->sweep;

    for (int i = 0; i < grid_cells(&s->grid) * s->entrants; i++) {
        w->estimate[i] = s->summary[i].seeds > 0 ? s->summary[i].difference : none();
        if (s->summary[i].seeds > 0 && i % s->entrants == 0)
            w->estimate[i] = (struct estimate){.mean = 0, .half = 0, .count = s->seeds};
    }
}

static void add_cell_figure(struct table *table, const struct estimate *e, enum mood mood)
{
    int decimals = table_decimals(e->mean);

    if (!isfinite(e->mean))
        table_cell(table, MOOD_FAINT, "-");
    else if (isfinite(e->half))
        table_cell(table, mood, "%.*f ±%.*f", decimals, e->mean, decimals, e->half);
    else
        table_cell(table, mood, "%.*f", decimals, e->mean);
}

/* The least of a cell, where less is better and there is more than one. */
static int find_best(const struct writer *w, int cell)
{
    int best = -1;

    for (int e = 0; e < w->sweep->entrants && w->sweep->entrants > 1; e++) {
        double mean = w->estimate[cell * w->sweep->entrants + e].mean;

        if (isfinite(mean) &&
            (best < 0 || mean < w->estimate[cell * w->sweep->entrants + best].mean))
            best = e;
    }
    return best;
}

static void add_table(struct writer *w, const char *caption, bool less_is_better)
{
    const struct sweep_record *s = w->sweep;
    struct table table;

    table_init(&table);
    for (int k = 0; k < s->grid.keys; k++)
        table_column(&table, s->grid.key[k].key, TABLE_RIGHT, 0);
    for (int e = 0; e < s->entrants; e++)
        table_column(&table, w->name[e], TABLE_RIGHT, 0);
    for (int cell = 0; cell < grid_cells(&s->grid); cell++) {
        int best = less_is_better ? find_best(w, cell) : -1;

        for (int k = 0; k < s->grid.keys; k++)
            table_cell(&table, MOOD_PLAIN, "%s",
                       s->grid.key[k].value[grid_index(&s->grid, cell, k)]);
        for (int e = 0; e < s->entrants; e++)
            add_cell_figure(&table, &w->estimate[cell * s->entrants + e],
                            e == best ? MOOD_GOOD : MOOD_PLAIN);
    }
    page_table(&w->page, caption, &table);
    table_release(&table);
}

static void add_chart(struct writer *w, const struct sweep_figures *figures, const char *caption)
{
    struct arena arena;
    struct plot plot;

    arena_init(&arena);
    plot = sweep_plot_make(figures, &arena);
    plot.title = NULL; /* the section's will do */
    page_chart(&w->page, &plot, caption);
    arena_release(&arena);
}

static const char *seeds_words(const struct writer *w, struct arena *arena)
{
    int panels = grid_cells(&w->sweep->grid) / w->sweep->grid.key[0].values;

    return arena_printf(arena, "Means over %d seed%s with 95 %% intervals%s.", w->sweep->seeds,
                        w->sweep->seeds == 1 ? "" : "s",
                        panels > SWEEP_PANELS ? "; the first panels of more, the table has all"
                                              : "");
}

static void add_measure(struct writer *w, enum measure measure, struct arena *arena)
{
    struct sweep_figures figures = figures_of(w, measure);
    bool less = measure_info[measure].unit == UNIT_TIME || measure == MEASURE_SLOWDOWN;
    char label[80];

    take_measure(w, measure);
    sweep_figure_label(&figures, label, sizeof label);
    page_section(&w->page, measure_info[measure].name, label);
    page_paragraph(&w->page, "legend", "%s", measure_info[measure].help);
    add_chart(w, &figures, seeds_words(w, arena));
    add_table(w, arena_printf(arena, "%s%s", label, less ? "; the least is green" : ""), less);
}

static void add_differences(struct writer *w, struct arena *arena)
{
    struct sweep_figures figures = figures_of(w, MEASURE_COMPLETION);
    const char *first = w->name[0];

    if (w->sweep->entrants < 2)
        return;
    figures.label = arena_printf(arena, "difference to %s%s%s%s", first, *figures.unit ? " (" : "",
                                 figures.unit, *figures.unit ? ")" : "");
    take_differences(w);
    page_section(&w->page, "differences", "Paired differences");
    add_chart(w, &figures,
              arena_printf(arena,
                           "Differences of mean completion times to %s at the same seeds; "
                           "below 0 is better. %s",
                           first, seeds_words(w, arena)));
    add_table(w, figures.label, false);
}

static void add_run(struct writer *w)
{
    const struct sweep_record *s = w->sweep;
    char *path = folder_join(s->path, "config.yaml");
    struct text text;

    page_section(&w->page, "run", "The sweep");
    page_facts(&w->page);
    text_init(&text, CONFIG_BYTES);
    command_line_print("sweep", s->argument, s->arguments, &text);
    page_fact(&w->page, "Command", text.bytes);
    page_fact(&w->page, "Program", s->version);
    page_facts_end(&w->page);
    text_reset(&text);
    if (text_read_file(&text, path, NULL) == 0)
        page_folded(&w->page, "Configuration before anything is varied (config.yaml)", text.bytes);
    text_release(&text);
    free(path);
}

static void add_all(struct writer *w)
{
    const struct sweep_record *s = w->sweep;
    int cells = grid_cells(&s->grid);
    struct arena arena;

    arena_init(&arena);
    w->name = arena_zalloc(&arena, (size_t)s->entrants, sizeof *w->name);
    for (int e = 0; e < s->entrants; e++)
        w->name[e] = s->entrant[e].name;
    w->estimate = arena_zalloc(&arena, (size_t)cells * (size_t)s->entrants, sizeof *w->estimate);
    if (s->done < cells)
        page_paragraph(&w->page, "note", "This sweep did not finish: %d of %d cells are there.",
                       s->done, cells);
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        add_measure(w, shown[i], &arena);
        if (shown[i] == MEASURE_COMPLETION)
            add_differences(w, &arena);
    }
    add_run(w);
    arena_release(&arena);
}

int sweep_page_write(const char *path, const struct sweep_record *sweep, struct err *err)
{
    struct writer w = {.sweep = sweep};
    struct text title;
    int rc;

    text_init(&title, 0);
    text_add(&title, sweep->scenario);
    for (int k = 0; k < sweep->grid.keys; k++)
        text_printf(&title, "%s%s", k > 0 ? ", " : " over ", sweep->grid.key[k].key);
    page_init(&w.page, title.bytes, NULL, scripts, styles);
    add_all(&w);
    rc = page_write(&w.page, path, err);
    page_release(&w.page);
    text_release(&title);
    return rc;
}
