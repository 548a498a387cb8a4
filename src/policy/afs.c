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
    heap_init(&afs->by_length);
}

void afs_release(void *state)
{
    struct afs *afs = state;

    deal_release(&afs->deal);
    growth_release(&afs->growth);
    vector_release(&afs->contestants);
    vector_release(&afs->empty);
    heap_release(&afs->by_length);
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

/* The shortest of those who hold nothing and still fit, or -1. They are sorted; free only shrinks,
 * so whoever does not fit is done with. */
static int32_t first_empty(struct afs *afs, const struct view *view, size_t *next)
{
    for (; *next < afs->empty.count; ++*next)
        if (can_grow(afs, view, afs->empty.item[*next]))
            return afs->empty.item[*next];
    return -1;
}

static int32_t hold_tournament(struct afs *afs, const struct view *view, size_t *next_empty)
{
    int32_t best = first_empty(afs, view, next_empty);

    for (int32_t i = 0; (size_t)i < afs->contestants.count; i++) {
        if (is_empty(afs, i) || !can_grow(afs, view, i))
            continue;
        best = best < 0 ? i : winner(afs, view, best, i);
    }
    return best;
}

/* By what their lengths would be with their minima, then by arrival. */
static void sort_empty(struct afs *afs, const struct view *view)
{
    heap_reset(&afs->by_length);
    vector_clear(&afs->empty);
    for (int32_t i = 0; (size_t)i < afs->contestants.count; i++) {
        const struct contestant *c = &afs->contestants.item[i];

        if (c->may_grow)
            heap_set(&afs->by_length, i,
                     afs->length(view, afs->deal.hands.item[i].task, c->step.seconds));
    }
    while (!heap_is_empty(&afs->by_length))
        vector_push(&afs->empty, heap_pop(&afs->by_length));
}

static void grow(void *arg, const struct view *view, struct deal *deal)
{
    struct afs *afs = arg;
    size_t next_empty = 0;
    int32_t best;

    vector_clear(&afs->contestants);
    for (int32_t i = 0; (size_t)i < deal->hands.count; i++) {
        struct contestant contestant = {.prospect = growth_prospect(view, &deal->hands.item[i])};

        vector_push(&afs->contestants, contestant);
        look_ahead(afs, view, i);
    }
    sort_empty(afs, view);
    while ((best = hold_tournament(afs, view, &next_empty)) >= 0) {
        struct contestant *c = &afs->contestants.item[best];

        deal_grant(deal, &deal->hands.item[best], &c->step.more);
        c->prospect.seconds = c->step.seconds;
        if (next_empty < afs->empty.count && afs->empty.item[next_empty] == best)
            next_empty++;
        look_ahead(afs, view, best);
    }
}

void afs_decide(void *state, const struct view *view, struct plan *plan)
{
    struct afs *afs = state;

    deal_decide(&afs->deal, view, plan, false, grow, afs);
}
