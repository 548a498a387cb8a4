/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of view, plan, apply. Decisions are timed one in sixteen after the first few, so that
 * the clock does not weigh on fast policies.
 */
#include "sim/episode.h"

#include "base/clock.h"
#include "base/err.h"
#include "core/estimator.h"
#include "core/scenario.h"
#include "sim/ideal.h"

/* The clock of a thread's processor time is slow to read: it is read for the first decisions, in
 * which policies prepare themselves, and then for one in TIMED_EVERY, which stands for all. */
enum { TIMED_AT_FIRST = 2, TIMED_EVERY = 32, STOP_EVERY = 256 };

static void observe(void *arg, const struct event *event)
{
    const struct policy *policy = arg;

    policy->ops->observe(policy->state, event);
}

struct learner {
    struct estimator *estimator;
    const struct view *view;
};

static void learn(void *arg, const struct event *event)
{
    const struct learner *learner = arg;

    learner->estimator->ops->observe(learner->estimator->state, event,
                                     event->task >= 0 ? &learner->view->task[event->task] : NULL);
}

void episode_init(struct episode *episode, const struct scenario *scenario)
{
    *episode = (struct episode){.scenario = scenario, .world = world_new(scenario)};
    plan_init(&episode->plan, scenario->catalog.clusters);
    episode->ideal = ideal_new(scenario);
}

void episode_release(struct episode *episode)
{
    world_free(episode->world);
    plan_release(&episode->plan);
    ideal_free(episode->ideal);
}

static bool is_stopped(const struct episode *episode, int64_t decision)
{
    return episode->stop && decision % STOP_EVERY == 0 &&
           atomic_load_explicit(episode->stop, memory_order_relaxed);
}

/* How many decisions this one's time stands for; 0: it is not taken. */
static int decisions_meant(int64_t decision)
{
    if (decision < TIMED_AT_FIRST)
        return 1;
    return decision % TIMED_EVERY == TIMED_EVERY / 2 ? TIMED_EVERY : 0;
}

/* Returns the mean time of a decision in microseconds; negative when stopped. */
static double play(struct episode *episode, struct policy *policy)
{
    struct world *world = episode->world;
    const struct view *view = world_view(world);
    struct plan *plan = &episode->plan;
    double spent_us = 0;
    int64_t decisions = 0;

    while (!world_is_over(world)) {
        int meant = decisions_meant(view->decision);
        double begun_us = meant ? 1e6 * clock_s(CLOCK_THREAD_CPUTIME_ID) : 0;

        if (is_stopped(episode, view->decision))
            return -1;
        plan_reset(plan, view);
        policy->ops->decide(policy->state, view, plan);
        if (meant)
            spent_us += meant * (1e6 * clock_s(CLOCK_THREAD_CPUTIME_ID) - begun_us);
        decisions += meant;
        world_apply(world, plan);
    }
    return decisions > 0 ? spent_us / (double)decisions : 0;
}

/* Opens the estimator that the contender asks for and says what the policy then is. */
static int open_model(const struct contender *contender, const struct scenario *scenario,
                      uint64_t seed, struct estimator *estimator, enum info_class *info,
                      struct err *err)
{
    int rc = 0;

    *estimator = (struct estimator){0};
    *info = contender->ops->info;
    if (contender->ops->traits & POLICY_MODEL) {
        rc = estimator_open(estimator, scenario, seed, contender->model, err);
        if (rc == 0)
            *info = estimator->ops->info;
    }
    return rc;
}

int contender_info(const struct contender *contender, const struct scenario *scenario,
                   enum info_class *info, struct err *err)
{
    struct estimator estimator;
    int rc = open_model(contender, scenario, 0, &estimator, info, err);

    estimator_close(&estimator);
    return rc;
}

int episode_run(struct episode *episode, const struct contender *contender, uint64_t seed,
                const struct arrivals *arrivals, struct metrics *metrics, struct err *err)
{
    struct world *world = episode->world;
    struct estimator estimator;
    struct policy policy = {0};
    struct learner learner = {&estimator, world_view(world)};
    struct policy_setup setup = {
        .catalog = &episode->scenario->catalog, .params = contender->params, .seed = seed};
    enum info_class info;
    double decision_us = 0;
    int rc = open_model(contender, episode->scenario, seed, &estimator, &info, err);

    setup.estimator = estimator.ops ? &estimator : NULL;
    if (rc == 0)
        rc = policy_open(&policy, contender->ops, &setup, err);
    if (rc)
        goto out;
    if (estimator.ops && estimator.ops->observe)
        world_watch(world, learn, &learner);
    if (policy.ops->observe)
        world_watch(world, observe, &policy);
    world_show(world, info, setup.estimator);
    world_allow_below_minimum(world, contender->ops->traits & POLICY_BELOW_MINIMUM);
    rc = world_reset(world, seed, arrivals, err);
    if (rc)
        goto out;
    decision_us = play(episode, &policy);
    if (decision_us < 0) {
        rc = err_set(err, ERR_INTERRUPTED, "stopped");
        goto out;
    }
    metrics_take(metrics, world, episode->ideal);
    metrics->decision_us = decision_us;
out:
    world_unwatch(world, &learner);
    world_unwatch(world, &policy);
    policy_close(&policy);
    estimator_close(&estimator);
    return rc;
}
