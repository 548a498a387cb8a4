/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A speed model knows the amounts of an allocation, not where they lie. On a cluster that is split
 * into nodes that can matter: workers on one node exchange their gradients in its memory, others
 * over the network, and one that sits alone on its node has the node's CPUs to itself. What was
 * measured of that stands beside the speed model, as factors on its speed:
 *
 *     placements: {1+1: 0.94, 1+3: 0.86, 2+2: 1.02}
 *
 * A key is what every node gives of the resource of which the allocation takes the largest part of
 * a node (GPUs, say), in any order. A placement that is not listed counts as the listed one of as
 * many units on as many nodes that is most even; if there is none, as the speed model has it.
 *
 * The factors are true speeds, so policies do not see them: what a speed model promises is what a
 * task gets where its factor is 1. Factors above 1 are allowed, since uneven placements are often
 * slower than even ones on more nodes (the profiles of Pollux, OSDI'21, have both).
 */
#include "core/placements.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/yaml.h"

enum { MEASURED_NODES = 256 };

struct measured_placement {
    int32_t units, nodes;
    const int32_t *share; /* ascending */
    double factor;
};

/* By units, then nodes. */
static int compare_groups(const struct measured_placement *a, const struct measured_placement *b)
{
    if (a->units != b->units)
        return a->units < b->units ? -1 : 1;
    return (a->nodes > b->nodes) - (a->nodes < b->nodes);
}

static int compare_placements(const struct measured_placement *a,
                              const struct measured_placement *b)
{
    int order = compare_groups(a, b);

    for (int32_t i = 0; order == 0 && i < a->nodes; i++)
        order = (a->share[i] > b->share[i]) - (a->share[i] < b->share[i]);
    return order;
}

static int compare_items(const void *a, const void *b)
{
    return compare_placements(a, b);
}

/* Shares are few, and come nearly in order. */
static void insert_share(int32_t *share, int32_t count, int32_t amount)
{
    for (; count > 0 && share[count - 1] > amount; count--)
        share[count] = share[count - 1];
    share[count] = amount;
}

static bool read_key(struct measured_placement *out, int32_t *share, const char *text)
{
    for (;; text++) {
        char *end;
        long amount = strtol(text, &end, 10);

        if (!isdigit((unsigned char)*text) || amount < 1 || amount > MAX_QUANTITY ||
            out->nodes == MEASURED_NODES || amount > INT32_MAX - out->units)
            return false;
        insert_share(share, out->nodes++, (int32_t)amount);
        out->units += (int32_t)amount;
        if (*end != '+')
            return *end == '\0';
        text = end;
    }
}

static int read_placement(struct measured_placement *out, const struct yaml_node *map, int at,
                          struct arena *arena, struct err *err)
{
    int32_t share[MEASURED_NODES], *kept;

    if (!read_key(out, share, map->key[at])) {
        err_set(err, ERR_INVALID,
                "placements: expected what each node gives, as in 1+3 (at most %d nodes), not "
                "\"%.40s\"",
                MEASURED_NODES, map->key[at]);
        return err_place(err, map->file, map->key_line[at]);
    }
    kept = arena_zalloc(arena, (size_t)out->nodes, sizeof *kept);
    memcpy(kept, share, (size_t)out->nodes * sizeof *kept);
    out->share = kept;
    return yaml_real(map->item[at], map->key[at], 1e-6, 1e6, &out->factor, err);
}

int placements_read(const struct placements **out, const struct yaml_node *map, struct arena *arena,
                    struct err *err)
{
    struct placements *placements = arena_zalloc(arena, 1, sizeof *placements);
    struct measured_placement *item;
    int rc = yaml_need_kind(map, YAML_MAP, "placements", err);

    if (rc)
        return rc;
    if (map->items == 0)
        return yaml_error(map, err, "placements: expected at least one");
    item = arena_zalloc(arena, (size_t)map->items, sizeof *item);
    *placements = (struct placements){item, map->items, 1};
    for (int i = 0; rc == 0 && i < map->items; i++) {
        rc = read_placement(&item[i], map, i, arena, err);
        if (item[i].factor > placements->most)
            placements->most = item[i].factor;
    }
    if (rc)
        return rc;
    qsort(item, (size_t)map->items, sizeof *item, compare_items);
    for (int i = 1; i < map->items; i++)
        if (compare_placements(&item[i - 1], &item[i]) == 0)
            return yaml_error(map, err, "placements: %d units on %d nodes stand there twice alike",
                              item[i].units, item[i].nodes);
    *out = placements;
    return 0;
}

/* How many items are not after the wanted one. */
static int count_upto(const struct placements *placements, const struct measured_placement *wanted,
                      int (*compare)(const struct measured_placement *,
                                     const struct measured_placement *))
{
    int low = 0, high = placements->items;

    while (low < high) {
        int middle = (low + high) / 2;

        if (compare(&placements->item[middle], wanted) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static double find_factor(const struct placements *placements,
                          const struct measured_placement *wanted)
{
    int upto = count_upto(placements, wanted, compare_placements);

    if (upto > 0 && compare_placements(&placements->item[upto - 1], wanted) == 0)
        return placements->item[upto - 1].factor;
    upto = count_upto(placements, wanted, compare_groups);
    if (upto > 0 && compare_groups(&placements->item[upto - 1], wanted) == 0)
        return placements->item[upto - 1].factor;
    return 1;
}

double placements_factor(const struct placements *placements, int resource,
                         const struct placement *held)
{
    int32_t share[MEASURED_NODES];
    struct measured_placement wanted = {.share = share};

    for (int32_t i = 0; i < held->shares; i++) {
        int32_t amount = held->share[i].amount.amount[resource];

        if (amount == 0)
            continue;
        if (wanted.nodes == MEASURED_NODES)
            return 1;
        insert_share(share, wanted.nodes++, amount);
        wanted.units += amount;
    }
    return find_factor(placements, &wanted);
}
