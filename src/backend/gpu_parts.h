/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GPUs that are given out in parts. Where NVIDIA's MPS control daemon runs, a cluster may offer
 * more units of gpu than it has GPUs: each is cut into as many equal parts, a task gets parts, and
 * MPS keeps it to that share of a GPU's threads.
 */
#ifndef BACKEND_GPU_PARTS_H
#define BACKEND_GPU_PARTS_H

#include "backend/cpu_list.h"

struct err;

struct gpu_parts {
    struct cpu_list gpus; /* the real ones */
    int parts;            /* of each; 1: whole GPUs */
    char *pipes;          /* where MPS listens, if parts > 1 */
};

/* units: what the cluster offers; gpus: its GPUs. Release in any case. */
int gpu_parts_open(struct gpu_parts *out, const char *cluster, int units,
                   const struct cpu_list *gpus, struct err *err);
void gpu_parts_release(struct gpu_parts *parts);

/* The units to hand out: GPUs by their numbers, or parts counted through all of them. */
void gpu_parts_units(const struct gpu_parts *parts, int units, struct cpu_list *out);
/* The GPUs on which units lie, and the share in percent that all of those can have. */
void gpu_parts_gpus(const struct gpu_parts *parts, const struct cpu_list *units,
                    struct cpu_list *out, int *percent);

#endif
