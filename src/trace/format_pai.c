/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much the time of a mini-batch varies between the workers of one job on shared GPUs, in
 * Alibaba's PAI cluster, 2020 (github.com/alibaba/clusterdata, cluster-trace-gpu-v2020; Weng et
 * al., "MLaaS in the Wild", NSDI'22): coefficient_variation.csv has a row per job and a column per
 * iteration, the standard deviation over the mean of the workers' times; blanks after a job's end.
 * The quantile that was asked for becomes the noise of every type: a lognormal factor whose
 * coefficient of variation v it is has sigma = sqrt(log(1 + v^2)).
 */
#include <math.h>
#include <stdlib.h>

#include "base/order.h"
#include "trace/format.h"

enum { MOST_VALUES = 4 << 20 };

struct pai {
    struct trace_reader *reader;
    VECTOR(double) values;
};

static void take_row(struct pai *p)
{
    const struct csv *csv = &p->reader->csv;
    size_t before = p->values.count;

    for (int i = 1; i < csv->fields; i++) {
        double value;

        if (csv->field[i][0] == '\0')
            continue;
        if (!csv_number(csv, i, &value) || value < 0) {
            p->values.count = before;
            trace_drop(p->reader->trace, TRACE_DROP_DAMAGED);
            return;
        }
        if (p->values.count < MOST_VALUES)
            vector_push(&p->values, value);
    }
    p->reader->trace->account.kept++;
}

static double quantile(struct pai *p, double part)
{
    size_t at = (size_t)(part * (double)(p->values.count - 1));

    vector_sort(&p->values, order_double);
    return p->values.item[at];
}

static int read_file(struct pai *p, struct err *err)
{
    struct trace_reader *reader = p->reader;
    int rc;

    reader_open_rows(reader, ',', true);
    rc = csv_read_header(&reader->csv, err);
    if (rc < 0)
        return rc;
    if (rc == 0 || reader->csv.names < 3 || csv_column(&reader->csv, "0") != 1) {
        reader_pass_over(reader);
        return 0;
    }
    while ((rc = reader_next_row(reader, err)) > 0)
        take_row(p);
    return rc;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    struct pai p = {.reader = reader};
    int rc;

    while ((rc = reader_next_file(reader, err)) > 0) {
        rc = read_file(&p, err);
        if (rc)
            break;
    }
    if (rc == 0 && p.values.count > 0) {
        double v = quantile(&p, params_real(&reader->params, "quantile"));

        reader->trace->noise = sqrt(log1p(v * v));
    }
    vector_release(&p.values);
    return rc;
}

static const struct option_spec options[] = {
    {"quantile", OPTION_REAL, "0.5", .low = 0, .high = 1,
     .help = "which of the measured coefficients of variation counts, from the least to the most"},
    {0},
};

const struct trace_format format_pai = {
    .name = "pai",
    .summary = "how mini-batch times vary between workers on shared GPUs",
    .files = "`coefficient_variation.csv`: a row per job, a column per iteration: standard "
             "deviation over mean",
    .home = "alibaba-pai-2020-minibatch",
    .quality = "relative figures; a tenth of them is above 1",
    .gives = TRACE_NOISE,
    .options = options,
    .read = read_files,
};
