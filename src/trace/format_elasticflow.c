/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ElasticFlow's measured throughputs (github.com/pkusys/ElasticFlow; Gu et al., ASPLOS'23): a file
 * per model, a row per global batch size, a column per number of GPUs, iterations per second.
 * Strong scaling: rising, then falling. 0, nan and blanks were not measured or not possible.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "trace/format.h"

struct elasticflow {
    struct trace_reader *reader;
    int gpu, batches; /* 0: the smallest, 1: the largest, 2: all */
};

static struct trace_name type_name(const struct elasticflow *e, double batch)
{
    const char *base = members_base(&e->reader->members);
    char name[64];

    if (e->batches < 2)
        snprintf(name, sizeof name, "%.*s", (int)strcspn(base, "."), base);
    else
        snprintf(name, sizeof name, "%.*s-b%.0f", (int)strcspn(base, "."), base, batch);
    return trace_clean_name(name);
}

static void take_row(const struct elasticflow *e, double batch)
{
    struct trace *trace = e->reader->trace;
    const struct csv *csv = &e->reader->csv;
    struct allocation amount = {{0}};
    int type = trace_type(trace, type_name(e, batch).text, "elasticflow");

    if (type < 0)
        return;
    if (e->batches == 1)
        vector_clear(&trace->types.item[type].points);
    for (int i = 1; i < csv->names && i < csv->fields; i++) {
        double gpus, speed;

        if (!text_number(csv->name[i], &gpus) || !(gpus >= 1 && gpus <= 4096))
            continue;
        amount.amount[e->gpu] = (int32_t)gpus;
        if (!csv_number(csv, i, &speed) || !(speed > 0))
            trace_note(trace, TRACE_NOTE_INFEASIBLE);
        else
            trace_point(trace, type, &amount, 1 / speed);
    }
}

static int read_file(const struct elasticflow *e, struct err *err)
{
    struct trace_reader *reader = e->reader;
    double batch;
    int rc, rows = 0;

    reader_open_rows(reader, ',', true);
    rc = csv_read_header(&reader->csv, err);
    if (rc < 0)
        return rc;
    if (rc == 0 || csv_column(&reader->csv, "global_batch_size") != 0) {
        reader_pass_over(reader);
        return 0;
    }
    while ((rc = reader_next_row(reader, err)) > 0) {
        if (!csv_number(&reader->csv, 0, &batch) || reader->csv.fields < 2) {
            trace_drop(reader->trace, TRACE_DROP_DAMAGED);
            continue;
        }
        reader->trace->account.kept++;
        if (e->batches > 0 || rows++ == 0)
            take_row(e, batch);
    }
    return rc;
}

static bool is_other_gpu(const struct trace_reader *reader)
{
    static const char *const folder[] = {"_A100/", "_T4/"};
    int choice = params_choice(&reader->params, "gpu");

    return strstr(reader->members.name, folder[1 - choice]) != NULL;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    struct elasticflow e = {.reader = reader,
                            .gpu = trace_resource(reader->trace, "gpu", "GPUs"),
                            .batches = params_choice(&reader->params, "batch")};
    int rc;

    while ((rc = reader_next_file(reader, err)) > 0) {
        if (!reader_in_part(reader) || is_other_gpu(reader)) {
            reader_pass_over(reader);
            continue;
        }
        rc = read_file(&e, err);
        if (rc)
            break;
    }
    return rc;
}

static const struct option_spec options[] = {
    {"gpu", OPTION_CHOICE, "a100", .choices = "a100|t4", .help = "where both folders are: which"},
    {"batch", OPTION_CHOICE, "smallest", .choices = "smallest|largest|all",
     .help = "which global batch size; all: a type for each, MODEL-bSIZE"},
    {0},
};

const struct trace_format format_elasticflow = {
    .name = "elasticflow",
    .summary = "iterations per second of seven models over 1 to 64 A100, six over T4",
    .files = "`throughputs_GPU/MODEL.csv`: `global_batch_size`, then a column per number of GPUs: "
             "iterations/s at that global batch. Part: a model, `bert`",
    .home = "elasticflow-throughputs",
    .quality = "clean; resnet50_cifar10 is flat (its CPUs limit it)",
    .gives = TRACE_TYPES,
    .options = options,
    .read = read_files,
};
