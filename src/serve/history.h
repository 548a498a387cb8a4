/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spells of a task's life: what it held, where and from when on. Kept with the task, they are
 * what a log in the simulator's format is made from.
 */
#ifndef SERVE_HISTORY_H
#define SERVE_HISTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "core/allocation.h"

struct site;

struct spell {
    int64_t at_us;
    int32_t cluster; /* -1: it waits */
    bool failed;     /* it waits because it failed */
    struct allocation allocation;
};

struct history {
    VECTOR(struct spell) list; /* by time */
};

/* Of a task that is resized without end every second resize is forgotten, never a start or a stop.
 */
void history_add(struct history *history, const struct spell *spell);

/* [[at_us, cluster, amount, ...], [at_us, failed], ...] */
json_t *history_json(const struct history *history, const struct site *site);
/* What cannot be read is left out. */
void history_read(struct history *history, const json_t *list, const struct site *site);

#endif
