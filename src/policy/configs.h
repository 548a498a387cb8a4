/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What policies have in common that choose, round by round, one of a few configurations (a cluster
 * and an amount) for every task: which amounts are worth considering, how far a task may grow, and
 * what restarts have cost it.
 */
#ifndef POLICY_CONFIGS_H
#define POLICY_CONFIGS_H

#include "base/vector.h"
#include "core/front.h"
#include "core/policy.h"
#include "policy/assign.h"
#include "policy/target.h"

#define CONFIG_OPTION_ROWS                                                                       \
    {                                                                                            \
        "choices", OPTION_INT,  "16",                                                            \
        .low = 1,  .high = 256, .help = "allocations considered per type"},                      \
        {"doubling", OPTION_FLAG, "true",                                                        \
         .help = "a task may hold at most twice the most that it ever held"},                    \
        {"tasks",  OPTION_INT,      "400",                                                       \
         .low = 1, .high = 1000000, .help = "waiting tasks considered per round, oldest first"}, \
    {                                                                                            \
        "trials", OPTION_INT, "1000", .low = 0, .high = 1000000000,                              \
                                      .help = "exchanges tried per round, after the greedy part" \
    }

/* Which part of its type's front a task may choose from, as long as its limits stay what they are.
 */
struct config_range {
    struct allocation min, max, bound;
    int32_t first, end;
    bool known;              /* no if the task has held more than ever before */
    bool whole;              /* all of them */
    struct front_item least; /* the minimum, if it is none of them; else nothing */
};

struct configs {
    const struct catalog *catalog;
    struct front *front;   /* by type, shortest first, with the minimum at the end */
    double *restart_s;     /* by type: what a change of allocation costs */
    int64_t tasks, trials; /* see the options */
    bool doubling, news;
    VECTOR(struct allocation) most;    /* by task: the most it ever held */
    VECTOR(struct config_range) range; /* by task */
    double **unchanged_cost;           /* by type and item, in this round; NAN: not yet asked for */
    struct assign assign;
    struct targets targets;
};

void configs_init(struct configs *configs, const struct policy_setup *setup);
void configs_release(struct configs *configs);

/* What a policy is: the cost of a task with an amount. changed: it has run before and would be
 * restarted for it; if not, the cost must be the same for all tasks of the type. */
typedef double (*configs_cost_fn)(const void *arg, const struct view *view, int32_t task,
                                  const struct front_item *item, bool changed);

/* To be called at every decision. */
void configs_note(struct configs *configs, const struct view *view);

/* Chooses for all and plans it; not if nothing has happened since the last time. */
void configs_decide(struct configs *configs, const struct view *view, struct plan *plan,
                    configs_cost_fn cost, const void *arg, double none_cost);

/* The part of its life that a task did not lose to its restarts so far, if it has one more now. */
double configs_kept(const struct configs *configs, const struct view *view, int32_t task);

#endif
