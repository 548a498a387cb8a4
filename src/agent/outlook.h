/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent believes about the near future: what each type gains from more resources (its
 * front), what capacity is worth under the load seen so far (the price), what each cluster will
 * have free as its running tasks end (its skyline), and from these what it would cost to run a task
 * here, now or later. All of it comes from the view and the estimator, nothing from the scenario.
 *
 * Costs are seconds: of running, times one plus the price of the share of a mean cluster that is
 * held meanwhile, plus those until the start.
 */
#ifndef AGENT_OUTLOOK_H
#define AGENT_OUTLOOK_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/front.h"
#include "core/market.h"
#include "core/plan.h"
#include "core/policy.h"

enum {
    OUTLOOK_CHOICES = 16,    /* allocations considered per type */
    OUTLOOK_DEPARTURES = 32, /* of a cluster's tasks, the soonest */
    OUTLOOK_OFFERS = 8,      /* kept per cluster */
    OUTLOOK_COUNTS = 65,     /* whole numbers, from 0, whose logarithms are kept */
    OFFER_MINIMUM = -1       /* the task's minimum, which is not of the front */
};

/* A type as far as it is known. Without any allocation under which it runs, count is 0. */
struct kind {
    struct front front;
    double best_s;   /* least duration */
    double least_s;  /* at the minimum */
    double area_s;   /* least duration times share of a mean cluster */
    double priced_s; /* of the allocation that costs least at the price: duration, ... */
    double share;    /* ... share ... */
    double cost_s;   /* ... and cost */
    double price;    /* for which the last three hold */
    int32_t tasks;   /* seen of the type */
    int32_t version; /* of the estimates that the front was made of */
};

/* What a cluster has free at some moment from now. */
struct release {
    double after_s;
    struct allocation free;
};

struct offer {
    bool now, later;
    int32_t item;                  /* of the front, or OFFER_MINIMUM: the cheapest that fits now */
    double cost_s, seconds, worth; /* of it */
    double later_cost_s, later_s;  /* the cheapest that does not fit yet: cost, and when it will */
};

struct kept_offer {
    int64_t stamp;
    int32_t type;
    struct offer offer;
};

struct skyline {
    int64_t stamp; /* the decision it was made for, or changed in */
    int32_t departures, releases;
    struct release departure[OUTLOOK_DEPARTURES];   /* what each gives back */
    struct release release[OUTLOOK_DEPARTURES + 1]; /* what is free then; the first is now */
    struct kept_offer kept[OUTLOOK_OFFERS];
};

struct ledger;

struct outlook {
    const struct catalog *catalog;
    const struct ledger *ledger; /* NULL: tasks keep what they hold */
    const struct estimator *estimator;
    struct allocation mean; /* a mean cluster, what shares are of */
    struct kind *kind;      /* by type */
    struct market market;
    double price, typical_s;
    double *unit_worth; /* by cluster and resource, in mean clusters */
    double *size;       /* by cluster: its mean share of a mean cluster */
    struct skyline *skyline;
    int64_t stamp, fresh;     /* counts changes; its value when the decision began */
    bool used[MAX_RESOURCES]; /* resources that there are, and that some type can hold */
    int present;              /* how many those are */
    double best_sum_s;        /* over the tasks seen, and once over the types */
    int32_t counted;
    double log_count[OUTLOOK_COUNTS]; /* log(1 + n) */
};

/* fmin() for numbers, which compilers know only as a call. */
static inline double outlook_lesser(double a, double b)
{
    return b < a ? b : a;
}

/* log(1 + n) */
static inline double outlook_log_count(const struct outlook *outlook, int32_t n)
{
    return n < OUTLOOK_COUNTS ? outlook->log_count[n] : log1p(n);
}

/* The setup's estimator must outlive it. */
void outlook_init(struct outlook *outlook, const struct policy_setup *setup);
void outlook_release(struct outlook *outlook);

/* For a decision over this view. */
void outlook_begin(struct outlook *outlook, const struct view *view);

const struct kind *outlook_kind(struct outlook *outlook, int32_t type);

/* The cluster with the plan so far counted in; made when first asked for in a decision. */
const struct skyline *outlook_skyline(struct outlook *outlook, const struct view *view,
                                      struct plan *plan, int32_t cluster);

/* A task that will hold the amount for so long was planned to start there. */
void outlook_start(struct outlook *outlook, struct plan *plan, int32_t cluster,
                   const struct allocation *amount, double seconds);

/* What the cluster can offer the task, its windows and turns aside. */
struct offer outlook_offer(struct outlook *outlook, const struct view *view, struct plan *plan,
                           int32_t cluster, const struct task *task);

/* What an amount is worth on a cluster: its dominant share there, in mean clusters. */
double outlook_worth(const struct outlook *outlook, int32_t cluster,
                     const struct allocation *amount);

/* Seconds until a task's data would be there and it had started up. */
double outlook_transfer_s(const struct outlook *outlook, const struct task *task, int32_t cluster);

/* What a running task falls back to when the agents want the rest. */
const struct allocation *outlook_base(const struct outlook *outlook, const struct task *task);

/* Seconds that a running task still needs. */
double outlook_left_s(const struct outlook *outlook, const struct view *view,
                      const struct task *task);

#endif
