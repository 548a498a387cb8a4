/* SPDX-License-Identifier: Apache-2.0 */
/* Gavel's throughput tables and traces (github.com/stanford-futuredata/gavel; Narayanan et al.,
 * "Heterogeneity-Aware Cluster Scheduling Policies for Deep Learning Workloads", OSDI'20). */
#include "trace/gavel_reader.h"

static int read_files(struct trace_reader *reader, struct err *err)
{
    return gavel_read(reader, params_string(&reader->params, "table"), err);
}

static const struct option_spec options[] = {
    GAVEL_OPTION_ROWS,
    {"table", OPTION_CHOICE, "simulation", .choices = "simulation|physical|oracle",
     .help = "which of the throughput files, by the beginning of its name"},
    {0},
};

const struct trace_format format_gavel = {
    .name = "gavel",
    .summary = "steps per second of 26 job types on V100, P100 and K80; job lists",
    .files =
        "`*_throughputs.json`: by GPU type, by `('model (batch size B)', GPUs)`, steps/s alone "
        "(`null`) and beside others; `*.trace`: tab-separated, 7 or 10 fields: job type, ..., "
        "steps, GPUs, arrival (s). A job may get up to its GPUs. Part: a trace, `0e4a51`",
    .home = "gavel",
    .quality = "speeds are measured but not smooth (LM at batch 20 is slower on 4 V100 than on 2); "
               "arrivals of msr/ are Philly's, job types random; physical_cluster/ is made up",
    .gives = TRACE_ARRIVALS | TRACE_TYPES,
    .options = options,
    .read = read_files,
};
