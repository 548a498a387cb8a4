/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/target.h"

#include "policy/place.h"

void targets_release(struct targets *targets)
{
    vector_release(&targets->item);
    id_set_release(&targets->settled);
}

void targets_clear(struct targets *targets)
{
    vector_clear(&targets->item);
    id_set_clear(&targets->settled);
}

void targets_add(struct targets *targets, int32_t task, int32_t cluster,
                 const struct allocation *amount)
{
    vector_push(&targets->item, ((struct target){task, cluster, *amount}));
}

static void lift_all(const struct view *view, struct plan *plan)
{
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        for (int32_t i = 0; i < view->cluster[c].runnings; i++)
            plan_lift(plan, view->cluster[c].running[i]);
}

static bool stays_as_it_is(const struct view *view, const struct target *target)
{
    const struct task *task = &view->task[target->task];

    return task->state == TASK_RUNNING && task->cluster == target->cluster &&
           allocation_equal(&task->allocation, &target->amount);
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
        if (plan_put_back(plan, task->id))
            id_set_add(&targets->settled, task->id);
        return;
    }
    id_set_add(&targets->settled, task->id);
    if (task->cluster != target->cluster || targets->rigid)
        plan_migrate(plan, task->id, target->cluster, &amount);
    else if (!allocation_equal(&task->allocation, &amount) || !plan_put_back(plan, task->id))
        plan_resize(plan, task->id, &amount);
}

static void settle_waiting(const struct targets *targets, const struct view *view,
                           struct plan *plan, const struct target *target)
{
    struct allocation amount;

    if (plan_may_start(plan, target->task, target->cluster) &&
        cut(targets, view, plan, target, &amount))
        plan_start(plan, target->task, target->cluster, &amount);
}

static void send_back_others(const struct targets *targets, const struct view *view,
                             struct plan *plan)
{
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        for (int32_t i = 0; i < view->cluster[c].runnings; i++)
            if (!id_set_has(&targets->settled, view->cluster[c].running[i]))
                plan_preempt(plan, view->cluster[c].running[i]);
}

void targets_plan(struct targets *targets, const struct view *view, struct plan *plan)
{
    lift_all(view, plan);
    for (size_t i = 0; i < targets->item.count; i++)
        if (stays_as_it_is(view, &targets->item.item[i]) &&
            plan_put_back(plan, targets->item.item[i].task))
            id_set_add(&targets->settled, targets->item.item[i].task);
    for (size_t i = 0; i < targets->item.count; i++) {
        const struct target *target = &targets->item.item[i];

        if (id_set_has(&targets->settled, target->task))
            continue;
        if (view->task[target->task].state == TASK_RUNNING)
            settle_running(targets, view, plan, target);
        else
            settle_waiting(targets, view, plan, target);
    }
    send_back_others(targets, view, plan);
}
