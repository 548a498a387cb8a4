/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the paper's network looks at: one graph for each observation, and a batch of them ready for
 * the network, with equal rows merged.
 */
#ifndef AGENT_PAPER_GRAPH_H
#define AGENT_PAPER_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "nn/ops.h"

struct arena;

enum { PAPER_RESOURCES = 2, PAPER_TYPES = 16 };

enum paper_node { PAPER_CLUSTER, PAPER_WAITING, PAPER_RUNNING, PAPER_HUB, PAPER_NODES };

/* Relations, in the order in which semantic attention sees them. */
enum paper_relation {
    CLUSTER_TO_WAITING,
    WAITING_TO_CLUSTER,
    CLUSTER_TO_RUNNING,
    RUNNING_TO_CLUSTER,
    CLUSTER_TO_HUB,
    HUB_TO_CLUSTER,
    PAPER_RELATIONS
};

struct paper_relation_ends {
    enum paper_node source, target;
};

extern const struct paper_relation_ends PAPER_ENDS[PAPER_RELATIONS];

/* Sizes of the network, and the smallest allocation of each type. */
struct paper_config {
    int agents, slots, types;    /* slots: waiting tasks that an agent sees */
    int levels[PAPER_RESOURCES]; /* an allocation of resource r is 0 .. levels[r]-1 */
    int minimum[PAPER_TYPES][PAPER_RESOURCES];
    int hidden, heads, layers;                       /* of the graph encoder */
    int pointer_layers, pointer_heads, pointer_feed; /* of each agent's pointer */
    double slope, epsilon;                           /* of the leaky rectifier, of layer norm */
};

/* The layers of the network that the authors trained; agents, slots, types, levels and minima are
 * left to the caller. */
static inline struct paper_config paper_config_published(void)
{
    return (struct paper_config){
        .hidden = 256,
        .heads = 4,
        .layers = 8,
        .pointer_layers = 2,
        .pointer_heads = 4,
        .pointer_feed = 2048,
        .slope = 0.2,
        .epsilon = 1e-5,
    };
}

/* Numbers in a row of each kind of node. */
static inline int paper_features(const struct paper_config *config, enum paper_node node)
{
    switch (node) {
    case PAPER_CLUSTER:
        return PAPER_RESOURCES + 1; /* free, tasks behind the slots */
    case PAPER_WAITING:
        return PAPER_RESOURCES + 1 + config->types; /* minimum, is an empty slot, type one-hot */
    case PAPER_RUNNING:
        return PAPER_RESOURCES + config->types + 1; /* allocation, type one-hot, slots run */
    default:
        return 1; /* 0 */
    }
}

static inline int paper_actions(const struct paper_config *config)
{
    return config->levels[0] * config->levels[1];
}

/* Edges in the order in which they were found; rows are those of the two node kinds. */
struct paper_edges {
    int count;
    const int32_t *source, *target;
};

/* One decision point as the paper's agents see it. All arrays are borrowed. */
struct paper_observation {
    int rows[PAPER_NODES]; /* clusters: one for each agent */
    const real *x[PAPER_NODES];
    struct paper_edges edges[PAPER_RELATIONS];
    const int32_t *slot_type; /* (agents, slots): type in the slot, -1 for none */
    const int32_t *slot_row;  /* (agents, slots): the slot's row among the waiting */
    const int32_t *free;      /* (agents, PAPER_RESOURCES) */
};

/* The rows that one agent's actor works on, over all observations. */
struct paper_agent_rows {
    int segments;         /* observations in which the agent has a task */
    const int32_t *first; /* segments + 1, into row */
    int count;            /* first[segments], and maybe rows for the scrambled allocation */
    const int32_t *row;   /* among the merged waiting rows */
    const real *weight;   /* how many slots show it */
    const int32_t *slot;  /* (observations, slots): index into row */
    const int32_t *shown; /* (observations, slots): the same, for the allocation logits */
};

struct paper_graph {
    int observations, agents, slots;
    /* Two levels: what the first layer gets, and what the others get. */
    int rows[2][PAPER_NODES];
    struct edges edges[2][PAPER_RELATIONS];
    real *x[PAPER_NODES];    /* features of the first level */
    int32_t *running_first;  /* for each running row of the second level, one of the first */
    const int32_t *segment;  /* clusters of observation o: segment[o] .. segment[o+1]-1 */
    const real *has_running; /* observations */
    /* From the rows of the observations, one behind the other, to rows of the second level. */
    int raw_rows[PAPER_NODES];
    int32_t *merged[PAPER_NODES];
    const int32_t *slot_type; /* (observations, agents, slots) */
    int32_t *slot_row;        /* (observations, agents, slots), second level */
    const int32_t *free;      /* (observations, agents, PAPER_RESOURCES) */
    struct paper_agent_rows *agent;
};

enum paper_fault {
    /* Semantic attention averages over all observations of a batch. */
    PAPER_FAULT_BATCH_STATISTICS = 1u << 0,
    /* The allocation logits of slot k in observation b of B come from the row of observation
     * (b slots + k) mod B, slot (b slots + k) div B. */
    PAPER_FAULT_SCRAMBLED_ROWS = 1u << 1,
    /* Critics end in a rectifier, although returns are negative. */
    PAPER_FAULT_CRITIC_RELU = 1u << 2,
    /* A node is sent its own features in place of its neighbours' (PyG up to 2.0.4). */
    PAPER_FAULT_OWN_MESSAGE = 1u << 3,
};

/*
 * Makes one graph of `count` observations. Everything lives in memory, and borrows nothing from the
 * observations.
 */
struct paper_graph *paper_graph_build(struct arena *memory, const struct paper_config *config,
                                      const struct paper_observation *observation, int count,
                                      unsigned faults);

#endif
