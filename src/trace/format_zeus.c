/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeus (github.com/SymbioticLab/Zeus; You et al., "Zeus: Understanding and Optimizing GPU Energy
 * Consumption of DNN Training", NSDI'23): six real tasks on one GPU, by batch size and power limit.
 * summary_power_GPU.csv has the seconds of an epoch; summary_train.csv the epochs until a target,
 * for several seeds: how much work a task has is really uncertain.
 *
 * A type is a task with the (batch size, optimizer) that is fastest at full power:
 *     seconds of a run = seconds of an epoch * mean epochs over the seeds
 * and its work varies from run to run as the epochs did. The target is the hardest one that every
 * seed of some (batch size, optimizer) reached.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "trace/format.h"

enum { MOST_ROWS = 1 << 14, KEY_BYTES = 64 };

struct power {
    char task[KEY_BYTES], setting[KEY_BYTES];
    double watts, seconds;
};

struct train {
    char task[KEY_BYTES], setting[KEY_BYTES];
    double metric, epochs; /* NAN: not reached */
};

struct zeus {
    struct trace_reader *reader;
    const char *gpu_name;
    int gpu;
    VECTOR(struct power) power;
    VECTOR(struct train) train;
};

static void read_key(const struct csv *csv, const int *column, char *task, char *setting)
{
    snprintf(task, KEY_BYTES, "%.30s-%.30s", csv_text(csv, column[1]), csv_text(csv, column[0]));
    snprintf(setting, KEY_BYTES, "%.30s %.30s", csv_text(csv, column[2]), csv_text(csv, column[3]));
}

static int read_power(struct zeus *z, const int *column, struct err *err)
{
    struct trace_reader *reader = z->reader;
    struct power row;
    int rc;

    while ((rc = reader_next_row(reader, err)) > 0) {
        read_key(&reader->csv, column, row.task, row.setting);
        if (!csv_number(&reader->csv, column[4], &row.watts) ||
            !csv_number(&reader->csv, column[5], &row.seconds) || !(row.seconds > 0)) {
            trace_drop(reader->trace, TRACE_DROP_DAMAGED);
            continue;
        }
        reader->trace->account.kept++;
        if (z->power.count < MOST_ROWS)
            vector_push(&z->power, row);
    }
    return rc;
}

static int read_train(struct zeus *z, const int *column, struct err *err)
{
    struct trace_reader *reader = z->reader;
    struct train row;
    int rc;

    while ((rc = reader_next_row(reader, err)) > 0) {
        const char *epochs = csv_text(&reader->csv, column[5]);

        read_key(&reader->csv, column, row.task, row.setting);
        row.epochs = (double)NAN;
        if (!csv_number(&reader->csv, column[4], &row.metric) ||
            (strcmp(epochs, "nan") != 0 && (!text_number(epochs, &row.epochs) || row.epochs < 1))) {
            trace_drop(reader->trace, TRACE_DROP_DAMAGED);
            continue;
        }
        reader->trace->account.kept++;
        if (z->train.count < MOST_ROWS)
            vector_push(&z->train, row);
    }
    return rc;
}

/* Mean and spread (of logarithms) of the epochs of a setting; false unless every run got there. */
static bool find_epochs(const struct zeus *z, const char *task, const char *setting, double metric,
                        double *mean, double *spread)
{
    double sum = 0, logs = 0, squares = 0;
    int count = 0;

    for (size_t i = 0; i < z->train.count; i++) {
        const struct train *t = &z->train.item[i];

        if (t->metric != metric || strcmp(t->task, task) != 0 || strcmp(t->setting, setting) != 0)
            continue;
        if (isnan(t->epochs))
            return false;
        sum += t->epochs;
        logs += log(t->epochs);
        squares += log(t->epochs) * log(t->epochs);
        count++;
    }
    if (count < 2)
        return false;
    *mean = sum / count;
    *spread = sqrt(fmax(0, squares - logs * logs / count) / (count - 1));
    return true;
}

/* The epochs grow with the target's difficulty, whichever way the metric counts. */
static bool hardest_target(const struct zeus *z, const char *task, double *metric)
{
    double hardest = 0;
    size_t tried = 0;

    for (size_t i = 0; i < z->train.count && tried < 4096; i++) {
        const struct train *t = &z->train.item[i];
        double mean, spread;

        if (strcmp(t->task, task) != 0)
            continue;
        tried++;
        if (find_epochs(z, task, t->setting, t->metric, &mean, &spread) && mean > hardest) {
            hardest = mean;
            *metric = t->metric;
        }
    }
    return hardest > 0;
}

static double epoch_seconds(const struct zeus *z, const char *task, const char *setting)
{
    double watts = 0, seconds = 0;

    for (size_t i = 0; i < z->power.count; i++) {
        const struct power *p = &z->power.item[i];

        if (p->watts > watts && strcmp(p->task, task) == 0 && strcmp(p->setting, setting) == 0) {
            watts = p->watts;
            seconds = p->seconds;
        }
    }
    return seconds;
}

static void make_type(struct zeus *z, const char *task)
{
    struct trace *trace = z->reader->trace;
    struct allocation amount = {{0}};
    double metric = 0, best = HUGE_VAL, best_spread = 0;
    int type;

    if (!hardest_target(z, task, &metric))
        return;
    for (size_t i = 0; i < z->power.count; i++) {
        const char *setting = z->power.item[i].setting;
        double mean, spread, seconds;

        if (strcmp(z->power.item[i].task, task) != 0 ||
            !find_epochs(z, task, setting, metric, &mean, &spread))
            continue;
        seconds = mean * epoch_seconds(z, task, setting);
        if (seconds < best) {
            best = seconds;
            best_spread = spread;
        }
    }
    type = isfinite(best) ? trace_type(trace, trace_clean_name(task).text, "zeus") : -1;
    if (type < 0)
        return;
    amount.amount[z->gpu] = 1;
    trace_point(trace, type, &amount, best);
    trace->types.item[type].unit_work = 1;
    if (best_spread > 0)
        trace->types.item[type].extra = arena_printf(
            &trace->arena, "    work: {draw: lognormal, mean: 1, spread: %.4g}\n", best_spread);
}

static void make_types(struct zeus *z)
{
    for (size_t i = 0; i < z->power.count; i++) {
        bool first = true;

        for (size_t k = 0; k < i && first; k++)
            first = strcmp(z->power.item[k].task, z->power.item[i].task) != 0;
        if (first)
            make_type(z, z->power.item[i].task);
    }
}

static int read_file(struct zeus *z, struct err *err)
{
    static const char *const power[] = {"dataset",     "network",        "batch_size", "optimizer",
                                        "power_limit", "time_per_epoch", NULL};
    static const char *const train[] = {"dataset",       "network",      "batch_size", "optimizer",
                                        "target_metric", "target_epoch", NULL};
    struct trace_reader *reader = z->reader;
    int rc, column[6];

    reader_open_rows(reader, ',', true);
    rc = csv_read_header(&reader->csv, err);
    if (rc < 0)
        return rc;
    if (rc > 0 && reader_columns(reader, train, 6, column))
        return read_train(z, column, err);
    if (rc > 0 && reader_columns(reader, power, 6, column) &&
        (strstr(members_base(&reader->members), z->gpu_name) ||
         strncmp(members_base(&reader->members), "summary_power_", 14) != 0))
        return read_power(z, column, err);
    reader_pass_over(reader);
    return 0;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    static const char *const gpus[] = {"v100", "a40", "rtx6000", "p100"};
    struct zeus z = {.reader = reader,
                     .gpu_name = gpus[params_choice(&reader->params, "gpu")],
                     .gpu = trace_resource(reader->trace, "gpu", "GPUs")};
    int rc;

    while ((rc = reader_next_file(reader, err)) > 0) {
        rc = read_file(&z, err);
        if (rc)
            break;
    }
    if (rc == 0)
        make_types(&z);
    vector_release(&z.power);
    vector_release(&z.train);
    return rc;
}

static const struct option_spec options[] = {
    {"gpu", OPTION_CHOICE, "v100", .choices = "v100|a40|rtx6000|p100", .help = "which GPU"},
    {0},
};

const struct trace_format format_zeus = {
    .name = "zeus",
    .summary = "six training tasks on one GPU, whose work varies from seed to seed",
    .files =
        "`summary_power_GPU.csv`: `dataset, network, batch_size, optimizer, power_limit` (W), "
        "`time_per_epoch` (s); `summary_train.csv`: the same keys, `target_metric`, `target_epoch`",
    .home = "zeus-nsdi23",
    .quality = "each time measured once; the spread of the work is real (four seeds or more)",
    .gives = TRACE_TYPES,
    .options = options,
    .read = read_files,
};
