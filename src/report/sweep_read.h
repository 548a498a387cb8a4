/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the directory of a sweep back: its grid, and the comparison of every finished cell. */
#ifndef REPORT_SWEEP_READ_H
#define REPORT_SWEEP_READ_H

#include "base/arena.h"
#include "core/catalog.h"
#include "report/grid.h"
#include "report/result.h"

struct err;

struct sweep_record {
    struct arena arena;
    char *path;
    const char *version, *scenario;
    const char **argument;
    int arguments;
    bool is_finished;
    struct grid grid;
    struct catalog catalog; /* resources and time unit; no clusters or types */
    struct entrant *entrant;
    uint64_t *seed;
    int entrants, seeds;
    int done;                /* cells */
    struct summary *summary; /* cell * entrants + entrant; seeds is 0 where the cell is missing */
};

bool sweep_is_there(const char *path);

int sweep_read(struct sweep_record **out, const char *path, struct err *err);
void sweep_free(struct sweep_record *sweep);

#endif
