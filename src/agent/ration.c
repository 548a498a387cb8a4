/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ration.h"

#include <math.h>
#include <string.h>

/* Speeds that are next to nothing are counted as so much, per second. */
static const double LEAST_SPEED = 1e-12;

static const double LEAST_SHARE = 1e-6; /* that a step counts as */
static const double LEAST_GAIN =
    0.005; /* of its speed, for what a task gets of one resource alone */

void ration_release(struct ration *ration)
{
    vector_release(&ration->hands);
    vector_release(&ration->speeds);
}

void ration_begin(struct ration *ration, const struct allocation *capacity)
{
    ration->capacity = ration->free = *capacity;
    vector_clear(&ration->hands);
}

int32_t ration_offer(const struct ration *ration, struct ration_hand *hand,
                     const struct allocation *amount, double seconds)
{
    if (!allocation_within(&hand->choice[0].amount, amount, &hand->most))
        return -1;
    for (int32_t i = 0; i < hand->choices; i++)
        if (allocation_equal(&hand->choice[i].amount, amount))
            return i;
    if (hand->choices == RATION_CHOICES)
        return -1;
    hand->choice[hand->choices] = (struct ration_choice){
        *amount, 1 / seconds, allocation_dominant_share(amount, &ration->capacity)};
    return hand->choices++;
}

struct ration_hand *ration_add(struct ration *ration, int32_t task, double left,
                               const struct allocation *least, double seconds)
{
    struct ration_hand hand = {.task = task, .left = left, .most = ration->capacity, .choices = 1};

    hand.choice[0] = (struct ration_choice){*least, 1 / seconds,
                                            allocation_dominant_share(least, &ration->capacity)};
    vector_push(&ration->hands, hand);
    return vector_last(&ration->hands);
}

void ration_remove(struct ration *ration, int32_t task)
{
    struct ration_hand *hand = ration->hands.item, *last = vector_last(&ration->hands);

    while (hand->task != task)
        hand++;
    memmove(hand, hand + 1, (size_t)(last - hand) * sizeof *hand);
    ration->hands.count--;
}

/* Of the choices that take no more than a share the fastest; with none that of the least amount. */
static double speed_with(const struct ration_hand *hand, double share)
{
    double most = hand->choice[0].speed;

    for (int32_t i = 1; i < hand->choices; i++)
        if (hand->choice[i].share <= share + 1e-9 && hand->choice[i].speed > most)
            most = hand->choice[i].speed;
    return fmax(most, LEAST_SPEED);
}

static int longest_first(const void *a, const void *b)
{
    const struct ration_hand *left = a, *right = b;

    if (left->equal_s != right->equal_s)
        return left->equal_s > right->equal_s ? -1 : 1;
    return left->task < right->task ? -1 : left->task > right->task;
}

void ration_weigh(struct ration *ration)
{
    size_t count = ration->hands.count;
    struct ration_hand *hand = ration->hands.item;
    double *speed; /* by hand: with a part of the cluster as large as its turn's, and the next */

    for (size_t i = 0; i < count; i++)
        hand[i].equal_s = hand[i].left / speed_with(&hand[i], 1.0 / (double)count);
    vector_sort(&ration->hands, longest_first);
    vector_reserve(&ration->speeds, count + 1);
    speed = ration->speeds.item;
    for (size_t k = 0; k < count; k++) {
        double sum = 1;

        for (size_t i = 0; i < k; i++) {
            double slower = speed_with(&hand[i], 1.0 / (double)(k + 1));

            sum += hand[i].weight * fmax(0, speed[i] - slower);
            speed[i] = slower;
        }
        speed[k] = speed_with(&hand[k], 1.0 / (double)(k + 1));
        hand[k].weight = sum / speed[k];
    }
}

double ration_value(const struct ration *ration)
{
    double sum = 0;

    for (size_t i = 0; i < ration->hands.count; i++)
        sum += ration->hands.item[i].weight * ration->hands.item[i].left;
    return sum;
}

static bool may_have(const struct ration *ration, const struct ration_hand *hand,
                     const struct allocation *amount)
{
    struct allocation free = ration->free;

    allocation_add(&free, &hand->choice[hand->at].amount);
    return allocation_fits(amount, &free) && allocation_fits(amount, &hand->most);
}

static void consider(struct ration_hand *hand, const struct ration_choice *to, double share)
{
    double gain =
        hand->weight * (to->speed - hand->choice[hand->at].speed) / fmax(share, LEAST_SHARE);

    if (hand->may_step && gain <= hand->gain)
        return;
    hand->may_step = true;
    hand->step = *to;
    hand->gain = gain;
}

/* The best step of a hand to another of its choices. */
static void find_step(const struct ration *ration, struct ration_hand *hand)
{
    const struct ration_choice *at = &hand->choice[hand->at];

    hand->may_step = false;
    for (int32_t i = 0; i < hand->choices; i++) {
        const struct ration_choice *to = &hand->choice[i];

        if (to->speed > at->speed && may_have(ration, hand, &to->amount))
            consider(hand, to, to->share - at->share);
    }
}

/* The best step with more of one resource. */
static void find_stretch(const struct ration *ration, struct ration_hand *hand,
                         ration_seconds_fn seconds, const void *arg)
{
    const struct ration_choice *at = &hand->choice[hand->at];

    hand->may_step = false;
    for (int r = 0; r < MAX_RESOURCES; r++)
        for (int32_t more = 1; more <= ration->free.amount[r]; more *= 2) {
            struct ration_choice to = {.amount = at->amount};

            to.amount.amount[r] += more;
            if (to.amount.amount[r] > hand->most.amount[r])
                break;
            to.speed = 1 / seconds(arg, hand, &to.amount);
            to.share = allocation_dominant_share(&to.amount, &ration->capacity);
            if (to.speed >= at->speed * (1 + LEAST_GAIN))
                consider(hand, &to, (double)more / ration->capacity.amount[r]);
        }
}

static void look_ahead(const struct ration *ration, struct ration_hand *hand,
                       ration_seconds_fn seconds, const void *arg)
{
    if (hand->fixed)
        hand->may_step = false;
    else if (seconds)
        find_stretch(ration, hand, seconds, arg);
    else
        find_step(ration, hand);
}

static void take_step(struct ration *ration, struct ration_hand *hand)
{
    int32_t at = 0;

    allocation_add(&ration->free, &hand->choice[hand->at].amount);
    allocation_subtract(&ration->free, &hand->step.amount);
    while (at < hand->choices && !allocation_equal(&hand->choice[at].amount, &hand->step.amount))
        at++;
    if (at == hand->choices && hand->choices < RATION_CHOICES)
        hand->choices++;
    else if (at == hand->choices)
        at--;
    hand->choice[at] = hand->step;
    hand->at = at;
}

/* Steps as long as anybody gains. Without seconds from choice to choice. */
static void grow(struct ration *ration, ration_seconds_fn seconds, const void *arg)
{
    for (size_t i = 0; i < ration->hands.count; i++)
        look_ahead(ration, &ration->hands.item[i], seconds, arg);
    for (;;) {
        struct ration_hand *best = NULL;

        for (size_t i = 0; i < ration->hands.count; i++) {
            struct ration_hand *hand = &ration->hands.item[i];

            if (hand->may_step && !may_have(ration, hand, &hand->step.amount))
                look_ahead(ration, hand, seconds, arg);
            if (hand->may_step && (!best || hand->gain > best->gain))
                best = hand;
        }
        if (!best)
            return;
        take_step(ration, best);
        look_ahead(ration, best, seconds, arg);
    }
}

bool ration_divide(struct ration *ration, ration_seconds_fn seconds, const void *arg)
{
    struct allocation sum = {{0}};

    for (size_t i = 0; i < ration->hands.count; i++) {
        struct ration_hand *hand = &ration->hands.item[i];

        if (!hand->fixed)
            hand->at = 0;
        allocation_add(&sum, &hand->choice[hand->at].amount);
    }
    if (!allocation_fits(&sum, &ration->capacity))
        return false;
    ration->free = ration->capacity;
    allocation_subtract(&ration->free, &sum);
    grow(ration, NULL, NULL);
    if (seconds)
        grow(ration, seconds, arg);
    return true;
}
