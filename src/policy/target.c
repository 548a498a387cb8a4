/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/target.h"

#include "policy/place.h"

void targets_release(struct targets *targets)
{
    vector_release(&targets->item);
    id_set_release(&targets->settled);
    vector_release(&targets->lifted);
    vector_release(&targets->mover);
}

void targets_clear(struct targets *targets)
{
    vector_clear(&targets->item);
    id_set_clear(&targets->settled);
}

static bool is_settled(const struct targets *targets, int32_t task)
{
    return id_set_has(&targets->settled, task);
}

static inline bool is_met(const struct targets *targets, const struct view *view,
                          const struct target *target)
{
    if (target->host >= 0)
        return targets_guest_is_met(targets, view, target->task, target->host);
    return targets_are_met(targets, view, target->task, target->cluster, &target->amount);
}

/* What runs has room side by side, so whoever stays need not be lifted and put back. Lists the
 * others: a host comes before its guests, so that in this order it is known who keeps a place when
 * those beside it are looked at. */
static void settle_those_that_stay(struct targets *targets, const struct view *view)
{
    const struct target *target = targets->item.item;
    size_t count = targets->item.count, movers = 0;

    vector_reserve(&targets->mover, count);
    for (size_t i = 0; i < count; i++) {
        if (is_met(targets, view, &target[i]))
            id_set_add(&targets->settled, target[i].task);
        else
            targets->mover.item[movers++] = (int32_t)i;
    }
    targets->mover.count = movers;
}

static void lift_others(struct targets *targets, const struct view *view, struct plan *plan)
{
    vector_clear(&targets->lifted);
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        for (int32_t i = 0; i < view->cluster[c].runnings; i++) {
            int32_t id = view->cluster[c].running[i];

            if (is_settled(targets, id))
                continue;
            plan_lift(plan, id);
            vector_push(&targets->lifted, id);
        }
}

static bool keep(struct targets *targets, struct plan *plan, int32_t task)
{
    if (!plan_put_back(plan, task))
        return false;
    id_set_add(&targets->settled, task);
    return true;
}

/* What of the target's amount finds room; false if not even the minimum does. */
static bool cut(const struct targets *targets, const struct view *view, struct plan *plan,
                const struct target *target, struct allocation *amount)
{
    const struct allocation *min = &view->task[target->task].min;

    *amount = target->amount;
    if (plan_fits(plan, target->cluster, amount))
        return true;
    if (targets->rigid || !view->cluster[target->cluster].node_free ||
        !plan_fits(plan, target->cluster, min))
        return false;
    *amount = place_cut(plan, target->cluster, min, &target->amount);
    return true;
}

static void settle_running(struct targets *targets, const struct view *view, struct plan *plan,
                           const struct target *target)
{
    const struct task *task = &view->task[target->task];
    struct allocation amount;

    if (!cut(targets, view, plan, target, &amount)) {
        if (!targets_place_is_kept(targets, view, task))
            keep(targets, plan, task->id);
        return;
    }
    id_set_add(&targets->settled, task->id);
    if (task->cluster != target->cluster || targets->rigid || task->companion >= 0)
        plan_migrate(plan, task->id, target->cluster, &amount);
    else if (!allocation_equal(&task->allocation, &amount) || !plan_put_back(plan, task->id))
        plan_resize(plan, task->id, &amount);
}

static void settle_waiting(struct targets *targets, const struct view *view, struct plan *plan,
                           const struct target *target)
{
    struct allocation amount;

    if (plan_may_start(plan, target->task, target->cluster) &&
        cut(targets, view, plan, target, &amount)) {
        plan_start(plan, target->task, target->cluster, &amount);
        id_set_add(&targets->settled, target->task);
    }
}

static void settle_guest(struct targets *targets, const struct view *view, struct plan *plan,
                         const struct target *target)
{
    bool runs = view->task[target->task].state == TASK_RUNNING;

    if (!is_settled(targets, target->host) ||
        (!runs && !plan_may_start(plan, target->task, plan_place(plan, target->host))))
        return;
    plan_join(plan, target->task, target->host);
    id_set_add(&targets->settled, target->task);
}

static void send_back_others(const struct targets *targets, struct plan *plan)
{
    for (size_t i = 0; i < targets->lifted.count; i++)
        if (!is_settled(targets, targets->lifted.item[i]))
            plan_preempt(plan, targets->lifted.item[i]);
}

static void go_to_target(struct targets *targets, const struct view *view, struct plan *plan,
                         const struct target *target)
{
    const struct task *task = &view->task[target->task];

    if (target->host >= 0) {
        settle_guest(targets, view, plan, target);
        return;
    }
    if (task->state != TASK_RUNNING) {
        if (!plan_may_start(plan, target->task, target->cluster))
            return;
        plan_start(plan, target->task, target->cluster, &target->amount);
    } else if (task->cluster != target->cluster || targets->rigid || task->companion >= 0) {
        plan_migrate(plan, target->task, target->cluster, &target->amount);
    } else {
        plan_resize(plan, target->task, &target->amount);
    }
    id_set_add(&targets->settled, target->task);
}

/* Where there is room for all, nothing has to be lifted to find out. */
static void plan_all(struct targets *targets, const struct view *view, struct plan *plan)
{
    struct id_set settled;

    settle_those_that_stay(targets, view);
    for (size_t i = 0; i < targets->mover.count; i++)
        go_to_target(targets, view, plan, &targets->item.item[targets->mover.item[i]]);
    settled = targets->settled; /* for the compiler to see that it stays what it is */
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        const int32_t *running = view->cluster[c].running;
        int32_t runnings = view->cluster[c].runnings;

        for (int32_t i = 0; i < runnings; i++)
            if (!id_set_has(&settled, running[i]))
                plan_preempt(plan, running[i]);
    }
}

void targets_plan(struct targets *targets, const struct view *view, struct plan *plan)
{
    if (targets->fits && !targets->restarts) {
        plan_all(targets, view, plan);
        return;
    }
    if (!targets->restarts)
        settle_those_that_stay(targets, view);
    lift_others(targets, view, plan);
    for (size_t i = 0; i < targets->item.count; i++) {
        const struct target *target = &targets->item.item[i];

        if (is_settled(targets, target->task))
            continue;
        if (target->host >= 0)
            settle_guest(targets, view, plan, target);
        else if (view->task[target->task].state == TASK_RUNNING)
            settle_running(targets, view, plan, target);
        else
            settle_waiting(targets, view, plan, target);
    }
    send_back_others(targets, plan);
}
