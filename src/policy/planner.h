/* SPDX-License-Identifier: Apache-2.0 */
/* The planner's own: what its two files share. */
#ifndef POLICY_PLANNER_H
#define POLICY_PLANNER_H

#include "base/rng.h"
#include "base/vector.h"
#include "core/front.h"
#include "core/market.h"
#include "core/policy.h"
#include "policy/oldest.h"
#include "policy/timeline.h"

enum {
    MOST_TASKS = 96, /* that are booked */
    ORDER_RULES = 4
};

struct job {
    int32_t task;
    const struct front_item *item; /* the front of its type, or least */
    int32_t first_pick, picks;     /* of these, what it may be given: see struct planner */
    int32_t first_lot;             /* by cluster of its reach; -1: it has none */
    struct front_item least; /* its own minimum, where no item of the front is within its limits */
    double shortest, area;   /* over its items: least duration, least duration times share */
    double earliest;         /* intervals: it is not finished before, whatever is booked */
    int32_t first_try, tries;
};

/* An item of a type's front on a cluster, in intervals; worked out when it is first looked at. */
struct deal {
    double cost, duration; /* duration below 0: not yet */
    int32_t length;
    int32_t first; /* interval in which it may start before any booking */
    int32_t start; /* the first that the trial left it when it was last looked at ... */
    int64_t trial; /* ... in this one: nothing comes free within a trial */
};

/* The deals of a type on a cluster. */
struct lot {
    int32_t cluster, type, first_deal;
    int64_t decision; /* for which they were made */
};

/* What a job may be booked for: a deal that has a start, if nobody takes it away. */
struct
try {
    const struct allocation *amount;
    int32_t cluster, deal;
};

struct booking {
    int32_t try;   /* without a start none */
    int32_t start; /* or TIMELINE */
    double finish; /* or, without a start, what counts in its place */
};

/* A job's place among those that are sorted. */
struct keyed {
    double key;
    int32_t job;
};

struct planner {
    struct market market;
    double fixed_price, price, interval_s;
    int exchanges, types, resources;
    int64_t effort; /* pairs of cluster and allocation considered per decision, about */
    bool one_start, elastic;
    struct rng rng;
    struct policy_setup setup;
    struct allocation mean;        /* a mean cluster, what shares are of */
    double *unit_worth;            /* by cluster and resource: what one unit is worth */
    struct front *front;           /* by type */
    int32_t *version;              /* by type: of the estimates that its front was made of */
    struct timeline *now, *booked; /* by cluster: before any booking, and with those of a trial */
    int64_t *trial_of, trial; /* by cluster: the trial that booked is of; and the present one */
    double *area;             /* by type: least over its front of duration times share */
    int32_t *rank;        /* by type: how many have a lesser area; below 0: not known any more */
    int32_t *place;       /* by rank */
    struct oldest oldest; /* of these tasks are booked */
    int32_t *chosen, choices;
    int64_t *looked;      /* by type: the decision at which its version was asked for */
    VECTOR(uint8_t) pick; /* of all jobs: indices into their items */
    VECTOR(struct deal) deal;
    VECTOR(int32_t) lot_of;   /* of all jobs, by cluster of their reach: indices into lot */
    VECTOR(struct try) tries; /* of all jobs */
    struct lot *lot;          /* a hash table by cluster and type */
    uint32_t lot_room, lots;  /* a power of two, and those in use */
    struct job *job;
    int32_t *order, *best_order;  /* indices into job */
    int32_t *tried[ORDER_RULES];  /* orders, likewise */
    struct keyed *keyed, *merged; /* of a sort */
    struct booking *booking, *best;
    double earliest; /* sum over jobs */
    int32_t jobs;
    int64_t *projected; /* by cluster: the decision for which `now` was made */
    int64_t decision;
};

/* What an amount is worth on a cluster: its dominant share there, in mean clusters. */
double planner_worth(const struct planner *planner, int32_t cluster,
                     const struct allocation *amount);

/* What the jobs may be booked for, before anything is. To be called when all are there. */
void planner_find_tries(struct planner *planner, const struct view *view);

/* Books the jobs in a few orders, then in so many random exchanges of the best one, which is left
 * in best_order with its bookings in best. */
void planner_try(struct planner *planner, const struct view *view, int exchanges);

/* Draws what so many exchanges would, so that the next ones are the same. */
void planner_skip(struct planner *planner, int exchanges);

#endif
