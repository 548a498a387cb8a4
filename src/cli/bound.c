/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger bound: how good a schedule could be at best, seed by seed or in the
 * mean. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/statistics.h"
#include "base/text.h"
#include "bound/bounds.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/lineup.h"
#include "core/scenario.h"
#include "report/table.h"

struct survey_of_bounds {
    const struct scenario *scenario;
    const struct seed_list *seeds;
    struct bound_rules rules;
    struct bound *bound; /* by seed */
};

static struct estimate mean_of(const struct survey_of_bounds *s, int kind)
{
    double *sample = xcalloc((size_t)s->seeds->count, sizeof *sample);
    struct estimate estimate;
    int count = 0;

    for (int i = 0; i < s->seeds->count; i++) {
        double value = kind < BOUNDS ? s->bound[i].mean[kind] : s->bound[i].best;

        if (isfinite(value))
            sample[count++] = value;
    }
    estimate = estimate_mean(sample, count);
    free(sample);
    return estimate;
}

/* How the strongest bound came out. */
static const char *status_of(const struct bound *bound, enum bound_kind strongest)
{
    if (bound->is_optimal)
        return "optimal";
    if (strongest == BOUND_EXACT && !bound->obstacle)
        return "open";
    return isfinite(bound->mean[BOUND_LP]) ? "relaxed" : "none";
}

static void emit_bound(struct emit *e, const struct bound *bound, enum bound_kind strongest)
{
    for (int k = 0; k <= (int)strongest; k++)
        emit_key_real(e, bound_info[k].name, bound->mean[k]);
    emit_key_real(e, "best", bound->best);
    if (strongest < BOUND_LP)
        return;
    emit_key_real(e, "schedule", bound->schedule);
    emit_key_string(e, "status", status_of(bound, strongest));
    emit_key_string(e, "obstacle", bound->obstacle);
    emit_key_int(e, "columns", bound->columns);
    emit_key_int(e, "nodes", bound->nodes);
}

static void print_json(const struct survey_of_bounds *s, struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    emit_key_string(&e, "schema", "tapfinger.bounds/1");
    emit_key_string(&e, "scenario", s->scenario->name);
    emit_key_string(&e, "time_unit", s->scenario->catalog.time_unit);
    emit_key_real(&e, "time_unit_s", s->scenario->catalog.time_unit_s);
    emit_key_int(&e, "starts", s->rules.starts);
    emit_key(&e, "bounds");
    emit_open(&e, '[');
    for (int k = 0; k <= (int)s->rules.strongest; k++) {
        struct estimate mean = mean_of(s, k);

        emit_open(&e, '{');
        emit_key_string(&e, "name", bound_info[k].name);
        emit_key_real(&e, "mean", mean.mean);
        emit_key_real(&e, "ci95", mean.half);
        emit_key_int(&e, "seeds", mean.count);
        emit_close(&e);
    }
    emit_close(&e);
    emit_key(&e, "per_seed");
    emit_open(&e, '[');
    for (int i = 0; i < s->seeds->count; i++) {
        emit_open(&e, '{');
        emit_key_int(&e, "seed", (int64_t)s->seeds->seed[i]);
        emit_key_int(&e, "tasks", s->bound[i].tasks);
        emit_bound(&e, &s->bound[i], s->rules.strongest);
        emit_close(&e);
    }
    emit_close(&e);
    emit_close(&e);
    text_add_char(out, '\n');
}

static void add_mean_row(struct table *table, const struct survey_of_bounds *s, int kind)
{
    struct estimate mean = mean_of(s, kind);
    int decimals = table_decimals(mean.mean);

    table_cell(table, MOOD_STRONG, "%s", bound_info[kind].name);
    table_figure_cell(table, MOOD_PLAIN, mean.mean);
    if (isfinite(mean.half))
        table_cell(table, MOOD_PLAIN, "%.*f", decimals, mean.half);
    else
        table_cell(table, MOOD_FAINT, "-");
    table_cell(table, MOOD_PLAIN, "%d", mean.count);
    table_cell(table, MOOD_PLAIN, "%s", bound_info[kind].help);
}

static void fill_means(struct table *table, const struct survey_of_bounds *s)
{
    table_column(table, "BOUND", TABLE_LEFT, 0);
    table_column(table, "MEAN", TABLE_RIGHT, 0);
    table_column(table, "±95%", TABLE_RIGHT, 0);
    table_column(table, "SEEDS", TABLE_RIGHT, 0);
    table_column(table, "NO SCHEDULE IS BETTER THAN", TABLE_LEFT, 0);
    for (int k = 0; k <= (int)s->rules.strongest; k++)
        add_mean_row(table, s, k);
}

static void add_program_cells(struct table *table, const struct bound *bound,
                              enum bound_kind strongest)
{
    const char *status = status_of(bound, strongest);

    table_figure_cell(table, MOOD_PLAIN, bound->schedule);
    if (bound->obstacle)
        table_cell(table, MOOD_FAINT, "%s: %s", status, bound->obstacle);
    else
        table_cell(table, bound->is_optimal ? MOOD_GOOD : MOOD_PLAIN, "%s", status);
    table_cell(table, MOOD_PLAIN, "%lld", (long long)bound->columns);
    table_cell(table, MOOD_PLAIN, "%lld", (long long)bound->nodes);
}

static void fill_seeds(struct table *table, const struct survey_of_bounds *s)
{
    table_column(table, "SEED", TABLE_RIGHT, 0);
    table_column(table, "TASKS", TABLE_RIGHT, 0);
    for (int k = 0; k <= (int)s->rules.strongest; k++)
        table_column(table, bound_info[k].heading, TABLE_RIGHT, 0);
    if (s->rules.strongest >= BOUND_LP) {
        table_column(table, "SCHEDULE", TABLE_RIGHT, 0);
        table_column(table, "STATUS", TABLE_LEFT, 0);
        table_column(table, "COLUMNS", TABLE_RIGHT, 0);
        table_column(table, "NODES", TABLE_RIGHT, 0);
    }
    for (int i = 0; i < s->seeds->count; i++) {
        table_cell(table, MOOD_PLAIN, "%llu", (unsigned long long)s->seeds->seed[i]);
        table_cell(table, MOOD_PLAIN, "%lld", (long long)s->bound[i].tasks);
        for (int k = 0; k <= (int)s->rules.strongest; k++)
            table_figure_cell(table, MOOD_PLAIN, s->bound[i].mean[k]);
        if (s->rules.strongest >= BOUND_LP)
            add_program_cells(table, &s->bound[i], s->rules.strongest);
    }
}

static void print_table(const struct arguments *args, const struct survey_of_bounds *s,
                        struct text *out)
{
    bool plain = arguments_flag(args, "plain");
    struct table_style style = {
        .no_header = arguments_flag(args, "no-header"),
        .colour = !plain && arguments_want_colour(args, 1),
        .tabs = plain,
    };
    struct table table;

    table_init(&table);
    if (arguments_flag(args, "per-seed"))
        fill_seeds(&table, s);
    else
        fill_means(&table, s);
    table_print(&table, &style, out);
    table_release(&table);
}

static int bound_scenario(const struct arguments *args, const struct scenario *scenario,
                          const struct seed_list *seeds, struct err *err)
{
    struct survey_of_bounds s = {
        .scenario = scenario,
        .seeds = seeds,
        .rules = {.strongest = (enum bound_kind)params_choice(&args->own, "strongest"),
                  .starts = (int)params_int(&args->own, "starts"),
                  .columns = params_int(&args->own, "columns"),
                  .nodes = params_int(&args->own, "nodes"),
                  .jobs = params_given(&args->own, "jobs") ? (int)params_int(&args->own, "jobs")
                                                           : parallel_processors()},
        .bound = xcalloc((size_t)seeds->count, sizeof *s.bound),
    };
    struct text out;
    int rc = bounds_run(scenario, seeds->seed, seeds->count, &s.rules, s.bound, err);

    text_init(&out, 0);
    if (rc == 0 && arguments_want_json(args))
        print_json(&s, &out);
    else if (rc == 0)
        print_table(args, &s, &out);
    fwrite(out.bytes, 1, out.length, stdout);
    text_release(&out);
    free(s.bound);
    return rc ? EXIT_FAILED : EXIT_DONE;
}

static int run(const struct arguments *args, struct err *err)
{
    struct scenario *scenario = NULL;
    struct seed_list seeds = {0};
    bool found = true;
    int code = EXIT_MISUSED;

    if (seed_list_parse(&seeds, arguments_string(args, "seeds"), err))
        return EXIT_MISUSED;
    if (lineup_scenario(&scenario, args, NULL, 0, &found, err))
        code = found ? EXIT_FAILED : EXIT_MISUSED;
    else
        code = bound_scenario(args, scenario, &seeds, err);
    scenario_free(scenario);
    seed_list_release(&seeds);
    return code;
}

static const struct example examples[] = {
    {"tapfinger bound hetero-6", "the mean bounds over seeds 1 to 30"},
    {"tapfinger bound synthetic --seeds 101:130 --per-seed", "seed by seed"},
    {"tapfinger bound hetero-6 --set arrivals.tasks=5 --strongest exact "
     "--per-seed",
     "so few tasks that the optimum can be proven"},
    {0},
};

static const struct option_spec options[] = {
    LINEUP_SCENARIO_ROW,
    LINEUP_SEED_ROWS,
    {"strongest", OPTION_CHOICE, "pooled", .choices = BOUND_CHOICES,
     .help = "this bound and the cheaper ones"},
    {"starts", OPTION_INT, "16", .low = 1, .high = 1000, .choices = "N",
     .help = "where noise is drawn per start: hold for schedules that start no "
             "task more often"},
    {"columns", OPTION_INT, "20000", .low = 1, .high = 10000000, .choices = "N",
     .help = "lp, exact: largest program to solve; it is made coarser to fit"},
    {"nodes", OPTION_INT, "2000", .low = 1, .high = 1000000000, .choices = "N",
     .help = "exact: nodes of the search tree after which it gives up"},
    {"per-seed", OPTION_FLAG, .help = "one row per seed, and how the programs came out"},
    {"plain", OPTION_FLAG, .help = "values between tabs"},
    {"no-header", OPTION_FLAG, .help = "without column headings"},
    {0},
};

const struct command command_bound = {
    .name = "bound",
    .summary = "how good a schedule could be at best",
    .description = "Lower bounds on the mean completion time of the very tasks of each seed, with "
                   "the very noise of that seed: no schedule that the simulated world accepts does "
                   "better, whatever it knows, also if it preempts, moves and resizes tasks at "
                   "will. Tasks that fail or are lost only make true schedules worse.\n\n"
                   "lp and exact are for small slotted instances. Every course that a task may "
                   "take is in their program; a schedule with status optimal is proven to be as "
                   "good as any, with status open none was proven before --nodes ran out, and the "
                   "bound is what is proven until then.",
    .examples = examples,
    .options = options,
    .run = run,
};
