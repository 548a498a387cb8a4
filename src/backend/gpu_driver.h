/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA's management library, where this machine has one: it is loaded, not linked. */
#ifndef BACKEND_GPU_DRIVER_H
#define BACKEND_GPU_DRIVER_H

#include "backend/cpu_list.h"

struct gpu_driver;

/* NULL: there is none, or it does not work. */
struct gpu_driver *gpu_driver_open(void);
void gpu_driver_close(struct gpu_driver *driver);

/* How many GPUs there are; 0 without a driver. */
int gpu_driver_total(void);
int gpu_driver_count(const struct gpu_driver *driver);
/* How much of the time GPUs have been busy of late, in the mean, 0 to 1; -1: it does not say. */
double gpu_driver_busy(const struct gpu_driver *driver, const struct cpu_list *gpus);

#endif
