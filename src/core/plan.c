/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books are kept lazily: a stamp tells which entries belong to the present plan, so that an
 * empty plan over a thousand clusters costs nothing.
 */
#include "core/plan.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

const char *refusal_word(enum refusal refusal)
{
    static const char *const word[] = {
#define X(name, word, meaning) word,
        REFUSAL_LIST(X)
#undef X
    };

    return word[refusal];
}

void plan_init(struct plan *plan, int32_t clusters)
{
    *plan = (struct plan){.cluster = xcalloc((size_t)clusters, sizeof *plan->cluster),
                          .clusters = clusters};
}

void plan_release(struct plan *plan)
{
    free(plan->action);
    free(plan->cluster);
    id_set_release(&plan->planned);
    *plan = (struct plan){0};
}

void plan_reset(struct plan *plan, const struct view *view)
{
    plan->view = view;
    plan->actions = 0;
    plan->wake_s = HUGE_VAL;
    plan->again = false;
    plan->stamp++;
    BUG_ON(plan->stamp == 0);
    id_set_clear(&plan->planned);
}

bool plan_may_start(struct plan *plan, int32_t task, int32_t cluster)
{
    if (plan_has(plan, task) || !view_may_start(plan->view, task, cluster))
        return false;
    return plan->view->catalog->rounds == ROUNDS_MANY || plan->view->catalog->slot_s == 0 ||
           plan_books(plan, cluster)->starts == 0;
}

static void add_action(struct plan *plan, struct action action)
{
    if (plan->actions == plan->capacity) {
        plan->capacity = plan->capacity ? plan->capacity * 2 : 64;
        plan->action = xrealloc(plan->action, (size_t)plan->capacity, sizeof *plan->action);
    }
    plan->action[plan->actions++] = action;
    if (action.task >= 0 && action.task < plan->view->tasks)
        id_set_add(&plan->planned, action.task);
}

/* Books are kept for what exists; what does not is the world's to refuse. */
static void use(struct plan *plan, int32_t cluster, const struct allocation *amount)
{
    if (cluster >= 0 && cluster < plan->clusters)
        allocation_subtract(&plan_books(plan, cluster)->free, amount);
}

static const struct task *running_task(const struct plan *plan, int32_t task)
{
    if (task < 0 || task >= plan->view->tasks || plan->view->task[task].state != TASK_RUNNING)
        return NULL;
    return &plan->view->task[task];
}

/* What a running task holds becomes free; returns its cluster, or -1. */
static int32_t give_back(struct plan *plan, int32_t task)
{
    const struct task *held = running_task(plan, task);

    if (!held)
        return -1;
    allocation_add(&plan_books(plan, held->cluster)->free, &held->allocation);
    return held->cluster;
}

void plan_start(struct plan *plan, int32_t task, int32_t cluster, const struct allocation *amount)
{
    if (cluster >= 0 && cluster < plan->clusters) {
        struct plan_cluster *books = plan_books(plan, cluster);

        allocation_subtract(&books->free, amount);
        books->starts++;
    }
    add_action(plan, (struct action){ACTION_START, task, cluster, *amount});
}

void plan_resize(struct plan *plan, int32_t task, const struct allocation *amount)
{
    int32_t cluster = give_back(plan, task);

    use(plan, cluster, amount);
    add_action(plan, (struct action){ACTION_RESIZE, task, cluster, *amount});
}

void plan_preempt(struct plan *plan, int32_t task)
{
    int32_t cluster = give_back(plan, task);

    add_action(plan, (struct action){ACTION_PREEMPT, task, cluster, {{0}}});
}

void plan_migrate(struct plan *plan, int32_t task, int32_t cluster, const struct allocation *amount)
{
    give_back(plan, task);
    use(plan, cluster, amount);
    add_action(plan, (struct action){ACTION_MIGRATE, task, cluster, *amount});
}

void plan_wake(struct plan *plan, double at_s)
{
    if (at_s < plan->wake_s)
        plan->wake_s = at_s;
}
