/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapfinger simulate: every policy on every seed of a scenario, and a table. The figures of a seed
 * are those of one episode; the table shows their means over seeds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/lineup.h"
#include "cli/progress_bar.h"
#include "core/scenario.h"
#include "report/event_log.h"
#include "report/result_csv.h"
#include "report/result_json.h"
#include "report/result_table.h"
#include "report/run_folder.h"
#include "report/table.h"

enum { TABLE_WIDTH = 100 };

static void print_json(const struct result *result, struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    result_emit(result, RESULT_CLOCK | RESULT_PER_SEED, &e);
    text_add_char(out, '\n');
}

static void print_csv(const struct arguments *args, const struct result *result, struct text *out)
{
    struct csv_style style = {
        .separator = arguments_flag(args, "csv") ? ',' : '\t',
        .no_header = arguments_flag(args, "no-header"),
    };

    if (arguments_flag(args, "per-seed"))
        result_csv_per_seed(result, &style, out);
    else
        result_csv(result, &style, out);
}

static int print_table(const struct arguments *args, const struct result *result, struct text *out,
                       struct err *err)
{
    const char *columns = arguments_string(args, "columns");
    bool wide = arguments_flag(args, "wide"), no_header = arguments_flag(args, "no-header");
    struct table_style style = {
        .width = wide || columns ? 0 : TABLE_WIDTH,
        .no_header = no_header,
        .colour = arguments_want_colour(args, 1),
    };
    struct table table;
    int rc;

    table_init(&table);
    rc = result_table_fill(result, columns, wide, &table, err);
    if (rc == 0) {
        if (!no_header)
            result_table_title(result, out);
        table_print(&table, &style, out);
        result_table_notes(result, out);
    }
    table_release(&table);
    return rc;
}

static int print_result(const struct arguments *args, const struct result *result, struct err *err)
{
    struct text out;
    int rc = 0;

    text_init(&out, 0);
    if (arguments_want_json(args))
        print_json(result, &out);
    else if (arguments_flag(args, "csv") || arguments_flag(args, "plain") ||
             arguments_flag(args, "per-seed"))
        print_csv(args, result, &out);
    else
        rc = print_table(args, result, &out, err);
    fwrite(out.bytes, 1, out.length, stdout);
    text_release(&out);
    return rc;
}

static void warn(const struct result *result)
{
    const char *why;

    for (int e = 0; e < result->entrants; e++)
        if (result->summary[e].measure[MEASURE_STUCK].mean > 0)
            fprintf(stderr,
                    "tapfinger simulate: warning: under %s %.0f of %d episodes ended stuck: tasks "
                    "waited and nothing could happen any more\n",
                    result->entrant[e].name,
                    result->summary[e].measure[MEASURE_STUCK].mean * result->summary[e].seeds,
                    result->summary[e].seeds);
    if (result_is_empty(result, &why))
        fprintf(stderr, "tapfinger simulate: warning: %s\n", why);
}

static bool has_any(const struct result *result)
{
    for (int e = 0; e < result->entrants; e++)
        if (result->summary[e].seeds > 0)
            return true;
    return false;
}

/* The files that a comparison writes while it runs. */
struct outputs {
    struct event_log *events;
    struct run_folder *folder;
    struct observer observer[COMPARISON_OBSERVERS];
    int observers;
};

static int open_folder(struct outputs *outputs, const struct arguments *args,
                       const struct experiment *experiment, struct err *err)
{
    struct run_description run = {
        .command = "simulate",
        .scenario = experiment->scenario,
        .result = &experiment->result,
    };
    const char **words = lineup_words(args, &run.arguments);
    int rc;

    run.argument = words;
    rc = run_folder_open(&outputs->folder, arguments_string(args, "out"),
                         arguments_flag(args, "force"), &run, err);
    free(words);
    if (rc == 0)
        outputs->observer[outputs->observers++] = run_folder_observer(outputs->folder);
    return rc;
}

static int open_outputs(struct outputs *outputs, const struct arguments *args,
                        const struct experiment *experiment, struct err *err)
{
    const struct result *result = &experiment->result;
    const char *events = arguments_string(args, "events");
    int rc = 0;

    *outputs = (struct outputs){.observers = 0};
    if (arguments_string(args, "out"))
        rc = open_folder(outputs, args, experiment, err);
    if (rc == 0 && events)
        rc = event_log_open(&outputs->events, events, experiment->scenario, result->entrant,
                            result->entrants * result->seeds, err);
    if (outputs->events)
        outputs->observer[outputs->observers++] = event_log_observer(outputs->events);
    return rc;
}

static int close_outputs(struct outputs *outputs, bool finished, struct err *err)
{
    int rc = run_folder_close(outputs->folder, finished, err);
    int closed = event_log_close(outputs->events, rc ? NULL : err);

    return rc ? rc : closed;
}

/* Runs the comparison with the bar and the files; ERR_INTERRUPTED leaves what is finished. */
static int run_experiment(const struct arguments *args, struct experiment *experiment,
                          struct err *err)
{
    const struct lineup *lineup = experiment->lineup;
    struct progress_bar *bar;
    struct outputs outputs;
    int rc = open_outputs(&outputs, args, experiment, err), closed;

    if (rc == 0) {
        bar = bar_begin((int64_t)lineup->specs * lineup->seeds.count,
                        experiment_tasks(experiment->scenario, lineup), "runs");
        rc = experiment_run(experiment, outputs.observer, outputs.observers, bar, err);
        bar_end(bar);
    }
    closed = close_outputs(&outputs, rc == 0, rc ? NULL : err);
    return rc ? rc : closed;
}

static int compare(const struct arguments *args, const struct scenario *scenario,
                   const struct lineup *lineup, struct err *err)
{
    struct experiment experiment;
    int rc = experiment_open(&experiment, scenario, lineup, err);

    if (rc) {
        experiment_close(&experiment);
        return EXIT_MISUSED;
    }
    rc = run_experiment(args, &experiment, err);
    if (rc == ERR_INTERRUPTED && has_any(&experiment.result)) {
        err_set(err, ERR_INTERRUPTED, "stopped; what was finished until then is shown");
        print_result(args, &experiment.result, NULL);
    } else if (rc == 0) {
        rc = print_result(args, &experiment.result, err);
        warn(&experiment.result);
    }
    experiment_close(&experiment);
    return rc ? EXIT_FAILED : EXIT_DONE;
}

static int run(const struct arguments *args, struct err *err)
{
    struct scenario *scenario = NULL;
    struct lineup lineup;
    bool found = true;
    int code = EXIT_MISUSED;

    if (lineup_open(&lineup, args, err) ||
        result_columns_check(arguments_string(args, "columns"), err))
        goto out;
    if (lineup_scenario(&scenario, args, NULL, 0, &found, err)) {
        code = found ? EXIT_FAILED : EXIT_MISUSED;
        goto out;
    }
    if (arguments_flag(args, "print-config")) {
        fputs(scenario->effective, stdout);
        code = EXIT_DONE;
    } else {
        code = compare(args, scenario, &lineup, err);
    }
out:
    scenario_free(scenario);
    lineup_close(&lineup);
    return code;
}

static const struct example examples[] = {
    {"tapfinger simulate hetero-6 -p fifo-min -p knee", "two policies over 30 seeds"},
    {"tapfinger simulate hetero-6 -p paper-min,paper-optimus,knee --wide", "every figure"},
    {"tapfinger simulate my.yaml -p knee:within=0.2 --seeds 101:200 --csv > knee.csv",
     "a policy with an option, other seeds, as CSV"},
    {"tapfinger simulate hetero-6 -p knee --set arrivals.rate=8 --json", "a changed scenario"},
    {0},
};

static const struct option_spec options[] = {
    LINEUP_OPTION_ROWS,
    {"columns", OPTION_STRING, .choices = "COL,COL", .letter = 'o',
     .help = "these columns of the table"},
    {"wide", OPTION_FLAG, .letter = 'w', .help = "all columns of the table"},
    {"csv", OPTION_FLAG, .help = "CSV: one row per policy, all figures"},
    {"plain", OPTION_FLAG, .help = "the same with tabs between"},
    {"per-seed", OPTION_FLAG, .help = "CSV (or --plain): one row per policy and seed"},
    {"no-header", OPTION_FLAG, .help = "without title and column headings"},
    {"out", OPTION_STRING, .choices = "DIR",
     .help = "write a results directory: tables, jobs, schedules, traces (see docs/outputs.md)"},
    {"force", OPTION_FLAG, .help = "--out: also over a finished run, or beside other files"},
    {"events", OPTION_STRING, .choices = "FILE",
     .help = "write every arrival, start, resize, finish, ... as JSON lines"},
    {"print-config", OPTION_FLAG,
     .help = "print the scenario as it would be run, bases merged and changes applied, and stop"},
    {0},
};

const struct command command_simulate = {
    .name = "simulate",
    .summary = "compare policies on a scenario",
    .description =
        "Runs every policy on every seed and prints the means over seeds. At one seed all policies "
        "see the same arrivals, so differences between them are paired: their 95 % intervals are "
        "those of the differences. Same seeds, same figures, on every machine and with any "
        "--jobs; only the decision time is measured by the clock.\n\n"
        "Times are in the scenario's unit: slots, or seconds where time is continuous. Ctrl-C "
        "stops and shows what is finished.",
    .examples = examples,
    .options = options,
    .run = run,
};
