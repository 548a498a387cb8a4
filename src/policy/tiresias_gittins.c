/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tiresias-gittins: as tiresias, but inside all queues save the last the order is that of the
 * Gittins index: the chance that a task ends within the next quantum of service, over the service
 * that this is expected to take, given what it has attained and how much tasks have needed in all.
 * Higher goes first; in the last queue, and among equals, as in tiresias.
 *
 * Good where the distribution of lengths is known and stable: the index is then the best that can
 * be done blindly with one server. Bad where it drifts, and as tiresias is. The index changes while
 * a task runs, so it preempts more often; it is looked at when something happens on the task's
 * cluster.
 *
 * Class I0 and a distribution: that of the services of the tasks finished so far in the same run,
 * brought up to date each time their number has doubled (until 16 have, this is tiresias).
 *
 * Errors of known implementations that are not made here, all of the authors' simulator: the
 * distribution is kept in a local variable, so that the schedule "gittins" crashes as shipped; once
 * that is mended it sorts ascending, worst first; its quantum grows geometrically; the service of
 * waiting jobs leaves out their width; and the index sums services in all in place of what is left
 * of them.
 *
 * Source: Gu et al., "Tiresias", NSDI'19, section 3; SymbioticLab/Tiresias 959f9b0, read for facts.
 */
#include "core/policy.h"
#include "policy/levels.h"
#include "policy/registry.h"

struct tiresias_gittins {
    struct levels levels; /* first: it is the sweep's argument */
    double delta;         /* 0: the first queue's limit */
};

static const struct option_spec options[] = {
    LEVELS_OPTION_ROWS,
    {"delta", OPTION_REAL, "0", .low = 0, .high = 1e12,
     .help = "quantum of service (GPUs times seconds) that the index looks ahead; 0: the first "
             "limit (the authors' is 3250)"},
    {0},
};

static struct lane_key key(void *arg, const struct view *view, int32_t task)
{
    const struct tiresias_gittins *s = arg;
    const struct levels *levels = &s->levels;
    struct lane_key key = levels_key(arg, view, task);
    double delta = s->delta > 0 ? s->delta : levels->limit[0];

    if (levels->life.item[task].queue == levels->limits || !services_known(&levels->services))
        return key;
    /* A rank inside the queue, from 0 for the best to 1. */
    key.rank +=
        1 / (1 + delta * services_gittins(&levels->services,
                                          levels_attained(levels, task, view->now_s), delta));
    return key;
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct tiresias_gittins *s = state;

    s->delta = params_real(setup->params, "delta");
    return levels_init(&s->levels, setup, key, err);
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct tiresias_gittins *s = state;

    levels_decide(&s->levels, view, plan);
}

static void observe(void *state, const struct event *event)
{
    struct tiresias_gittins *s = state;

    levels_observe(&s->levels, event);
}

static void release(void *state)
{
    struct tiresias_gittins *s = state;

    levels_release(&s->levels);
}

const struct policy_ops policy_tiresias_gittins = {
    .name = "tiresias-gittins",
    .summary = "highest Gittins index of attained service first, in queues, preemptive",
    .source = "Gu et al., NSDI'19; SymbioticLab/Tiresias 959f9b0",
    .info = INFO_BLIND,
    .traits = POLICY_PREEMPTIVE | POLICY_MIGRATING | POLICY_WORK_CONSERVING,
    .options = options,
    .state_size = sizeof(struct tiresias_gittins),
    .init = init,
    .decide = decide,
    .observe = observe,
    .release = release,
};
