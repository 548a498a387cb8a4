/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents that chose the same task in one round: by Bayes' theorem the task goes to the agent that
 * it most likely belongs to, P(agent | task) ~ P(task | agent) P(agent).
 */
#ifndef AGENT_CONFLICT_H
#define AGENT_CONFLICT_H

#include <stdbool.h>
#include <stdint.h>

struct rng;

/* What one agent chose. */
struct claim {
    int64_t task;       /* the same number for the same task; negative: none */
    double probability; /* with which the agent chose it */
    double room;        /* how often the task's minimum fits into what the agent has free */
};

/* min over the resources of free / minimum; a resource that the task does not need is left out. */
double claim_room(const int32_t *free, const int *minimum, int resources);

/*
 * lost[i] for each of `count` claims. Among claims of one task the largest probability times
 * softmax of room wins; equal ones are drawn from rng, or if that is NULL the first wins.
 */
void conflict_resolve(bool *lost, const struct claim *claim, int count, struct rng *rng);

#endif
