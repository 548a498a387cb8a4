/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task of known demand: DEMAND seconds with one processor, of which the share SERIAL gains
 * nothing from more (Amdahl). It waits in place of computing, so that other work on the machine
 * does not change what it needs, hears of new allocations and says how far it is.
 */
#include <time.h>

#include "tapfinger_task.h"

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    double demand_s = argc > 1 ? strtod(argv[1], NULL) : 1;
    double serial = argc > 2 ? strtod(argv[2], NULL) : 0;
    double progress = 0, before_s = now_s();
    struct tap_task task;

    tap_task_open(&task);
    while (progress < 1 && !task.stop) {
        const struct timespec step = {.tv_nsec = 2000000};
        double then_s, speed;

        nanosleep(&step, NULL);
        then_s = now_s();
        speed = 1 / (serial + (1 - serial) / (task.cpus > 0 ? task.cpus : 1));
        progress += (then_s - before_s) * speed / demand_s;
        before_s = then_s;
        tap_task_progress(&task, progress < 1 ? progress : 1);
        tap_task_poll(&task);
    }
    tap_task_close(&task);
    return progress < 1;
}
