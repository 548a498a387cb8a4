/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans are judged before they are applied, action by action, and carried out in an order in which
 * what is given back can be used by others: preemptions; then every resize is cut to what it keeps
 * (the lesser of old and new) and what migrates or joins another task lets go of its place; then
 * growth, migrations, joins and starts as planned. A resize whose growth is refused keeps as much
 * of its old allocation as is still free, and at least what it kept; a refused migration keeps its
 * place.
 *
 * On clusters that are split, resizes let go of everything too, and plans say which nodes they
 * take. There, a refused resize or migration whose old place others have taken goes back to
 * waiting: that takes a plan that books more than there is, which plan_fits() prevents.
 *
 * A task that lets go of its place leaves its company at once, who hold the place on; it gives it
 * back to the books only if it had none. Nobody can join a task that has let go and not yet
 * settled.
 */
#include "sim/world_state.h"

#include "sim/apply.h"

enum { ACCEPTED = -1 };

static void refuse(struct world *world, const struct action *action, int reason)
{
    bool known = action->task >= 0 && action->task < world->view.tasks;

    BUG_ON(world->strict);
    world->totals.refused[reason]++;
    world_tell(world, EVENT_REFUSED, known ? action->task : -1, action->cluster, reason);
}

static inline int check_amount(const struct world *world, const struct task *task,
                               const struct allocation *amount)
{
    static const struct allocation nothing;
    const struct allocation *least = world->below_minimum ? &nothing : &task->min;

    if (allocation_within(least, amount, &task->max))
        return ACCEPTED;
    return allocation_fits(least, amount) ? REFUSED_MAXIMUM : REFUSED_MINIMUM;
}

static inline bool is_id(int32_t id, int32_t count)
{
    return (uint32_t)id < (uint32_t)count;
}

static inline bool names_what_is(const struct world *world, const struct action *action)
{
    if (!is_id(action->task, world->view.tasks))
        return false;
    if (action->kind == ACTION_START || action->kind == ACTION_MIGRATE)
        return is_id(action->cluster, world->catalog->clusters);
    return action->kind != ACTION_JOIN || is_id(action->with, world->view.tasks);
}

static inline bool is_in_state(enum action_kind kind, enum task_state state)
{
    if (state == TASK_WAITING)
        return kind == ACTION_START || kind == ACTION_JOIN;
    return state == TASK_RUNNING && kind != ACTION_START;
}

/* What can be said without looking at who else wants the capacity. */
static inline int check_action(const struct world *world, const struct action *action)
{
    const struct task *task;

    if (!names_what_is(world, action))
        return REFUSED_NO_TASK;
    task = &world->task[action->task];
    if (!is_in_state(action->kind, task->state))
        return REFUSED_STATE;
    if (action->kind == ACTION_PREEMPT || action->kind == ACTION_JOIN)
        return ACCEPTED;
    if (action->kind == ACTION_RESIZE && task->companion >= 0)
        return REFUSED_SHARED;
    if (action->kind != ACTION_RESIZE && !reach_has(&task->reach, action->cluster))
        return REFUSED_REACH;
    if (action->kind != ACTION_RESIZE && !world->cluster[action->cluster].up)
        return REFUSED_DOWN;
    return check_amount(world, task, &action->allocation);
}

static inline int check_turn(const struct world *world, int32_t task, int32_t cluster)
{
    if (!world->cluster[cluster].may_start)
        return REFUSED_TURN;
    if (world->window && view_find_slot(&world->view, cluster, task) < 0)
        return REFUSED_WINDOW;
    return ACCEPTED;
}

/* The nodes that the plan chose. If it chose none, because what makes room came later in it, or if
 * they are taken by such a one, others are looked for; near may be NULL. */
static struct placement settle_nodes(const struct world *world, const struct plan *plan,
                                     const struct action *action, const struct placement *near)
{
    const struct allocation *free = world->node_free[action->cluster];
    struct placement placement = plan_placement(plan, action);

    if (placement.shares > 0 && nodes_have(free, &placement))
        return placement;
    placement.share = world->share;
    placement.shares = nodes_place(&world->catalog->cluster[action->cluster], free,
                                   &action->allocation, near, world->share);
    return placement;
}

/* Whether there is room for what an action takes, or why not; *out says on which nodes. */
static inline int check_room(const struct world *world, const struct plan *plan,
                             const struct action *action, const struct placement *near,
                             struct placement *out)
{
    const struct cluster_view *at = &world->cluster[action->cluster];

    if (!allocation_fits(&action->allocation, &at->free))
        return REFUSED_CAPACITY;
    if (!world->node_free[action->cluster] || allocation_is_zero(&action->allocation))
        return ACCEPTED;
    *out = settle_nodes(world, plan, action, near);
    return out->shares > 0 ? ACCEPTED : REFUSED_NODES;
}

static inline void use_turn(struct world *world, int32_t cluster)
{
    if (world->slotted && world->catalog->rounds == ROUNDS_ONE)
        world->cluster[cluster].may_start = false;
}

static bool start(struct world *world, const struct plan *plan, const struct action *action)
{
    struct placement placement = {0};
    int reason = check_turn(world, action->task, action->cluster);

    if (reason == ACCEPTED)
        reason = check_room(world, plan, action, NULL, &placement);
    if (reason != ACCEPTED) {
        refuse(world, action, reason);
        return false;
    }
    task_start(world, action->task, action->cluster, &action->allocation, &placement);
    use_turn(world, action->cluster);
    return true;
}

/* The books, not the task's record, let go of everything it holds; drop() takes that back. */
static void lift(struct world *world, const struct task *task)
{
    if (!company_leave(world, task->id))
        world_give(world, task->cluster, &task->allocation, &task->placement);
    else
        progress_refresh(world, task->id);
    world->hidden[task->id].lifted = true;
}

static void drop(struct world *world, const struct task *task)
{
    world_take(world, task->cluster, &task->allocation, &task->placement);
    world->hidden[task->id].lifted = false;
}

/* A lifted task that cannot have what the action wants stays as it was; if others have taken its
 * place, it goes back to waiting. */
static void keep_or_preempt(struct world *world, const struct action *action, int reason)
{
    const struct task *task = &world->task[action->task];
    const struct allocation *node_free = world->node_free[task->cluster];
    bool kept = allocation_fits(&task->allocation, &world->cluster[task->cluster].free) &&
                (!node_free || nodes_have(node_free, &task->placement));

    refuse(world, action, reason);
    drop(world, task);
    if (!kept)
        task_preempt(world, action->task);
}

static bool migrate(struct world *world, const struct plan *plan, const struct action *action)
{
    struct placement placement = {0};
    int reason = check_room(world, plan, action, NULL, &placement);

    if (reason != ACCEPTED) {
        keep_or_preempt(world, action, reason);
        return false;
    }
    task_migrate(world, action->task, action->cluster, &action->allocation, &placement);
    return true;
}

/* Whom the task wants to join is known to be running. */
static int check_company(const struct world *world, const struct task *task,
                         const struct task *host)
{
    const struct catalog *catalog = world->catalog;

    if (!reach_has(&task->reach, host->cluster))
        return REFUSED_REACH;
    if (!catalog_may_share(catalog, task->type) || !catalog_may_share(catalog, host->type) ||
        company_size(world, host->id) >= catalog->sharing.most)
        return REFUSED_SHARED;
    return check_amount(world, task, &host->allocation);
}

static bool join(struct world *world, const struct action *action)
{
    const struct task *task = &world->task[action->task], *host = &world->task[action->with];
    bool runs = task->state == TASK_RUNNING;
    int reason = REFUSED_STATE;

    if (host != task && host->state == TASK_RUNNING && !world->hidden[host->id].lifted)
        reason = check_company(world, task, host);
    if (reason == ACCEPTED && !runs)
        reason = check_turn(world, action->task, host->cluster);
    if (reason != ACCEPTED && runs)
        keep_or_preempt(world, action, reason);
    else if (reason != ACCEPTED)
        refuse(world, action, reason);
    if (reason != ACCEPTED)
        return false;
    task_join(world, task->id, host->id);
    if (!runs)
        use_turn(world, host->cluster);
    return true;
}

static bool placement_equal(const struct placement *a, const struct placement *b)
{
    if (a->shares != b->shares)
        return false;
    for (int32_t i = 0; i < a->shares; i++)
        if (a->share[i].node != b->share[i].node ||
            !allocation_equal(&a->share[i].amount, &b->share[i].amount))
            return false;
    return true;
}

static bool resize_on_nodes(struct world *world, const struct plan *plan,
                            const struct action *action)
{
    const struct task *task = &world->task[action->task];
    struct placement placement = {0};
    int reason = check_room(world, plan, action, &task->placement, &placement);

    if (reason != ACCEPTED) {
        keep_or_preempt(world, action, reason);
        return false;
    }
    drop(world, task);
    if (!allocation_equal(&action->allocation, &task->allocation) ||
        !placement_equal(&placement, &task->placement))
        task_resize(world, action->task, &action->allocation, &placement);
    return true;
}

/* The task holds the lesser of old and new already; the books say so, its record not yet. */
static bool resize(struct world *world, const struct action *action)
{
    static const struct placement nowhere;
    const struct task *task = &world->task[action->task];
    struct cluster_view *at = &world->cluster[task->cluster];
    struct allocation kept = allocation_least(&task->allocation, &action->allocation);
    struct allocation given = task->allocation, grown = action->allocation;

    world->hidden[task->id].lifted = false;
    allocation_subtract(&given, &kept);
    allocation_subtract(&grown, &kept);
    if (!allocation_fits(&grown, &at->free)) {
        struct allocation restored = allocation_least(&given, &at->free);

        refuse(world, action, REFUSED_CAPACITY);
        allocation_add(&restored, &kept);
        world_take(world, task->cluster, &given, &nowhere);
        if (!allocation_equal(&restored, &task->allocation))
            task_resize(world, action->task, &restored, &nowhere);
        return false;
    }
    world_take(world, task->cluster, &given, &nowhere);
    if (!allocation_equal(&action->allocation, &task->allocation))
        task_resize(world, action->task, &action->allocation, &nowhere);
    return true;
}

/* What a resize or a migration gives back, for others in the same plan to use. */
static void let_go(struct world *world, const struct action *action)
{
    static const struct placement nowhere;
    const struct task *task = &world->task[action->task];
    struct allocation given = task->allocation, kept;

    if (action->kind != ACTION_RESIZE || world->node_free[task->cluster]) {
        lift(world, task);
        return;
    }
    world->hidden[task->id].lifted = true;
    kept = allocation_least(&task->allocation, &action->allocation);
    allocation_subtract(&given, &kept);
    world_give(world, task->cluster, &given, &nowhere);
}

static bool carry_out(struct world *world, const struct plan *plan, const struct action *action)
{
    switch (action->kind) {
    case ACTION_START:
        return start(world, plan, action);
    case ACTION_RESIZE:
        if (world->node_free[world->task[action->task].cluster])
            return resize_on_nodes(world, plan, action);
        return resize(world, action);
    case ACTION_MIGRATE:
        return migrate(world, plan, action);
    case ACTION_JOIN:
        return join(world, action);
    case ACTION_PREEMPT:
        break;
    }
    return true;
}

/* Judges one action of a plan that only starts tasks; nothing can come free on the way. */
static int apply_starts(struct world *world, const struct plan *plan)
{
    int applied = 0;

    for (int32_t i = 0; i < plan->actions; i++) {
        int reason = check_action(world, &plan->action[i]);

        if (reason == ACCEPTED)
            applied += start(world, plan, &plan->action[i]);
        else
            refuse(world, &plan->action[i], reason);
    }
    return applied;
}

static bool only_starts(const struct plan *plan)
{
    for (int32_t i = 0; i < plan->actions; i++)
        if (plan->action[i].kind != ACTION_START)
            return false;
    return true;
}

/* Lists the actions that may go on; a task has one action per plan. Returns how many there are. */
static int judge(struct world *world, const struct plan *plan)
{
    const struct action **accepted;
    int count = 0;

    vector_reserve(&world->accepted, (size_t)plan->actions);
    accepted = world->accepted.item;
    for (int32_t i = 0; i < plan->actions; i++) {
        const struct action *action = &plan->action[i];
        int reason = check_action(world, action);

        if (reason == ACCEPTED && world->hidden[action->task].planned)
            reason = REFUSED_TWICE;
        if (reason == ACCEPTED) {
            world->hidden[action->task].planned = true;
            accepted[count++] = action;
        } else {
            refuse(world, action, reason);
        }
    }
    return count;
}

/* Those that were preempted wait by now. */
static bool lets_go(const struct world *world, const struct action *action)
{
    return action->kind != ACTION_PREEMPT && action->kind != ACTION_START &&
           world->task[action->task].state == TASK_RUNNING;
}

int plan_apply(struct world *world, const struct plan *plan)
{
    const struct action **accepted;
    int count, applied = 0;

    if (only_starts(plan))
        return apply_starts(world, plan);
    count = judge(world, plan);
    accepted = world->accepted.item;
    for (int i = 0; i < count; i++)
        if (accepted[i]->kind == ACTION_PREEMPT) {
            task_preempt(world, accepted[i]->task);
            applied++;
        }
    for (int i = 0; i < count; i++) {
        world->hidden[accepted[i]->task].planned = false;
        if (lets_go(world, accepted[i]))
            let_go(world, accepted[i]);
    }
    for (int i = 0; i < count; i++)
        if (accepted[i]->kind != ACTION_PREEMPT)
            applied += carry_out(world, plan, accepted[i]);
    return applied;
}
