/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round of a company has four slots, and the member at place p goes through its stages in slots
 * p, p + 1, p + 2, p + 3, modulo 4. A slot ends when all that is done in it has ended, so a round
 * takes the sum over the slots of the longest stage in each (Zhao et al., "Multi-Resource
 * Interleaving for Deep Learning Training", SIGCOMM'22, section 4).
 *
 * Where loading and preparing were measured as one, that one stage spans slots p and p + 1 and only
 * its end counts. Let g(i) be the longest stage that is done within slot i, h(i) the longest one
 * that ends with slot i and began with the slot before. The ends of the slots then obey
 *     f(i) = max(f(i-1) + g(i), f(i-2) + h(i)),
 * and their period is the heaviest closed walk once around the four slots, by steps of one slot
 * that weigh g and of two that weigh h: all four g, or one h and two g, or two h. (No walk that
 * goes around twice visits a slot only once, so there is no other candidate.) Muri's simulator
 * walks two rounds of the same recurrence and takes what it sees.
 *
 * Two members may also keep two stages apart: while one loads and prepares, the other computes and
 * synchronises.
 *
 * The order of the places matters, and turning them all does not: with the first member at place 0
 * at most six orders are tried.
 */
#include "core/stages.h"

#include <math.h>

/* Longest stages by slot, see above; -INFINITY: there is none. */
struct slots {
    double within[STAGES], across[STAGES];
};

static void fill_slots(struct slots *slots, const struct stages *const member[], int members)
{
    for (int i = 0; i < STAGES; i++)
        slots->within[i] = slots->across[i] = -HUGE_VAL;
    for (int place = 0; place < members; place++) {
        const struct stages *at = member[place];

        for (int k = at->loads ? STAGE_GPU : STAGE_STORAGE; k < STAGES; k++) {
            double *longest = &slots->within[(place + k) % STAGES];

            *longest = fmax(*longest, at->time[k]);
        }
        if (at->loads)
            slots->across[(place + STAGE_CPU) % STAGES] = at->time[STAGE_CPU];
    }
}

static double walk_slots(const struct slots *slots)
{
    const double *g = slots->within, *h = slots->across;
    double longest = g[0] + g[1] + g[2] + g[3];

    for (int i = 0; i < STAGES; i++)
        longest = fmax(longest, h[i] + g[(i + 1) % STAGES] + g[(i + 2) % STAGES]);
    return fmax(longest, fmax(h[0] + h[2], h[1] + h[3]));
}

static double period_in_order(const struct stages *const member[], int members)
{
    struct slots slots;

    fill_slots(&slots, member, members);
    return walk_slots(&slots);
}

static double first_half(const struct stages *stages)
{
    return stages->time[STAGE_STORAGE] + stages->time[STAGE_CPU];
}

static double second_half(const struct stages *stages)
{
    return stages->time[STAGE_GPU] + stages->time[STAGE_NETWORK];
}

static double period_by_halves(const struct stages *a, const struct stages *b)
{
    return fmax(first_half(a), second_half(b)) + fmax(first_half(b), second_half(a));
}

static double best_order(const struct stages *order[], int placed, int members)
{
    double best = HUGE_VAL;

    if (placed == members)
        return period_in_order(order, members);
    for (int i = placed; i < members; i++) {
        const struct stages *swapped = order[i];

        order[i] = order[placed];
        order[placed] = swapped;
        best = fmin(best, best_order(order, placed + 1, members));
        order[placed] = order[i];
        order[i] = swapped;
    }
    return best;
}

double stages_period(const struct stages *const member[], int members)
{
    const struct stages *order[MAX_COMPANY];
    double best;

    if (members == 1)
        return member[0]->period;
    for (int i = 0; i < members; i++)
        order[i] = member[i];
    best = best_order(order, 1, members);
    return members == 2 ? fmin(best, period_by_halves(member[0], member[1])) : best;
}
