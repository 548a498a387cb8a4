/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The measurements of TapFinger's authors (github.com/nooblyh/TapFinger): the time of three
 * training tasks under 1 to 16 cores and 1 to 8 GPUs, each twice. A row, without a header:
 *
 *     task, cpus, gpus, seconds, "(seconds, loss)", "(seconds, loss)", ...
 *
 * By default a type runs at 1 / (mean seconds of its runs). rules=published makes the types of the
 * published trace scenarios: mnist and lm follow curves progress = a t^b, fitted by least squares
 * to the loss points of the last run, progress being the part of the fall from the first to the
 * last loss, and t counted in 10 s; audio makes 5 / seconds of its last run per slot; a minimum of
 * (2, 1), the switch weight 0.5 and the noise are that simulator's. Slots are then of 1 s.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "core/least_squares.h"
#include "trace/format.h"

enum { CPUS = 16, GPUS = 8, MOST_LOSSES = 64, TASKS = 3 };

static const double CURVE_S = 10, AUDIO_S = 5;

struct curve {
    double a, b; /* progress after t slots: a t^b */
};

struct task_curves {
    struct curve cell[CPUS][GPUS];
    int count;
    bool flat;
};

struct tapfinger {
    struct trace_reader *reader;
    int cpu, gpu;
    bool published;
    struct task_curves task[TASKS]; /* as in tasks[] */
};

static const char *const tasks[TASKS] = {"mnist", "lm", "audio"};

struct losses {
    double time[MOST_LOSSES], progress[MOST_LOSSES];
    int count;
};

static bool read_pair(const char *text, double *seconds, double *loss)
{
    char first[48], second[48];

    return sscanf(text, " (%40[^,],%40[^)])", first, second) == 2 && text_number(first, seconds) &&
           text_number(second, loss);
}

static bool read_losses(const struct csv *csv, struct losses *out)
{
    double loss[MOST_LOSSES], fall;

    out->count = 0;
    for (int i = 4; i < csv->fields && out->count < MOST_LOSSES; i++) {
        if (csv->field[i][0] == '\0')
            continue;
        if (!read_pair(csv->field[i], &out->time[out->count], &loss[out->count]) ||
            !(out->time[out->count] > 0))
            return false;
        out->time[out->count++] /= CURVE_S;
    }
    if (out->count == 0)
        return true;
    fall = loss[0] - loss[out->count - 1];
    for (int i = 0; i < out->count; i++)
        out->progress[i] = (loss[0] - loss[i]) / fall;
    return out->count >= 3 && fall > 0;
}

static double curve_value(const void *arg, int point, const double *parameter, double *derivative)
{
    const struct losses *losses = arg;
    double t = losses->time[point], power = pow(t, parameter[1]);

    derivative[0] = power;
    derivative[1] = parameter[0] * power * log(t);
    return parameter[0] * power;
}

static struct curve fit_curve(const struct losses *losses)
{
    double parameter[2] = {1 / losses->time[losses->count - 1], 1};
    static const double lower[2] = {1e-9, 1e-3};
    struct least_squares problem = {.points = losses->count,
                                    .parameters = 2,
                                    .value = curve_value,
                                    .arg = losses,
                                    .target = losses->progress,
                                    .lower = lower};

    least_squares_fit(&problem, parameter);
    return (struct curve){parameter[0], parameter[1]};
}

static void take_published(struct tapfinger *t, int task, int cpus, int gpus, double seconds,
                           const struct losses *losses)
{
    struct task_curves *curves = &t->task[task];
    struct curve *cell;

    if (cpus > CPUS || gpus > GPUS) {
        trace_drop(t->reader->trace, TRACE_DROP_UNMEASURED);
        return;
    }
    cell = &curves->cell[cpus - 1][gpus - 1];
    curves->count += cell->a == 0;
    curves->flat = losses->count == 0;
    *cell = losses->count > 0 ? fit_curve(losses) : (struct curve){AUDIO_S / seconds, 1};
}

static int find_task(const char *name)
{
    for (int i = 0; i < TASKS; i++)
        if (strcmp(tasks[i], name) == 0)
            return i;
    return -1;
}

static void take_row(struct tapfinger *t)
{
    struct trace *trace = t->reader->trace;
    const struct csv *csv = &t->reader->csv;
    double cpus, gpus, seconds;
    struct losses losses;
    struct allocation amount = {0};
    int type, task = find_task(csv_text(csv, 0));

    if (!csv_number(csv, 1, &cpus) || !csv_number(csv, 2, &gpus) || !csv_number(csv, 3, &seconds) ||
        !(cpus >= 1 && cpus <= 4096 && gpus >= 0 && gpus <= 4096) || cpus != floor(cpus) ||
        gpus != floor(gpus) || !read_losses(csv, &losses)) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return;
    }
    if (!(seconds > 0)) {
        trace_drop(trace, seconds < 0 ? TRACE_DROP_NEGATIVE_DURATION : TRACE_DROP_ZERO_DURATION);
        return;
    }
    trace->account.kept++;
    if (t->published && (task < 0 || gpus < 1)) {
        trace_drop(trace, TRACE_DROP_UNKNOWN_TYPE);
        trace->account.kept--;
        return;
    }
    if (t->published) {
        take_published(t, task, (int)cpus, (int)gpus, seconds, &losses);
        return;
    }
    amount.amount[t->cpu] = (int32_t)cpus;
    amount.amount[t->gpu] = (int32_t)gpus;
    type = trace_type(trace, trace_clean_name(csv_text(csv, 0)).text, "tapfinger");
    if (type >= 0) {
        trace_point(trace, type, &amount, seconds);
        trace->types.item[type].unit_work = 1;
    }
}

/* The published types */

static void add_matrix(struct text *out, const char *key, const struct task_curves *curves,
                       bool bends)
{
    text_printf(out, ", %s: [", key);
    for (int c = 0; c < CPUS; c++) {
        text_add(out, c > 0 ? ", [" : "[");
        for (int g = 0; g < GPUS; g++) {
            text_add(out, g > 0 ? ", " : "");
            text_add_double(out, bends ? curves->cell[c][g].b : curves->cell[c][g].a);
        }
        text_add_char(out, ']');
    }
    text_add_char(out, ']');
}

static void add_levels(struct text *out, int most)
{
    for (int i = 1; i <= most; i++)
        text_printf(out, "%s%d", i > 1 ? ", " : "", i);
}

static int publish(struct tapfinger *t, int task, struct err *err)
{
    static const char *const name[TASKS] = {"image", "lm", "audio"};
    static const char *const alias[TASKS] = {"IMG, mnist", "LM", "AUD"};
    struct trace *trace = t->reader->trace;
    const struct task_curves *curves = &t->task[task];
    int type = trace_type(trace, name[task], "tapfinger");
    struct trace_type *out = &trace->types.item[type];
    struct text text;

    if (curves->count != CPUS * GPUS)
        return reader_error(t->reader, err,
                            "%s: %d of %d configurations; the published rules need all",
                            tasks[task], curves->count, CPUS * GPUS);
    text_init(&text, 0);
    text_printf(&text, "{model: table%s, grid: {cpu: [", curves->flat ? "" : ", curve: level");
    add_levels(&text, CPUS);
    text_add(&text, "], gpu: [");
    add_levels(&text, GPUS);
    text_add(&text, "]}");
    add_matrix(&text, "speeds", curves, false);
    if (!curves->flat)
        add_matrix(&text, "bends", curves, true);
    text_add_char(&text, '}');
    out->speed = arena_strdup(&trace->arena, text.bytes);
    text_release(&text);
    out->extra =
        arena_printf(&trace->arena, "    aliases: [%s]\n    switching: {factor: 0.5}\n%s",
                     alias[task], curves->flat ? "" : "    noise: {kind: additive, width: 0.2}\n");
    out->min.amount[t->cpu] = 2;
    out->min.amount[t->gpu] = 1;
    out->max.amount[t->cpu] = CPUS;
    out->max.amount[t->gpu] = GPUS;
    out->unit_work = 1;
    return 0;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    struct tapfinger *t = xcalloc(1, sizeof *t);
    int rc;

    t->reader = reader;
    t->published = params_choice(&reader->params, "rules") == 1;
    t->cpu = trace_resource(reader->trace, "cpu", "cores");
    t->gpu = trace_resource(reader->trace, "gpu", "GPUs");
    while ((rc = reader_next_file(reader, err)) > 0) {
        if (!reader_in_part(reader)) {
            reader_pass_over(reader);
            continue;
        }
        reader_open_rows(reader, ',', true);
        while ((rc = reader_next_row(reader, err)) > 0)
            take_row(t);
        if (rc)
            break;
    }
    for (int i = 0; rc == 0 && t->published && i < TASKS; i++)
        rc = publish(t, i, err);
    free(t);
    return rc;
}

static const struct option_spec options[] = {
    {"rules", OPTION_CHOICE, "measured", .choices = "measured|published",
     .help = "speeds as measured, or the learning curves, minima and noise of the published trace "
             "scenarios (with --slot 1 --rounds one --window 10)"},
    {0},
};

const struct trace_format format_tapfinger = {
    .name = "tapfinger",
    .summary = "three training tasks over CPUs and GPUs, by TapFinger's authors",
    .files =
        "no header: task, CPUs, GPUs, seconds of the whole run, then points \"(seconds, loss)\". "
        "Part: a file, `trace` (bare host), `trace_container`, `trace_old`",
    .home = "tapfinger/trace_container.csv",
    .quality =
        "two runs of each configuration; mnist and lm agree within 1 % (median, in containers), "
        "audio's first run is 15 % slower throughout. With one CPU, mnist gets slower with GPUs",
    .gives = TRACE_TYPES,
    .options = options,
    .read = read_files,
};
