/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paper's conflict resolution (section IV): P(task | agent) is the probability of the agent's
 * pointer, P(agent) a softmax over the competitors of how much room each has for the task. The
 * softmax's denominator is common to the competitors, but is kept out of overflow by taking rooms
 * relative to the largest.
 */
#include "agent/conflict.h"

#include <math.h>

#include "base/rng.h"

double claim_room(const int32_t *free, const int *minimum, int resources)
{
    double room = HUGE_VAL;

    for (int r = 0; r < resources; r++)
        if (minimum[r] > 0)
            room = fmin(room, (double)free[r] / minimum[r]);
    return room;
}

static double largest_room(const struct claim *claim, int count, int64_t task)
{
    double largest = -HUGE_VAL;

    for (int i = 0; i < count; i++)
        if (claim[i].task == task)
            largest = fmax(largest, claim[i].room);
    return largest;
}

/* Rooms may be infinite, where a task needs nothing: those are equal to each other. */
static double weight_of(const struct claim *claim, double largest)
{
    return claim->probability * (claim->room == largest ? 1 : exp(claim->room - largest));
}

static int winner_of(const struct claim *claim, int count, int first, struct rng *rng)
{
    double largest = largest_room(claim, count, claim[first].task);
    double best = weight_of(&claim[first], largest);
    int winner = first;
    uint32_t equals = 1;

    for (int i = first + 1; i < count; i++) {
        double weight;

        if (claim[i].task != claim[first].task)
            continue;
        weight = weight_of(&claim[i], largest);
        if (weight > best) {
            best = weight;
            winner = i;
            equals = 1;
        } else if (weight == best && rng && rng_below(rng, ++equals) == 0) {
            winner = i;
        }
    }
    return winner;
}

void conflict_resolve(bool *lost, const struct claim *claim, int count, struct rng *rng)
{
    for (int i = 0; i < count; i++)
        lost[i] = false;
    for (int i = 0; i < count; i++) {
        bool first = claim[i].task >= 0;
        int winner;

        for (int j = 0; j < i && first; j++)
            first = claim[j].task != claim[i].task;
        if (!first)
            continue;
        winner = winner_of(claim, count, i, rng);
        for (int j = i; j < count; j++)
            lost[j] = lost[j] || (claim[j].task == claim[i].task && j != winner);
    }
}
