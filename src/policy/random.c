/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random: waiting tasks in random order, each on a random cluster where its minimum fits, with an
 * allocation drawn uniformly between the minimum and what is free there, up to the maximum.
 *
 * The floor that a policy must clear to be worth its name.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "base/rng.h"
#include "core/policy.h"
#include "policy/place.h"
#include "policy/registry.h"

struct random {
    struct rng rng;
    int32_t *order;
    int32_t capacity;
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct random *s = state;

    (void)err;
    rng_stream(&s->rng, setup->seed, "policy");
    return 0;
}

static void release(void *state)
{
    struct random *s = state;

    free(s->order);
}

static void shuffle_waiting(struct random *s, const struct view *view)
{
    int32_t count = 0;

    if (view->waiting > s->capacity) {
        s->capacity = view->waiting * 2;
        s->order = xrealloc(s->order, (size_t)s->capacity, sizeof *s->order);
    }
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting) {
        int32_t place = (int32_t)rng_below(&s->rng, (uint32_t)count + 1);

        s->order[count++] = s->order[place];
        s->order[place] = id;
    }
}

/* One of the clusters where the task's minimum fits, each with the same chance; -1 if none. */
static int32_t draw_cluster(struct random *s, const struct view *view, struct plan *plan,
                            int32_t id)
{
    const struct task *task = &view->task[id];
    int32_t drawn = -1;
    uint32_t seen = 0;

    for (int32_t i = 0; i < task->reach.count; i++) {
        int32_t cluster = task->reach.cluster[i];

        if (!plan_fits(plan, cluster, &task->min) || !plan_may_start(plan, id, cluster))
            continue;
        if (rng_below(&s->rng, ++seen) == 0)
            drawn = cluster;
    }
    return drawn;
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct random *s = state;

    shuffle_waiting(s, view);
    for (int32_t i = 0; i < view->waiting; i++) {
        const struct task *task = &view->task[s->order[i]];
        int32_t cluster = draw_cluster(s, view, plan, task->id);
        struct allocation amount = task->min, most;

        if (cluster < 0)
            continue;
        most = allocation_least(&task->max, plan_free(plan, cluster));
        for (int r = 0; r < view->catalog->resources; r++)
            amount.amount[r] +=
                (int32_t)rng_below(&s->rng, (uint32_t)(most.amount[r] - task->min.amount[r] + 1));
        amount = place_cut(plan, cluster, &task->min, &amount);
        plan_start(plan, task->id, cluster, &amount);
    }
}

const struct policy_ops policy_random = {
    .name = "random",
    .summary = "random tasks on random clusters with random allocations",
    .source = "folklore",
    .info = INFO_BLIND,
    .traits = POLICY_WORK_CONSERVING,
    .state_size = sizeof(struct random),
    .init = init,
    .decide = decide,
    .release = release,
};
