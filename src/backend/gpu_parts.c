/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit u of a cluster whose GPUs have p parts lies on the (u / p)th of them. MPS knows one
 * percentage per program, which counts on every GPU that it sees; a task whose parts are spread
 * unevenly gets the least of its shares, so that it never takes another's.
 *
 * MPS is there if the folder of its pipes ($CUDA_MPS_PIPE_DIRECTORY of the daemon, else
 * /tmp/nvidia-mps) has a pipe "control". The share is fixed at a program's start.
 */
#include "backend/gpu_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

static char *find_mps(void)
{
    const char *folder = getenv("CUDA_MPS_PIPE_DIRECTORY");
    struct stat status;
    struct text path;
    bool found;

    folder = folder && *folder ? folder : "/tmp/nvidia-mps";
    text_init(&path, 0);
    text_printf(&path, "%s/control", folder);
    found =
        stat(path.bytes, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
    text_release(&path);
    return found ? xstrdup(folder) : NULL;
}

int gpu_parts_open(struct gpu_parts *out, const char *cluster, int units,
                   const struct cpu_list *gpus, struct err *err)
{
    *out = (struct gpu_parts){.gpus = *gpus, .parts = 1};
    if (units <= gpus->count)
        return 0;
    if (!gpus->count || units % gpus->count || units > CPU_LIST_MAX || units / gpus->count > 100)
        return err_set(err, ERR_INVALID, "cluster %s: %d GPUs, but %d are listed", cluster, units,
                       gpus->count);
    out->pipes = find_mps();
    if (!out->pipes)
        return err_set(
            err, ERR_INVALID,
            "cluster %s: %d GPUs, but %d are listed; to give them out in parts, MPS must "
            "run (nvidia-cuda-mps-control -d)",
            cluster, units, gpus->count);
    out->parts = units / gpus->count;
    return 0;
}

void gpu_parts_release(struct gpu_parts *parts)
{
    free(parts->pipes);
    parts->pipes = NULL;
}

void gpu_parts_units(const struct gpu_parts *parts, int units, struct cpu_list *out)
{
    *out = parts->gpus;
    if (parts->parts == 1)
        return;
    out->count = 0;
    for (int unit = 0; unit < units; unit++)
        out->id[out->count++] = (int16_t)unit;
}

void gpu_parts_gpus(const struct gpu_parts *parts, const struct cpu_list *units,
                    struct cpu_list *out, int *percent)
{
    int held[CPU_LIST_MAX] = {0}, least = parts->parts;

    *out = *units;
    *percent = 100;
    if (parts->parts == 1)
        return;
    out->count = 0;
    for (int i = 0; i < units->count; i++)
        held[units->id[i] / parts->parts]++;
    for (int gpu = 0; gpu < parts->gpus.count; gpu++)
        if (held[gpu]) {
            out->id[out->count++] = parts->gpus.id[gpu];
            least = held[gpu] < least ? held[gpu] : least;
        }
    *percent = 100 * least / parts->parts;
}
