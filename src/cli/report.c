/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger report: a results directory as a page, and as pictures for papers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vector.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "report/folder.h"
#include "report/run_charts.h"
#include "report/run_digest.h"
#include "report/run_figures.h"
#include "report/run_page.h"
#include "report/run_read.h"
#include "report/sweep_page.h"
#include "report/sweep_read.h"

struct report {
    const struct arguments *args;
    const char *folder;
    VECTOR(char *) file; /* that were written */
};

static void add_file(void *arg, const char *path)
{
    struct report *report = arg;

    vector_push(&report->file, xstrdup(path));
}

/* The files for papers that were asked for. */
static int write_figures(struct report *report, const struct run_digest *digest,
                         const struct run_charts *charts, int seed_index, struct err *err)
{
    int rc = 0;

    if (arguments_flag(report->args, "svg"))
        rc = run_figures_write(digest, charts, seed_index, "svg", add_file, report, err);
    if (rc == 0 && arguments_flag(report->args, "pdf"))
        rc = run_figures_write(digest, charts, seed_index, "pdf", add_file, report, err);
    if (rc == 0 && arguments_flag(report->args, "tex"))
        rc = run_table_write(digest, add_file, report, err);
    return rc;
}

/* The first seed, or the one that was asked for. */
static int find_seed(const struct report *report, const struct run_record *run, int *out,
                     struct err *err)
{
    const struct params *own = &report->args->own;

    *out = 0;
    if (!params_given(own, "seed"))
        return 0;
    for (int s = 0; s < run->result.seeds; s++)
        if (run->seed[s] == (uint64_t)params_int(own, "seed")) {
            *out = s;
            return 0;
        }
    return err_set(err, ERR_NOT_FOUND, "seed %" PRId64 " is not in %s", params_int(own, "seed"),
                   run->path);
}

static int write_page(struct report *report, const struct run_digest *digest,
                      const struct run_charts *charts, int seed_index, struct err *err)
{
    const char *wanted = arguments_string(report->args, "out");
    char *path = wanted ? xstrdup(wanted) : folder_join(report->folder, "report.html");
    int rc = run_page_write(path, digest, charts, seed_index, err);

    if (rc == 0 && strcmp(path, "-") != 0)
        add_file(report, path);
    free(path);
    return rc;
}

static int report_run(struct report *report, struct err *err)
{
    struct run_record *run;
    struct run_digest digest = {.types = 0};
    struct run_charts charts;
    int seed_index = 0, rc = run_read(&run, report->folder, err);

    if (rc == 0)
        rc = find_seed(report, run, &seed_index, err);
    if (rc == 0)
        rc = run_digest_make(&digest, run, err);
    if (rc == 0) {
        run_charts_make(&charts, &digest);
        rc = write_figures(report, &digest, &charts, seed_index, err);
        if (rc == 0)
            rc = write_page(report, &digest, &charts, seed_index, err);
        run_charts_release(&charts);
    }
    run_digest_release(&digest);
    run_free(run);
    return rc;
}

/* A sweep's pictures are in its folder already: it draws them itself. */
static int report_sweep(struct report *report, struct err *err)
{
    const char *wanted = arguments_string(report->args, "out");
    char *path = wanted ? xstrdup(wanted) : folder_join(report->folder, "report.html");
    struct sweep_record *sweep;
    int rc = sweep_read(&sweep, report->folder, err);

    if (rc == 0)
        rc = sweep_page_write(path, sweep, err);
    if (rc == 0 && strcmp(path, "-") != 0)
        add_file(report, path);
    sweep_free(sweep);
    free(path);
    return rc;
}

static void print_files(const struct report *report)
{
    struct text out;
    struct emit e;

    text_init(&out, 0);
    if (arguments_want_json(report->args)) {
        emit_init(&e, &out);
        emit_open(&e, '{');
        emit_key_string(&e, "schema", "tapfinger.report/1");
        emit_key(&e, "files");
        emit_open(&e, '[');
        for (size_t i = 0; i < report->file.count; i++)
            emit_string(&e, report->file.item[i]);
        emit_close(&e);
        emit_close(&e);
        text_add_char(&out, '\n');
    } else {
        for (size_t i = 0; i < report->file.count; i++)
            text_printf(&out, "%s\n", report->file.item[i]);
    }
    fputs(out.bytes, stdout);
    text_release(&out);
}

static int run(const struct arguments *args, struct err *err)
{
    struct report report = {.args = args, .folder = arguments_string(args, "dir")};
    int code = EXIT_MISUSED;

    if (run_is_there(report.folder)) {
        code = report_run(&report, err) ? EXIT_FAILED : EXIT_DONE;
    } else if (sweep_is_there(report.folder)) {
        code = report_sweep(&report, err) ? EXIT_FAILED : EXIT_DONE;
    } else {
        err_set(err, ERR_NOT_FOUND,
                "%s: there is no run.json or sweep.json; expected a directory that "
                "simulate --out or sweep --out wrote",
                report.folder);
    }
    if (code == EXIT_DONE)
        print_files(&report);
    for (size_t i = 0; i < report.file.count; i++)
        free(report.file.item[i]);
    vector_release(&report.file);
    return code;
}

static const struct example examples[] = {
    {"tapfinger simulate hetero-6 -p fifo-min,knee --out runs/a", "make a results directory"},
    {"tapfinger report runs/a", "runs/a/report.html, for any browser, with or without a network"},
    {"tapfinger report runs/a --pdf", "and runs/a/figures/*.pdf for a paper"},
    {0},
};

static const struct option_spec options[] = {
    {"dir", OPTION_STRING, .choices = "DIR", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "a results directory that simulate --out wrote"},
    {"out", OPTION_STRING, .choices = "FILE", .letter = 'o',
     .help = "write the page there, - for standard output; default: DIR/report.html"},
    {"seed", OPTION_INT, .choices = "SEED", .low = 0, .high = 9e15,
     .help = "whose schedules are shown; default: the first"},
    {"svg", OPTION_FLAG, .help = "also write the pictures as SVG, to DIR/figures"},
    {"pdf", OPTION_FLAG, .help = "also write the pictures as PDF, to DIR/figures"},
    {"tex", OPTION_FLAG, .help = "also write the table for LaTeX (booktabs), to DIR/figures"},
    {0},
};

const struct command command_report = {
    .name = "report",
    .summary = "make a page of a results directory",
    .description =
        "One HTML file with everything in it: the table, intervals and paired differences, "
        "distributions, load and utilisation over time, types, clusters, the schedule of one seed "
        "to zoom into, and the effective configuration. It asks for nothing from any network, so "
        "it can be mailed, archived and opened offline.",
    .examples = examples,
    .options = options,
    .run = run,
};
