/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs of Microsoft's Philly cluster, 2017 (Jeon et al., "Analysis of Large-Scale Multi-Tenant GPU
 * Clusters", ATC'19), as a table with one row per job; dates are taken as UTC, the rows are not in
 * order. The part names a virtual cluster, not a file.
 */
#include <string.h>

#include "trace/calendar.h"
#include "trace/format.h"

static int read_jobs(struct trace_reader *reader, const int *column, struct err *err)
{
    struct trace *trace = reader->trace;
    int gpu = trace_resource(trace, "gpu", "GPUs"), rc;

    while ((rc = reader_next_row(reader, err)) > 0) {
        struct trace_job job = trace_no_job();
        const char *when = csv_text(&reader->csv, column[0]);

        if (reader->part && strcmp(csv_text(&reader->csv, column[3]), reader->part) != 0) {
            trace_drop(trace, TRACE_DROP_CUT);
            continue;
        }
        if (!csv_number(&reader->csv, column[1], &job.duration_s) ||
            !csv_number(&reader->csv, column[2], &job.demand[gpu]) ||
            (*when && !calendar_seconds(when, &job.at_s) && !text_number(when, &job.at_s))) {
            trace_drop(trace, TRACE_DROP_DAMAGED);
            continue;
        }
        rc = trace_job(trace, &job, err);
        if (rc)
            break;
    }
    return rc;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    static const char *const name[] = {"timestamp", "duration", "num_gpus", "cluster", NULL};
    int rc, column[4];

    while ((rc = reader_next_file(reader, err)) > 0) {
        reader_open_rows(reader, ',', true);
        rc = csv_read_header(&reader->csv, err);
        if (rc < 0)
            break;
        if (rc == 0 || !reader_columns(reader, name, 3, column)) {
            reader_pass_over(reader);
            continue;
        }
        rc = read_jobs(reader, column, err);
        if (rc)
            break;
    }
    return rc;
}

const struct trace_format format_philly = {
    .name = "philly",
    .summary = "jobs of Microsoft's Philly cluster, 2017",
    .files = "`timestamp` (date or s), `duration` (s), `num_gpus`, and `cluster`, a virtual "
             "cluster. Part: a virtual cluster, `11cb48`",
    .home = "adaptdl-osdi21/traces/philly.csv.gz",
    .quality =
        "real; jobs with a known duration only, failed ones are not marked; not in order of time",
    .gives = TRACE_ARRIVALS,
    .absolute = true,
    .read = read_files,
};
