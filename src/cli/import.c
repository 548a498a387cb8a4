/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapfinger import: public traces and profiles, or any table of jobs, to a scenario. What was found
 * goes to standard output: every row is accounted for.
 */
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
#include "cli/import_print.h"
#include "cli/listing.h"
#include "cli/progress_bar.h"
#include "report/table.h"
#include "trace/import.h"

enum { MOST_SOURCES = 16 };

struct import_command {
    const struct arguments *args;
    struct import_source arrivals, types[MOST_SOURCES], factors, sites, noise;
    struct import_request request;
    struct text line; /* the command, for the recipe */
};

static const char *data_folder(const struct arguments *args)
{
    static const char *const usual[] = {"data", "shared/data", "../shared/data"};
    const char *given = arguments_string(args, "data"), *set = getenv("TAPFINGER_DATA");

    if (given)
        return given;
    if (set && *set)
        return set;
    for (size_t i = 0; i < COUNT_OF(usual); i++)
        if (access(usual[i], R_OK) == 0)
            return usual[i];
    return NULL;
}

static int open_source(const struct arguments *args, const char *text, struct import_source *source,
                       struct err *err)
{
    const struct option_value *option = params_value(&args->own, "option");

    return import_source_parse(source, text, data_folder(args), option->repeat, option->repeats,
                               err);
}

static int open_types(struct import_command *c, const char *list, struct err *err)
{
    int rc = 0;

    while (rc == 0 && *list) {
        char *one = xstrndup(list, strcspn(list, ","));

        if (c->request.type_sources == MOST_SOURCES)
            rc = err_set(err, ERR_LIMIT, "--types: more than %d sources", MOST_SOURCES);
        else
            rc = open_source(c->args, one, &c->types[c->request.type_sources++], err);
        free(one);
        list += strcspn(list, ",");
        list += *list == ',';
    }
    return rc;
}

/* FORMAT PATH...: arrivals if the format has them, else types or sites. */
static int open_positional(struct import_command *c, struct err *err)
{
    const struct option_value *path = params_value(&c->args->own, "path");
    const struct option_value *option = params_value(&c->args->own, "option");
    struct import_source source;
    int rc = import_source_open(&source, arguments_string(c->args, "format"), path->repeat,
                                path->repeats, data_folder(c->args), option->repeat,
                                option->repeats, err);

    if (rc == 0 && source.format->gives & TRACE_ARRIVALS) {
        c->arrivals = source;
        c->request.arrivals = &c->arrivals;
    } else if (rc == 0 && source.format->gives & TRACE_TYPES) {
        c->types[c->request.type_sources++] = source;
    } else {
        if (rc == 0)
            rc = err_set(err, ERR_INVALID, "%s alone makes no scenario; use it with --%s",
                         source.format->name,
                         source.format->gives & TRACE_SITES   ? "sites"
                         : source.format->gives & TRACE_NOISE ? "noise"
                                                              : "cpu-sensitivity");
        import_source_release(&source);
    }
    return rc;
}

static int open_sources(struct import_command *c, struct err *err)
{
    const char *arrivals = arguments_string(c->args, "arrivals");
    const char *types = arguments_string(c->args, "types");
    const char *factors = arguments_string(c->args, "cpu-sensitivity");
    const char *sites = arguments_string(c->args, "sites");
    const char *noise = arguments_string(c->args, "noise");
    int rc = 0;

    if (arguments_string(c->args, "format"))
        rc = open_positional(c, err);
    if (rc == 0 && arrivals && c->request.arrivals)
        rc = err_set(err, ERR_INVALID, "two sources of arrivals");
    if (rc == 0 && arrivals) {
        c->request.arrivals = &c->arrivals;
        rc = open_source(c->args, arrivals, &c->arrivals, err);
        if (rc == 0 && !(c->arrivals.format->gives & TRACE_ARRIVALS))
            rc = err_set(err, ERR_INVALID, "%s has no arrivals", c->arrivals.format->name);
    }
    if (rc == 0 && types)
        rc = open_types(c, types, err);
    if (rc == 0 && factors) {
        c->request.factors = &c->factors;
        rc = open_source(c->args, factors, &c->factors, err);
    }
    if (rc == 0 && sites) {
        c->request.sites = &c->sites;
        rc = open_source(c->args, sites, &c->sites, err);
    }
    if (rc == 0 && noise) {
        c->request.noise = &c->noise;
        rc = open_source(c->args, noise, &c->noise, err);
    }
    if (rc == 0 && !c->request.arrivals && c->request.type_sources == 0)
        rc = err_set(err, ERR_INVALID,
                     "nothing to import: give FORMAT PATH..., --arrivals or --types");
    return rc;
}

static void fill_request(struct import_command *c)
{
    const struct params *own = &c->args->own;
    struct import_request *q = &c->request;
    int limits = params_choice(own, "limits");

    q->types = c->types;
    q->output = params_string(own, "output");
    q->only = params_string(own, "only");
    q->from_s = params_real(own, "from");
    q->until_s = params_given(own, "until") ? params_real(own, "until") : HUGE_VAL;
    q->sample = params_real(own, "sample");
    q->load = params_given(own, "load") ? params_real(own, "load") : 0;
    q->work_s = params_real(own, "work");
    q->stretch = params_real(own, "stretch");
    q->rate = params_given(own, "rate") ? params_real(own, "rate") : 0;
    q->tasks = params_given(own, "tasks") ? params_int(own, "tasks") : 0;
    q->seed = (uint64_t)params_int(own, "seed");
    q->limits = limits - 1;
    q->cpus_per_gpu = params_real(own, "cpus-per-gpu");
    q->between = (enum grid_between)params_choice(own, "between");
    q->beyond = (enum grid_beyond)params_choice(own, "beyond");
    q->clusters = (int)params_int(own, "clusters");
    q->capacity = params_string(own, "capacity");
    q->within_km = params_given(own, "within")        ? params_real(own, "within")
                   : params_choice(own, "reach") == 1 ? -1
                                                      : 0;
    q->slot_s = params_real(own, "slot");
    q->one_round = params_choice(own, "rounds") == 1;
    q->window = (int)params_int(own, "window");
    q->minimum = params_string(own, "min");
}

static void add_word(struct text *line, const char *name, const char *value)
{
    text_printf(line, " %s%s", name, *name && *value ? " " : "");
    text_add(line, value);
}

/* The command as it could be given again. */
static void write_line(struct import_command *c)
{
    const struct params *own = &c->args->own;

    text_init(&c->line, 0);
    text_add(&c->line, "tapfinger import");
    for (int i = 0; i < own->count; i++) {
        const struct option_value *value = &own->value[i];
        const struct option_spec *row = &own->spec[i];
        char flag[64];

        if (!value->given)
            continue;
        snprintf(flag, sizeof flag, "%s%s", row->flags & OPTION_POSITIONAL ? "" : "--",
                 row->flags & OPTION_POSITIONAL ? "" : row->name);
        for (int k = 0; k < value->repeats; k++)
            add_word(&c->line, flag, value->repeat[k]);
        if (value->repeats == 0)
            add_word(&c->line, flag, row->type == OPTION_FLAG ? "" : value->string);
    }
    c->request.command = c->line.bytes;
}

static int64_t raw_bytes(const struct import_command *c)
{
    struct members members;
    struct err err;
    int64_t bytes = 0;

    if (c->request.arrivals && members_open(&members, (const char *const *)c->arrivals.paths.item,
                                            (int)c->arrivals.paths.count, &err) == 0) {
        bytes = members_raw_size(&members);
        members_close(&members);
    }
    return bytes;
}

static int import(struct import_command *c, struct err *err)
{
    struct progress_bar *bar = bar_begin_bytes(raw_bytes(c), "rows");
    struct import_result result;
    int rc;

    c->request.bytes_done = bar_bytes(bar);
    c->request.rows_done = bar_rows(bar);
    c->request.stop = bar_stop(bar);
    rc = import_run(&c->request, &result, err);
    bar_end(bar);
    if (rc == 0)
        import_print(c->args, &c->request, &result);
    import_result_release(&result);
    return rc;
}

static int list_formats(const struct arguments *args)
{
    struct table table;
    struct text out;

    text_init(&out, 0);
    table_init(&table);
    table_column(&table, "FORMAT", TABLE_LEFT, 0);
    table_column(&table, "GIVES", TABLE_LEFT, 0);
    table_column(&table, "SUMMARY", TABLE_LEFT, 0);
    for (int i = 0; trace_formats[i]; i++) {
        table_cell(&table, MOOD_STRONG, "%s", trace_formats[i]->name);
        table_cell(&table, MOOD_PLAIN, "%s", import_gives(trace_formats[i]->gives));
        table_cell(&table, MOOD_PLAIN, "%s", trace_formats[i]->summary);
    }
    table_print(&table, &(struct table_style){.width = LISTING_WIDTH}, &out);
    fputs(out.bytes, stdout);
    table_release(&table);
    text_release(&out);
    (void)args;
    return EXIT_DONE;
}

static int run(const struct arguments *args, struct err *err)
{
    struct import_command *c;
    int rc;

    if (arguments_flag(args, "list"))
        return list_formats(args);
    if (!arguments_string(args, "output")) {
        err_set(err, ERR_INVALID, "missing --output: the scenario to write");
        return EXIT_MISUSED;
    }
    c = xcalloc(1, sizeof *c);
    c->args = args;
    fill_request(c);
    write_line(c);
    rc = open_sources(c, err);
    if (rc == 0)
        rc = import(c, err);
    import_source_release(&c->arrivals);
    import_source_release(&c->factors);
    import_source_release(&c->sites);
    import_source_release(&c->noise);
    for (int i = 0; i < c->request.type_sources; i++)
        import_source_release(&c->types[i]);
    text_release(&c->line);
    free(c);
    return rc ? EXIT_FAILED : EXIT_DONE;
}

static const struct example examples[] = {
    {"tapfinger import muri traces/trace2.csv -o philly.yaml",
     "one source with arrivals and types"},
    {"tapfinger import --arrivals microsoft:cluster10 --types tapfinger,elasticflow "
     "--cpu-sensitivity synergy --sites eua:12 --capacity cpu=32,gpu=8 --load 0.8 -o city.yaml",
     "four sources"},
    {"tapfinger import csv jobs.csv.zst --option csv.mapping=columns.yaml -o jobs.yaml",
     "a table of your own"},
    {"tapfinger simulate city.yaml -p fifo-min,knee", "then"},
    {0},
};

static const struct option_spec options[] = {
    {"format", OPTION_STRING, .choices = "FORMAT", .flags = OPTION_POSITIONAL,
     .help = "what the files are: FORMAT or FORMAT:PART"},
    {"path", OPTION_STRING, .choices = "PATH", .flags = OPTION_POSITIONAL | OPTION_REPEATS,
     .help = "files, folders, archives; compressed or not; - is standard input"},
    {"output", OPTION_STRING, .choices = "FILE", .letter = 'o',
     .help = "the scenario to write; its arrivals go beside it"},
    {"arrivals", OPTION_STRING, .choices = "SOURCE",
     .help = "take arrivals from FORMAT[:PART][@PATH]"},
    {"types", OPTION_STRING, .choices = "SOURCE,...", .help = "take types from these sources"},
    {"only", OPTION_STRING, .choices = "TYPE,...", .help = "of all types, only these"},
    {"cpu-sensitivity", OPTION_STRING, .choices = "SOURCE",
     .help = "give types that were measured over GPUs alone a CPU axis"},
    {"sites", OPTION_STRING, .choices = "SOURCE", .help = "take clusters from this source"},
    {"noise", OPTION_STRING, .choices = "SOURCE",
     .help =
         "take the noise of all measured types from this source; default: what differed between "
         "runs of the same"},
    {"option", OPTION_STRING, .choices = "FORMAT.KEY=VALUE", .flags = OPTION_REPEATS,
     .help = "an option of a format; docs/traces.md lists them"},
    {"data", OPTION_STRING, .choices = "DIR",
     .help = "where sources without a path lie; else $TAPFINGER_DATA, ./data, ../shared/data"},
    {"clusters", OPTION_INT, "1", .choices = "N", .low = 1, .high = 100000,
     .help = "so many equal clusters"},
    {"capacity", OPTION_STRING, .choices = "RES=N,...",
     .help = "of each cluster; default: such that the load is 0.7 and every task fits"},
    {"load", OPTION_REAL, .choices = "PART", .low = 0, .high = 1000, .flags = OPTION_EXCLUSIVE,
     .help = "scale time so that so much of the scarcest resource is asked for (or, without "
             "--capacity, the capacity)"},
    {"stretch", OPTION_REAL, "1", .choices = "FACTOR", .low = 0, .high = 1e6,
     .flags = OPTION_EXCLUSIVE, .help = "times between arrivals times this; durations stay"},
    {"from", OPTION_REAL, "0", .choices = "S", .low = 0, .high = 1e12, .unit = "s",
     .help = "leave out what arrives earlier, counted from the first arrival"},
    {"until", OPTION_REAL, .choices = "S", .low = 0, .high = 1e12, .unit = "s",
     .help = "leave out what arrives from here on"},
    {"sample", OPTION_REAL, "1", .choices = "PART", .low = 0, .high = 1, .flags = OPTION_EXCLUSIVE,
     .help = "keep this part of the jobs, drawn one by one"},
    {"tasks", OPTION_INT, .choices = "N", .letter = 'n', .low = 1, .high = 50000000,
     .help = "at most so many tasks; without arrivals: so many (1000)"},
    {"rate", OPTION_REAL, .choices = "R", .low = 0, .high = 1e9, .flags = OPTION_EXCLUSIVE,
     .help = "without arrivals: Poisson, so many per slot or second; default: by the load"},
    {"work", OPTION_REAL, "3600", .choices = "S", .low = 0, .high = 1e9, .unit = "s",
     .flags = OPTION_EXCLUSIVE,
     .help = "without arrivals: a task's length under the first measured amounts, where the source "
             "does not say what a task has to do"},
    {"limits", OPTION_CHOICE, "source", .choices = "source|rigid|at-most|free",
     .help = "what a task may get: exactly its demand, up to it, or what its type may"},
    {"min", OPTION_STRING, .choices = "RES=N,...", .help = "minimum of all measured types"},
    {"cpus-per-gpu", OPTION_REAL, "3", .choices = "N", .low = 0, .high = 1024,
     .flags = OPTION_EXCLUSIVE, .help = "cores behind a recorded duration that names only GPUs"},
    {"between", OPTION_CHOICE, "cubic", .choices = GRID_BETWEEN_CHOICES,
     .help = "between measured amounts: monotone cubic, linear, or the lower amount's speed"},
    {"beyond", OPTION_CHOICE, "clamp", .choices = GRID_BEYOND_CHOICES,
     .help = "beyond them: as at the edge, or not at all"},
    {"reach", OPTION_CHOICE, "all", .choices = "all|random",
     .help = "which clusters a task may use"},
    {"within", OPTION_REAL, .choices = "KM", .low = 0, .high = 1e6, .flags = OPTION_EXCLUSIVE,
     .help = "clusters within so many km of its home"},
    {"slot", OPTION_REAL, "0", .choices = "S", .low = 0, .high = 1e9, .unit = "s",
     .help = "slotted time; 0: events"},
    {"rounds", OPTION_CHOICE, "many", .choices = "many|one", .help = "slotted: starts per slot"},
    {"window", OPTION_INT, "0", .choices = "N", .low = 0, .high = 64,
     .help = "slotted: waiting tasks that a cluster sees at once; 0: all"},
    {"seed", OPTION_INT, "1", .choices = "N", .low = 0, .high = 1e15,
     .help = "of all that is drawn"},
    {"list", OPTION_FLAG, .letter = 'l', .help = "list the formats"},
    {0},
};

const struct command command_import = {
    .name = "import",
    .summary = "make a scenario of a trace or a profile",
    .description =
        "Reads public traces and profiles, or any table of jobs, and writes a scenario, with its "
        "arrivals beside it. Arrivals, types, CPU sensitivity and sites may come from different "
        "sources. A SOURCE is FORMAT[:PART][@PATH]: the part is a cluster or a workload of the "
        "set; without a path the set is looked for in its usual place below --data.\n\n"
        "Every row is accounted for: kept, or dropped for a reason that is named and counted. The "
        "scenario keeps the recipe. gzip, zstd and tar are read as they are, row by row: memory "
        "does not grow with the trace.\n\n"
        "A job whose type is measured gets the work that takes its recorded duration under its "
        "recorded demand. One without runs for its duration under exactly its demand.",
    .examples = examples,
    .options = options,
    .run = run,
};
