/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVML's functions are found by name, so that the program neither needs the library nor its header.
 * All of them return 0 when they succeed; a device is a pointer; what a GPU does is told as two
 * percentages, of time with a kernel at work and of time with memory at work, of the last second or
 * less.
 */
#include "backend/gpu_driver.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"

struct nvml_utilisation {
    unsigned gpu, memory; /* percent */
};

struct gpu_driver {
    void *library;
    int (*init)(void);
    int (*shutdown)(void);
    int (*count)(unsigned *);
    int (*find)(unsigned, void **);
    int (*utilisation)(void *, struct nvml_utilisation *);
    unsigned gpus;
};

static void *find(void *library, const char *name)
{
    return library ? dlsym(library, name) : NULL;
}

struct gpu_driver *gpu_driver_open(void)
{
    struct gpu_driver *driver = xcalloc(1, sizeof *driver);

    driver->library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    *(void **)&driver->init = find(driver->library, "nvmlInit_v2");
    *(void **)&driver->count = find(driver->library, "nvmlDeviceGetCount_v2");
    *(void **)&driver->find = find(driver->library, "nvmlDeviceGetHandleByIndex_v2");
    *(void **)&driver->utilisation = find(driver->library, "nvmlDeviceGetUtilizationRates");
    if (driver->init && driver->count && driver->init() == 0) {
        *(void **)&driver->shutdown = find(driver->library, "nvmlShutdown");
        if (driver->count(&driver->gpus) == 0 && driver->gpus > 0)
            return driver;
    }
    gpu_driver_close(driver);
    return NULL;
}

void gpu_driver_close(struct gpu_driver *driver)
{
    if (!driver)
        return;
    if (driver->shutdown)
        driver->shutdown();
    if (driver->library)
        dlclose(driver->library);
    free(driver);
}

int gpu_driver_count(const struct gpu_driver *driver)
{
    return (int)driver->gpus;
}

double gpu_driver_busy(const struct gpu_driver *driver, const struct cpu_list *gpus)
{
    double sum = 0;

    if (!driver->find || !driver->utilisation || !gpus->count)
        return -1;
    for (int i = 0; i < gpus->count; i++) {
        struct nvml_utilisation used = {0};
        void *device;

        if (driver->find((unsigned)gpus->id[i], &device) != 0 ||
            driver->utilisation(device, &used) != 0)
            return -1;
        sum += used.gpu / 100.0;
    }
    return sum / gpus->count;
}

int gpu_driver_total(void)
{
    struct gpu_driver *driver = gpu_driver_open();
    int gpus = driver ? gpu_driver_count(driver) : 0;

    gpu_driver_close(driver);
    return gpus;
}
