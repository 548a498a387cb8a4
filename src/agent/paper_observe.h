/* SPDX-License-Identifier: Apache-2.0 */
/* From who sees which tasks to the graph that the paper's network gets. */
#ifndef AGENT_PAPER_OBSERVE_H
#define AGENT_PAPER_OBSERVE_H

#include <stdint.h>

#include "agent/paper_graph.h"

struct arena;

struct paper_running {
    int agent, type, slots_run;
    int given[PAPER_RESOURCES];
};

/* One decision point; all arrays are borrowed. */
struct paper_scene {
    const int32_t *free;      /* (agents, PAPER_RESOURCES) */
    const int32_t *behind;    /* (agents): tasks waiting behind the slots */
    const int32_t *slot_task; /* (agents, slots): a number that is the task's wherever it is seen,
                                 or -1 */
    const int32_t *slot_type; /* (agents, slots): its type, or -1 */
    const struct paper_running *running;
    int runnings;
};

/*
 * Rows in the order in which the agents' slots show them: one for each task, however many agents
 * see it, and one for each empty slot. Everything lives in memory.
 */
struct paper_observation paper_observe(struct arena *memory, const struct paper_config *config,
                                       const struct paper_scene *scene);

#endif
