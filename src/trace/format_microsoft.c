/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs of ten GPU clusters of Microsoft, March to May 2021
 * (github.com/microsoft/elasticflow-traces; Gu et al., "ElasticFlow", ASPLOS'23). Submission time,
 * duration and GPUs are measured. The second variant of the files adds a model, a batch size,
 * iterations and a deadline, which its README says are random: the model serves as a type's name
 * where another source measures one of that name.
 */
#include <math.h>

#include "trace/format.h"

static int read_jobs(struct trace_reader *reader, const int *column, struct err *err)
{
    struct trace *trace = reader->trace;
    int gpu = trace_resource(trace, "gpu", "GPUs"), rc;

    while ((rc = reader_next_row(reader, err)) > 0) {
        struct trace_job job = trace_no_job();
        const char *model = csv_text(&reader->csv, column[3]);

        if (!csv_number(&reader->csv, column[0], &job.at_s) ||
            !csv_number(&reader->csv, column[1], &job.duration_s) ||
            !csv_number(&reader->csv, column[2], &job.demand[gpu])) {
            trace_drop(trace, TRACE_DROP_DAMAGED);
            continue;
        }
        if (*model)
            job.type = trace_rigid_type(trace, trace_clean_name(model).text);
        rc = trace_job(trace, &job, err);
        if (rc)
            break;
    }
    return rc;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    static const char *const name[] = {"submission_time", "duration", "num_gpu", "model_name",
                                       NULL};
    int rc, column[4];

    while ((rc = reader_next_file(reader, err)) > 0) {
        reader_open_rows(reader, ',', true);
        rc = csv_read_header(&reader->csv, err);
        if (rc < 0)
            break;
        if (rc == 0 || !reader_columns(reader, name, 3, column) || !reader_in_part(reader)) {
            reader_pass_over(reader);
            continue;
        }
        rc = read_jobs(reader, column, err);
        if (rc)
            break;
    }
    return rc;
}

const struct trace_format format_microsoft = {
    .name = "microsoft",
    .summary = "jobs of ten GPU clusters of Microsoft, 2021",
    .files = "`clusterNN.csv` (in a tar.gz or not): `job_id, submission_time` (s), `duration` (s), "
             "`num_gpu`; the second variant adds `model_name` and others. Part: a cluster, "
             "`cluster10`",
    .home = "microsoft-elasticflow-traces/raw-traces.tar.gz",
    .quality =
        "times, durations and GPUs are real; in the second variant the models are random. "
        "No CPUs, no status. Several clusters read at once are one behind the other: unsorted",
    .gives = TRACE_ARRIVALS,
    .read = read_files,
};
