/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which model resembles a type: the same name (letters and digits only), one that begins the other,
 * or one of the same family - networks for pictures need CPUs to decode them, language models
 * hardly any - as the table below groups them.
 */
#include "trace/sensitivity.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "trace/speed_grid.h"
#include "trace/trace.h"

enum { LEVELS = 64 };

/* By what the name begins with; the first model that is there stands for its family. */
static const struct family {
    const char *member[12];
    const char *model[4];
} families[] = {
    {{"resnet", "imagenet", "image", "cifar", "mnist", "inception", "googlenet"},
     {"resnet50", "resnet18"}},
    {{"vgg", "alexnet", "squeezenet"}, {"alexnet", "resnet18"}},
    {{"mobilenet", "shufflenet", "ssd", "yolo", "detect"}, {"mobilenetv2", "shufflenet", "ssd"}},
    {{"bert", "gpt", "transformer", "lm", "recommendation", "ncf", "gnmt", "lstm"},
     {"transformer", "gnmt", "lstm", "bert"}},
    {{"deepspeech", "audio", "m5"}, {"deepspeech", "m5"}},
};

static void squeeze(const char *name, char *out, size_t bytes)
{
    size_t length = 0;

    for (; *name && length + 1 < bytes; name++)
        if (isalnum((unsigned char)*name))
            out[length++] = (char)tolower((unsigned char)*name);
    out[length] = '\0';
}

static bool begins(const char *name, const char *with)
{
    return with[0] && strncmp(name, with, strlen(with)) == 0;
}

/* The factors' model whose squeezed name this is, or begins so. */
static const char *find_model(const struct trace *trace, const char *wanted)
{
    const char *near = NULL;

    for (size_t i = 0; i < trace->factors.count; i++) {
        char model[64];

        squeeze(trace->factors.item[i].model, model, sizeof model);
        if (strcmp(model, wanted) == 0)
            return trace->factors.item[i].model;
        if (!near && (begins(model, wanted) || begins(wanted, model)))
            near = trace->factors.item[i].model;
    }
    return near;
}

static const char *find_like(const struct trace *trace, const char *name)
{
    char wanted[64];
    const char *model;

    squeeze(name, wanted, sizeof wanted);
    model = find_model(trace, wanted);
    for (size_t f = 0; f < COUNT_OF(families) && !model; f++) {
        bool member = false;

        for (int i = 0; families[f].member[i]; i++)
            member |= begins(wanted, families[f].member[i]);
        for (int i = 0; member && i < 4 && families[f].model[i] && !model; i++)
            model = find_model(trace, families[f].model[i]);
    }
    return model;
}

/* The model's factors by CPUs, ascending, for the measured number of GPUs nearest below. */
static int collect(const struct trace *trace, const char *model, int32_t gpus, double *cpus,
                   double *factor)
{
    int32_t best = 0;
    int count = 0;

    for (size_t i = 0; i < trace->factors.count; i++) {
        const struct trace_factor *f = &trace->factors.item[i];

        if (strcmp(f->model, model) == 0 && (best == 0 || (f->gpus <= gpus && f->gpus > best)))
            best = f->gpus;
    }
    for (size_t i = 0; i < trace->factors.count && count < LEVELS; i++) {
        const struct trace_factor *f = &trace->factors.item[i];
        int at = count;

        if (strcmp(f->model, model) != 0 || f->gpus != best)
            continue;
        while (at > 0 && cpus[at - 1] >= f->cpus / f->gpus)
            at--;
        if (at < count && cpus[at] == f->cpus / f->gpus)
            continue;
        memmove(cpus + at + 1, cpus + at, (size_t)(count - at) * sizeof *cpus);
        memmove(factor + at + 1, factor + at, (size_t)(count - at) * sizeof *factor);
        cpus[at] = f->cpus / f->gpus;
        factor[at] = f->factor;
        count++;
    }
    return count;
}

static void widen(struct trace *trace, int type, const char *model, int cpu, int gpu)
{
    static const int32_t levels[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
    VECTOR(struct trace_point) old = {0};
    struct trace_type *t = &trace->types.item[type];

    for (size_t i = 0; i < t->points.count; i++)
        vector_push(&old, t->points.item[i]);
    vector_clear(&t->points);
    for (size_t i = 0; i < old.count; i++) {
        double cpus[LEVELS], factor[LEVELS];
        int32_t gpus = gpu >= 0 ? old.item[i].amount[gpu] : 1;
        int count = collect(trace, model, gpus, cpus, factor);

        for (size_t k = 0; k < COUNT_OF(levels); k++) {
            struct trace_point point = old.item[i];
            double speed = monotone_cubic(cpus, factor, count, (double)levels[k] / fmax(gpus, 1));

            point.amount[cpu] = levels[k];
            point.seconds /= speed;
            if (speed > 0)
                vector_push(&t->points, point);
        }
    }
    vector_release(&old);
    t->source = arena_printf(&trace->arena, "%s; CPUs as %s", t->source, model);
    t->noise = 0;
}

int sensitivity_apply(struct trace *trace, struct err *err)
{
    int cpu = trace_resource(trace, "cpu", "cores"), gpu = trace_find_resource(trace, "gpu");

    if (trace->factors.count == 0)
        return err_set(err, ERR_INVALID, "the source of CPU sensitivity holds none");
    if (cpu < 0)
        return err_set(err, ERR_LIMIT, "more than %d resources", MAX_RESOURCES);
    for (size_t i = 0; i < trace->types.count; i++) {
        const struct trace_type *type = &trace->types.item[i];
        const char *model = find_like(trace, type->name);

        if (type->points.count > 0 && !type->axis[cpu] && model)
            widen(trace, (int)i, model, cpu, gpu);
    }
    trace_finish_types(trace);
    return 0;
}
