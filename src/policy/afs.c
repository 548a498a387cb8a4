/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apathetic Future Share answers one question: which of two tasks should have the next step? Let a
 * be the one that would end first with what both hold, b the other, s their seconds left now and s'
 * with the step. Giving it to a until a ends, and then to b, beats giving it to b at once, unless
 * b's relative gain is the greater in this sense:
 *
 *     (1 - s'_b / s_b) / share_b  >  (s_a / s'_a - 1) / share_a
 *
 * (with throughputs p = 1/s: (p'_b - p_b) / p'_b against (p'_a - p_a) / p_a; shares of the steps
 * make steps of unlike sizes comparable, which with one resource and one unit they all are). Of two
 * tasks that hold nothing the one that would be shorter with its minimum wins; a task that holds
 * nothing has s infinite.
 *
 * The next step goes to the winner of a tournament. The relation is not transitive, so the order of
 * the rounds is part of the definition: first those who hold nothing among themselves, then the
 * winner against those who hold something, in order of arrival. A task that gains nothing by a step
 * takes no part, so units that help nobody stay free.
 *
 * Long queues cost little: lengths of waiting tasks do not change, so they stand in lanes
 * (policy/lanes.h) from decision to decision, and only the first of all has a hand. Where windows
 * show few, every one that is shown has.
 */
#include "policy/afs.h"

#include <math.h>

void afs_init(struct afs *afs, const struct policy_setup *setup, afs_length_fn length)
{
    afs->length = length;
    deal_init(&afs->deal, setup, true);
    growth_init(&afs->growth, setup);
    heap_init(&afs->empty);
    lanes_init(&afs->lanes, setup->catalog->clusters);
}

void afs_release(void *state)
{
    struct afs *afs = state;

    deal_release(&afs->deal);
    growth_release(&afs->growth);
    vector_release(&afs->contestants);
    vector_release(&afs->holders);
    vector_release(&afs->taken);
    vector_release(&afs->hoped);
    heap_release(&afs->empty);
    lanes_release(&afs->lanes);
}

static bool is_empty(const struct afs *afs, int32_t hand)
{
    return allocation_is_zero(&afs->deal.hands.item[hand].amount);
}

/* Finds the hand's next step. */
static void look_ahead(struct afs *afs, const struct view *view, int32_t i)
{
    struct contestant *c = &afs->contestants.item[i];

    c->may_grow = growth_best(&afs->growth, view, &afs->deal, &afs->deal.hands.item[i],
                              &c->prospect, &c->step) &&
                  (is_empty(afs, i) || c->step.gain > 0);
}

static bool can_grow(struct afs *afs, const struct view *view, int32_t i)
{
    struct contestant *c = &afs->contestants.item[i];

    if (c->may_grow && !deal_may_grant(&afs->deal, &afs->deal.hands.item[i], &c->step.more))
        look_ahead(afs, view, i);
    return c->may_grow;
}

static void measure(struct afs *afs, const struct view *view, int32_t i)
{
    struct contestant *c = &afs->contestants.item[i];

    c->length = afs->length(view, afs->deal.hands.item[i].task,
                            is_empty(afs, i) ? HUGE_VAL : c->prospect.seconds);
}

/* The relative gain of the shorter one, and of the longer one. */
static double gain_if_shorter(const struct contestant *c)
{
    return (c->prospect.seconds / c->step.seconds - 1) / c->step.share;
}

static double gain_if_longer(const struct contestant *c)
{
    return (1 - c->step.seconds / c->prospect.seconds) / c->step.share;
}

/* Of two hands, i the one that came to the tournament first, the one that gets its step. */
static int32_t winner(const struct afs *afs, int32_t i, int32_t k)
{
    bool k_is_shorter = afs->contestants.item[k].length < afs->contestants.item[i].length;
    int32_t a = k_is_shorter ? k : i, b = k_is_shorter ? i : k;
    const struct contestant *shorter = &afs->contestants.item[a];
    const struct contestant *longer = &afs->contestants.item[b];

    return gain_if_longer(longer) > gain_if_shorter(shorter) ? b : a;
}

static void add_contestant(struct afs *afs, const struct view *view, int32_t i)
{
    struct contestant contestant = {
        .prospect = growth_prospect(view, &afs->deal.hands.item[i]),
    };

    vector_push(&afs->contestants, contestant);
    look_ahead(afs, view, i);
    measure(afs, view, i);
}

/* Waiting tasks */

static void enter(struct afs *afs, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];
    struct deal_hand hand = {.task = id};
    struct prospect prospect = growth_prospect(view, &hand);
    double seconds = growth_seconds(view, id, &prospect, &task->min);

    if (task->state == TASK_WAITING)
        lanes_enter(&afs->lanes, id, &task->min, &task->reach,
                    (struct lane_key){.rank = afs->length(view, id, seconds)});
}

/* Who was given something and not started, for want of nodes, waits on. */
static void settle_taken(struct afs *afs, const struct view *view)
{
    for (size_t i = 0; i < afs->taken.count; i++)
        if (plan_has(afs->plan, afs->taken.item[i]))
            vector_push(&afs->hoped, afs->taken.item[i]);
        else
            enter(afs, view, afs->taken.item[i]);
    vector_clear(&afs->taken);
}

static void note(struct afs *afs, const struct view *view)
{
    for (size_t i = 0; i < afs->hoped.count; i++)
        enter(afs, view, afs->hoped.item[i]);
    vector_clear(&afs->hoped);
    for (int32_t i = 0; i < view->arrivals; i++)
        enter(afs, view, view->arrived[i]);
}

static void open_lanes(struct afs *afs, const struct view *view)
{
    int32_t cluster = afs->deal.cluster;

    lanes_close(&afs->lanes);
    if (!afs->deal.from_nothing || !view->cluster[cluster].may_start)
        return;
    lanes_open(&afs->lanes, view, cluster);
    lanes_open_wide(&afs->lanes, view, cluster);
}

/* The hand of the first waiting task that fits, or -1. A lane whose first does not is done with. */
static int32_t first_waiting(struct afs *afs, const struct view *view)
{
    const struct lane_entry *first;

    while ((first = lanes_first(&afs->lanes))) {
        if (afs->front < 0) {
            afs->front = (int32_t)afs->deal.hands.count;
            deal_add_hand(&afs->deal, view, first->task);
            add_contestant(afs, view, afs->front);
        }
        if (can_grow(afs, view, afs->front))
            return afs->front;
        lanes_take(&afs->lanes);
        afs->front = -1;
    }
    return -1;
}

static void take_waiting(struct afs *afs, const struct view *view)
{
    struct lane_entry entry = lanes_take(&afs->lanes);

    lanes_forget(&afs->lanes, entry.task);
    lanes_reopen(&afs->lanes, view, entry.lane);
    vector_push(&afs->taken, entry.task);
    afs->front = -1;
}

/* The tournament */

/* The first of the hands that hold nothing and still fit, or -1. Free only shrinks, so whoever does
 * not fit is done with. */
static int32_t first_hand(struct afs *afs, const struct view *view)
{
    while (!heap_is_empty(&afs->empty)) {
        if (can_grow(afs, view, heap_peek(&afs->empty).id))
            return heap_peek(&afs->empty).id;
        heap_pop(&afs->empty);
    }
    return -1;
}

/* The shortest of all who hold nothing and still fit, or -1. */
static int32_t first_empty(struct afs *afs, const struct view *view)
{
    int32_t hand = first_hand(afs, view), waiting = first_waiting(afs, view);
    double key, rank;

    if (hand < 0 || waiting < 0)
        return hand < 0 ? waiting : hand;
    key = heap_peek(&afs->empty).key;
    rank = lanes_first(&afs->lanes)->key.rank;
    if (key != rank)
        return key < rank ? hand : waiting;
    return afs->deal.hands.item[hand].task < afs->deal.hands.item[waiting].task ? hand : waiting;
}

static int32_t hold_tournament(struct afs *afs, const struct view *view)
{
    int32_t best = first_empty(afs, view);

    for (size_t n = 0; n < afs->holders.count; n++) {
        int32_t i = afs->holders.item[n];

        if (can_grow(afs, view, i))
            best = best < 0 ? i : winner(afs, best, i);
    }
    return best;
}

static void add_holder(struct afs *afs, int32_t hand)
{
    const struct deal_hand *hands = afs->deal.hands.item;
    size_t at = afs->holders.count;

    vector_push(&afs->holders, hand);
    for (; at > 0 && hands[afs->holders.item[at - 1]].task > hands[hand].task; at--)
        afs->holders.item[at] = afs->holders.item[at - 1];
    afs->holders.item[at] = hand;
}

static void seat(struct afs *afs, const struct view *view, int32_t i)
{
    const struct contestant *c;

    add_contestant(afs, view, i);
    c = &afs->contestants.item[i];
    if (!is_empty(afs, i))
        add_holder(afs, i);
    else if (c->may_grow)
        heap_set(&afs->empty, i, afs->length(view, afs->deal.hands.item[i].task, c->step.seconds));
}

static void give_step(struct afs *afs, const struct view *view, int32_t i)
{
    struct contestant *c = &afs->contestants.item[i];

    if (is_empty(afs, i)) {
        if (i == afs->front)
            take_waiting(afs, view);
        else
            heap_remove(&afs->empty, i);
        add_holder(afs, i);
    }
    deal_grant(&afs->deal, &afs->deal.hands.item[i], &c->step.more);
    c->prospect.seconds = c->step.seconds;
    look_ahead(afs, view, i);
    measure(afs, view, i);
}

static void grow(void *arg, const struct view *view, struct deal *deal)
{
    struct afs *afs = arg;
    int32_t best;

    settle_taken(afs, view);
    vector_clear(&afs->contestants);
    vector_clear(&afs->holders);
    heap_reset(&afs->empty);
    afs->front = -1;
    open_lanes(afs, view);
    for (int32_t i = 0; (size_t)i < deal->hands.count; i++)
        seat(afs, view, i);
    while ((best = hold_tournament(afs, view)) >= 0)
        give_step(afs, view, best);
}

void afs_decide(void *state, const struct view *view, struct plan *plan)
{
    struct afs *afs = state;

    afs->plan = plan;
    if (view->catalog->window == 0)
        note(afs, view);
    deal_decide(&afs->deal, view, plan, false, grow, afs);
    settle_taken(afs, view);
}
