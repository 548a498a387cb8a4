/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles and workloads of Pollux (github.com/petuum/adaptdl, branch osdi21-artifact; Qiao et
 * al., "Pollux: Co-adaptive Cluster Scheduling for Goodput-Optimized Deep Learning", OSDI'21). */
#include "trace/adaptdl_reader.h"

static int read_files(struct trace_reader *reader, struct err *err)
{
    return adaptdl_read(reader, "", err);
}

static const struct option_spec options[] = {ADAPTDL_OPTION_ROW, {0}};

const struct trace_format format_adaptdl = {
    .name = "adaptdl",
    .summary = "six applications over GPUs and batch sizes on T4, workloads of 160 jobs",
    .files =
        "`APPLICATION/placements.csv`, `scalability.csv` (`local_bsz, step_time` and a placement), "
        "`validation-BATCH.csv` (`iteration`); `workload-N.csv`: `time` (s), `application`, "
        "`num_replicas`, `batch_size`. Work 1 is a whole training. Part: a workload, `workload-6` "
        "or `workloads/workload-6`",
    .home = "adaptdl-osdi21",
    .quality = "T4 alone, one kind of node; nobody varied the CPUs",
    .gives = TRACE_ARRIVALS | TRACE_TYPES,
    .options = options,
    .read = read_files,
};
