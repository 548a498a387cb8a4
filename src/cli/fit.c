/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger fit: which speed model describes a profile, and a type ready for a scenario. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/fit_plot.h"
#include "cli/fit_types.h"
#include "cli/listing.h"
#include "report/table.h"
#include "trace/import.h"
#include "trace/profile_fit.h"

struct fitting {
    const struct arguments *args;
    struct import_source source;
    struct trace trace;
    struct trace_name wanted;
    VECTOR(int) types; /* those that were asked for */
};

/* What may have been meant in place of a profile that is not there. */
static const char *profile_hint(const struct fitting *f, const char *profile)
{
    const char *type = arguments_string(f->args, "type");

    if (type)
        return access(type, R_OK) == 0 ? "; TYPE comes before PROFILE" : "";
    return profile[strcspn(profile, "./:@")] ? "" : "; only one type: tapfinger fit TYPE PROFILE";
}

static int refuse_profile(const struct fitting *f, const char *format, struct err *err)
{
    const char *profile = arguments_string(f->args, "profile"),
               *near = trace_format_nearest(format);

    return err_set(err, ERR_NOT_FOUND,
                   "there is no file \"%.60s\" and no format of that name%s%s%s; expected a table "
                   "of measurements, or what \"tapfinger import --list\" shows%s",
                   profile, near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "",
                   profile_hint(f, profile));
}

static int open_profile(struct fitting *f, struct err *err)
{
    const char *profile = arguments_string(f->args, "profile");
    const struct option_value *option = params_value(&f->args->own, "option");
    const char *data = arguments_string(f->args, "data"), *path[1] = {profile};
    char *format = xstrndup(profile, strcspn(profile, ":@"));
    int rc;

    if (!data)
        data = getenv("TAPFINGER_DATA");
    if (!data && access("../shared/data", R_OK) == 0)
        data = "../shared/data";
    if (access(profile, R_OK) == 0 && !trace_format_find(profile))
        rc = import_source_open(&f->source, "profile", path, 1, data, option->repeat,
                                option->repeats, err);
    else if (!trace_format_find(format))
        rc = refuse_profile(f, format, err);
    else
        rc = import_source_parse(&f->source, profile, data, option->repeat, option->repeats, err);
    free(format);
    return rc;
}

/* A fit says only how well it does on what was read. */
static void tell_dropped(const struct trace_account *account)
{
    for (int i = 0; i < TRACE_DROPS; i++) {
        if (account->dropped[i] == 0)
            continue;
        fprintf(stderr, "tapfinger fit: warning: %lld of %lld rows dropped: %s",
                (long long)account->dropped[i], (long long)account->rows,
                trace_drop_words[i].words);
        if (account->first_file[i])
            fprintf(stderr, "; first at %s:%lld", account->first_file[i],
                    (long long)account->first_line[i]);
        fputc('\n', stderr);
    }
}

static int read_profile(struct fitting *f, struct err *err)
{
    struct trace_reader reader = {.trace = &f->trace,
                                  .format = f->source.format,
                                  .params = f->source.params,
                                  .part = f->source.part,
                                  .want = TRACE_TYPES};
    int rc;

    if (!(f->source.format->gives & TRACE_TYPES))
        return err_set(err, ERR_INVALID, "%s has no types", f->source.format->name);
    rc = members_open(&reader.members, (const char *const *)f->source.paths.item,
                      (int)f->source.paths.count, err);
    if (rc)
        return rc;
    rc = f->source.format->read(&reader, err);
    if (reader.has_csv)
        csv_close(&reader.csv);
    members_close(&reader.members);
    if (rc)
        return rc;
    tell_dropped(&f->trace.account);
    trace_finish_types(&f->trace);
    return 0;
}

static bool is_measured(const struct fitting *f, size_t i)
{
    return f->trace.types.item[i].points.count > 0;
}

/* A table without a column of types is named by who reads it; so far it is called like its file. */
static void name_table(struct fitting *f, const char *wanted)
{
    const char *path = arguments_string(f->args, "profile"), *base = strrchr(path, '/');
    char stem[64];

    base = base ? base + 1 : path;
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(base, "."), base);
    if (f->trace.types.count == 1 && strcmp(f->source.format->name, "profile") == 0 &&
        strcmp(f->trace.types.item[0].name, trace_clean_name(stem).text) == 0)
        f->trace.types.item[0].name = wanted;
}

static int refuse_type(const struct fitting *f, const char *wanted, struct err *err)
{
    enum { SHOWN = 8 };
    struct text known;
    int rc, shown = 0;

    text_init(&known, 0);
    for (size_t i = 0; i < f->trace.types.count; i++)
        if (is_measured(f, i) && shown < SHOWN)
            text_printf(&known, "%s%s", shown++ ? ", " : "", f->trace.types.item[i].name);
    rc = shown ? err_set(err, ERR_NOT_FOUND,
                         "the profile has no type \"%.60s\"; expected one of %s%s", wanted,
                         known.bytes, shown == SHOWN ? ", ..." : "")
               : err_set(err, ERR_INVALID, "the profile holds no measurements");
    text_release(&known);
    return rc;
}

static int choose_types(struct fitting *f, struct err *err)
{
    const char *wanted = arguments_string(f->args, "type");

    if (wanted) {
        f->wanted = trace_clean_name(wanted);
        name_table(f, f->wanted.text);
    }
    for (size_t i = 0; i < f->trace.types.count; i++)
        if (is_measured(f, i) &&
            (!wanted || strcmp(f->trace.types.item[i].name, f->wanted.text) == 0))
            vector_push(&f->types, (int)i);
    return f->types.count > 0 ? 0 : refuse_type(f, wanted, err);
}

static const struct trace_type *type_at(const struct fitting *f, size_t i)
{
    return &f->trace.types.item[f->types.item[i]];
}

/* Reports */

static void add_percent(struct table *table, double part, enum mood mood)
{
    if (isfinite(part) && part < 10)
        table_cell(table, mood, "%.1f %%", part * 100);
    else
        table_cell(table, mood, "-");
}

static void add_place(struct table *table, const struct trace *trace, const struct profile_fit *fit)
{
    struct text place;

    text_init(&place, 0);
    for (int r = 0; r < trace->resources; r++)
        if (fit->worst_at.amount[r] > 0)
            text_printf(&place, "%s%d %s", place.length ? " " : "", fit->worst_at.amount[r],
                        trace->resource[r].name);
    table_cell(table, MOOD_FAINT, "%s", place.length ? place.bytes : "-");
    text_release(&place);
}

static void add_fit(struct table *table, const struct fitting *f, const struct trace_type *type,
                    const struct profile_fit *fit)
{
    static const enum mood moods[] = {MOOD_GOOD, MOOD_PLAIN, MOOD_BAD, MOOD_FAINT};
    struct text words;

    text_init(&words, 0);
    profile_fit_describe(fit, &f->trace, type, &words);
    table_cell(table, MOOD_PLAIN, "%s", type->name);
    table_cell(table, MOOD_STRONG, "%s", fit_words[fit->model].name);
    table_cell(table, moods[fit->verdict], "%s", fit_verdicts[fit->verdict]);
    if (fit->verdict == FIT_NOT_POSSIBLE) {
        table_cell(table, MOOD_FAINT, "-");
        table_cell(table, MOOD_FAINT, "-");
        table_cell(table, MOOD_FAINT, "-");
        table_cell(table, MOOD_FAINT, "-");
    } else {
        add_percent(table, fit->cross_error, moods[fit->verdict]);
        add_percent(table, fit->error, MOOD_PLAIN);
        add_percent(table, fit->worst, MOOD_PLAIN);
        add_place(table, &f->trace, fit);
    }
    table_cell(table, MOOD_FAINT, "%s", words.bytes);
    text_release(&words);
}

static void emit_fit(struct emit *e, const struct fitting *f, const struct trace_type *type,
                     const struct profile_fit *fit)
{
    struct text words;

    text_init(&words, 0);
    emit_open(e, '{');
    emit_key_string(e, "type", type->name);
    emit_key_string(e, "model", fit_words[fit->model].name);
    emit_key_string(e, "verdict",
                    fit->verdict == FIT_NOT_POSSIBLE ? "not possible" : fit_verdicts[fit->verdict]);
    if (fit->verdict == FIT_NOT_POSSIBLE) {
        emit_key_string(e, "why", fit->why);
    } else {
        emit_key_real(e, "cross_error", fit->cross_error);
        emit_key_real(e, "error", fit->error);
        emit_key_real(e, "worst", fit->worst);
        emit_key(e, "parameters");
        emit_open(e, '[');
        for (int i = 0; i < fit->parameters; i++)
            emit_real(e, fit->parameter[i]);
        emit_close(e);
        profile_fit_print(fit, &f->trace, type, &words);
        emit_key_string(e, "speed", words.bytes);
    }
    emit_close(e);
    text_release(&words);
}

/* The best, or the model that was asked for. */
static const struct profile_fit *choose_fit(const struct fitting *f, const struct profile_fit *fits)
{
    const char *wanted = arguments_string(f->args, "model");

    for (int m = 0; m < FIT_MODELS; m++)
        if ((!wanted || strcmp(fit_words[fits[m].model].name, wanted) == 0) &&
            fits[m].verdict != FIT_NOT_POSSIBLE)
            return &fits[m];
    return NULL;
}

static int write_types(const struct fitting *f, struct profile_fit (*fits)[FIT_MODELS],
                       struct err *err)
{
    struct fit_choice *choice = xcalloc(f->types.count, sizeof *choice);
    bool force = arguments_flag(f->args, "force");
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < f->types.count; i++) {
        const struct trace_type *type = type_at(f, i);
        const struct profile_fit *fit = choose_fit(f, fits[i]);

        choice[i] = (struct fit_choice){type, fit};
        if (!fit)
            rc = err_set(err, ERR_INVALID, "%s: no model can be fitted", type->name);
        else if (fit->verdict == FIT_BAD && !force)
            rc = err_set(err, ERR_INVALID,
                         "%s: even %s is off by %.0f %%; use the measurements as a table "
                         "(tapfinger import), or --force",
                         type->name, fit_words[fit->model].name, fit->cross_error * 100);
    }
    if (rc == 0)
        rc = fit_types_write(arguments_string(f->args, "output"), &f->trace, choice,
                             (int)f->types.count, force, err);
    free(choice);
    return rc;
}

static void add_json(const struct fitting *f, struct profile_fit (*fits)[FIT_MODELS],
                     struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    emit_key_string(&e, "schema", "tapfinger.fit/1");
    emit_key(&e, "fits");
    emit_open(&e, '[');
    for (size_t i = 0; i < f->types.count; i++)
        for (int m = 0; m < FIT_MODELS; m++)
            emit_fit(&e, f, type_at(f, i), &fits[i][m]);
    emit_close(&e);
    emit_close(&e);
    text_add_char(out, '\n');
}

static void add_table(const struct fitting *f, struct profile_fit (*fits)[FIT_MODELS],
                      struct text *out)
{
    struct table table;

    table_init(&table);
    table_column(&table, "TYPE", TABLE_LEFT, 0);
    table_column(&table, "MODEL", TABLE_LEFT, 0);
    table_column(&table, "FIT", TABLE_LEFT, 0);
    table_column(&table, "MAPE", TABLE_RIGHT, 0);
    table_column(&table, "SEEN", TABLE_RIGHT, 1);
    table_column(&table, "WORST", TABLE_RIGHT, 0);
    table_column(&table, "POINT", TABLE_LEFT, 2);
    table_column(&table, "PARAMS", TABLE_LEFT, 0);
    for (size_t i = 0; i < f->types.count; i++)
        for (int m = 0; m < FIT_MODELS; m++)
            add_fit(&table, f, type_at(f, i), &fits[i][m]);
    table_print(&table,
                &(struct table_style){.width = LISTING_WIDTH,
                                      .colour = arguments_want_colour(f->args, 1)},
                out);
    table_release(&table);
}

static void print_report(const struct fitting *f, struct profile_fit (*fits)[FIT_MODELS])
{
    struct text out;

    text_init(&out, 0);
    if (arguments_want_json(f->args))
        add_json(f, fits, &out);
    else
        add_table(f, fits, &out);
    fputs(out.bytes, stdout);
    text_release(&out);
}

static int fit_types(struct fitting *f, struct err *err)
{
    struct profile_fit(*fits)[FIT_MODELS] = xcalloc(f->types.count, sizeof *fits);
    const char *plot = arguments_string(f->args, "plot");
    int rc = 0;

    for (size_t i = 0; i < f->types.count; i++)
        profile_fit_all(fits[i], &f->trace, type_at(f, i));
    print_report(f, fits);
    if (plot)
        rc = fit_plot(&f->trace, f->types.item, (int)f->types.count, fits, plot, err);
    if (rc == 0 && arguments_string(f->args, "output"))
        rc = write_types(f, fits, err);
    free(fits);
    return rc;
}

static int run(const struct arguments *args, struct err *err)
{
    struct fitting f = {.args = args};
    int rc;

    trace_init(&f.trace);
    rc = open_profile(&f, err);
    if (rc == 0)
        rc = read_profile(&f, err);
    if (rc == 0)
        rc = choose_types(&f, err);
    if (rc == 0)
        rc = fit_types(&f, err);
    vector_release(&f.types);
    import_source_release(&f.source);
    trace_release(&f.trace);
    return rc ? EXIT_FAILED : EXIT_DONE;
}

static const struct example examples[] = {
    {"tapfinger fit samples.csv -o types.yaml --plot fit.svg", "your own measurements"},
    {"tapfinger fit lm tapfinger", "one type of a public set"},
    {"tapfinger fit dl2 --model optimus -o dl2.yaml --force", "a model of your choice"},
    {0},
};

#define X(name, word, formula) "|" word
static const char models[] = PROFILE_MODEL_LIST(X);
#undef X

static const struct option_spec options[] = {
    {"type", OPTION_STRING, .choices = "TYPE", .flags = OPTION_POSITIONAL,
     .help = "only this type; of a table without a column of types: what it is called"},
    {"profile", OPTION_STRING, .choices = "PROFILE", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "a table of measurements, or a source of types: FORMAT[:PART][@PATH]"},
    {"model", OPTION_CHOICE, .choices = models + 1, .letter = 'm',
     .help = "write this model; default: the one with the least error"},
    {"output", OPTION_STRING, .choices = "FILE", .letter = 'o',
     .help = "add the types to this file, as a scenario has them"},
    {"plot", OPTION_STRING, .choices = "FILE",
     .help = "draw measured against fitted, as .svg, .pdf or .png"},
    {"force", OPTION_FLAG, .letter = 'f', .help = "write bad fits too, and over better ones"},
    {"option", OPTION_STRING, .choices = "FORMAT.KEY=VALUE", .flags = OPTION_REPEATS,
     .help = "an option of a format; docs/traces.md lists them"},
    {"data", OPTION_STRING, .choices = "DIR",
     .help = "where sources without a path lie; else $TAPFINGER_DATA, ../shared/data"},
    {0},
};

const struct command command_fit = {
    .name = "fit",
    .summary = "fit speed models to measurements",
    .description =
        "Fits every speed model to the measured seconds of every type, or of one. MAPE is the mean "
        "relative error on points that a fit was not shown (ten parts, each foretold by the other "
        "nine), WORST the largest of them and POINT where that was, SEEN the mean on the points it "
        "was fitted to; below 5 % a fit is good, below 15 % fair, else bad. A bad fit is not "
        "written unless forced: then the measurements themselves, as a table, are the better type "
        "(tapfinger import). Nor is one written over a better one: other types of the file stay "
        "as they are.\n\n"
        "A profile is a table with a column for every resource and one of seconds or speed, or any "
        "source of types that \"tapfinger import --list\" shows.",
    .examples = examples,
    .options = options,
    .run = run,
};
