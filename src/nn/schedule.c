/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/schedule.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

double schedule_at(const struct schedule *schedule, int64_t step)
{
    int64_t warmup = schedule->warmup_steps, length = schedule->steps - warmup;
    double done;

    if (step < warmup)
        return schedule->from * (double)(step + 1) / (double)warmup;
    done = length > 0 ? fmin(1, (double)(step - warmup) / (double)length) : 1;
    switch (schedule->kind) {
    case SCHEDULE_LINEAR:
        return schedule->from + (schedule->to - schedule->from) * done;
    case SCHEDULE_COSINE:
        return schedule->to + (schedule->from - schedule->to) * (1 + cos(PI * done)) / 2;
    default:
        return schedule->from;
    }
}
