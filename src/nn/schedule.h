/* SPDX-License-Identifier: Apache-2.0 */
/* How a learning rate, or any other number, changes over a training run. */
#ifndef NN_SCHEDULE_H
#define NN_SCHEDULE_H

#include <stdint.h>

enum schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_LINEAR, SCHEDULE_COSINE };

struct schedule {
    enum schedule_kind kind;
    double from, to;      /* CONSTANT stays at `from` */
    int64_t warmup_steps; /* climbs to `from` over these first */
    int64_t steps;        /* reaches `to` here and stays, warm-up included */
};

/* The value for step 0, 1, ... */
double schedule_at(const struct schedule *schedule, int64_t step);

#endif
