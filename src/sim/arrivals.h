/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arrivals of one episode: made from the scenario's process and a seed, or read from a file.
 * All draws come from streams of the seed, so every policy sees the same tasks.
 */
#ifndef SIM_ARRIVALS_H
#define SIM_ARRIVALS_H

#include <stdint.h>

#include "base/arena.h"
#include "core/scenario.h"
#include "core/task.h"

struct lines;

struct arrival {
    double time_s;
    double work; /* runs of the type's speed model */
    struct reach reach;
    int32_t type, home;
    const struct allocation *limits;  /* own {min, max}, or NULL: the type's */
    const struct allocation *request; /* what its user asks for, or NULL: nothing was said */
};

struct arrivals {
    struct arena arena;
    struct arrival *item; /* by time; the index becomes the task's id */
    int32_t count;
};

void arrivals_init(struct arrivals *arrivals);
void arrivals_release(struct arrivals *arrivals);

/* Replaces what is there. Only a scenario whose process is a file can fail. */
int arrivals_make(struct arrivals *arrivals, const struct scenario *scenario, uint64_t seed,
                  struct err *err);

/* How many there will be, where the scenario says so; 0 where file or seed decide. */
int64_t arrivals_fixed_count(const struct scenario *scenario);

/*
 * Reads a file of arrivals, by time:
 *     JSON lines: {"at": seconds or "step": slot, "type": name, "clusters": [names] or "agents":
 *                 [indices] (default: by the scenario's reach rule), "work": runs, "min": {cpu: 2},
 *                 "max": {...}, "request": {...}, "home": name}
 *     CSV:        a header with at (or step), type, and optionally clusters (a|b), work, home,
 *                 min.RESOURCE, max.RESOURCE and request.RESOURCE
 *     an event log: the arrivals of its first run (see sim/event_format.h)
 * What the file leaves open (reach, work, home) is drawn from the seed by the scenario's rules.
 */
int arrivals_read(struct arrivals *arrivals, const struct scenario *scenario, const char *path,
                  uint64_t seed, struct err *err);
/* The same from the next lines of a file that holds other things too, at most so many. */
int arrivals_read_lines(struct arrivals *arrivals, const struct scenario *scenario,
                        struct lines *lines, int64_t most, uint64_t seed, struct err *err);

#endif
