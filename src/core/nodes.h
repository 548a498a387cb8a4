/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes: the equal machines that a cluster may be split into, and how an allocation is spread over
 * them. Without nodes a cluster is one machine and nothing here is needed.
 */
#ifndef CORE_NODES_H
#define CORE_NODES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/allocation.h"

struct cluster_info;

enum { MAX_NODES = 4096 };

enum placement_rule {
    PLACE_ANY,          /* pieces of any size on any nodes */
    PLACE_CONSOLIDATED, /* on one node if one can hold it; else whole nodes and one with the rest */
};

struct node_share {
    int32_t node;
    struct allocation amount;
};

struct placement {
    const struct node_share *share;
    int32_t shares; /* 0: the cluster is not split, or nothing is held */
};

/*
 * Finds room for an amount. free is by node. PLACE_ANY takes the nodes with the most free of the
 * amount's dominant resource. PLACE_CONSOLIDATED takes the first that fit, those of near (may be
 * NULL) before others, so that a task that is resized stays where it is as far as it can.
 * Writes the shares to out (room for one per node) unless it is NULL; returns how many, 0 if it
 * does not fit. An amount of nothing needs no share and is no amount to ask for.
 */
int32_t nodes_place(const struct cluster_info *cluster, const struct allocation *free,
                    const struct allocation *amount, const struct placement *near,
                    struct node_share *out);

/* The resource of which the amount takes the largest part of a node; -1 for nothing at all, and for
 * a resource that nodes lack. */
int nodes_resource(const struct allocation *amount, const struct allocation *node);

/* The fewest nodes that can hold an amount, each empty; 1 on a cluster that is not split, 0 if the
 * cluster never can. */
int32_t nodes_least(const struct cluster_info *cluster, const struct allocation *amount);

void nodes_take(struct allocation *free, const struct placement *placement);
void nodes_give(struct allocation *free, const struct placement *placement);
/* Whether every share is free at its node. */
bool nodes_have(const struct allocation *free, const struct placement *placement);

#endif
