/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a schedule looks like: an episode watched from outside, as stretches - the times in which a
 * task holds one allocation on one cluster. Each stretch gets units of the main resource (numbered
 * through all clusters, so that no two tasks ever hold the same unit) and a lane of its cluster (so
 * that stretches on one lane never overlap). Everything that happens at one time is taken together:
 * a stretch has a length above 0.
 *
 * Tasks that share one allocation: one of them has it, the others' stretches have nothing.
 *
 * The main resource is the first of which every type needs at least one unit, else the first.
 */
#ifndef REPORT_SCHEDULE_H
#define REPORT_SCHEDULE_H

#include <stdint.h>

#include "core/allocation.h"
#include "core/event.h"
#include "report/interval_set.h"

struct catalog;
struct world;

struct stretch {
    int32_t task, cluster, lane;
    double begin_s, end_s;
    struct allocation allocation;
    struct interval_set units;
    enum event_kind ended_by; /* FINISH, RESIZE, PREEMPT, MIGRATE, FAILURE, LOST, or EVENT_KINDS
                                 when the episode ended first */
};

/* The state after everything that happened at one time. */
struct snapshot {
    double at_s;
    int32_t waiting, running;
    struct allocation used; /* over all clusters */
    struct allocation down; /* capacity of clusters that are down */
    const int32_t *touched; /* clusters where something changed */
    int32_t toucheds;
};

struct schedule_ops {
    void (*stretch)(void *arg, const struct stretch *stretch); /* it has ended; borrowed */
    void (*snapshot)(void *arg, const struct snapshot *snapshot);
};

struct schedule;

struct schedule *schedule_new(const struct catalog *catalog, const struct schedule_ops *ops,
                              void *arg);
void schedule_free(struct schedule *schedule);

/* For world_watch(). */
void schedule_watch(void *schedule, const struct event *event);
/* After the last event: ends what still runs. */
void schedule_end(struct schedule *schedule, double end_s);

/* Index of the main resource, the first unit of a cluster's, and what is held there now. */
int schedule_main_resource(const struct catalog *catalog);
int32_t schedule_first_unit(const struct schedule *schedule, int32_t cluster);
const struct allocation *schedule_used(const struct schedule *schedule, int32_t cluster);

#endif
