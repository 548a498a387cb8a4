/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapfinger evaluate: what a trained model is worth, on seeds that no training ever saw, beside the
 * planner that knows all speeds and the best of the simple rules.
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
#include "cli/shipped.h"
#include "core/scenario.h"
#include "report/result_json.h"
#include "report/result_table.h"
#include "report/table.h"

enum { TABLE_WIDTH = 100 };

static int add_model(struct lineup *lineup, const struct arguments *args, struct err *err)
{
    struct text spec;
    int rc;

    text_init(&spec, 0);
    text_printf(&spec, "tapfinger:model=%s,speeds=%s", arguments_string(args, "model"),
                arguments_string(args, "speeds"));
    rc = lineup_add(lineup, spec.bytes, err);
    text_release(&spec);
    return rc;
}

static int open_lineup(struct lineup *lineup, const struct arguments *args, struct err *err)
{
    int rc = lineup_open(lineup, args, err);

    return rc ? rc : add_model(lineup, args, err);
}

static int print_table(const struct arguments *args, const struct result *result, struct text *out,
                       struct err *err)
{
    struct table_style style = {.width = TABLE_WIDTH, .colour = arguments_want_colour(args, 1)};
    struct table table;
    int rc;

    table_init(&table);
    rc = result_table_fill(result, NULL, false, &table, err);
    if (rc == 0) {
        result_table_title(result, out);
        table_print(&table, &style, out);
        result_table_notes(result, out);
    }
    table_release(&table);
    return rc;
}

static int evaluate(const struct arguments *args, const struct scenario *scenario,
                    const struct lineup *lineup, struct text *out, struct err *err)
{
    struct progress_bar *bar;
    struct experiment x;
    int rc = experiment_open(&x, scenario, lineup, err);

    if (rc == 0) {
        bar = bar_begin((int64_t)lineup->specs * lineup->seeds.count,
                        experiment_tasks(scenario, lineup), "runs");
        rc = experiment_run(&x, NULL, 0, bar, err);
        bar_end(bar);
    }
    if (rc == 0 && arguments_want_json(args)) {
        struct emit e;

        if (out->length > 1)
            text_add_char(out, ',');
        emit_init(&e, out);
        result_emit(&x.result, RESULT_CLOCK | RESULT_PER_SEED, &e);
    } else if (rc == 0) {
        rc = print_table(args, &x.result, out, err);
    }
    experiment_close(&x);
    return rc;
}

static int evaluate_all(const struct arguments *args, const struct lineup *lineup, struct text *out,
                        struct err *err)
{
    const struct option_value *name = params_value(&args->own, "scenario");
    int rc = 0;

    for (int i = 0; i < name->repeats && rc == 0; i++) {
        struct scenario *scenario = NULL;
        char *path = NULL;

        rc = shipped_find(&path, name->repeat[i], err);
        if (rc == 0)
            rc = scenario_load(&scenario, path, NULL, 0, err);
        if (rc == 0)
            rc = evaluate(args, scenario, lineup, out, err);
        if (rc == 0 && !arguments_want_json(args) && i + 1 < name->repeats)
            text_add_char(out, '\n');
        scenario_free(scenario);
        free(path);
    }
    return rc;
}

static int run(const struct arguments *args, struct err *err)
{
    int code = EXIT_MISUSED;
    struct lineup lineup;
    struct text out;

    text_init(&out, 0);
    if (open_lineup(&lineup, args, err) == 0) {
        if (arguments_want_json(args))
            text_add_char(&out, '[');
        code = evaluate_all(args, &lineup, &out, err) ? EXIT_FAILED : EXIT_DONE;
        if (arguments_want_json(args))
            text_add(&out, "]\n");
    }
    if (code == EXIT_DONE)
        fwrite(out.bytes, 1, out.length, stdout);
    text_release(&out);
    lineup_close(&lineup);
    return code;
}

static const struct example examples[] = {
    {"tapfinger evaluate hetero-6 hetero-6", "a model on the scenario it was made for"},
    {"tapfinger evaluate general day bursts --speeds fitted:8 -p knee",
     "the general model on others, with eight samples of each type"},
    {0},
};

static const struct option_spec options[] = {
    {"model", OPTION_STRING, .choices = "MODEL", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "a file that \"tapfinger train\" wrote, or one that ships, by its scenario's name"},
    {"scenario", OPTION_STRING, .choices = "SCENARIO",
     .flags = OPTION_POSITIONAL | OPTION_REQUIRED | OPTION_REPEATS,
     .help = "files, or names of scenarios that ship"},
    {"speeds", OPTION_STRING, "online",
     .choices = "true, noisy:S, profile:FILE, fitted:K, online, guess",
     .help = "what the model learns speeds from"},
    {"policy", OPTION_STRING, "oracle,knee", .choices = "POLICY", .letter = 'p',
     .flags = OPTION_REPEATS,
     .help = "whom to compare with; the first is what the others are compared to"},
    {"seeds", OPTION_STRING, "101:130", .choices = "SEEDS", .letter = 's',
     .help = "N for 1 to N, a:b for a range, or a list"},
    {"jobs", OPTION_INT, .choices = "N", .letter = 'j', .low = 1, .high = 1024,
     .help = "threads; default: one per processor; results do not depend on it"},
    LINEUP_BOUND_ROW,
    {0},
};

const struct command command_evaluate = {
    .name = "evaluate",
    .summary = "compare a trained model with other policies",
    .description = "Runs the model and the other policies on held-out seeds of each scenario and "
                   "prints a table for each, with intervals.",
    .examples = examples,
    .options = options,
    .run = run,
};
