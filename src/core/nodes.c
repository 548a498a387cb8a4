/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PLACE_ANY deals out every resource by itself: each node that is visited gives all it can of what
 * is still missing, so an amount fits whenever the totals suffice, and the visits go to the nodes
 * that have the most of the dominant resource, so they are few (the "emptiest node first" of the
 * Pollux simulator). Who is resized is placed anew: growing where it lies, a task would come to lie
 * on ever more nodes. Since nodes never stand in the way, policies do not see them, and plans leave
 * them to the world.
 *
 * PLACE_CONSOLIDATED splits an amount that no node can hold along its dominant resource: nodes full
 * of it, and one with the rest. The other resources follow in proportion, by differences of rounded
 * running sums, so no share is above a node's capacity and the shares add up exactly. Whole nodes
 * must be idle as far as the dominant resource goes; the rest goes to the first other node with
 * room (the consolidated placement of the Tiresias and Muri simulators).
 */
#include "core/nodes.h"

#include "core/catalog.h"

static double part(int32_t amount, int32_t capacity)
{
    return (double)amount / capacity;
}

int nodes_resource(const struct allocation *amount, const struct allocation *node)
{
    int best = -1;

    for (int r = 0; r < MAX_RESOURCES; r++) {
        if (amount->amount[r] <= 0)
            continue;
        if (node->amount[r] <= 0)
            return -1;
        if (best < 0 || part(amount->amount[r], node->amount[r]) >
                            part(amount->amount[best], node->amount[best]))
            best = r;
    }
    return best;
}

int32_t nodes_least(const struct cluster_info *cluster, const struct allocation *amount)
{
    int32_t least = 1;

    if (!allocation_fits(amount, &cluster->capacity))
        return 0;
    if (cluster->nodes <= 1)
        return 1;
    for (int r = 0; r < MAX_RESOURCES; r++) {
        int32_t node = cluster->node.amount[r];

        if (amount->amount[r] > 0 && (amount->amount[r] - 1) / node + 1 > least)
            least = (amount->amount[r] - 1) / node + 1;
    }
    return least;
}

static bool is_used(int32_t node, const struct node_share *out, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (out[i].node == node)
            return true;
    return false;
}

static int32_t next_emptiest(const struct cluster_info *cluster, const struct allocation *free,
                             int resource, const struct node_share *out, int32_t count)
{
    int32_t best = -1;

    for (int32_t n = 0; n < cluster->nodes; n++)
        if (free[n].amount[resource] > 0 && !is_used(n, out, count) &&
            (best < 0 || free[n].amount[resource] > free[best].amount[resource]))
            best = n;
    return best;
}

static bool totals_suffice(const struct cluster_info *cluster, const struct allocation *free,
                           const struct allocation *amount)
{
    struct allocation total = {{0}};

    for (int32_t n = 0; n < cluster->nodes; n++)
        allocation_add(&total, &free[n]);
    return allocation_fits(amount, &total);
}

static int32_t place_any(const struct cluster_info *cluster, const struct allocation *free,
                         const struct allocation *amount, struct node_share *out)
{
    struct allocation left = *amount;
    int resource = nodes_resource(amount, &cluster->node);
    int32_t count = 0;

    if (!totals_suffice(cluster, free, amount))
        return 0;
    if (!out)
        return 1;
    while (resource >= 0) {
        int32_t node = next_emptiest(cluster, free, resource, out, count);

        out[count] = (struct node_share){node, allocation_least(&left, &free[node])};
        allocation_subtract(&left, &out[count++].amount);
        if (left.amount[resource] == 0)
            resource = nodes_resource(&left, &cluster->node);
    }
    return count;
}

/* Share number i of an amount that takes so many nodes. */
static struct allocation split(const struct allocation *amount, const struct allocation *node,
                               int resource, int32_t i)
{
    int64_t whole = amount->amount[resource], before = (int64_t)i * node->amount[resource];
    int64_t after =
        before + node->amount[resource] < whole ? before + node->amount[resource] : whole;
    struct allocation share;

    for (int r = 0; r < MAX_RESOURCES; r++)
        share.amount[r] =
            (int32_t)(amount->amount[r] * after / whole - amount->amount[r] * before / whole);
    return share;
}

static int32_t first_fit(const struct cluster_info *cluster, const struct allocation *free,
                         const struct allocation *amount, const struct placement *near,
                         const struct node_share *out, int32_t count)
{
    for (int32_t i = 0; near && i < near->shares; i++)
        if (allocation_fits(amount, &free[near->share[i].node]) &&
            !is_used(near->share[i].node, out, count))
            return near->share[i].node;
    for (int32_t n = 0; n < cluster->nodes; n++)
        if (allocation_fits(amount, &free[n]) && !is_used(n, out, count))
            return n;
    return -1;
}

/* Nodes come in the order of first_fit, so each search for a whole node could go on from the last;
 * a cluster has few enough nodes not to mind. */
static int32_t place_consolidated(const struct cluster_info *cluster, const struct allocation *free,
                                  const struct allocation *amount, const struct placement *near,
                                  struct node_share *out)
{
    int32_t least = nodes_least(cluster, amount), count = 0;
    int resource = nodes_resource(amount, &cluster->node);

    if (least == 0 || resource < 0)
        return 0;
    for (; count < least; count++) {
        struct allocation share = split(amount, &cluster->node, resource, count);
        int32_t node = first_fit(cluster, free, &share, near, out, count);

        if (node < 0)
            return 0;
        out[count] = (struct node_share){node, share};
    }
    return count;
}

int32_t nodes_place(const struct cluster_info *cluster, const struct allocation *free,
                    const struct allocation *amount, const struct placement *near,
                    struct node_share *out)
{
    struct node_share scratch[MAX_NODES];

    if (cluster->placement == PLACE_ANY)
        return place_any(cluster, free, amount, out);
    return place_consolidated(cluster, free, amount, near, out ? out : scratch);
}

void nodes_take(struct allocation *free, const struct placement *placement)
{
    for (int32_t i = 0; i < placement->shares; i++)
        allocation_subtract(&free[placement->share[i].node], &placement->share[i].amount);
}

void nodes_give(struct allocation *free, const struct placement *placement)
{
    for (int32_t i = 0; i < placement->shares; i++)
        allocation_add(&free[placement->share[i].node], &placement->share[i].amount);
}

bool nodes_have(const struct allocation *free, const struct placement *placement)
{
    for (int32_t i = 0; i < placement->shares; i++)
        if (!allocation_fits(&placement->share[i].amount, &free[placement->share[i].node]))
            return false;
    return true;
}
