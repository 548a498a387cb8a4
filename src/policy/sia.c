/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sia: in every round each task gets one configuration (a cluster and an allocation) or none, so
 * that the sum over tasks of goodput^p is least (p < 0), where goodput is the speed relative to
 * that of the task's slowest configuration, and a task that gets none costs lambda > 1.
 * Configurations other than the present one count less by the part of its life that the task lost
 * to restarts, and would lose to one more.
 *
 * Sia's program is solved with an integer solver; here by a greedy along the steepest slopes with
 * exchanges after it (assign.c), which on tiny instances is exact more often than not, takes a
 * millisecond and gives the same answer on every machine. Configurations are allocations of the
 * type's front between minimum and maximum in place of powers of two of GPUs, clusters in place of
 * GPU types.
 *
 * Good: follows the load (with many tasks each gets little), never lets a large one starve the
 * rest, and weighs restarts. Bad: rounds let capacity idle between them; with p = -0.5 the first
 * doubling of one task may be worth more than starting another (0.29 against 0.1), so under load
 * tasks wait that would fit; remaining time plays no part.
 *
 * Class: that of its model (I2 when fitted); remaining time is not used.
 *
 * Errors of known implementations that are not made here: costs rounded to two decimals, which
 * makes ties that the solver breaks as it likes; signs of p and lambda that must agree or nobody is
 * scheduled (both are bounded here); tasks without any model taken for perfectly scalable.
 *
 * Source: Subramanya et al., "Sia", SOSP'23, section 4; siasosp23/artifacts aaf7a0d, sia.py, read
 * for facts.
 */
#include <math.h>

#include "core/policy.h"
#include "policy/configs.h"
#include "policy/registry.h"
#include "policy/rounds.h"

struct sia {
    struct configs configs;
    double round_s, p, lambda;
};

static const struct option_spec options[] = {
    ROUND_LENGTH_OPTION,
    {"p", OPTION_REAL, "-0.5", .low = -10, .high = -0.01, .help = "the power of goodput"},
    {"lambda", OPTION_REAL, "1.1", .low = 1, .high = 1000, .flags = OPTION_EXCLUSIVE,
     .help = "the cost of a task that gets nothing; at its slowest it costs 1"},
    CONFIG_OPTION_ROWS,
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct sia *s = state;

    (void)err;
    configs_init(&s->configs, setup);
    s->round_s = rounds_length(setup, 2);
    s->p = params_real(setup->params, "p");
    s->lambda = params_real(setup->params, "lambda");
    return 0;
}

static void release(void *state)
{
    struct sia *s = state;

    configs_release(&s->configs);
}

static double slowest_s(const struct front *front)
{
    double slowest = 0;

    for (int32_t i = 0; i < front->count; i++)
        if (front->item[i].seconds < HUGE_VAL)
            slowest = fmax(slowest, front->item[i].seconds);
    return slowest;
}

/* Tasks younger than one restart pay nothing. A part of 0 would make the cost infinite. */
static double cost_of(const void *arg, const struct view *view, int32_t id,
                      const struct front_item *item, bool changed)
{
    const struct sia *s = arg;
    const struct task *task = &view->task[id];
    double goodput = slowest_s(&s->configs.front[task->type]) / item->seconds;

    if (changed && view->now_s - task->arrival_s >= s->configs.restart_s[task->type])
        goodput *= fmax(configs_kept(&s->configs, view, id), 1e-4);
    return pow(goodput, s->p);
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct sia *s = state;

    configs_note(&s->configs, view);
    if (rounds_due(s->round_s, view, plan) && view->round == 0)
        configs_decide(&s->configs, view, plan, cost_of, s, s->lambda);
}

const struct policy_ops policy_sia = {
    .name = "sia",
    .summary = "least sum of goodput^p over a choice of configurations, round by round",
    .source = "Subramanya et al., SOSP'23",
    .info = INFO_MODEL,
    .traits = POLICY_ELASTIC | POLICY_PREEMPTIVE | POLICY_MIGRATING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct sia),
    .init = init,
    .decide = decide,
    .release = release,
};
