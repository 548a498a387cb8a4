/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request is settled when it is first asked for and kept from then on, through preemptions too.
 * The equal share is that of the moment: the capacity in reach over the tasks in the system.
 * Whatever the rule, a request is cut to what the best of the task's clusters has.
 */
#include "policy/request.h"

#include <string.h>

#include "base/rng.h"

void requests_init(struct requests *requests, const struct policy_setup *setup)
{
    *requests = (struct requests){
        .rule = (enum request_rule)params_choice(setup->params, "req"),
        .seed = rng_hash_seed(setup->seed, "requests"),
    };
}

void requests_release(struct requests *requests)
{
    vector_release(&requests->amount);
}

static struct allocation equal_share(const struct view *view, const struct task *task)
{
    int64_t tasks = view->waiting + view->running;
    struct allocation share = {{0}};

    for (int r = 0; r < view->catalog->resources; r++) {
        int64_t sum = 0;

        for (int32_t i = 0; i < task->reach.count; i++)
            sum += view->catalog->cluster[task->reach.cluster[i]].capacity.amount[r];
        share.amount[r] = (int32_t)(sum / (tasks > 0 ? tasks : 1));
    }
    return share;
}

static struct allocation tuned(const struct requests *requests, const struct view *view,
                               const struct task *task)
{
    const struct type_info *info = &view->catalog->type[task->type];

    if (info->tuneds == 0)
        return task->min;
    return info->tuned[rng_hash(requests->seed, (uint64_t)task->id, 0) % (uint64_t)info->tuneds];
}

static struct allocation wanted(const struct requests *requests, const struct view *view,
                                const struct task *task)
{
    switch (requests->rule) {
    case REQUEST_MIN:
        break;
    case REQUEST_MAX:
        return task->max;
    case REQUEST_FAIR:
        return equal_share(view, task);
    case REQUEST_TUNED:
        return tuned(requests, view, task);
    case REQUEST_TRACE:
        return task->request ? *task->request : tuned(requests, view, task);
    }
    return task->min;
}

/* The most of an amount that one cluster of the reach has. */
static struct allocation cut_to_reach(const struct catalog *catalog, const struct task *task,
                                      const struct allocation *amount)
{
    struct allocation best = task->min;
    double most = -1;

    for (int32_t i = 0; i < task->reach.count; i++) {
        const struct allocation *capacity = &catalog->cluster[task->reach.cluster[i]].capacity;
        struct allocation cut = allocation_least(amount, capacity);

        if (allocation_fits(&task->min, capacity) &&
            allocation_share_sum(&cut, &catalog->total) > most) {
            most = allocation_share_sum(&cut, &catalog->total);
            best = cut;
        }
    }
    return best;
}

static void reserve(struct requests *requests, int32_t tasks)
{
    size_t had = requests->amount.count;

    if (had >= (size_t)tasks)
        return;
    vector_reserve(&requests->amount, (size_t)tasks);
    requests->amount.count = (size_t)tasks;
    memset(requests->amount.item + had, 0, ((size_t)tasks - had) * sizeof *requests->amount.item);
}

const struct allocation *request_settle(struct requests *requests, const struct view *view,
                                        int32_t id)
{
    const struct task *task = &view->task[id];
    struct allocation wish = wanted(requests, view, task);

    reserve(requests, view->tasks);
    wish = allocation_least(&wish, &task->max);
    wish = allocation_most(&wish, &task->min);
    requests->amount.item[id] = cut_to_reach(view->catalog, task, &wish);
    return &requests->amount.item[id];
}
