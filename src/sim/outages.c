/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outages of clusters and links. Every outage of the scenario and every rule for random ones is one
 * entry of a heap, keyed by the time of its next change; random times come from a stream per rule.
 * Outages may overlap: a cluster is down while at least one is in force.
 */
#include "sim/world_state.h"

#include <math.h>
#include <stdio.h>

static int entries(const struct world *world)
{
    return world->scenario->outages + world->scenario->outage_rules;
}

void outages_new(struct world *world)
{
    heap_init(&world->outages);
    world->outage_rng = xcalloc((size_t)world->scenario->outage_rules, sizeof *world->outage_rng);
    world->outage_at = xcalloc((size_t)entries(world), sizeof *world->outage_at);
}

void outages_free(struct world *world)
{
    heap_release(&world->outages);
    free(world->outage_rng);
    free(world->outage_at);
}

void outages_reset(struct world *world)
{
    const struct scenario *s = world->scenario;

    heap_reset(&world->outages);
    for (int i = 0; i < s->outages; i++) {
        world->outage_at[i] = HUGE_VAL; /* not in force */
        heap_set(&world->outages, i, s->outage[i].at_s);
    }
    for (int i = 0; i < s->outage_rules; i++) {
        char name[48];

        snprintf(name, sizeof name, "outages %d", i);
        rng_stream(&world->outage_rng[i], world->seed, name);
        world->outage_at[s->outages + i] = HUGE_VAL;
        heap_set(&world->outages, s->outages + i,
                 rng_exponential(&world->outage_rng[i], s->outage_rule[i].mtbf_s));
    }
}

double outages_next(const struct world *world)
{
    return heap_is_empty(&world->outages) ? HUGE_VAL : heap_peek(&world->outages).key;
}

static void cluster_down(struct world *world, int32_t cluster)
{
    struct cluster_view *at = &world->cluster[cluster];

    if (world->down[cluster]++ > 0)
        return;
    while (world->running[cluster].count > 0)
        task_fail(world, world->running[cluster].id[world->running[cluster].count - 1], false,
                  true);
    at->up = at->may_start = false;
    world_drain(world, cluster);
    for (int r = 0; r < MAX_RESOURCES; r++)
        world->capacity[r] -= world->catalog->cluster[cluster].capacity.amount[r];
    world_tell(world, EVENT_CLUSTER_DOWN, -1, cluster, -1);
}

static void cluster_up(struct world *world, int32_t cluster)
{
    struct cluster_view *at = &world->cluster[cluster];

    if (--world->down[cluster] > 0)
        return;
    at->up = at->may_start = true;
    world_refill(world, cluster);
    for (int r = 0; r < MAX_RESOURCES; r++)
        world->capacity[r] += at->free.amount[r];
    world_touch(world, cluster);
    world_tell(world, EVENT_CLUSTER_UP, -1, cluster, -1);
}

static void change(struct world *world, int32_t cluster, int32_t other, bool begins)
{
    if (other >= 0)
        world_tell(world, begins ? EVENT_LINK_DOWN : EVENT_LINK_UP, -1, cluster, other);
    else if (begins)
        cluster_down(world, cluster);
    else
        cluster_up(world, cluster);
}

static void fixed_change(struct world *world, int32_t entry, double due_s)
{
    const struct outage *outage = &world->scenario->outage[entry];
    bool begins = world->outage_at[entry] == HUGE_VAL;

    world->outage_at[entry] = due_s;
    if (begins)
        heap_set(&world->outages, entry, due_s + outage->for_s);
    change(world, outage->cluster, outage->other, begins);
}

static void random_change(struct world *world, int32_t entry, double due_s)
{
    int32_t index = entry - world->scenario->outages;
    const struct outage_rule *rule = &world->scenario->outage_rule[index];
    bool begins = world->outage_at[entry] == HUGE_VAL;

    world->outage_at[entry] = begins ? due_s : HUGE_VAL;
    heap_set(&world->outages, entry,
             due_s +
                 rng_exponential(&world->outage_rng[index], begins ? rule->mttr_s : rule->mtbf_s));
    change(world, rule->cluster, -1, begins);
}

void outages_happen(struct world *world)
{
    while (outages_next(world) <= world->view.now_s) {
        struct heap_entry due = heap_peek(&world->outages);

        heap_pop(&world->outages);
        if (due.id < world->scenario->outages)
            fixed_change(world, due.id, due.key);
        else
            random_change(world, due.id, due.key);
    }
}

/* Walks the link's outages in the order of their times and waits out each that it meets. */
double outages_delay(const struct world *world, int32_t from, int32_t to, double seconds)
{
    double at_s = world->view.now_s, end_s = at_s + seconds;

    for (int i = 0; i < world->scenario->outages; i++) {
        const struct outage *outage = &world->scenario->outage[i];
        bool same = (outage->cluster == from && outage->other == to) ||
                    (outage->cluster == to && outage->other == from);

        if (outage->other < 0 || !same || outage->at_s + outage->for_s <= at_s)
            continue;
        if (outage->at_s >= end_s)
            break;
        end_s += outage->at_s + outage->for_s - fmax(at_s, outage->at_s);
        at_s = outage->at_s + outage->for_s;
    }
    return end_s;
}
