/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapfinger train: a model for the policy `tapfinger`, from scenarios. One line per exam on
 * standard output, the learning curve as CSV beside the model.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/text.h"
#include "base/vector.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/progress_bar.h"
#include "cli/shipped.h"
#include "core/scenario.h"
#include "marl/domain.h"
#include "marl/training.h"
#include "policy/registry.h"

struct curve {
    FILE *file;
    struct progress_bar *bar;
    bool quiet;
};

static void report(void *arg, const struct training_row *row)
{
    struct curve *curve = arg;

    bar_piece_done(curve->bar);
    fprintf(curve->file, "%lld,%s,%.1f,%lld,%.5f,%.4f,%.4f,%.4f,%.4f,%.4f,",
            (long long)row->iteration, row->reinforce ? "trial" : "lesson", row->seconds,
            (long long)row->decisions, row->loss, row->agreement, row->amount_agreement,
            row->entropy, row->gradient, exp(row->played));
    if (!isnan(row->exam))
        fprintf(curve->file, "%.4f", exp(row->exam));
    fprintf(curve->file, ",%d\n", row->best);
    fflush(curve->file);
    if (isnan(row->exam) || curve->quiet)
        return;
    printf("%5lld  %-6s %6.0f s  %9lld decisions  loss %7.4f  agreement %.3f %.3f  exam %.3f%s\n",
           (long long)row->iteration + 1, row->reinforce ? "trial" : "lesson", row->seconds,
           (long long)row->decisions, row->loss, row->agreement, row->amount_agreement,
           exp(row->exam), row->best ? " *" : "");
    fflush(stdout);
}

static int open_curve(struct curve *curve, const char *out, bool resume, struct err *err)
{
    struct text path;
    int rc = 0;

    text_init(&path, 0);
    text_printf(&path, "%s.csv", out);
    curve->file = fopen(path.bytes, resume ? "a" : "w");
    if (!curve->file)
        rc = err_set(err, ERR_IO, "%s: cannot write", path.bytes);
    else if (!resume)
        fputs("iteration,phase,seconds,decisions,loss,agreement,amount_agreement,entropy,gradient,"
              "played,exam,best\n",
              curve->file);
    text_release(&path);
    return rc;
}

/* "90", "90s", "10m" or "2h", in seconds. */
static int read_time(const char *text, double *out, struct err *err)
{
    char *end;

    *out = 0;
    if (!text)
        return 0;
    *out = strtod(text, &end);
    if (end != text && strcmp(end, "m") == 0)
        *out *= 60;
    else if (end != text && strcmp(end, "h") == 0)
        *out *= 3600;
    else if (end == text || (*end && strcmp(end, "s") != 0))
        return err_set(err, ERR_INVALID, "time: expected a time such as 90s, 10m or 2h, not \"%s\"",
                       text);
    return *out > 0 ? 0 : err_set(err, ERR_INVALID, "time: expected more than 0");
}

struct scenarios {
    VECTOR(struct scenario *) list;
};

static int load_scenarios(struct scenarios *s, const struct arguments *args, struct err *err)
{
    const struct option_value *name = params_value(&args->own, "scenario");
    const struct option_value *set = params_value(&args->own, "set");
    int rc = 0;

    for (int i = 0; i < name->repeats && rc == 0; i++) {
        VECTOR(const char *) overrides = {0};
        struct scenario *scenario = NULL;
        char *path = NULL;

        for (int k = 0; k < set->repeats; k++)
            vector_push(&overrides, set->repeat[k]);
        rc = shipped_find(&path, name->repeat[i], err);
        if (rc == 0)
            rc = scenario_load(&scenario, path, overrides.item, (int)overrides.count, err);
        if (rc == 0)
            vector_push(&s->list, scenario);
        vector_release(&overrides);
        free(path);
    }
    return rc;
}

static char *origin_of(const struct arguments *args)
{
    const struct option_value *name = params_value(&args->own, "scenario");
    struct text text;

    text_init(&text, 0);
    text_add(&text, "tapfinger train");
    for (int i = 0; i < name->repeats; i++)
        text_printf(&text, " %s", name->repeat[i]);
    return text_take(&text);
}

static int int_of(const struct arguments *args, const char *name)
{
    return (int)params_int(&args->own, name);
}

static struct training settings(const struct arguments *args, const struct scenarios *scenarios)
{
    return (struct training){
        .scenario = (const struct scenario *const *)scenarios->list.item,
        .scenarios = (int)scenarios->list.count,
        .draw = arguments_flag(args, "general") ? domain_draw : NULL,
        .teacher = policy_find(arguments_string(args, "teacher")),
        .surveyor = policy_find("random"),
        .speeds = arguments_string(args, "speeds"),
        .seed = (uint64_t)params_int(&args->own, "seed"),
        .jobs =
            params_given(&args->own, "threads") ? int_of(args, "threads") : parallel_processors(),
        .hidden = int_of(args, "hidden"),
        .heads = 4,
        .layers = int_of(args, "layers"),
        .lessons = int_of(args, "lessons"),
        .trials = int_of(args, "trials"),
        .lesson_episodes = int_of(args, "episodes"),
        .groups = int_of(args, "groups"),
        .siblings = int_of(args, "siblings"),
        .most_tasks = int_of(args, "tasks"),
        .batch = int_of(args, "batch"),
        .lesson_epochs = int_of(args, "epochs"),
        .trial_epochs = 1,
        .lesson_rate = params_real(&args->own, "rate"),
        .trial_rate = params_real(&args->own, "trial-rate"),
        .clip = 0.2,
        .entropy = params_real(&args->own, "entropy"),
        .horizon = params_real(&args->own, "horizon"),
        .exam_every = int_of(args, "exam-every"),
        .exam_seeds = int_of(args, "exam-seeds"),
        .out = arguments_string(args, "out"),
        .resume = arguments_flag(args, "resume"),
        .report = report,
    };
}

static int train(const struct arguments *args, const struct scenarios *scenarios, struct err *err)
{
    struct training training = settings(args, scenarios);
    struct curve curve = {.quiet = false};
    char *origin = origin_of(args);
    int rc = read_time(arguments_string(args, "time"), &training.time_s, err);

    if (rc == 0 && !training.teacher)
        rc = err_set(err, ERR_NOT_FOUND, "teacher: unknown policy");
    if (rc == 0)
        rc = open_curve(&curve, training.out, training.resume, err);
    if (rc == 0) {
        training.origin = origin;
        training.report_arg = &curve;
        curve.bar = bar_begin(training.lessons + training.trials, 0, "iterations");
        training.stop = bar_stop(curve.bar);
        rc = training_run(&training, err);
        bar_end(curve.bar);
    }
    if (curve.file)
        fclose(curve.file);
    free(origin);
    return rc;
}

static int run(const struct arguments *args, struct err *err)
{
    struct scenarios scenarios = {0};
    int code = EXIT_MISUSED;

    if (load_scenarios(&scenarios, args, err) == 0)
        code = train(args, &scenarios, err) ? EXIT_FAILED : EXIT_DONE;
    for (size_t i = 0; i < scenarios.list.count; i++)
        scenario_free(scenarios.list.item[i]);
    vector_release(&scenarios.list);
    return code;
}

static const struct example examples[] = {
    {"tapfinger train hetero-6 -o hetero-6.tap --time 10m", "a model for one scenario"},
    {"tapfinger train hetero-6 -o hetero-6.tap --time 20m --resume", "go on after a stop"},
    {"tapfinger simulate hetero-6 -p oracle -p tapfinger:model=hetero-6.tap", "what it is worth"},
    {0},
};

#define INT_ROW(key, value, least, most, meaning)                           \
    {                                                                       \
        key, OPTION_INT, value, .low = least, .high = most, .help = meaning \
    }

static const struct option_spec options[] = {
    {"scenario", OPTION_STRING, .choices = "SCENARIO",
     .flags = OPTION_POSITIONAL | OPTION_REQUIRED | OPTION_REPEATS,
     .help = "files, or names of scenarios that ship; they take turns"},
    {"general", OPTION_FLAG,
     .help = "every other episode in a scenario that is drawn anew, for a model that serves all"},
    {"out", OPTION_STRING, .choices = "MODEL", .letter = 'o', .flags = OPTION_REQUIRED,
     .help = "the best model; beside it MODEL.csv, the learning curve, and MODEL.state"},
    {"time", OPTION_STRING, .choices = "TIME", .help = "stop after 90s, 10m or 2h"},
    {"resume", OPTION_FLAG, .help = "go on from MODEL.state"},
    {"seed", OPTION_INT, "1", .low = 0, .high = 1e15, .help = "of weights, episodes and choices"},
    {"threads", OPTION_INT, .choices = "N", .low = 1, .high = 1024,
     .help = "default: one per processor; the model does not depend on it"},
    {"set", OPTION_STRING, .choices = "KEY=VALUE", .flags = OPTION_REPEATS,
     .help = "change the scenarios: path.to.key=value"},
    {"speeds", OPTION_STRING, "true", .choices = "true, noisy:S, ...",
     .help = "what the student learns speeds from, as speeds= of the policy"},
    {"teacher", OPTION_STRING, "oracle", .choices = "POLICY",
     .help = "whom to imitate; it is told the true speeds"},
    INT_ROW("lessons", "60", 0, 1000000, "iterations of imitation"),
    INT_ROW("trials", "0", 0, 1000000, "iterations of reinforcement"),
    INT_ROW("episodes", "16", 1, 4096, "per iteration of imitation"),
    INT_ROW("epochs", "2", 1, 100, "passes over the episodes of an iteration of imitation"),
    INT_ROW("groups", "16", 1, 4096, "sets of arrivals per iteration of reinforcement"),
    INT_ROW("siblings", "6", 2, 1024, "episodes with the same arrivals"),
    INT_ROW("tasks", "400", 0, 1000000, "most tasks of an episode; 0: as the scenario says"),
    INT_ROW("batch", "64", 1, 65536, "decisions per step"),
    {"rate", OPTION_REAL, "0.003", .low = 0, .high = 1, .help = "learning rate of imitation"},
    {"trial-rate", OPTION_REAL, "0.0005", .low = 0, .high = 1,
     .help = "learning rate of reinforcement"},
    {"entropy", OPTION_REAL, "0.003", .low = 0, .high = 10,
     .help = "weight of the entropy in reinforcement"},
    {"horizon", OPTION_REAL, "4", .low = 0.01, .high = 1e6,
     .help = "over how many typical durations costs count in reinforcement"},
    INT_ROW("hidden", "32", 4, 1024, "width of the network, a multiple of 4"),
    INT_ROW("layers", "2", 0, 4, "of graph attention"),
    INT_ROW("exam-every", "5", 1, 1000000, "iterations"),
    INT_ROW("exam-seeds", "10", 1, 1000, "per scenario"),
    {0},
};

const struct command command_train = {
    .name = "train",
    .summary = "train the learned policy on scenarios",
    .description =
        "Plays episodes, at first with a teacher that knows all speeds and is imitated, then on "
        "its own, learning from what came of it; keeps the model that does best on seeds it never "
        "trains on. The same settings give the same model on any number of threads.",
    .examples = examples,
    .options = options,
    .run = run,
};
