/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alibaba's cluster of 2023 ("openb", github.com/alibaba/clusterdata cluster-trace-gpu-v2023; Weng
 * et al., "Beware of Fragmentation", ATC'23): pods with real requests of CPUs, memory and shares of
 * a GPU, and the nodes. Quantities are the trace's own: thousandths of a core and of a GPU, MiB.
 *
 * A pod runs from scheduled_time to deletion_time. Pending pods never ran; those still running at
 * the trace's end have a lifetime that is cut off there. Types tell classes of pods apart (QoS, and
 * whether they ask for a share of a GPU, whole ones or none). Nodes of one shape are one cluster
 * entry with a count.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "trace/format.h"

enum { CPU, MEMORY, GPUS, GPU_SHARE, PHASE, CREATED, DELETED, SCHEDULED, QOS, COLUMNS };

struct openb {
    struct trace_reader *reader;
    int column[COLUMNS], cpu, gpu, mem;
};

static struct trace_name type_name(const char *qos, double gpus, double share)
{
    char name[64];

    snprintf(name, sizeof name, "%.24s-%s", qos,
             gpus == 0      ? "cpu"
             : share < 1000 ? "share"
                            : "gpu");
    return trace_clean_name(name);
}

static int take_pod(struct openb *o, struct err *err)
{
    struct trace *trace = o->reader->trace;
    const struct csv *csv = &o->reader->csv;
    const char *phase = csv_text(csv, o->column[PHASE]);
    struct trace_job job = trace_no_job();
    double gpus, share, deleted = 0, scheduled = 0;

    if (csv->fields < csv->names || !csv_number(csv, o->column[CPU], &job.demand[o->cpu]) ||
        !csv_number(csv, o->column[MEMORY], &job.demand[o->mem]) ||
        !csv_number(csv, o->column[GPUS], &gpus) ||
        !csv_number(csv, o->column[GPU_SHARE], &share)) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return 0;
    }
    if (strcmp(phase, "Pending") == 0 || *csv_text(csv, o->column[SCHEDULED]) == '\0') {
        trace_drop(trace, TRACE_DROP_NEVER_RAN);
        return 0;
    }
    if (!csv_number(csv, o->column[CREATED], &job.at_s) ||
        !csv_number(csv, o->column[DELETED], &deleted) ||
        !csv_number(csv, o->column[SCHEDULED], &scheduled)) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return 0;
    }
    if (strcmp(phase, "Running") == 0)
        trace_note(trace, TRACE_NOTE_CENSORED);
    if (strcmp(phase, "Failed") == 0)
        trace_note(trace, TRACE_NOTE_FAILED);
    job.demand[o->gpu] = gpus * (gpus == 1 ? share : 1000);
    job.duration_s = deleted - scheduled;
    job.type = trace_rigid_type(trace, type_name(csv_text(csv, o->column[QOS]), gpus, share).text);
    return trace_job(trace, &job, err);
}

static int read_pods(struct openb *o, struct err *err)
{
    int rc;

    while ((rc = reader_next_row(o->reader, err)) > 0) {
        rc = take_pod(o, err);
        if (rc)
            break;
    }
    return rc;
}

/* Nodes */

static void take_node(struct openb *o, const int *column)
{
    struct trace *trace = o->reader->trace;
    const struct csv *csv = &o->reader->csv;
    struct trace_site site = {.has_capacity = true, .count = 1};
    double cpu, memory, gpus;
    const char *model = csv_text(csv, column[3]);

    if (!csv_number(csv, column[0], &cpu) || !csv_number(csv, column[1], &memory) ||
        !csv_number(csv, column[2], &gpus) || !(cpu >= 0 && cpu < 1e9) ||
        !(memory >= 0 && memory < 1e9) || !(gpus >= 0 && gpus < 1e6)) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return;
    }
    trace->account.kept++;
    site.capacity.amount[o->cpu] = (int32_t)cpu;
    site.capacity.amount[o->mem] = (int32_t)memory;
    site.capacity.amount[o->gpu] = (int32_t)(gpus * 1000);
    for (size_t i = 0; i < trace->sites.count; i++) {
        struct trace_site *other = &trace->sites.item[i];

        if (allocation_equal(&other->capacity, &site.capacity)) {
            other->count++;
            return;
        }
    }
    site.name = arena_printf(&trace->arena, "%s%zu-", trace_clean_name(*model ? model : "cpu").text,
                             trace->sites.count + 1);
    if (trace->sites.count < 4096)
        vector_push(&trace->sites, site);
}

static int read_nodes(struct openb *o, const int *column, struct err *err)
{
    int rc;

    while ((rc = reader_next_row(o->reader, err)) > 0)
        take_node(o, column);
    return rc;
}

static int read_file(struct openb *o, struct err *err)
{
    static const char *const pod[] = {
        "cpu_milli",     "memory_mib",    "num_gpu",        "gpu_milli", "pod_phase",
        "creation_time", "deletion_time", "scheduled_time", "qos",       NULL};
    static const char *const node[] = {"cpu_milli", "memory_mib", "gpu", "model", NULL};
    struct trace_reader *reader = o->reader;
    int rc, column[4];

    reader_open_rows(reader, ',', true);
    rc = csv_read_header(&reader->csv, err);
    if (rc < 0)
        return rc;
    if (rc > 0 && reader_wants(reader, TRACE_ARRIVALS) && reader_in_part(reader) &&
        reader_columns(reader, pod, COLUMNS, o->column))
        return read_pods(o, err);
    if (rc > 0 && reader_wants(reader, TRACE_SITES) && reader_columns(reader, node, 4, column))
        return read_nodes(o, column, err);
    reader_pass_over(reader);
    return 0;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    struct openb o = {.reader = reader,
                      .cpu = trace_resource(reader->trace, "cpu", "thousandths of a core"),
                      .gpu = trace_resource(reader->trace, "gpu", "thousandths of a GPU"),
                      .mem = trace_resource(reader->trace, "mem", "MiB")};
    int rc;

    while ((rc = reader_next_file(reader, err)) > 0) {
        rc = read_file(&o, err);
        if (rc)
            break;
    }
    return rc;
}

const struct trace_format format_openb = {
    .name = "openb",
    .summary = "pods and nodes of Alibaba's GPU cluster, 2023, with shares of GPUs",
    .files = "pods: `cpu_milli, memory_mib, num_gpu, gpu_milli, qos, pod_phase, creation_time, "
             "deletion_time, scheduled_time` (s); nodes: `cpu_milli, memory_mib, gpu, model`. "
             "Part: a file, `openb_pod_list_default`",
    .home = "alibaba-openb-2023",
    .quality =
        "real requests and nodes; most lifetimes are cut off at the trace's end; nine pods of ten "
        "come in its last 30 of 149 days: use --from 10281600. gpuspec33 is the same pods again, "
        "with random GPU types",
    .gives = TRACE_ARRIVALS | TRACE_SITES,
    .read = read_files,
};
