/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/loan.h"

#include <math.h>
#include <string.h>

#include "core/estimator.h"

enum {
    TRIES = 8, /* tasks that are looked at per cluster and decision for which there was no room */
    HOSTS = 16 /* clusters that one of them is compared on */
};

/* A task is moved away from where an agent would start it for a cost of at most so much. */
static const double CLEARLY = 0.98;

void loan_init(struct loan *loan, struct outlook *outlook, int32_t clusters)
{
    *loan = (struct loan){.outlook = outlook};
    plan_init(&loan->wish, clusters);
    outlook->ledger = &loan->ledger;
}

void loan_release(struct loan *loan)
{
    ledger_release(&loan->ledger);
    plan_release(&loan->wish);
    ration_release(&loan->ration);
    vector_release(&loan->starts);
    id_set_release(&loan->dealt);
}

static double seconds_of(const struct loan *loan, const struct task *task,
                         const struct allocation *amount, double from)
{
    return estimator_seconds(loan->outlook->estimator, task->type, amount, from);
}

/* For how many seconds a task of the type stands still when its allocation is changed. */
static double cost_of_change_s(const struct view *view, const struct task *task)
{
    const struct switching_cost *cost = &view->catalog->type[task->type].switching;

    return (1 - cost->factor) * (view->catalog->slot_s > 0 && cost->seconds <= 0
                                     ? view->catalog->slot_s
                                     : cost->seconds);
}

static bool may_resize(const struct view *view, int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];

    if (!at->up || at->node_free)
        return false;
    for (int32_t i = 0; i < at->runnings; i++)
        if (view->task[at->running[i]].companion >= 0)
            return false;
    return true;
}

/* Bases of tasks that were let in beside the agents may be more than there is: then nothing is free
 * for them. */
void loan_recall(struct loan *loan, const struct view *view, struct plan *wish,
                 const int32_t *cluster, int32_t clusters)
{
    for (int32_t i = 0; i < clusters; i++) {
        const struct cluster_view *at = &view->cluster[cluster[i]];
        struct allocation sum = {{0}};

        if (!may_resize(view, cluster[i]))
            continue;
        for (int32_t k = 0; k < at->runnings; k++) {
            const struct task *task = &view->task[at->running[k]];

            ledger_account(&loan->ledger, view, loan->outlook->estimator, task->id,
                           outlook_transfer_s(loan->outlook, task, cluster[i]));
            allocation_add(&sum, ledger_base(&loan->ledger, task));
        }
        if (!allocation_fits(&sum, &view->catalog->cluster[cluster[i]].capacity))
            continue;
        for (int32_t k = 0; k < at->runnings; k++) {
            const struct task *task = &view->task[at->running[k]];
            const struct allocation *base = ledger_base(&loan->ledger, task);

            if (!allocation_equal(base, &task->allocation))
                plan_resize(wish, task->id, base);
        }
    }
}

/* Seating a cluster's tasks */

static void add_hand(struct loan *loan, const struct view *view, const struct task *task,
                     double left, double pace, const struct allocation *held)
{
    const struct front *front = &loan->outlook->kind[task->type].front;
    struct ration_hand *hand = ration_add(&loan->ration, task->id, left, &task->min,
                                          pace * seconds_of(loan, task, &task->min, 0));

    hand->pace = pace;
    hand->most = allocation_least(&task->max, &hand->most);
    if (held) {
        hand->at = ration_offer(&loan->ration, hand, held, pace * seconds_of(loan, task, held, 0));
        hand->fixed = hand->at >= 0 && cost_of_change_s(view, task) > 0;
    }
    for (int32_t i = 0; i < front->count; i++)
        ration_offer(&loan->ration, hand, &front->item[i].amount, pace * front->item[i].seconds);
}

static void seat_running(struct loan *loan, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];
    double progress = fmin(1, view_progress(view, id)), whole_s, left = 1;

    ledger_account(&loan->ledger, view, loan->outlook->estimator, id,
                   outlook_transfer_s(loan->outlook, task, task->cluster));
    whole_s = seconds_of(loan, task, &task->allocation, 0);
    if (progress > 0 && whole_s < HUGE_VAL)
        left = seconds_of(loan, task, &task->allocation, progress) / whole_s;
    add_hand(loan, view, task, left, ledger_pace(&loan->ledger, task), &task->allocation);
}

static void seat_start(struct loan *loan, const struct view *view, const struct loan_start *start)
{
    add_hand(loan, view, &view->task[start->task], 1, 1, &start->amount);
}

/* Nothing that the ration was made of may have changed since, or get_up() must have been called. */
static void seat(struct loan *loan, const struct view *view, int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];

    if (loan->seated == cluster)
        return;
    loan->seated = cluster;
    loan->value = -1;
    ration_begin(&loan->ration, &view->catalog->cluster[cluster].capacity);
    for (int32_t i = 0; i < at->runnings; i++)
        seat_running(loan, view, at->running[i]);
    for (size_t i = 0; i < loan->starts.count; i++)
        if (loan->starts.item[i].cluster == cluster)
            seat_start(loan, view, &loan->starts.item[i]);
}

static void get_up(struct loan *loan)
{
    loan->seated = -1;
}

struct asker {
    const struct loan *loan;
    const struct view *view;
};

static double ask(const void *arg, const struct ration_hand *hand, const struct allocation *amount)
{
    const struct asker *asker = arg;

    return hand->pace * seconds_of(asker->loan, &asker->view->task[hand->task], amount, 0);
}

static bool divide(struct loan *loan, const struct view *view)
{
    struct asker asker = {loan, view};

    return ration_divide(&loan->ration, ask, &asker);
}

/* Letting tasks in */

static bool is_started(const struct loan *loan, int32_t task)
{
    for (size_t i = 0; i < loan->starts.count; i++)
        if (loan->starts.item[i].task == task)
            return true;
    return false;
}

static bool has_room(const struct loan *loan, const struct task *task)
{
    struct allocation sum = task->min;

    for (size_t i = 0; i < loan->ration.hands.count; i++) {
        const struct ration_hand *hand = &loan->ration.hands.item[i];

        allocation_add(&sum, &hand->choice[hand->fixed ? hand->at : 0].amount);
    }
    return allocation_fits(&sum, &loan->ration.capacity);
}

/* What all completion times together grow by when the task joins the cluster, its own among them;
 * HUGE_VAL: there is no room. */
static double join_cost(struct loan *loan, const struct view *view, const struct task *task,
                        int32_t cluster)
{
    double with;

    if (!view_may_start(view, task->id, cluster) || !may_resize(view, cluster))
        return HUGE_VAL;
    seat(loan, view, cluster);
    if (!has_room(loan, task))
        return HUGE_VAL;
    if (loan->value < 0) {
        ration_weigh(&loan->ration);
        loan->value = ration_value(&loan->ration);
    }
    add_hand(loan, view, task, 1, 1, NULL);
    ration_weigh(&loan->ration);
    with = ration_value(&loan->ration);
    ration_remove(&loan->ration, task->id);
    return with - loan->value + outlook_transfer_s(loan->outlook, task, cluster);
}

/* Of the clusters in a task's reach, or as many of them as are looked at, the one where it costs
 * least; `at`, if it is not -1, unless another one is clearly better. */
static int32_t best_cluster(struct loan *loan, const struct view *view, const struct task *task,
                            int32_t at)
{
    int32_t step = (task->reach.count + HOSTS - 1) / HOSTS, best = at;
    double least = at >= 0 ? CLEARLY * join_cost(loan, view, task, at) : HUGE_VAL;

    for (int32_t i = 0; i < task->reach.count; i += step) {
        double cost = join_cost(loan, view, task, task->reach.cluster[i]);

        if (cost < least) {
            least = cost;
            best = task->reach.cluster[i];
        }
    }
    return best;
}

/* What a task would hold if it were alone, at the price of capacity. */
static struct allocation priced_base(const struct loan *loan, const struct view *view,
                                     const struct task *task, int32_t cluster)
{
    const struct front *front = &loan->outlook->kind[task->type].front;
    struct allocation base = task->min;
    double least_s = HUGE_VAL;

    for (int32_t i = 0; i < front->count; i++) {
        const struct front_item *item = &front->item[i];
        double worth = outlook_worth(loan->outlook, cluster, &item->amount);
        double cost_s = item->seconds * (1 + loan->outlook->price * worth);

        if (cost_s < least_s && allocation_within(&task->min, &item->amount, &task->max) &&
            allocation_fits(&item->amount, &view->catalog->cluster[cluster].capacity)) {
            least_s = cost_s;
            base = item->amount;
        }
    }
    return base;
}

static void try_join(struct loan *loan, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];
    int32_t best;

    if (task->state != TASK_WAITING || is_started(loan, id) || cost_of_change_s(view, task) > 0)
        return;
    best = best_cluster(loan, view, task, -1);
    if (best < 0)
        return;
    ledger_entry(&loan->ledger, id)->base = priced_base(loan, view, task, best);
    vector_push(&loan->starts, ((struct loan_start){id, best, task->min}));
    get_up(loan);
}

/* What an agent starts where its base fits may do better elsewhere, where others shrink for it. */
static void move_starts(struct loan *loan, const struct view *view)
{
    struct loan_start *item = loan->starts.item;
    size_t count = loan->starts.count;

    for (size_t n = 0; n < count; n++) {
        struct loan_start start = item[0];
        const struct task *task = &view->task[start.task];

        /* It is not to be counted twice. */
        memmove(item, item + 1, (count - 1) * sizeof *item);
        loan->starts.count--;
        get_up(loan);
        if (cost_of_change_s(view, task) <= 0 && may_resize(view, start.cluster))
            start.cluster = best_cluster(loan, view, task, start.cluster);
        vector_push(&loan->starts, start);
        get_up(loan);
    }
}

static void let_in(struct loan *loan, const struct view *view)
{
    for (int32_t i = 0; i < view->toucheds; i++) {
        int32_t id, tries = 0;

        view_each_waiting (view, view->touched[i], id) {
            if (tries++ == TRIES)
                break;
            try_join(loan, view, id);
        }
    }
    for (int32_t i = 0; i < view->arrivals && i < TRIES; i++)
        try_join(loan, view, view->arrived[i]);
}

/* Carrying it out */

static struct ration_hand *hand_of(struct loan *loan, int32_t task)
{
    for (size_t i = 0; i < loan->ration.hands.count; i++)
        if (loan->ration.hands.item[i].task == task)
            return &loan->ration.hands.item[i];
    return NULL;
}

static void carry_out(struct loan *loan, const struct view *view, struct plan *plan,
                      int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];

    for (int32_t i = 0; i < at->runnings; i++) {
        const struct task *task = &view->task[at->running[i]];
        const struct ration_hand *hand = hand_of(loan, task->id);
        const struct allocation *amount = &hand->choice[hand->at].amount;

        if (!allocation_equal(&task->allocation, amount))
            plan_resize(plan, task->id, amount);
        if (cost_of_change_s(view, task) > 0)
            ledger_entry(&loan->ledger, task->id)->base = *amount;
    }
    for (size_t i = 0; i < loan->starts.count; i++) {
        const struct loan_start *start = &loan->starts.item[i];
        const struct ration_hand *hand;

        if (start->cluster != cluster)
            continue;
        hand = hand_of(loan, start->task);
        plan_start(plan, start->task, cluster, &hand->choice[hand->at].amount);
    }
}

static void start_only(const struct loan *loan, struct plan *plan, int32_t cluster)
{
    for (size_t i = 0; i < loan->starts.count; i++)
        if (loan->starts.item[i].cluster == cluster)
            plan_start(plan, loan->starts.item[i].task, cluster, &loan->starts.item[i].amount);
}

static void deal_cluster(struct loan *loan, const struct view *view, struct plan *plan,
                         int32_t cluster)
{
    if (id_set_has(&loan->dealt, cluster))
        return;
    id_set_add(&loan->dealt, cluster);
    if (may_resize(view, cluster)) {
        seat(loan, view, cluster);
        ration_weigh(&loan->ration);
        get_up(loan);
        if (divide(loan, view)) {
            carry_out(loan, view, plan, cluster);
            return;
        }
    }
    start_only(loan, plan, cluster);
}

static void note_wish(struct loan *loan)
{
    for (int32_t i = 0; i < loan->wish.actions; i++) {
        const struct action *action = &loan->wish.action[i];

        if (action->kind != ACTION_START)
            continue;
        ledger_entry(&loan->ledger, action->task)->base = action->allocation;
        vector_push(&loan->starts,
                    ((struct loan_start){action->task, action->cluster, action->allocation}));
    }
}

void loan_deal(struct loan *loan, const struct view *view, struct plan *plan)
{
    get_up(loan);
    id_set_clear(&loan->dealt);
    vector_clear(&loan->starts);
    note_wish(loan);
    if (!loan->alone) {
        move_starts(loan, view);
        let_in(loan, view);
    }
    for (size_t i = 0; i < loan->starts.count; i++)
        deal_cluster(loan, view, plan, loan->starts.item[i].cluster);
    for (int32_t i = 0; i < view->toucheds; i++)
        deal_cluster(loan, view, plan, view->touched[i]);
}
