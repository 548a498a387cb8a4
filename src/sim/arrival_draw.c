/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/arrival_draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/order.h"

void arrival_draw_init(struct arrival_draw *draw, const struct scenario *scenario, uint64_t seed,
                       struct arena *arena)
{
    const struct catalog *catalog = &scenario->catalog;
    size_t clusters = (size_t)catalog->clusters;
    double sum = 0;

    *draw = (struct arrival_draw){.scenario = scenario, .arena = arena};
    rng_stream(&draw->type, seed, "types");
    rng_stream(&draw->reach, seed, "reach");
    rng_stream(&draw->work, seed, "work");
    rng_stream(&draw->home, seed, "home");
    for (int i = 0; i < catalog->types; i++)
        draw->odds += scenario->truth[i].odds;
    draw->origin_sum = arena_alloc(arena, clusters * sizeof *draw->origin_sum);
    draw->shuffle = arena_alloc(arena, clusters * sizeof *draw->shuffle);
    draw->near = arena_zalloc(arena, scenario->reach.kind == REACH_DISTANCE ? clusters : 0,
                              sizeof *draw->near);
    for (int c = 0; c < catalog->clusters; c++) {
        draw->shuffle[c] = c;
        draw->origin_sum[c] = sum += catalog->cluster[c].origin_weight;
    }
    draw->everywhere = arrival_reach(arena, draw->shuffle, catalog->clusters);
}

struct reach arrival_reach(struct arena *arena, const int32_t *cluster, int32_t count)
{
    int32_t *copy = arena_alloc(arena, (size_t)count * sizeof *copy);
    struct reach reach = {.cluster = copy, .count = count};

    memcpy(copy, cluster, (size_t)count * sizeof *copy);
    for (int32_t i = 0; i < count; i++)
        reach.bits |= (uint64_t)1 << (cluster[i] & 63);
    return reach;
}

void arrival_draw_type(struct arrival_draw *draw, struct arrival *arrival)
{
    double at = rng_unit(&draw->type) * draw->odds;
    int last = 0;

    for (int i = 0; i < draw->scenario->catalog.types; i++) {
        double odds = draw->scenario->truth[i].odds;

        if (odds <= 0)
            continue;
        last = i;
        if (at < odds)
            break;
        at -= odds;
    }
    arrival->type = last;
}

/* Two exponentials with balanced means: mean m, squared coefficient of variation c > 1. */
static double draw_hyperexponential(struct rng *rng, double mean, double cv2)
{
    double p = 0.5 * (1 + sqrt((cv2 - 1) / (cv2 + 1)));
    double part = rng_unit(rng) < p ? p : 1 - p;

    return rng_exponential(rng, mean / (2 * part));
}

void arrival_draw_work(struct arrival_draw *draw, struct arrival *arrival)
{
    const struct draw *rule = &draw->scenario->truth[arrival->type].work;
    double work = rule->mean;

    switch (rule->kind) {
    case DRAW_FIXED:
        break;
    case DRAW_EXPONENTIAL:
        work = rng_exponential(&draw->work, rule->mean);
        break;
    case DRAW_UNIFORM:
        work *= 1 + rule->spread * (2 * rng_unit(&draw->work) - 1);
        break;
    case DRAW_LOGNORMAL:
        work *= exp(rule->spread * rng_normal(&draw->work) - rule->spread * rule->spread / 2);
        break;
    case DRAW_PARETO:
        work *=
            (rule->spread - 1) / rule->spread * pow(1 - rng_unit(&draw->work), -1 / rule->spread);
        break;
    case DRAW_HYPEREXPONENTIAL:
        work = draw_hyperexponential(&draw->work, rule->mean, rule->spread);
        break;
    }
    arrival->work = work > 1e-12 ? work : 1e-12;
}

static void sort_ids(int32_t *id, int32_t count)
{
    if (count > 64) {
        qsort(id, (size_t)count, sizeof *id, order_int32);
        return;
    }
    for (int32_t i = 1; i < count; i++) {
        int32_t value = id[i], k = i;

        for (; k > 0 && id[k - 1] > value; k--)
            id[k] = id[k - 1];
        id[k] = value;
    }
}

/* The same for different ids below 64: a word sorts them. */
static void sort_small_ids(int32_t *id, int32_t count)
{
    uint64_t bits = 0;

    for (int32_t i = 0; i < count; i++)
        bits |= (uint64_t)1 << id[i];
    for (; bits; bits &= bits - 1)
        *id++ = __builtin_ctzll(bits);
}

/* A uniform subset: the first entries of a Fisher-Yates shuffle. */
static struct reach draw_subset(struct arrival_draw *draw, int32_t size)
{
    int32_t clusters = draw->scenario->catalog.clusters;

    if (size == clusters)
        return draw->everywhere;
    for (int32_t i = 0; i < size; i++) {
        int32_t other = i + (int32_t)rng_below(&draw->reach, (uint32_t)(clusters - i));
        int32_t held = draw->shuffle[i];

        draw->shuffle[i] = draw->shuffle[other];
        draw->shuffle[other] = held;
    }
    if (clusters <= 64)
        sort_small_ids(draw->shuffle, size);
    else
        sort_ids(draw->shuffle, size);
    return arrival_reach(draw->arena, draw->shuffle, size);
}

static struct reach draw_listed(struct arrival_draw *draw)
{
    const struct reach_rule *rule = &draw->scenario->reach;
    double sum = 0, at;
    int last = 0;

    for (int i = 0; i < rule->sets; i++)
        sum += rule->set[i].weight;
    at = rng_unit(&draw->reach) * sum;
    for (int i = 0; i < rule->sets; i++) {
        if (rule->set[i].weight <= 0)
            continue;
        last = i;
        if (at < rule->set[i].weight)
            break;
        at -= rule->set[i].weight;
    }
    return rule->set[last].reach;
}

static int32_t draw_origin(struct arrival_draw *draw)
{
    int32_t low = 0, high = draw->scenario->catalog.clusters - 1;
    double at = rng_unit(&draw->home) * draw->origin_sum[high];

    while (low < high) {
        int32_t middle = (low + high) / 2;

        if (draw->origin_sum[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct reach reach_around(struct arrival_draw *draw, int32_t home)
{
    const struct catalog *catalog = &draw->scenario->catalog;
    const struct cluster_info *centre = &catalog->cluster[home];
    double within = draw->scenario->reach.within_km;
    int32_t *id, count = 0;

    if (draw->near[home].count > 0)
        return draw->near[home];
    id = arena_alloc(draw->arena, (size_t)catalog->clusters * sizeof *id);
    for (int32_t c = 0; c < catalog->clusters; c++)
        if (hypot(catalog->cluster[c].x_km - centre->x_km,
                  catalog->cluster[c].y_km - centre->y_km) <= within)
            id[count++] = c;
    draw->near[home] = arrival_reach(draw->arena, id, count);
    return draw->near[home];
}

void arrival_draw_reach(struct arrival_draw *draw, struct arrival *arrival)
{
    const struct reach_rule *rule = &draw->scenario->reach;

    switch (rule->kind) {
    case REACH_ALL:
        arrival->reach = draw->everywhere;
        break;
    case REACH_RANDOM:
        arrival->reach =
            draw_subset(draw, 1 + (int32_t)rng_below(&draw->reach, (uint32_t)rule->size));
        break;
    case REACH_FIXED:
        arrival->reach = draw_subset(draw, rule->size);
        break;
    case REACH_LISTED:
        arrival->reach = draw_listed(draw);
        break;
    case REACH_DISTANCE:
        arrival->home = draw_origin(draw);
        arrival->reach = reach_around(draw, arrival->home);
        return;
    }
    arrival->home = arrival->reach.cluster[rng_below(&draw->home, (uint32_t)arrival->reach.count)];
}

void arrival_draw_task(struct arrival_draw *draw, struct arrival *arrival)
{
    arrival_draw_type(draw, arrival);
    arrival_draw_work(draw, arrival);
    arrival_draw_reach(draw, arrival);
}
