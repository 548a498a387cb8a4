/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog: what there is and what anybody may know of it - resources, clusters, types, links
 * and the rules of the game. Speeds are not in it. Policies get it at init and through every view;
 * a scenario fills it in the simulated world, the daemon in the live one.
 */
#ifndef CORE_CATALOG_H
#define CORE_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/allocation.h"
#include "core/nodes.h"
#include "core/stages.h"

enum { MAX_CLUSTERS = 100000, MAX_TYPES = 4096, MAX_WINDOW = 64 };

struct resource_info {
    const char *name; /* "cpu" */
    const char *unit; /* "cores"; "" if none was stated */
};

struct cluster_info {
    const char *name;
    struct allocation capacity;
    int32_t nodes;          /* equal machines that it is split into; 1: it is one machine */
    struct allocation node; /* capacity of each */
    enum placement_rule placement;
    double x_km, y_km;    /* where it is; both 0 unless stated */
    double origin_weight; /* how often tasks originate here, relative to other clusters */
};

/* What a change of allocation costs the task: for `seconds` it runs at `factor` of its speed. In
 * slotted mode 0 seconds stand for one slot. */
struct switching_cost {
    double factor; /* in 0 .. 1; 1: free */
    double seconds;
};

struct type_info {
    const char *name;
    struct allocation min, max;     /* of a task; the arrival may narrow them for one task */
    const struct allocation *tuned; /* what users who know the type ask for, one or more */
    int tuneds;
    struct switching_cost switching;
    const double *epoch;         /* progress at the end of each epoch, ascending, the last 1 */
    int32_t epochs;              /* 0: none are known */
    double startup_s;            /* holds its allocation so long before the first progress */
    double data_mb;              /* input that lies at the task's home cluster */
    double state_mb;             /* checkpoint that moves with a migration */
    bool preempt_keeps;          /* progress survives preemption and migration */
    bool failure_keeps;          /* progress survives a failure or an outage */
    const struct stages *stages; /* of an iteration; NULL: never shares an allocation */
};

/* What the rules say of tasks that share one allocation. */
struct sharing {
    int most;                    /* members of a company; 1: nobody shares */
    double stretch[MAX_COMPANY]; /* factor on the period of a company of 1, 2, ... */
};

struct link_info {
    double mbit_s; /* 0: no limit */
    double rtt_s;
};

enum rounds {
    ROUNDS_ONE,  /* slotted: one start per cluster and slot, then time moves (the paper's era A) */
    ROUNDS_MANY, /* slotted: asked again until nothing is started (era B) */
};

struct catalog {
    int resources, clusters, types;
    const struct resource_info *resource;
    const struct cluster_info *cluster;
    const struct type_info *type;
    struct allocation total;   /* capacity of all clusters */
    struct allocation largest; /* per resource, the most that any one cluster has */

    double slot_s; /* length of a slot; 0: event-driven */
    enum rounds rounds;
    int window; /* waiting tasks that a cluster sees at once; 0: all */
    struct sharing sharing;

    struct link_info link;         /* between any two clusters ... */
    const struct link_info *links; /* ... unless this matrix (clusters x clusters) is given */
    const char *time_unit;         /* "slot" or "s": what results are counted in */
    double time_unit_s;            /* its length */
};

/* Whether nodes can stand in the way: an amount may fit the cluster and find no room on them. */
static inline bool cluster_is_split(const struct cluster_info *cluster)
{
    return cluster->nodes > 1 && cluster->placement == PLACE_CONSOLIDATED;
}

/* Index by name, or -1. */
int catalog_find_resource(const struct catalog *catalog, const char *name);
int catalog_find_cluster(const struct catalog *catalog, const char *name);
int catalog_find_type(const struct catalog *catalog, const char *name);

/* What a cluster has in the mean, rounded up, at least 1 of every resource. */
struct allocation catalog_mean_cluster(const struct catalog *catalog);

/* Whether tasks of this type may share an allocation with others. */
static inline bool catalog_may_share(const struct catalog *catalog, int type)
{
    return catalog->sharing.most > 1 && catalog->type[type].stages;
}

/* How many tasks may come to share one allocation; 1 if no type may. */
int catalog_most_company(const struct catalog *catalog);

/* The time in which tasks of these types, all of which may share, make one iteration each when they
 * are on one allocation. A member's speed is then the period that it has alone over this one of
 * what it would be alone, and at most that. */
double catalog_period(const struct catalog *catalog, const int32_t type[], int members);

/* Seconds that mb megabytes take from one cluster to another while the link is up; 0 within one. */
double catalog_transfer_s(const struct catalog *catalog, int from, int to, double mb);

#endif
