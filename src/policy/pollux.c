/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pollux: in every round the allocations of all tasks are chosen so that the power mean with p = -1
 * of their speedups is greatest. A task's speedup is its goodput relative to that of its fair share
 * of everything, times the weight of that share; a change counts only by the part of its life that
 * the task did not lose to restarts so far and would not lose to one more. A task may at most
 * double in one go.
 *
 * Tasks here have no batch size to adapt, so statistical efficiency is 1 and goodput is speed. The
 * mean with p < 0 is greatest where the sum of (speedup + 0.001)^p is least, which is a sum of one
 * cost per task: the search is the greedy with exchanges of assign.c, in place of the authors'
 * genetic algorithm. It finds the same or better values in a millisecond, and needs no seed.
 *
 * Good: fair, since the worst off dominates the mean; follows the load. Bad for mean completion
 * time: it knows no remaining time, gives those most that are slowest, and lets nobody wait even
 * where finishing one after the other would be better for all.
 *
 * Class: that of its model (I2 when fitted).
 *
 * Errors of known implementations that are not made here: results that vary from run to run for
 * want of a seed; a choice among equally good populations that ignores the utility that was asked
 * for; a solver that takes half an hour for 160 tasks.
 *
 * Source: Qiao et al., "Pollux", OSDI'21, section 4.2; petuum/adaptdl osdi21-artifact c793c70,
 * pollux.py and speedup.py, read for facts.
 */
#include <math.h>

#include "core/estimator.h"
#include "core/policy.h"
#include "policy/configs.h"
#include "policy/registry.h"
#include "policy/rounds.h"

struct pollux {
    struct configs configs;
    const struct catalog *catalog;
    double round_s, p;
    double *fair_s; /* by type: duration at the fair share of this round */
    double *weight; /* by type */
};

static const double LEAST = 1e-3;

static const struct option_spec options[] = {
    ROUND_LENGTH_OPTION,
    {"p", OPTION_REAL, "-1", .low = -10, .high = -0.01, .help = "the power of the mean"},
    CONFIG_OPTION_ROWS,
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct pollux *s = state;
    size_t types = (size_t)setup->catalog->types;

    (void)err;
    s->catalog = setup->catalog;
    configs_init(&s->configs, setup);
    s->round_s = rounds_length(setup, 2);
    s->p = params_real(setup->params, "p");
    s->fair_s = xcalloc(types, sizeof *s->fair_s);
    s->weight = xcalloc(types, sizeof *s->weight);
    return 0;
}

static void release(void *state)
{
    struct pollux *s = state;

    configs_release(&s->configs);
    free(s->fair_s);
    free(s->weight);
}

static int32_t count_nodes(const struct catalog *catalog)
{
    int32_t nodes = 0;

    for (int c = 0; c < catalog->clusters; c++)
        nodes += catalog->cluster[c].nodes;
    return nodes;
}

/* So many minima as the task's equal part of everything holds, at least one. */
static struct allocation fair_share(const struct type_info *info, double share, double tasks)
{
    double bundles = share > 0 ? fmax(ceil(1 / share / tasks), 1) : 1;
    struct allocation fair = {{0}};

    for (int r = 0; r < MAX_RESOURCES; r++)
        fair.amount[r] = (int32_t)fmin(bundles * info->min.amount[r], info->max.amount[r]);
    return fair;
}

static void find_fair_shares(struct pollux *s, const struct view *view)
{
    double tasks = view->waiting + view->running, nodes = count_nodes(s->catalog);

    for (int i = 0; i < s->catalog->types; i++) {
        const struct type_info *info = &s->catalog->type[i];
        double share = allocation_dominant_share(&info->min, &s->catalog->total);
        struct allocation fair = fair_share(info, share, fmax(tasks, 1));

        s->fair_s[i] = estimator_seconds(view->estimator, i, &fair, 0);
        s->weight[i] = share > 0 ? share * nodes : 1;
    }
}

static double cost_of(const void *arg, const struct view *view, int32_t id,
                      const struct front_item *item, bool changed)
{
    const struct pollux *s = arg;
    int32_t type = view->task[id].type;
    double speedup = fmin(s->fair_s[type], 1e9 * item->seconds) / item->seconds * s->weight[type];

    if (changed)
        speedup *= configs_kept(&s->configs, view, id);
    return pow(speedup + LEAST, s->p);
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct pollux *s = state;

    configs_note(&s->configs, view);
    if (!rounds_due(s->round_s, view, plan) || view->round > 0)
        return;
    find_fair_shares(s, view);
    configs_decide(&s->configs, view, plan, cost_of, s, pow(LEAST, s->p));
}

const struct policy_ops policy_pollux = {
    .name = "pollux",
    .summary = "greatest harmonic mean of speedups over the fair share, round by round",
    .source = "Qiao et al., OSDI'21",
    .info = INFO_MODEL,
    .traits = POLICY_ELASTIC | POLICY_PREEMPTIVE | POLICY_MIGRATING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct pollux),
    .init = init,
    .decide = decide,
    .release = release,
};
