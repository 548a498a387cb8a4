/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books are kept lazily: a stamp tells which entries belong to the present plan, so that an
 * empty plan over a thousand clusters costs nothing.
 */
#include "core/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    for (int32_t c = 0; c < plan->clusters; c++)
        free(plan->cluster[c].node_free);
    free(plan->action);
    free(plan->cluster);
    id_set_release(&plan->planned);
    id_set_release(&plan->lifted);
    free(plan->share);
    *plan = (struct plan){0};
}

void plan_reset(struct plan *plan, const struct view *view)
{
    plan->view = view;
    plan->actions = 0;
    plan->shares = 0;
    plan->wake_s = HUGE_VAL;
    plan->again = false;
    plan->stamp++;
    BUG_ON(plan->stamp == 0);
    id_set_clear(&plan->planned);
    id_set_clear(&plan->lifted);
}

void plan_open_nodes(struct plan *plan, int32_t cluster)
{
    struct plan_cluster *at = &plan->cluster[cluster];
    size_t bytes = (size_t)plan->view->catalog->cluster[cluster].nodes * sizeof *at->node_free;

    if (!at->node_free)
        at->node_free = xmalloc(bytes);
    memcpy(at->node_free, plan->view->cluster[cluster].node_free, bytes);
}

bool plan_nodes_fit(struct plan *plan, int32_t cluster, const struct allocation *amount)
{
    return nodes_place(&plan->view->catalog->cluster[cluster], plan_books(plan, cluster)->node_free,
                       amount, NULL, NULL) > 0;
}

bool plan_may_start(struct plan *plan, int32_t task, int32_t cluster)
{
    if (plan_has(plan, task) || !view_may_start(plan->view, task, cluster))
        return false;
    return plan->view->catalog->rounds == ROUNDS_MANY || plan->view->catalog->slot_s == 0 ||
           plan_books(plan, cluster)->starts == 0;
}

static void grow_actions(struct plan *plan)
{
    plan->capacity = plan->capacity ? plan->capacity * 2 : 64;
    plan->action = xrealloc(plan->action, (size_t)plan->capacity, sizeof *plan->action);
}

static inline struct action *add_action(struct plan *plan, enum action_kind kind, int32_t task,
                                        int32_t cluster, const struct allocation *amount)
{
    struct action *action;

    if (plan->actions == plan->capacity)
        grow_actions(plan);
    action = &plan->action[plan->actions++];
    action->kind = kind;
    action->task = task;
    action->cluster = cluster;
    action->allocation = *amount;
    action->first_share = action->shares = 0;
    if (task >= 0 && task < plan->view->tasks)
        id_set_add(&plan->planned, task);
    return action;
}

static struct node_share *reserve_shares(struct plan *plan, int32_t more)
{
    if (plan->shares + more > plan->share_capacity) {
        plan->share_capacity = 2 * (plan->shares + more);
        plan->share = xrealloc(plan->share, (size_t)plan->share_capacity, sizeof *plan->share);
    }
    return plan->share + plan->shares;
}

/* Chooses the nodes of an action on a split cluster. */
static void use_nodes(struct plan *plan, struct action *action, const struct placement *near)
{
    const struct cluster_info *info = &plan->view->catalog->cluster[action->cluster];
    struct allocation *free = plan_books(plan, action->cluster)->node_free;
    struct node_share *out = reserve_shares(plan, info->nodes);
    struct placement placement;

    action->first_share = plan->shares;
    action->shares = nodes_place(info, free, &action->allocation, near, out);
    if (action->shares == 0 && near)
        action->shares = nodes_place(info, free, &action->allocation, NULL, out);
    plan->shares += action->shares;
    placement = plan_placement(plan, action);
    nodes_take(free, &placement);
}

/* Plans from outside may ask for anything, and as often as they like: books of a plan that the
 * world will refuse may wrap around. */
static void overdraw(struct allocation *books, const struct allocation *amount)
{
    for (int r = 0; r < MAX_RESOURCES; r++)
        books->amount[r] = (int32_t)((uint32_t)books->amount[r] - (uint32_t)amount->amount[r]);
}

/* Enters what an action takes into the books. Books are kept for what exists; what does not is the
 * world's to refuse. */
static void use(struct plan *plan, struct action *action, const struct placement *near)
{
    struct plan_cluster *at;

    if (action->cluster < 0 || action->cluster >= plan->clusters)
        return;
    at = plan_books(plan, action->cluster);
    overdraw(&at->free, &action->allocation);
    at->starts += action->kind == ACTION_START;
    if (at->node_free && !allocation_is_zero(&action->allocation))
        use_nodes(plan, action, near);
}

static inline const struct task *running_task(const struct plan *plan, int32_t task)
{
    if (task < 0 || task >= plan->view->tasks || plan->view->task[task].state != TASK_RUNNING)
        return NULL;
    return &plan->view->task[task];
}

/* Whether somebody else of its company holds the task's allocation on. */
static bool is_held_on(const struct plan *plan, const struct task *task)
{
    for (int32_t id = task->companion; id >= 0 && id != task->id;
         id = plan->view->task[id].companion)
        if (!id_set_has(&plan->lifted, id) && !id_set_has(&plan->planned, id))
            return true;
    return false;
}

/* What a running task holds becomes free, unless it was lifted before or others hold it on; returns
 * its cluster, or -1. */
static inline int32_t give_back(struct plan *plan, int32_t task)
{
    const struct task *held = running_task(plan, task);
    struct plan_cluster *at;

    if (!held)
        return -1;
    if (id_set_has(&plan->lifted, task) || is_held_on(plan, held))
        return held->cluster;
    at = plan_books(plan, held->cluster);
    allocation_add(&at->free, &held->allocation);
    if (at->node_free)
        nodes_give(at->node_free, &held->placement);
    return held->cluster;
}

void plan_lift(struct plan *plan, int32_t task)
{
    if (give_back(plan, task) >= 0)
        id_set_add(&plan->lifted, task);
}

bool plan_put_back(struct plan *plan, int32_t task)
{
    const struct task *held = running_task(plan, task);
    struct plan_cluster *at;

    BUG_ON(!held || !id_set_has(&plan->lifted, task));
    if (is_held_on(plan, held)) {
        id_set_remove(&plan->lifted, task);
        return true;
    }
    at = plan_books(plan, held->cluster);
    if (!allocation_fits(&held->allocation, &at->free) ||
        (at->node_free && !nodes_have(at->node_free, &held->placement)))
        return false;
    allocation_subtract(&at->free, &held->allocation);
    if (at->node_free)
        nodes_take(at->node_free, &held->placement);
    id_set_remove(&plan->lifted, task);
    return true;
}

void plan_start(struct plan *plan, int32_t task, int32_t cluster, const struct allocation *amount)
{
    use(plan, add_action(plan, ACTION_START, task, cluster, amount), NULL);
}

void plan_resize(struct plan *plan, int32_t task, const struct allocation *amount)
{
    int32_t cluster = give_back(plan, task);
    const struct placement *near = cluster >= 0 ? &plan->view->task[task].placement : NULL;

    use(plan, add_action(plan, ACTION_RESIZE, task, cluster, amount), near);
}

void plan_preempt(struct plan *plan, int32_t task)
{
    static const struct allocation nothing;
    int32_t cluster = give_back(plan, task);

    add_action(plan, ACTION_PREEMPT, task, cluster, &nothing);
}

void plan_migrate(struct plan *plan, int32_t task, int32_t cluster, const struct allocation *amount)
{
    give_back(plan, task);
    use(plan, add_action(plan, ACTION_MIGRATE, task, cluster, amount), NULL);
}

int32_t plan_place(const struct plan *plan, int32_t task)
{
    if (task < 0 || task >= plan->view->tasks)
        return -1;
    for (int32_t i = plan->actions; plan_has(plan, task) && --i >= 0;)
        if (plan->action[i].task == task)
            return plan->action[i].cluster;
    return plan->view->task[task].cluster;
}

void plan_join(struct plan *plan, int32_t task, int32_t with)
{
    static const struct allocation nothing;
    int32_t cluster = plan_place(plan, with);
    bool runs = give_back(plan, task) >= 0;

    if (!runs && cluster >= 0 && cluster < plan->clusters)
        plan_books(plan, cluster)->starts++;
    add_action(plan, ACTION_JOIN, task, cluster, &nothing)->with = with;
}

void plan_wake(struct plan *plan, double at_s)
{
    if (at_s < plan->wake_s)
        plan->wake_s = at_s;
}
