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
#include "report/folder.h"
#include "report/prediction.h"
#include "report/result_csv.h"
#include "report/result_json.h"
#include "report/result_table.h"
#include "report/run_folder.h"
#include "report/table.h"

enum { TABLE_WIDTH = 100 };

/* prediction: NULL without a log. */
static void print_json(const struct result *result, const struct prediction *prediction,
                       struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    result_emit_keys(result, RESULT_CLOCK | RESULT_PER_SEED, &e);
    if (prediction) {
        emit_key(&e, "real");
        prediction_emit(prediction, result, &e);
    }
    emit_close(&e);
    text_add_char(out, '\n');
}

static void print_prediction(const struct arguments *args, const struct prediction *prediction,
                             const struct result *result, struct text *out)
{
    struct table_style style = {.width = TABLE_WIDTH, .colour = arguments_want_colour(args, 1)};
    struct table table;

    if (!prediction->finished) {
        text_add(out, "\nIn the log no task finished: there is nothing to hold this against.\n");
        return;
    }
    text_printf(out, "\nThe log was made under %s; %d of its %d tasks finished:\n",
                prediction->run.policy, prediction->finished, prediction->tasks);
    table_init(&table);
    prediction_fill(prediction, result, &table);
    table_print(&table, &style, out);
    table_release(&table);
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

static bool wants_table(const struct arguments *args)
{
    return !arguments_want_json(args) && !arguments_flag(args, "csv") &&
           !arguments_flag(args, "plain") && !arguments_flag(args, "per-seed") &&
           !arguments_flag(args, "per-task");
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

static int print_result(const struct arguments *args, const struct result *result,
                        const struct prediction *prediction, struct err *err)
{
    struct text out;
    int rc = 0;

    text_init(&out, 0);
    if (arguments_want_json(args))
        print_json(result, prediction, &out);
    else if (arguments_flag(args, "per-task"))
        prediction_csv(prediction, result, &out);
    else if (arguments_flag(args, "csv") || arguments_flag(args, "plain") ||
             arguments_flag(args, "per-seed"))
        print_csv(args, result, &out);
    else
        rc = print_table(args, result, &out, err);
    if (rc == 0 && prediction && wants_table(args))
        print_prediction(args, prediction, result, &out);
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
                        const struct experiment *experiment, struct prediction *prediction,
                        struct err *err)
{
    const struct result *result = &experiment->result;
    const char *events = arguments_string(args, "events");
    int rc = 0;

    *outputs = (struct outputs){.observers = 0};
    if (prediction)
        outputs->observer[outputs->observers++] =
            prediction_observer(prediction, result->entrants, result->seeds);
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

/* DIR/tasks.csv: the log's tasks, what really became of them and what was predicted. */
static int write_tasks(const char *folder, const struct prediction *prediction,
                       const struct result *result, struct err *err)
{
    char *path = folder_join(folder, PREDICTION_FILE);
    struct text out;
    int rc;

    text_init(&out, 0);
    prediction_csv(prediction, result, &out);
    rc = text_write_file(&out, path, err);
    text_release(&out);
    free(path);
    return rc;
}

/* Runs the comparison with the bar and the files; ERR_INTERRUPTED leaves what is finished. */
static int run_experiment(const struct arguments *args, struct experiment *experiment,
                          struct prediction *prediction, struct err *err)
{
    const struct lineup *lineup = experiment->lineup;
    struct progress_bar *bar;
    struct outputs outputs;
    int rc = open_outputs(&outputs, args, experiment, prediction, err), closed;

    if (rc == 0) {
        bar = bar_begin((int64_t)lineup->specs * lineup->seeds.count,
                        experiment_tasks(experiment->scenario, lineup), "runs");
        rc = experiment_run(experiment, outputs.observer, outputs.observers, bar, err);
        bar_end(bar);
    }
    if (rc == 0 && prediction && arguments_string(args, "out"))
        rc = write_tasks(arguments_string(args, "out"), prediction, &experiment->result, err);
    closed = close_outputs(&outputs, rc == 0, rc ? NULL : err);
    return rc ? rc : closed;
}

/* What was written, and what one can do with it. */
static void tell_next(const struct arguments *args)
{
    const char *out = arguments_string(args, "out"), *events = arguments_string(args, "events");

    if (out)
        fprintf(stderr, "wrote %s; \"tapfinger report %s\" makes a page of it\n", out, out);
    if (events)
        fprintf(stderr, "wrote %s; \"tapfinger replay %s\" runs it again\n", events, events);
}

static int compare(const struct arguments *args, const struct scenario *scenario,
                   const struct lineup *lineup, struct prediction *prediction, struct err *err)
{
    struct experiment experiment;
    int rc = experiment_open(&experiment, scenario, lineup, err);

    if (rc) {
        experiment_close(&experiment);
        return EXIT_MISUSED;
    }
    rc = run_experiment(args, &experiment, prediction, err);
    if (rc == ERR_INTERRUPTED && has_any(&experiment.result)) {
        err_set(err, ERR_INTERRUPTED, "stopped; what was finished until then is shown");
        print_result(args, &experiment.result, prediction, NULL);
    } else if (rc == 0) {
        rc = print_result(args, &experiment.result, prediction, err);
        fflush(stdout);
        warn(&experiment.result);
        tell_next(args);
    }
    experiment_close(&experiment);
    return rc ? EXIT_FAILED : EXIT_DONE;
}

/* What can be wrong with the flags is said before anything runs. */
static int check_flags(const struct arguments *args, struct err *err)
{
    const char *columns = arguments_string(args, "columns");

    if (arguments_flag(args, "force") && !arguments_string(args, "out"))
        return err_set(err, ERR_INVALID, "--force does nothing without --out");
    if (columns && result_table_check(columns, err))
        return ERR_INVALID;
    if (!arguments_string(args, "from-log"))
        return arguments_flag(args, "per-task")
                   ? err_set(err, ERR_INVALID, "--per-task does nothing without --from-log")
                   : 0;
    if (arguments_string(args, "scenario") || arguments_string(args, "arrivals"))
        return err_set(err, ERR_INVALID, "--from-log: the log has a scenario and arrivals");
    return 0;
}

/* Without a log scenario and policy must be there. */
static int check_need(const struct arguments *args, struct err *err)
{
    if (arguments_string(args, "from-log"))
        return 0;
    return arguments_need(args, "scenario", err) ? ERR_INVALID
                                                 : arguments_need(args, "policy", err);
}

/* What is not said comes from the log: its policy, and one seed, as all is drawn already. */
static int complete_from_log(struct lineup *lineup, const struct arguments *args,
                             const struct prediction *prediction, struct err *err)
{
    int rc = lineup->specs ? 0 : lineup_add(lineup, prediction->run.policy, err);

    if (rc == 0 && !params_given(&args->own, "seeds") && prediction->run.arrivals > 0) {
        seed_list_release(&lineup->seeds);
        rc = seed_list_parse(&lineup->seeds, "1", err);
    }
    return rc;
}

static int run_log(const struct arguments *args, struct lineup *lineup, struct err *err)
{
    const char *path = arguments_string(args, "from-log");
    struct scenario *scenario = NULL;
    struct prediction prediction;
    int code = EXIT_FAILED, rc = prediction_open(&prediction, path, err);

    if (rc == 0)
        rc = complete_from_log(lineup, args, &prediction, err);
    if (rc == 0)
        rc = lineup_log_scenario(&scenario, args, &prediction.run, path, err);
    if (rc == 0 && arguments_flag(args, "print-config")) {
        fputs(scenario->effective, stdout);
        code = EXIT_DONE;
    } else if (rc == 0) {
        code = compare(args, scenario, lineup, &prediction, err);
    }
    scenario_free(scenario);
    prediction_close(&prediction);
    return code;
}

static int run(const struct arguments *args, struct err *err)
{
    struct scenario *scenario = NULL;
    struct lineup lineup;
    bool found = true;
    int code = EXIT_MISUSED;

    if (lineup_open(&lineup, args, err) || check_flags(args, err) || check_need(args, err))
        goto out;
    if (arguments_string(args, "from-log")) {
        code = run_log(args, &lineup, err);
        goto out;
    }
    if (lineup_scenario(&scenario, args, NULL, 0, &found, err)) {
        code = found ? EXIT_FAILED : EXIT_MISUSED;
        goto out;
    }
    if (arguments_flag(args, "print-config")) {
        fputs(scenario->effective, stdout);
        code = EXIT_DONE;
    } else {
        code = compare(args, scenario, &lineup, NULL, err);
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
    {"tapfinger record -o day.jsonl && tapfinger simulate --from-log day.jsonl -p fair,knee",
     "what the daemon did, again and under another policy"},
    {"tapfinger simulate hetero-6 -p fifo-min,knee --out runs/a && tapfinger report runs/a",
     "everything that happened, and a page of it"},
    {0},
};

static const struct option_spec options[] = {
    LINEUP_OPTION_ROWS_OR_LOG,
    {"from-log", OPTION_STRING, .choices = "FILE",
     .help = "in place of a scenario: run an event log's tasks again, under its policy or others, "
             "and hold the outcome against what the log says"},
    {"per-task", OPTION_FLAG,
     .help = "--from-log: CSV: one row per task, its real and its predicted completion times"},
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
