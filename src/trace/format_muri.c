/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Muri's traces (github.com/Rivendile/Muri; Zhao et al., "Multi-Resource Interleaving for Deep
 * Learning Training", SIGCOMM'22): arrivals, durations and GPUs of four virtual clusters of Philly,
 * each job with a random one of eight measured models. A row has the time of one iteration and of
 * its stages, in milliseconds, which we take for input (CPU), computation (GPU) and network; that
 * reading follows from the models and the paper, the files only number them.
 *
 * The batch is per GPU, so an iteration on g GPUs does the work of g. With cpus=N above 0, the CPU
 * stage s was measured with N cores per GPU, and with c cores in all it takes s * N * g / c, the
 * iteration as much more or less, but never less than its longest other stage: an assumption of
 * ours, nobody varied the cores. The same (model, GPUs) comes in many rows; where they
 * disagree, the most frequent figures count. A type has one set of stages, for tasks that share an
 * allocation: those of the number of GPUs that most of its jobs have.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "trace/format.h"

enum {
    SUBMIT,
    DURATION,
    GPUS,
    ITERATIONS,
    MODEL,
    ITERATION_MS,
    CPU_MS,
    GPU_MS,
    NET_MS,
    BATCH,
    COLUMNS
};

struct stage {
    char model[48];
    double gpus, batch, iteration_ms, cpu_ms, gpu_ms, net_ms;
    int64_t votes;
};

struct muri {
    struct trace_reader *reader;
    int column[COLUMNS];
    int gpu, cpu;
    double cpus;
    VECTOR(struct stage) stages;
};

enum { MOST_STAGES = 4096 };

static void vote(struct muri *m, const struct stage *seen)
{
    for (size_t i = 0; i < m->stages.count; i++) {
        struct stage *s = &m->stages.item[i];

        if (s->gpus == seen->gpus && s->batch == seen->batch && s->cpu_ms == seen->cpu_ms &&
            s->iteration_ms == seen->iteration_ms && strcmp(s->model, seen->model) == 0) {
            s->votes++;
            return;
        }
    }
    if (m->stages.count < MOST_STAGES) {
        vector_push(&m->stages, *seen);
        m->stages.item[m->stages.count - 1].votes = 1;
    }
}

/* Models with several batch sizes are as many types. */
static struct trace_name type_name(const struct muri *m, const struct stage *stage)
{
    char name[64];

    snprintf(name, sizeof name, "%.30s-b%.0f", stage->model, stage->batch);
    for (size_t i = 0; i < m->stages.count; i++)
        if (strcmp(m->stages.item[i].model, stage->model) == 0 &&
            m->stages.item[i].batch < stage->batch)
            return trace_clean_name(name);
    return trace_clean_name(stage->model);
}

static void add_points(struct muri *m, const struct stage *stage)
{
    struct trace *trace = m->reader->trace;
    int type = trace_type(trace, type_name(m, stage).text, "muri");
    double measured = m->cpus * stage->gpus, most = 64;
    struct allocation amount = {0};

    if (type < 0)
        return;
    amount.amount[m->gpu] = (int32_t)stage->gpus;
    if (m->cpus == 0) {
        trace_point(trace, type, &amount, stage->iteration_ms / 1000 / stage->gpus);
        return;
    }
    for (double c = 1; c <= most; c *= 2) {
        double ms = stage->iteration_ms + stage->cpu_ms * (measured / c - 1);

        ms = fmax(ms, fmax(stage->gpu_ms, stage->net_ms));

        amount.amount[m->cpu] = (int32_t)c;
        trace_point(trace, type, &amount, ms / 1000 / stage->gpus);
    }
}

static bool is_outvoted(const struct muri *m, size_t at)
{
    const struct stage *stage = &m->stages.item[at];

    for (size_t i = 0; i < m->stages.count; i++) {
        const struct stage *other = &m->stages.item[i];

        if (other->gpus == stage->gpus && other->batch == stage->batch &&
            strcmp(other->model, stage->model) == 0 &&
            (other->votes > stage->votes || (other->votes == stage->votes && i < at)))
            return true;
    }
    return false;
}

/* The figures that most jobs of the model have, whatever their GPUs. */
static bool is_typical(const struct muri *m, size_t at)
{
    const struct stage *stage = &m->stages.item[at];

    for (size_t i = 0; i < m->stages.count; i++) {
        const struct stage *other = &m->stages.item[i];

        if (other->batch == stage->batch && strcmp(other->model, stage->model) == 0 &&
            (other->votes > stage->votes || (other->votes == stage->votes && i < at)))
            return false;
    }
    return true;
}

static void tell_stages(struct muri *m, const struct stage *stage)
{
    struct trace *trace = m->reader->trace;
    int type = trace_type(trace, type_name(m, stage).text, "muri");

    if (type >= 0 && stage->cpu_ms + stage->gpu_ms + stage->net_ms > 0)
        trace->types.item[type].extra =
            arena_printf(&trace->arena, "    stages: {cpu: %g, gpu: %g, network: %g, period: %g}\n",
                         stage->cpu_ms, stage->gpu_ms, stage->net_ms, stage->iteration_ms);
}

static void count_votes(struct muri *m)
{
    for (size_t i = 0; i < m->stages.count; i++) {
        if (is_outvoted(m, i))
            m->reader->trace->account.noted[TRACE_NOTE_OUTVOTED] += m->stages.item[i].votes;
        else
            add_points(m, &m->stages.item[i]);
        if (is_typical(m, i))
            tell_stages(m, &m->stages.item[i]);
    }
}

static bool read_stage(const struct muri *m, struct stage *stage)
{
    const struct csv *csv = &m->reader->csv;
    bool good;

    *stage = (struct stage){.votes = 0};
    strncpy(stage->model, csv_text(csv, m->column[MODEL]), sizeof stage->model - 1);
    good =
        csv_number(csv, m->column[GPUS], &stage->gpus) && stage->gpus >= 1 && stage->gpus <= 4096 &&
        stage->gpus == floor(stage->gpus) && csv_number(csv, m->column[BATCH], &stage->batch) &&
        csv_number(csv, m->column[ITERATION_MS], &stage->iteration_ms) && stage->iteration_ms > 0 &&
        csv_number(csv, m->column[CPU_MS], &stage->cpu_ms) && stage->cpu_ms >= 0 &&
        csv_number(csv, m->column[GPU_MS], &stage->gpu_ms) && stage->gpu_ms >= 0 &&
        csv_number(csv, m->column[NET_MS], &stage->net_ms) && stage->net_ms >= 0 && stage->model[0];
    return good;
}

static int take_row(struct muri *m, struct err *err)
{
    struct trace *trace = m->reader->trace;
    const struct csv *csv = &m->reader->csv;
    struct trace_job job = trace_no_job();
    struct stage stage;

    if (!read_stage(m, &stage) || !csv_number(csv, m->column[SUBMIT], &job.at_s) ||
        !csv_number(csv, m->column[DURATION], &job.duration_s) ||
        !csv_number(csv, m->column[ITERATIONS], &job.work)) {
        trace_drop(trace, TRACE_DROP_DAMAGED);
        return 0;
    }
    if (!reader_wants(m->reader, TRACE_ARRIVALS)) {
        vote(m, &stage);
        return 0;
    }
    job.at_s /= 1000;
    job.duration_s /= 1000;
    job.work *= stage.gpus;
    job.demand[m->gpu] = stage.gpus;
    if (m->cpu >= 0)
        job.ran_with[m->cpu] = m->cpus * stage.gpus;
    job.limits = TRACE_RIGID;
    job.type = trace_find_type(trace, trace_clean_name(stage.model).text);
    if (job.type < 0)
        job.type = trace_rigid_type(trace, trace_clean_name(stage.model).text);
    return trace_job(trace, &job, err);
}

static int read_file(struct muri *m, struct err *err)
{
    static const char *const name[] = {"submit_time",
                                       "duration",
                                       "num_gpu",
                                       "iterations",
                                       "model_name",
                                       "iteration_time",
                                       "resource_time_0",
                                       "resource_time_1",
                                       "resource_time_2",
                                       "batch_size",
                                       NULL};
    struct trace_reader *reader = m->reader;
    int rc;

    reader_open_rows(reader, ',', true);
    rc = csv_read_header(&reader->csv, err);
    if (rc < 0)
        return rc;
    if (rc == 0 || !reader_columns(reader, name, COLUMNS, m->column) ||
        (reader_wants(reader, TRACE_ARRIVALS) && !reader_in_part(reader))) {
        reader_pass_over(reader);
        return 0;
    }
    while ((rc = reader_next_row(reader, err)) > 0) {
        rc = take_row(m, err);
        if (rc)
            break;
    }
    return rc;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    struct muri m = {.reader = reader, .cpus = (double)params_int(&reader->params, "cpus")};
    int rc;

    m.cpu = m.cpus > 0 ? trace_resource(reader->trace, "cpu", "cores") : -1;
    m.gpu = trace_resource(reader->trace, "gpu", "GPUs");
    while ((rc = reader_next_file(reader, err)) > 0) {
        rc = read_file(&m, err);
        if (rc)
            break;
    }
    if (rc == 0)
        count_votes(&m);
    vector_release(&m.stages);
    return rc;
}

static const struct option_spec options[] = {
    {"cpus", OPTION_INT, "4", .low = 0, .high = 64,
     .help =
         "cores per GPU behind the measured CPU stage; 0: GPUs are the only resource, and a job "
         "runs exactly as long as its row says"},
    {0},
};

const struct trace_format format_muri = {
    .name = "muri",
    .summary = "Philly's jobs with the stage times of eight models",
    .files =
        "`submit_time` (ms), `num_gpu`, `iterations`, `model_name`, `batch_size`, `duration` (ms), "
        "`iteration_time` (ms), `resource_time_0..2` (ms; CPU, GPU, network: a type's `stages`). "
        "Work is iterations times GPUs. Part: a file, `trace2`",
    .home = "muri",
    .quality = "arrivals, durations and GPUs are real, the models random; which stage is which is "
               "inferred; a wrong row is outvoted by the others of its kind",
    .gives = TRACE_ARRIVALS | TRACE_TYPES,
    .options = options,
    .read = read_files,
};
