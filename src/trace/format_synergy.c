/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Synergy (github.com/msr-fiddle/synergy; Mohan et al., "Looking Beyond GPUs for DNN Scheduling on
 * Multi-Tenant Clusters", OSDI'22): speed of twelve models under more or fewer CPUs and memory than
 * their fair share of 3 CPUs and 62.5 GB per GPU, as a table; and a list of jobs without a header:
 * id, model, arrival (s), iterations, GPUs. Memory hardly matters: the row with the most counts.
 */
#include <math.h>
#include <string.h>

#include "trace/format.h"

enum { MODEL, GPUS, SECONDS, CPUS, MEMORY, FACTOR, USABLE, COLUMNS };

struct synergy {
    struct trace_reader *reader;
    int column[COLUMNS], cpu, gpu;
    VECTOR(double) memory; /* by factor: under how much it was measured */
    VECTOR(double) seconds;
};

struct measured {
    double gpus, seconds, cpus, memory, factor, usable;
};

static bool read_row(const struct synergy *s, struct measured *m)
{
    const struct csv *csv = &s->reader->csv;

    return csv_number(csv, s->column[GPUS], &m->gpus) && m->gpus >= 1 && m->gpus <= 1024 &&
           csv_number(csv, s->column[SECONDS], &m->seconds) &&
           csv_number(csv, s->column[CPUS], &m->cpus) && m->cpus >= 1 && m->cpus <= 4096 &&
           csv_number(csv, s->column[MEMORY], &m->memory) &&
           csv_number(csv, s->column[FACTOR], &m->factor) &&
           csv_number(csv, s->column[USABLE], &m->usable) &&
           *csv_text(csv, s->column[MODEL]) != '\0';
}

enum { MOST_FACTORS = 1 << 14 };

static void take_factor(struct synergy *s, const struct measured *m)
{
    struct trace *trace = s->reader->trace;
    const char *model = csv_text(&s->reader->csv, s->column[MODEL]);
    size_t at = 0;

    if (!(m->usable > 0) || !(m->factor > 0) || !(m->seconds > 0)) {
        trace_note(trace, TRACE_NOTE_INFEASIBLE);
        return;
    }
    while (at < trace->factors.count && (trace->factors.item[at].gpus != (int32_t)m->gpus ||
                                         trace->factors.item[at].cpus != m->cpus ||
                                         strcmp(trace->factors.item[at].model, model) != 0))
        at++;
    if (at == trace->factors.count) {
        if (at == MOST_FACTORS)
            return;
        vector_push(&trace->factors,
                    ((struct trace_factor){.model = arena_strdup(&trace->arena, model),
                                           .gpus = (int32_t)m->gpus,
                                           .cpus = m->cpus}));
        vector_push(&s->memory, -1);
        vector_push(&s->seconds, m->seconds);
    }
    if (at < s->memory.count && m->memory > s->memory.item[at]) {
        s->memory.item[at] = m->memory;
        trace->factors.item[at].factor = m->factor;
    }
}

static int read_table(struct synergy *s, struct err *err)
{
    struct trace *trace = s->reader->trace;
    struct measured m;
    int rc;

    while ((rc = reader_next_row(s->reader, err)) > 0) {
        if (!read_row(s, &m)) {
            trace_drop(trace, TRACE_DROP_DAMAGED);
            continue;
        }
        trace->account.kept++;
        take_factor(s, &m);
    }
    return rc;
}

static void make_types(struct synergy *s)
{
    struct trace *trace = s->reader->trace;

    for (size_t i = 0; i < trace->factors.count && i < s->seconds.count; i++) {
        const struct trace_factor *f = &trace->factors.item[i];
        int type = trace_type(trace, trace_clean_name(f->model).text, "synergy");
        struct allocation amount = {{0}};

        if (type < 0)
            continue;
        amount.amount[s->cpu] = (int32_t)f->cpus;
        amount.amount[s->gpu] = f->gpus;
        trace_point(trace, type, &amount, s->seconds.item[i] / f->factor / f->gpus);
    }
}

static int take_job_row(struct synergy *s, struct err *err)
{
    struct trace *trace = s->reader->trace;
    const struct csv *csv = &s->reader->csv;
    struct trace_job job = trace_no_job();

    if (csv->fields != 5 || !csv_number(csv, 2, &job.at_s) || !csv_number(csv, 3, &job.work) ||
        !csv_number(csv, 4, &job.demand[s->gpu])) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return 0;
    }
    job.type = trace_find_type(trace, trace_clean_name(csv->field[1]).text);
    if (job.type < 0) {
        trace_drop(trace, TRACE_DROP_UNKNOWN_TYPE);
        return 0;
    }
    job.work *= job.demand[s->gpu];
    job.ran_with[s->cpu] = 3 * job.demand[s->gpu];
    job.limits = TRACE_RIGID;
    return trace_job(trace, &job, err);
}

static int read_jobs(struct synergy *s, struct err *err)
{
    int rc;

    while ((rc = reader_next_row(s->reader, err)) > 0) {
        rc = take_job_row(s, err);
        if (rc)
            break;
    }
    return rc;
}

static int read_file(struct synergy *s, struct err *err)
{
    static const char *const name[] = {"model",        "gpus",   "iter_time_fair_s",
                                       "cpus_per_job", "mem_gb", "rel_tput_vs_fair_share",
                                       "usable",       NULL};
    struct trace_reader *reader = s->reader;
    bool arrivals = reader_wants(reader, TRACE_ARRIVALS);
    const char *base = members_base(&reader->members);
    int rc;

    reader_open_rows(reader, ',', true);
    if (strstr(base, ".csv")) {
        rc = csv_read_header(&reader->csv, err);
        if (rc < 0)
            return rc;
        if (rc > 0 && !arrivals && reader_columns(reader, name, COLUMNS, s->column))
            return read_table(s, err);
    } else if (arrivals && !strstr(base, "LICENSE") && reader_in_part(reader)) {
        return read_jobs(s, err);
    }
    reader_pass_over(reader);
    return 0;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    struct synergy s = {.reader = reader,
                        .cpu = trace_resource(reader->trace, "cpu", "cores"),
                        .gpu = trace_resource(reader->trace, "gpu", "GPUs")};
    int rc;

    while ((rc = reader_next_file(reader, err)) > 0) {
        rc = read_file(&s, err);
        if (rc)
            break;
    }
    if (rc == 0 && reader_wants(reader, TRACE_TYPES))
        make_types(&s);
    vector_release(&s.memory);
    vector_release(&s.seconds);
    return rc;
}

const struct trace_format format_synergy = {
    .name = "synergy",
    .summary = "how twelve models' speed depends on CPUs beside their GPUs",
    .files =
        "a table `model, gpus, iter_time_fair_s, cpus_per_job, mem_gb, rel_tput_vs_fair_share, "
        "usable`; job lists without a header: id, model, arrival (s), iterations, GPUs",
    .home = "synergy:derived/synergy_cpu_mem_tput.csv",
    .quality =
        "coarse, rounded by hand; language models do not care for CPUs; the jobs all arrive at "
        "once",
    .gives = TRACE_ARRIVALS | TRACE_TYPES | TRACE_FACTORS,
    .read = read_files,
};
