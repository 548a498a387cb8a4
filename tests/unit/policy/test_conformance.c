/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every policy over random scenarios. At every decision: the books of every cluster balance, every
 * allocation lies between minimum and maximum and in reach, the waiting lists and windows hold
 * exactly the waiting tasks; nothing of a plan is refused (the world is strict); work-conserving
 * policies leave no task waiting whose minimum fits (those with a request rule: when they ask for
 * the minimum). Over an episode: who is not elastic does not resize,
 * who is not preemptive does not preempt, Little's law holds, and the same seed gives the same
 * events.
 *
 * TAP_SEED chooses the first scenario (it is printed on failure), TAP_CASES how many there are, and
 * TAP_POLICY one policy.
 */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "core/estimator.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "random_scenario.h"
#include "sim/world.h"

enum { CASES = 60 / HARNESS_SLOWDOWN, MAX_TEST_NODES = 64 };

struct check {
    const struct policy_ops *ops;
    const char *request; /* the request rule, for policies that have the option */
    struct scenario *scenario;
    uint64_t seed;
    struct world *world;
    struct plan plan;
    uint64_t events; /* hash of all events so far */
    double last_s;
};

static void broken(const struct check *check, const char *law, int32_t which)
{
    fail_msg("%s breaks a law on random scenario %llu at %g: %s (%d)", check->ops->name,
             (unsigned long long)check->seed, world_view(check->world)->now_s, law, which);
}

static void note_event(void *arg, const struct event *event)
{
    struct check *check = arg;
    uint64_t bits;

    if (event->time_s < check->last_s)
        broken(check, "time runs backwards", event->task);
    check->last_s = event->time_s;
    memcpy(&bits, &event->time_s, sizeof bits);
    check->events = rng_hash(check->events, bits, (uint64_t)event->kind);
    check->events = rng_hash(check->events, (uint64_t)event->task, (uint64_t)event->cluster);
    for (int r = 0; r < MAX_RESOURCES; r++)
        check->events = rng_hash(check->events, (uint64_t)r, (uint64_t)event->allocation.amount[r]);
}

static bool is_amount(const struct allocation *a)
{
    static const struct allocation nothing;

    return allocation_fits(&nothing, a);
}

/* Company is a ring of running tasks that hold the same. */
static void check_company(const struct check *check, const struct task *task)
{
    const struct view *view = world_view(check->world);
    int members = 1;

    if (!(task->pace > 0 && task->pace <= 1) || (task->companion < 0 && task->pace != 1))
        broken(check, "a pace is wrong", task->id);
    for (int32_t id = task->companion; id >= 0 && id != task->id; id = view->task[id].companion) {
        const struct task *other = &view->task[id];

        if (++members > view->catalog->sharing.most)
            broken(check, "a company is too large", task->id);
        if (other->state != TASK_RUNNING || other->cluster != task->cluster ||
            !allocation_equal(&other->allocation, &task->allocation) ||
            other->placement.shares != task->placement.shares)
            broken(check, "a company does not hold the same", task->id);
    }
}

static void check_running(const struct check *check, int32_t cluster)
{
    const struct view *view = world_view(check->world);
    const struct cluster_view *at = &view->cluster[cluster];
    struct allocation left = view->catalog->cluster[cluster].capacity;

    for (int32_t i = 0; i < at->runnings; i++) {
        const struct task *task = &view->task[at->running[i]];

        if (task->state != TASK_RUNNING || task->cluster != cluster)
            broken(check, "a running list holds a task that does not run there", task->id);
        if (!reach_has(&task->reach, cluster))
            broken(check, "a task runs out of its reach", task->id);
        if (!allocation_fits(&task->allocation, &task->max))
            broken(check, "an allocation is above the maximum", task->id);
        if (!(check->ops->traits & POLICY_BELOW_MINIMUM) &&
            !allocation_fits(&task->min, &task->allocation))
            broken(check, "an allocation is below the minimum", task->id);
        if (view_counts(view, task->id))
            allocation_subtract(&left, &task->allocation);
        check_company(check, task);
    }
    if (!is_amount(&left))
        broken(check, "a cluster gives more than it has", cluster);
    if (at->up && !allocation_equal(&left, &at->free))
        broken(check, "a cluster's books do not balance", cluster);
    if (!at->up && (at->runnings > 0 || !allocation_is_zero(&at->free)))
        broken(check, "a cluster that is down runs something", cluster);
}

/* Shares add up to allocations, and no node gives more than it has. */
static void check_nodes(const struct check *check, int32_t cluster)
{
    const struct view *view = world_view(check->world);
    const struct cluster_view *at = &view->cluster[cluster];
    const struct cluster_info *info = &view->catalog->cluster[cluster];
    struct allocation left[MAX_TEST_NODES];

    if (!at->node_free)
        return;
    for (int32_t n = 0; n < info->nodes; n++)
        left[n] = info->node;
    for (int32_t i = 0; i < at->runnings; i++) {
        const struct task *task = &view->task[at->running[i]];
        struct allocation rest = task->allocation;

        for (int32_t k = 0; k < task->placement.shares; k++) {
            if (!view_counts(view, task->id))
                break;
            allocation_subtract(&rest, &task->placement.share[k].amount);
            allocation_subtract(&left[task->placement.share[k].node],
                                &task->placement.share[k].amount);
        }
        if (view_counts(view, task->id) && !allocation_is_zero(&rest))
            broken(check, "a placement does not add up to the allocation", task->id);
        if (info->placement == PLACE_CONSOLIDATED &&
            task->placement.shares > nodes_least(info, &task->allocation))
            broken(check, "a placement is not consolidated", task->id);
    }
    for (int32_t n = 0; at->up && n < info->nodes; n++)
        if (!allocation_equal(&left[n], &at->node_free[n]) || !is_amount(&left[n]))
            broken(check, "the books of a node do not balance", n);
}

static bool is_queued(const struct check *check, int32_t cluster, int32_t id)
{
    int32_t queue[256];
    int count = world_queue(check->world, cluster, queue, (int)COUNT_OF(queue));

    for (int i = 0; i < count; i++)
        if (queue[i] == id)
            return true;
    return false;
}

static void check_waiting(const struct check *check)
{
    const struct view *view = world_view(check->world);
    int32_t waiting = 0, last = -1;

    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting) {
        const struct task *task = &view->task[id];

        if (task->state != TASK_WAITING || id <= last)
            broken(check, "the waiting list is wrong", id);
        for (int32_t i = 0; view->cluster[0].slot && i < task->reach.count; i++) {
            bool shown = view_find_slot(view, task->reach.cluster[i], id) >= 0;

            if (shown == is_queued(check, task->reach.cluster[i], id))
                broken(check, "a task is not in exactly one of window and queue", id);
        }
        last = id;
        waiting++;
    }
    for (int32_t id = 0; id < view->tasks; id++)
        waiting -= view->task[id].state == TASK_WAITING;
    if (waiting != 0 || view->waiting < 0)
        broken(check, "a waiting task is in no list", waiting);
}

/* What view_each_waiting walks is what view_may_start allows, in order of arrival. */
static void check_walk(const struct check *check, int32_t cluster)
{
    const struct view *view = world_view(check->world);
    int32_t id, last = -1, walked = 0;

    view_each_waiting (view, cluster, id) {
        if (id <= last || !view_may_start(view, id, cluster))
            broken(check, "a walk shows a task that may not start", id);
        last = id;
        walked++;
    }
    for (id = view->first_waiting; id >= 0; id = view->task[id].next_waiting)
        walked -= view_may_start(view, id, cluster);
    if (walked != 0)
        broken(check, "a walk leaves out a task", cluster);
}

static void check_view(const struct check *check)
{
    for (int32_t c = 0; c < check->scenario->catalog.clusters; c++) {
        check_running(check, c);
        check_nodes(check, c);
        check_walk(check, c);
    }
    check_waiting(check);
}

static void check_conserving(struct check *check)
{
    const struct view *view = world_view(check->world);

    if (!(check->ops->traits & POLICY_WORK_CONSERVING) ||
        (check->request && strcmp(check->request, "min") != 0))
        return;
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting) {
        const struct task *task = &view->task[id];

        for (int32_t i = 0; i < task->reach.count; i++) {
            int32_t cluster = task->reach.cluster[i];

            if (plan_may_start(&check->plan, id, cluster) &&
                plan_fits(&check->plan, cluster, &task->min))
                broken(check, "a task waits that fits", id);
        }
    }
}

static void check_episode(const struct check *check)
{
    const struct world_totals *totals = world_totals(check->world);
    const struct view *view = world_view(check->world);
    double sum_s = 0;

    if (!(check->ops->traits & POLICY_ELASTIC) && totals->resizes > 0)
        broken(check, "it is not elastic and resizes", 0);
    if (!(check->ops->traits & POLICY_PREEMPTIVE) && totals->preemptions > 0)
        broken(check, "it is not preemptive and preempts", 0);
    if (!(check->ops->traits & POLICY_MIGRATING) && totals->migrations > 0)
        broken(check, "it is not migrating and migrates", 0);
    for (int32_t id = 0; id < view->tasks; id++) {
        const struct task *task = &view->task[id];

        if (task->state == TASK_DONE)
            sum_s += task->finish_s - task->arrival_s;
    }
    if (totals->lost == 0 && !totals->stuck &&
        fabs(sum_s - totals->in_system_s) > 1e-6 * (1 + sum_s))
        broken(check, "Little's law", 0);
    if (totals->stuck && !(check->ops->traits & POLICY_BELOW_MINIMUM))
        broken(check, "the episode got stuck", 0);
}

static void let_observe(void *arg, const struct event *event)
{
    const struct policy *policy = arg;

    policy->ops->observe(policy->state, event);
}

/* False if the policy says that it cannot do with such a scenario. */
static bool run_episode(struct check *check, bool checked)
{
    struct params params;
    struct estimator estimator = {0};
    struct policy policy;
    struct policy_setup setup = {
        .catalog = &check->scenario->catalog, .params = &params, .seed = check->seed};
    struct err err;
    int rc;

    params_init(&params, check->ops->options);
    if (check->request)
        assert_int_equal(params_set(&params, "req", check->request, &err), 0);
    if (check->ops->traits & POLICY_MODEL) {
        assert_int_equal(estimator_open(&estimator, check->scenario, check->seed, "true", &err), 0);
        setup.estimator = &estimator;
    }
    rc = policy_open(&policy, check->ops, &setup, &err);
    if (rc == ERR_UNSUPPORTED)
        goto out;
    if (rc)
        fail_msg("%s: %s", check->ops->name, err.message);
    world_show(check->world, estimator.ops ? INFO_ORACLE : check->ops->info, setup.estimator);
    if (policy.ops->observe)
        world_watch(check->world, let_observe, &policy);
    check->events = 0;
    check->last_s = 0;
    assert_int_equal(world_reset(check->world, check->seed, NULL, &err), 0);
    while (!world_is_over(check->world)) {
        const struct view *view = world_view(check->world);

        if (checked)
            check_view(check);
        plan_reset(&check->plan, view);
        policy.ops->decide(policy.state, view, &check->plan);
        if (checked)
            check_conserving(check);
        world_apply(check->world, &check->plan);
    }
    world_unwatch(check->world, &policy);
    policy_close(&policy);
out:
    estimator_close(&estimator);
    params_release(&params);
    return rc == 0;
}

/* Every other scenario has the request rule under which work-conserving policies must start what
 * fits; the others take turns. */
static const char *pick_request(const struct policy_ops *ops, uint64_t seed)
{
    static const char *const rule[] = {"max", "fair", "tuned", "trace"};

    if (!ops->options || option_find(ops->options, "req") < 0)
        return NULL;
    return seed % 2 ? "min" : rule[seed / 2 % COUNT_OF(rule)];
}

static void check_case(const struct policy_ops *ops, uint64_t seed)
{
    struct check check = {.ops = ops, .request = pick_request(ops, seed), .seed = seed};
    char *yaml = random_scenario(seed);
    uint64_t events;
    struct err err;

    if (scenario_parse(&check.scenario, "random", "", yaml, NULL, 0, &err))
        fail_msg("random scenario %llu: %s\n%s", (unsigned long long)seed, err.message, yaml);
    check.world = world_new(check.scenario);
    world_be_strict(check.world, true);
    world_allow_below_minimum(check.world, ops->traits & POLICY_BELOW_MINIMUM);
    world_watch(check.world, note_event, &check);
    plan_init(&check.plan, check.scenario->catalog.clusters);
    if (run_episode(&check, true)) {
        check_episode(&check);
        events = check.events;
        run_episode(&check, false);
        if (check.events != events)
            broken(&check, "the same seed gives other events", 0);
    }
    plan_release(&check.plan);
    world_free(check.world);
    scenario_free(check.scenario);
    free(yaml);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    return getenv(name) ? strtoull(getenv(name), NULL, 10) : otherwise;
}

static bool is_chosen(const struct policy_ops *ops)
{
    return !getenv("TAP_POLICY") || strcmp(getenv("TAP_POLICY"), ops->name) == 0;
}

static void every_policy_keeps_the_laws(void **state)
{
    uint64_t first = number_from("TAP_SEED", 1), cases = number_from("TAP_CASES", CASES);
    (void)state;

    for (int i = 0; policies[i]; i++)
        for (uint64_t seed = first; seed < first + cases && is_chosen(policies[i]); seed++)
            check_case(policies[i], seed);
}

static void every_policy_is_complete(void **state)
{
    (void)state;
    for (int i = 0; policies[i]; i++) {
        const struct policy_ops *ops = policies[i];

        assert_non_null(ops->name);
        assert_non_null(ops->summary);
        assert_non_null(ops->source);
        assert_non_null(ops->decide);
        assert_ptr_equal(policy_find(ops->name), ops);
        for (int k = 0; ops->options && ops->options[k].name; k++)
            assert_non_null(ops->options[k].help);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_policy_is_complete),
    cmocka_unit_test(every_policy_keeps_the_laws),
};

RUN_TESTS(tests)
