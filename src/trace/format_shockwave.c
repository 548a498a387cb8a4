/* SPDX-License-Identifier: Apache-2.0 */
/* Shockwave's tables and traces (github.com/uw-mad-dash/shockwave; Zheng et al., "Shockwave: Fair
 * and Efficient Cluster Scheduling for Dynamic Adaptation in Machine Learning", NSDI'23): Gavel's
 * layout, V100 measured anew, job lists with durations. */
#include "trace/gavel_reader.h"

static int read_files(struct trace_reader *reader, struct err *err)
{
    return gavel_read(reader, NULL, err);
}

static const struct option_spec options[] = {GAVEL_OPTION_ROWS, {0}};

const struct trace_format format_shockwave = {
    .name = "shockwave",
    .summary = "Gavel's tables measured anew on V100, job lists whose batch size changes",
    .files =
        "`*_throughputs.json` as gavel; `*.trace`: tab-separated, 12 fields: job type, ..., steps, "
        "GPUs, mode, weight, SLO, duration (s), arrival (s). Part: a trace, by the beginning of "
        "its name, `120`",
    .home = "shockwave",
    .quality =
        "speeds real, arrivals Poisson; jobs of mode accordion or gns change their batch size "
        "while they run, here they keep it",
    .gives = TRACE_ARRIVALS | TRACE_TYPES,
    .options = options,
    .read = read_files,
};
