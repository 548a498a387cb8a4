/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles and workloads of Sia (github.com/siasosp23/artifacts; Jayaram Subramanya et al.,
 * "Sia: Heterogeneity-aware, goodput-optimized ML-cluster scheduling", SOSP'23): AdaptDL's layout,
 * other GPU types. The trainings themselves are AdaptDL's: give both folders. */
#include "trace/adaptdl_reader.h"

static int read_files(struct trace_reader *reader, struct err *err)
{
    static const char *const suffix[] = {"rtx", "quad", "azure", "dgx", "dgx-ext", ""};

    return adaptdl_read(reader, suffix[params_choice(&reader->params, "gpu")], err);
}

static const struct option_spec options[] = {
    {"gpu", OPTION_CHOICE, "rtx", .choices = "rtx|quad|azure|dgx|dgx-ext|t4",
     .help = "which profiles: RTX 2080 Ti, Quadro RTX 6000, V100, A100, A100 with more batch "
             "sizes, T4"},
    ADAPTDL_OPTION_ROW,
    {0},
};

const struct trace_format format_sia = {
    .name = "sia",
    .summary = "AdaptDL's applications on four more GPU types, longer workloads",
    .files = "as adaptdl, with `placements-GPU.csv` and `scalability-GPU.csv`; the "
             "`validation-BATCH.csv` are adaptdl's. Part: a workload, `newtrace/workload-1`",
    .home = "sia-sosp23:adaptdl-osdi21/traces",
    .quality =
        "ncf on azure and yolov3 on dgx are limited by their hosts, not by the GPUs; repeated "
        "measurements of dgx-ext are averaged; gpt_pmp means something else and is passed over",
    .gives = TRACE_ARRIVALS | TRACE_TYPES,
    .options = options,
    .read = read_files,
};
