/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapfinger sweep: a comparison for every combination of the values that keys of the scenario take.
 * A cell that is finished is written before the next begins, so killing a sweep loses one cell at
 * most, and --resume goes on behind the last one.
 */
#include "cli/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/progress_bar.h"
#include "core/scenario.h"
#include "report/folder.h"
#include "report/result_csv.h"
#include "report/result_json.h"
#include "report/sweep_folder.h"

static int open_sweep(struct sweep *s, const struct arguments *args, struct err *err)
{
    const struct option_value *vary = params_value(&args->own, "vary");
    int rc = measure_find(arguments_string(args, "figure"), &s->measure, err);

    s->args = args;
    s->folder = arguments_string(args, "out");
    if (rc == 0 && arguments_string(args, "plot"))
        rc = picture_check_name(arguments_string(args, "plot"), err);
    if (rc == 0 && !s->folder && (arguments_flag(args, "resume") || arguments_flag(args, "force")))
        rc = err_set(err, ERR_INVALID, "--%s does nothing without --out",
                     arguments_flag(args, "resume") ? "resume" : "force");
    text_init(&s->csv, 0);
    text_init(&s->json, 0);
    if (rc == 0)
        rc = lineup_open(&s->lineup, args, err);
    for (int i = 0; rc == 0 && i < vary->repeats; i++)
        rc = grid_add(&s->grid, vary->repeat[i], err);
    if (rc)
        return rc;
    s->estimate =
        xcalloc((size_t)grid_cells(&s->grid) * (size_t)s->lineup.specs, sizeof *s->estimate);
    s->name = xcalloc((size_t)s->lineup.specs, sizeof *s->name);
    for (int i = 0; i < s->lineup.specs; i++)
        s->name[i] = s->lineup.spec[i].label;
    return 0;
}

static void close_sweep(struct sweep *s)
{
    text_release(&s->csv);
    text_release(&s->json);
    scenario_free(s->base);
    grid_release(&s->grid);
    lineup_close(&s->lineup);
    free(s->name);
    free(s->estimate);
}

/* One cell */

/* Columns are named after the first cell's resources, so all must have the same. */
static int check_resources(const struct sweep *s, const struct catalog *catalog, struct err *err)
{
    const struct catalog *first = &s->base->catalog;
    bool same = first->resources == catalog->resources;

    for (int r = 0; same && r < first->resources; r++)
        same = strcmp(first->resource[r].name, catalog->resource[r].name) == 0;
    return same ? 0 : err_set(err, ERR_UNSUPPORTED, "a sweep cannot vary the resources");
}

static void begin_row(const struct sweep *s, int cell, struct text *names, struct text *values)
{
    for (int k = 0; k < s->grid.keys; k++) {
        csv_value(names, ',', s->grid.key[k].key);
        text_add_char(names, ',');
        csv_value(values, ',', s->grid.key[k].value[grid_index(&s->grid, cell, k)]);
        text_add_char(values, ',');
    }
}

static void add_csv(struct sweep *s, int cell, const struct result *result)
{
    struct text names, values;

    text_init(&names, 0);
    text_init(&values, 0);
    begin_row(s, cell, &names, &values);
    result_csv(result,
               &(struct csv_style){.names = names.bytes,
                                   .values = values.bytes,
                                   .separator = ',',
                                   .no_header = s->csv.length > 0,
                                   .reproducible = true},
               &s->csv);
    text_release(&names);
    text_release(&values);
}

static void add_json(struct sweep *s, int cell, const struct result *result)
{
    struct emit e;

    if (s->json.length > 0)
        text_add_char(&s->json, ',');
    emit_init(&e, &s->json);
    emit_open(&e, '{');
    emit_key(&e, "values");
    emit_open(&e, '{');
    for (int k = 0; k < s->grid.keys; k++)
        emit_key_string(&e, s->grid.key[k].key,
                        s->grid.key[k].value[grid_index(&s->grid, cell, k)]);
    emit_close(&e);
    emit_key(&e, "result");
    result_emit(result, 0, &e);
    emit_close(&e);
}

static int write_cell(const struct sweep *s, int cell, const struct result *result, struct err *err)
{
    char *path = sweep_folder_cell(s->folder, cell);
    struct text text;
    struct emit e;
    int rc;

    text_init(&text, 0);
    emit_init(&e, &text);
    result_emit(result, RESULT_PER_SEED, &e);
    text_add_char(&text, '\n');
    rc = text_write_file(&text, path, err);
    text_release(&text);
    free(path);
    return rc;
}

/* Reads the cell if an earlier sweep finished it, else runs it. */
static int fill_cell(struct sweep *s, int cell, struct experiment *experiment, struct err *err)
{
    char *path = s->folder ? sweep_folder_cell(s->folder, cell) : NULL;
    int pieces = s->lineup.specs * s->lineup.seeds.count, rc;

    if (path && access(path, F_OK) == 0) {
        rc = result_read(&experiment->result, path, experiment->outcome, err);
        for (int i = 0; i < pieces; i++)
            bar_piece_done(s->bar);
        result_sum_up(&experiment->result);
    } else {
        rc = experiment_run(experiment, NULL, 0, s->bar, err);
        if (rc == 0 && path)
            rc = write_cell(s, cell, &experiment->result, err);
    }
    free(path);
    return rc;
}

static int run_experiment(struct sweep *s, int cell, const struct scenario *scenario,
                          struct err *err)
{
    struct experiment experiment;
    int rc = check_resources(s, &scenario->catalog, err);

    if (rc)
        return rc;
    rc = experiment_open(&experiment, scenario, &s->lineup, err);
    if (rc == 0)
        rc = fill_cell(s, cell, &experiment, err);
    if (rc == 0) {
        add_csv(s, cell, &experiment.result);
        add_json(s, cell, &experiment.result);
        for (int e = 0; e < s->lineup.specs; e++)
            s->estimate[cell * s->lineup.specs + e] =
                experiment.result.summary[e].measure[s->measure];
        s->done++;
    }
    experiment_close(&experiment);
    return rc;
}

static int run_cell(struct sweep *s, int cell, struct err *err)
{
    const char *override[GRID_KEYS];
    struct text text[GRID_KEYS];
    struct scenario *scenario = NULL;
    bool found;
    int rc;

    for (int k = 0; k < s->grid.keys; k++) {
        text_init(&text[k], 0);
        grid_override(&s->grid, cell, k, &text[k]);
        override[k] = text[k].bytes;
    }
    rc = lineup_scenario(&scenario, s->args, override, s->grid.keys, &found, err);
    if (rc == 0)
        rc = run_experiment(s, cell, scenario, err);
    scenario_free(scenario);
    for (int k = 0; k < s->grid.keys; k++)
        text_release(&text[k]);
    return rc;
}

static int run_cells(struct sweep *s, struct err *err)
{
    int cells = grid_cells(&s->grid), rc = 0;

    s->bar = bar_begin((int64_t)cells * s->lineup.specs * s->lineup.seeds.count, 0, "runs");
    for (int cell = 0; rc == 0 && cell < cells; cell++)
        rc = run_cell(s, cell, err);
    bar_end(s->bar);
    return rc;
}

/* Outcome */

static int write_plot(const struct sweep_figures *figures, const char *folder, const char *name,
                      struct err *err)
{
    char *path = folder_join(folder, name);
    int rc = sweep_plot_write(figures, path, err);

    free(path);
    return rc;
}

static int write_files(const struct sweep *s, const struct sweep_figures *figures, struct err *err)
{
    struct text nothing;
    int rc = 0;

    if (arguments_string(s->args, "plot"))
        rc = sweep_plot_write(figures, arguments_string(s->args, "plot"), err);
    if (!s->folder || rc)
        return rc;
    rc = folder_write(s->folder, "sweep.csv", &s->csv, err);
    if (rc == 0)
        rc = write_plot(figures, s->folder, "sweep.svg", err);
    if (rc == 0)
        rc = write_plot(figures, s->folder, "sweep.pdf", err);
    text_init(&nothing, 0);
    if (rc == 0)
        rc = folder_write(s->folder, "DONE", &nothing, err);
    text_release(&nothing);
    return rc;
}

static int conclude(const struct sweep *s, struct err *err)
{
    struct sweep_figures figures = {
        .grid = &s->grid,
        .scenario = s->base->name,
        .unit = measure_unit_word(s->measure, &s->base->catalog),
        .measure = s->measure,
        .name = s->name,
        .entrants = s->lineup.specs,
        .seeds = s->lineup.seeds.count,
        .estimate = s->estimate,
    };
    struct text out;
    int rc;

    text_init(&out, 0);
    if (arguments_want_json(s->args))
        sweep_print_json(s, &out);
    else if (arguments_flag(s->args, "csv"))
        text_add(&out, s->csv.bytes);
    else
        sweep_print_table(s, &figures, &out);
    fwrite(out.bytes, 1, out.length, stdout);
    fflush(stdout);
    rc = write_files(s, &figures, err);
    if (rc == 0 && s->folder)
        fprintf(stderr, "wrote %s; \"tapfinger report %s\" makes a page of it\n", s->folder,
                s->folder);
    text_release(&out);
    return rc;
}

/* Everything that decides the outcome but the folder. */
static int open_folder(const struct sweep *s, struct err *err)
{
    const struct option_value *vary = params_value(&s->args->own, "vary");
    enum sweep_opening opening = arguments_flag(s->args, "resume")  ? SWEEP_RESUME
                                 : arguments_flag(s->args, "force") ? SWEEP_FORCE
                                                                    : SWEEP_NEW;
    struct sweep_plan plan = {.scenario = s->base, .grid = &s->grid};
    const char **words;
    int rc;

    if (!s->folder)
        return 0;
    words = lineup_words(s->args, &plan.arguments);
    words = xrealloc(words, (size_t)plan.arguments + 2 * (size_t)vary->repeats, sizeof *words);
    for (int i = 0; i < vary->repeats; i++) {
        words[plan.arguments++] = "--vary";
        words[plan.arguments++] = vary->repeat[i];
    }
    plan.argument = words;
    rc = sweep_folder_open(s->folder, opening, &plan, err);
    free(words);
    return rc;
}

static int run_sweep(struct sweep *s, struct err *err)
{
    int rc = open_folder(s, err);

    if (rc == 0)
        rc = run_cells(s, err);
    if (rc == ERR_INTERRUPTED)
        return err_set(err, ERR_INTERRUPTED, "stopped; %d of %d cells are done%s", s->done,
                       grid_cells(&s->grid),
                       s->folder ? "; --resume goes on with the rest" : ", and lost without --out");
    return rc ? rc : conclude(s, err);
}

static int run(const struct arguments *args, struct err *err)
{
    struct sweep sweep = {.done = 0};
    bool found = true;
    int code = EXIT_MISUSED;

    if (open_sweep(&sweep, args, err))
        goto out;
    if (lineup_scenario(&sweep.base, args, NULL, 0, &found, err))
        code = found ? EXIT_FAILED : EXIT_MISUSED;
    else
        code = run_sweep(&sweep, err) ? EXIT_FAILED : EXIT_DONE;
out:
    close_sweep(&sweep);
    return code;
}

static const struct example examples[] = {
    {"tapfinger sweep hetero-6 --vary arrivals.rate=1:10:1 -p fifo-min,knee --plot rate.svg",
     "completion time over the arrival rate"},
    {"tapfinger sweep hetero-6 --vary arrivals.rate=2:8:2 --vary 'window=5|10|20' -p knee,fair "
     "--out runs/windows",
     "a grid of two keys, kept in a directory"},
    {"tapfinger sweep three-tasks --vary 'switching=none|stall-5|stall-30|stall-120' -p "
     "optimus,fair",
     "over what a change of allocation costs"},
    {"tapfinger sweep ... --out runs/windows --resume", "go on after a stop"},
    {0},
};

static const struct option_spec options[] = {
    LINEUP_OPTION_ROWS,
    {"vary", OPTION_STRING, .choices = "KEY=VALUES", .letter = 'v',
     .flags = OPTION_REPEATS | OPTION_REQUIRED,
     .help = "path.to.key=low:high:step or path.to.key=a|b|c; the first is the plot's x axis"},
    {"figure", OPTION_STRING, "mean_completion", .choices = "FIGURE",
     .help = "what the table and the plot show: p95, waiting, slowdown, makespan, ..."},
    {"plot", OPTION_STRING, .choices = "FILE",
     .help = "draw it; the name's ending says how: .svg, .pdf or .png"},
    {"out", OPTION_STRING, .choices = "DIR",
     .help = "keep every cell, a CSV file and the plot in a directory"},
    {"resume", OPTION_FLAG, .help = "--out: go on with the sweep that is there"},
    {"force", OPTION_FLAG, .help = "--out: begin anew over what is there"},
    {"csv", OPTION_FLAG, .help = "CSV: one row per cell and policy, all figures"},
    {0},
};

const struct command command_sweep = {
    .name = "sweep",
    .summary = "compare policies over a grid of scenarios",
    .description = "Runs simulate for every combination of the values and prints one figure, a "
                   "row per combination, a column per policy, the least in green. With --out a "
                   "cell is on disk before the next begins: a sweep that was stopped or killed "
                   "goes on with --resume.",
    .examples = examples,
    .options = options,
    .run = run,
};
