/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A menu: what a task may get, over all clusters of its reach, thinned to what
 * a lower bound asks for. An entry stands for a box of allocations: it takes
 * what the least of them takes and runs as fast as none of them exceeds. Where
 * there are few allocations every box holds one of them.
 */
#ifndef BOUND_MENU_H
#define BOUND_MENU_H

#include <stdint.h>

#include "core/allocation.h"
#include "core/speed.h"
#include "core/task.h"

struct scenario;

struct portion {
    double amount; /* of one resource; 0 among the fastest */
    struct rate rate;
};

struct portions {
    struct portion *item;
    int32_t count;
};

enum { ENVELOPE = 1024 };

struct menu {
    struct portions fastest; /* no other is faster at any progress */
    double *envelope;        /* on a level curve: the greatest speed up to progress i /
                                ENVELOPE */
    struct portions thrift[MAX_RESOURCES]; /* no other is as fast with less of the resource */
    double least[MAX_RESOURCES];           /* the least of the resource that moves the task */
    /* Kept by bound/demand.c for tasks of work 1 without noise; negative: not
     * worked out yet. */
    double seconds, area[MAX_RESOURCES];
};

struct menus;

struct menus *menus_new(const struct scenario *scenario);
void menus_free(struct menus *menus);

/* The menu of a type within limits and reach; belongs to `menus`. */
struct menu *menus_find(struct menus *menus, int32_t type, const struct allocation *min,
                        const struct allocation *max, const struct reach *reach);

/* Appends every allocation between min and max, or boxes of them where there
 * are more than `most`: low and high of each are written one after the other.
 * Free *out. */
int32_t menu_boxes(const struct allocation *min, const struct allocation *max, int resources,
                   int32_t most, struct allocation **out);

#endif
