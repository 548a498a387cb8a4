/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of a task's life: what it held, where and from when on. Kept with the task, they are
 * what a log in the simulator's format is made from.
 */
#ifndef SERVE_STAGE_H
#define SERVE_STAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "core/allocation.h"

struct site;

struct stage {
    int64_t at_us;
    int32_t cluster; /* -1: it waits */
    bool failed;     /* it waits because it failed */
    struct allocation allocation;
};

struct stages {
    VECTOR(struct stage) list; /* by time */
};

/* Of a task that is resized without end every second resize is forgotten, never a start or a stop.
 */
void stages_add(struct stages *stages, const struct stage *stage);

/* [[at_us, cluster, amount, ...], [at_us, failed], ...] */
json_t *stages_json(const struct stages *stages, const struct site *site);
/* What cannot be read is left out. */
void stages_read(struct stages *stages, const json_t *list, const struct site *site);

#endif
