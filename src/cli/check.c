/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger check: is this scenario what I meant, and does it give a policy anything to decide? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/progress_bar.h"
#include "cli/shipped.h"
#include "core/scenario.h"
#include "report/survey.h"
#include "report/survey_print.h"
#include "report/table.h"

/* Returns how many warnings there were. */
static int print_warnings(const struct survey *survey, const struct scenario *scenario, bool quiet)
{
    struct text lines;
    int count = 0;

    text_init(&lines, 0);
    survey_warnings(survey, scenario, &lines);
    for (char *at = lines.bytes; *at; at += strcspn(at, "\n") + 1) {
        count++;
        if (!quiet)
            fprintf(stderr, "tapfinger check: warning: %.*s\n", (int)strcspn(at, "\n"), at);
    }
    text_release(&lines);
    return count;
}

static void print_survey(const struct arguments *args, const struct survey *survey,
                         const struct scenario *scenario)
{
    struct table_style style = {.width = LISTING_WIDTH, .colour = arguments_want_colour(args, 1)};
    struct text out;
    struct emit e;

    text_init(&out, 0);
    if (arguments_want_json(args)) {
        emit_init(&e, &out);
        survey_emit(survey, scenario, &e);
        text_add_char(&out, '\n');
    } else {
        survey_print(survey, scenario, &style, &out);
    }
    fputs(out.bytes, stdout);
    text_release(&out);
}

static int check(const struct arguments *args, const struct scenario *scenario, struct err *err)
{
    int seeds = (int)params_int(&args->own, "seeds"), warnings = 0, rc;
    struct progress_bar *bar = bar_begin(0, 0, "runs");
    struct survey survey;

    rc = survey_make(&survey, scenario, seeds, parallel_processors(), bar_stop(bar), err);
    bar_end(bar);
    if (rc == 0) {
        print_survey(args, &survey, scenario);
        fflush(stdout);
        warnings = print_warnings(&survey, scenario, arguments_want_json(args));
    }
    survey_release(&survey, scenario);
    return rc || (warnings > 0 && arguments_flag(args, "strict")) ? EXIT_FAILED : EXIT_DONE;
}

static int run(const struct arguments *args, struct err *err)
{
    const struct option_value *set = params_value(&args->own, "set");
    struct scenario *scenario;
    char *path;
    int code = EXIT_FAILED;

    if (shipped_find(&path, arguments_string(args, "scenario"), err))
        return EXIT_MISUSED;
    if (scenario_load(&scenario, path, set->repeat, set->repeats, err) == 0)
        code = check(args, scenario, err);
    scenario_free(scenario);
    free(path);
    return code;
}

static const struct example examples[] = {
    {"tapfinger check my.yaml", "is it valid, and how loaded are the clusters?"},
    {"tapfinger check edge/bursts --set arrivals.rate=0.5 --strict", "fail if there is a warning"},
    {0},
};

static const struct option_spec options[] = {
    {"scenario", OPTION_STRING, .choices = "SCENARIO", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "a file, or the name of a scenario that ships"},
    {"set", OPTION_STRING, .choices = "KEY=VALUE", .flags = OPTION_REPEATS,
     .help = "change the scenario: path.to.key=value"},
    {"seeds", OPTION_INT, "5", .choices = "N", .letter = 's', .low = 1, .high = 1000,
     .help = "draw the arrivals of so many seeds"},
    {"strict", OPTION_FLAG, .help = "a warning is a failure"},
    {0},
};

const struct command command_check = {
    .name = "check",
    .summary = "validate a scenario and report its load",
    .description =
        "Reads a scenario, draws its arrivals and reports what they ask of every cluster. A task "
        "asks of each cluster that it may use for an equal part of its work; its work there is "
        "held units times seconds, alone and without noise, with its minimum or with the "
        "thrifty allocation: the one under which the largest share of any resource times the "
        "seconds is least. The load is the sum over capacity times the time in which the tasks "
        "arrive. Above 1, for thrifty allocations, more arrives than can ever be done.\n\n"
        "Two simple policies then run on the same seeds to see whether anything ever waits. "
        "Warnings go to standard error, and into the JSON.",
    .examples = examples,
    .options = options,
    .run = run,
};
