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
 */
#include "policy/afs.h"

#include <math.h>

void afs_init(struct afs *afs, const struct policy_setup *setup, afs_length_fn length)
{
    afs->length = length;
    deal_init(&afs->deal, setup, true);
    growth_init(&afs->growth, setup);
    heap_init(&afs->empty);
}

void afs_release(void *state)
{
    struct afs *afs = state;

    deal_release(&afs->deal);
    growth_release(&afs->growth);
    vector_release(&afs->contestants);
    vector_release(&afs->holders);
    heap_release(&afs->empty);
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

static double length_now(const struct afs *afs, const struct view *view, int32_t i)
{
    const struct contestant *c = &afs->contestants.item[i];

    return afs->length(view, afs->deal.hands.item[i].task,
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
static int32_t winner(const struct afs *afs, const struct view *view, int32_t i, int32_t k)
{
    bool k_is_shorter = length_now(afs, view, k) < length_now(afs, view, i);
    int32_t a = k_is_shorter ? k : i, b = k_is_shorter ? i : k;
    const struct contestant *shorter = &afs->contestants.item[a];
    const struct contestant *longer = &afs->contestants.item[b];

    return gain_if_longer(longer) > gain_if_shorter(shorter) ? b : a;
}

/* The shortest of those who hold nothing and still fit, or -1. Free only shrinks, so whoever does
 * not fit is done with. */
static int32_t first_empty(struct afs *afs, const struct view *view)
{
    while (!heap_is_empty(&afs->empty)) {
        if (can_grow(afs, view, heap_peek(&afs->empty).id))
            return heap_peek(&afs->empty).id;
        heap_pop(&afs->empty);
    }
    return -1;
}

static int32_t hold_tournament(struct afs *afs, const struct view *view)
{
    int32_t best = first_empty(afs, view);

    for (size_t n = 0; n < afs->holders.count; n++) {
        int32_t i = afs->holders.item[n];

        if (can_grow(afs, view, i))
            best = best < 0 ? i : winner(afs, view, best, i);
    }
    return best;
}

static void add_holder(struct afs *afs, int32_t hand)
{
    size_t at = afs->holders.count;

    vector_push(&afs->holders, hand);
    for (; at > 0 && afs->holders.item[at - 1] > hand; at--)
        afs->holders.item[at] = afs->holders.item[at - 1];
    afs->holders.item[at] = hand;
}

static void enter(struct afs *afs, const struct view *view, int32_t i)
{
    const struct deal_hand *hand = &afs->deal.hands.item[i];
    struct contestant contestant = {.prospect = growth_prospect(view, hand)};
    const struct contestant *c;

    vector_push(&afs->contestants, contestant);
    look_ahead(afs, view, i);
    c = &afs->contestants.item[i];
    if (!is_empty(afs, i))
        add_holder(afs, i);
    else if (c->may_grow)
        heap_set(&afs->empty, i, afs->length(view, hand->task, c->step.seconds));
}

static void grow(void *arg, const struct view *view, struct deal *deal)
{
    struct afs *afs = arg;
    int32_t best;

    vector_clear(&afs->contestants);
    vector_clear(&afs->holders);
    heap_reset(&afs->empty);
    for (int32_t i = 0; (size_t)i < deal->hands.count; i++)
        enter(afs, view, i);
    while ((best = hold_tournament(afs, view)) >= 0) {
        struct contestant *c = &afs->contestants.item[best];

        if (is_empty(afs, best)) {
            heap_remove(&afs->empty, best);
            add_holder(afs, best);
        }
        deal_grant(deal, &deal->hands.item[best], &c->step.more);
        c->prospect.seconds = c->step.seconds;
        look_ahead(afs, view, best);
    }
}

void afs_decide(void *state, const struct view *view, struct plan *plan)
{
    struct afs *afs = state;

    deal_decide(&afs->deal, view, plan, false, grow, afs);
}
