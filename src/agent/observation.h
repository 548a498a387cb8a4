/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agents see at one decision, as a graph of numbers: clusters, the tasks that wait for
 * them, the tasks that run on them, and a hub that sums up the system. Nothing depends on units, on
 * how many clusters, resources or types there are, or on what they are called: every number is a
 * ratio or a logarithm of one, and several resources enter through their least, mean and largest.
 *
 * In large systems only clusters where something changed decide, and they see a part of what waits.
 */
#ifndef AGENT_OBSERVATION_H
#define AGENT_OBSERVATION_H

#include <math.h>

#include "agent/outlook.h"
#include "base/arena.h"
#include "nn/real.h"

enum {
    MOST_AGENTS = 64,  /* clusters that decide at once */
    MOST_SHOWN = 32,   /* waiting tasks that one of them looks at, ... */
    FEW_SHOWN = 12,    /* ... where there are more clusters than decide at once */
    MOST_RUNNING = 32, /* running tasks of one of them that are looked at */
};

/* A row per cluster. Fractions are of its capacity. */
enum cluster_feature {
    CLUSTER_FREE_LEAST,
    CLUSTER_FREE_MEAN,
    CLUSTER_FREE_MOST,
    CLUSTER_SIZE,      /* log, to the mean cluster */
    CLUSTER_RUNNING,   /* log(1 + tasks) */
    CLUSTER_SHOWN,     /* log(1 + tasks) */
    CLUSTER_QUEUED,    /* log(1 + tasks) behind its window */
    CLUSTER_MAY_START, /* 0 or 1 */
    CLUSTER_RELEASE,   /* four: what comes free within 1/4, 1/2, 1, 2 typical durations */
    CLUSTER_DEMAND = CLUSTER_RELEASE + 4, /* area that its tasks want, each divided by its reach */
    CLUSTER_BUSY,                         /* typical durations until all of it is free */
    CLUSTER_FEATURES
};

enum waiting_feature {
    WAITING_AGE,    /* log(1 + typical durations) */
    WAITING_BEST,   /* log of the best duration in typical ones */
    WAITING_LEAST,  /* log of the duration at the minimum to the best */
    WAITING_PRICED, /* log of the duration at the price to the best */
    WAITING_SHARE,  /* of a mean cluster, at the price */
    WAITING_AREA,   /* log of the least area in typical durations of a mean cluster */
    WAITING_COST,   /* log of the cost at the price in typical durations */
    WAITING_REACH,  /* 1 / clusters in reach */
    WAITING_HOSTS,  /* part of those compared where it fits now */
    WAITING_SOON,   /* what its best offer now costs above that at the price */
    WAITING_LATER,  /* and its best later one */
    WAITING_FEATURES
};

enum running_feature {
    RUNNING_SHARE, /* dominant, of its cluster */
    RUNNING_PROGRESS,
    RUNNING_LEFT, /* typical durations */
    RUNNING_RAN,  /* log(1 + typical durations) */
    RUNNING_SLOT, /* ends within a slot */
    RUNNING_FEATURES
};

enum hub_feature {
    HUB_PRICE,   /* log2 / 4 */
    HUB_SLOT,    /* length of a slot in typical durations; 0: no slots */
    HUB_WAITING, /* log(1 + per cluster) */
    HUB_RUNNING,
    HUB_FREE,   /* mean over clusters of the least free fraction */
    HUB_DEMAND, /* area wanted per capacity, typical durations */
    HUB_ONE_START,
    HUB_CLUSTERS, /* 1 / clusters */
    HUB_FEATURES
};

/* An agent and a task that it sees. */
struct pair {
    int32_t agent, task; /* rows */
    struct offer offer;
    double transfer_s;
    double wants;   /* what the type wants at the price, divided among the clusters in reach */
    real age_rank;  /* among the tasks shown, 0 .. 1 */
    bool startable; /* as the view has it, whatever is planned */
};

struct observation {
    struct arena *memory;
    const struct view *view;
    struct plan *plan;
    struct outlook *outlook;
    bool one_start;

    int32_t agents, tasks, runnings, pairs;
    int32_t *cluster;       /* by agent: its id */
    int32_t *task;          /* by row: its id */
    struct pair *pair;      /* by agent, in the order of their tasks' ids */
    int32_t *first_pair;    /* agents + 1 */
    int32_t *first_running; /* agents + 1 */
    int32_t *first_seer;    /* tasks + 1: their pairs */
    int32_t *seer;          /* pairs, by task */
    int32_t *starts;        /* by agent, in this decision */
    double *crowd;          /* by agent: what its tasks want, each divided by its reach */
    bool *taken;            /* by task: planned */
    real *cluster_x, *waiting_x, *running_x, *hub_x, *pair_x; /* rows of features */
};

/* Sees what the view shows to these clusters (at most MOST_AGENTS, ascending), with the plan so
 * far. Everything lives in memory. */
void observation_make(struct observation *seen, struct arena *memory, const struct view *view,
                      struct plan *plan, struct outlook *outlook, const int32_t *cluster,
                      int32_t clusters);

/* Another in the same memory that may be changed on its own, but for which tasks are taken and what
 * is planned. */
void observation_copy(struct observation *copy, const struct observation *seen);

/* Makes the rows of the waiting tasks again, after offers of pairs were changed. */
void observation_renew_waiting(struct observation *seen);

/* Notes that a pair's task was planned to start with this amount. */
void observation_start(struct observation *seen, int32_t pair, const struct allocation *amount,
                       double seconds);

static inline const struct task *observation_task(const struct observation *seen, int32_t pair)
{
    return &seen->view->task[seen->task[seen->pair[pair].task]];
}

static inline int32_t observation_cluster(const struct observation *seen, int32_t pair)
{
    return seen->cluster[seen->pair[pair].agent];
}

/* A logarithm of a ratio, kept within +-4. */
real observation_log(double value, double unit);

/* x / (1 + |x|), for a time in typical durations. */
static inline real observation_squash(double value, double unit)
{
    double x = value / unit;

    if (isinf(x))
        return x > 0 ? 1 : -1;
    return (real)(x / (1 + fabs(x)));
}

/* The same of a - b, either of which may be HUGE_VAL. */
static inline real observation_gap(double a, double b, double unit)
{
    return isinf(a) && isinf(b) ? 0 : observation_squash(a - b, unit);
}

/* The least part of the cluster's capacity that is left of what is free after taking the amount. */
real observation_left_over(const struct observation *seen, int32_t cluster,
                           const struct allocation *free, const struct allocation *amount);

#endif
