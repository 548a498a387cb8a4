/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States. At the beginning of a slot all that matters of a task is its
 * progress, how many slots it has walked (they number its noise), what it held
 * in its last slot (a change costs speed) and how much of such a cost is left.
 * From a state it may wait, or run in any of its moves; the slot is then walked
 * by the world's own arithmetic (bound/pace.c), with the same double as a
 * result. Equal states of a slot are one node. What cannot matter in a scenario
 * is left out of the state: walks without noise, the move where switching is
 * free.
 *
 * Moves. What another one beats in amount and speed is left out
 * (bound/moves.c). A task may also be held at nothing, as policies do that are
 * free of the minimum: it walks, so its noise goes by, and later it may grow
 * without a start.
 *
 * Relaxed. With rounded progress states are fewer, and a task may do more than
 * in truth: switching is free, starts are not counted, lost progress is kept,
 * and each step leads to the most that any lower progress could reach. Every
 * true schedule maps to paths that cost no more.
 */
#include "bound/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "bound/pace.h"
#include "core/scenario.h"
#include "sim/arrivals.h"

/* One task while its network is built. */
struct builder {
    struct network *network;
    const struct arrival *arrival;
    struct pace pace;
    struct switching_cost switching;
    bool keeps, counts_starts, counts_walks, counts_place, may_hold;
    int32_t task, last, levels, first_move, moves;
    int64_t most_arcs;
    int32_t layer;          /* first node of the next slot */
    VECTOR(int32_t) bucket; /* hash of the nodes of the next slot; -1: empty */
    bool full;
};

/* what is possible */

static bool is_split(const struct catalog *catalog)
{
    for (int c = 0; c < catalog->clusters; c++)
        if (catalog->cluster[c].nodes > 1)
            return true;
    return false;
}

static const char *type_obstacle(const struct scenario *scenario, int type)
{
    const struct type_truth *truth = &scenario->truth[type];
    const struct type_info *info = &scenario->catalog.type[type];
    double width = truth->noise.kind == NOISE_ADDITIVE ? truth->noise.width : 0;

    if (truth->mtbf_s > 0)
        return "tasks fail";
    if (info->startup_s > 0 || info->data_mb > 0 || (info->state_mb > 0 && info->preempt_keeps))
        return "tasks start up or wait for data";
    if (truth->noise.kind == NOISE_LOGNORMAL && !truth->noise.per_slot)
        return "noise is drawn per start";
    if (truth->speed.curve == CURVE_SQRT && 2 * (truth->speed.ceiling - 1) < width / 2)
        return "noise makes less progress better";
    return NULL;
}

const char *network_obstacle(const struct scenario *scenario, const struct arrivals *arrivals)
{
    const struct catalog *catalog = &scenario->catalog;
    const char *why = NULL;

    if (catalog->slot_s == 0)
        return "time is continuous";
    if (scenario->has_interference)
        return "tasks slow each other down";
    if (scenario->outages > 0 || scenario->outage_rules > 0)
        return "clusters fail";
    if (is_split(catalog))
        return "clusters are split into nodes";
    if (catalog->window > 0 && arrivals->count > catalog->window)
        return "a window may hide tasks";
    for (int i = 0; !why && i < catalog->types; i++)
        why = type_obstacle(scenario, i);
    return why;
}

/* nodes */

static uint64_t hash_of(const struct node *node)
{
    uint64_t progress, slow;

    memcpy(&progress, &node->progress, sizeof progress);
    memcpy(&slow, &node->slow_left_s, sizeof slow);
    return rng_hash(rng_hash(progress, slow, (uint64_t)node->walks), (uint64_t)node->place, 0);
}

static bool is_same(const struct node *a, const struct node *b)
{
    return a->progress == b->progress && a->slow_left_s == b->slow_left_s && a->walks == b->walks &&
           a->place == b->place;
}

static void clear_layer(struct builder *b)
{
    size_t wanted = 64;

    b->layer = (int32_t)b->network->nodes.count;
    b->bucket.count = 0;
    vector_reserve(&b->bucket, wanted);
    for (; b->bucket.count < wanted; b->bucket.count++)
        b->bucket.item[b->bucket.count] = -1;
}

static size_t find_bucket(const struct builder *b, const struct node *node)
{
    size_t at = hash_of(node) & (b->bucket.count - 1);

    while (b->bucket.item[at] >= 0 && !is_same(&b->network->nodes.item[b->bucket.item[at]], node))
        at = (at + 1) & (b->bucket.count - 1);
    return at;
}

static void widen(struct builder *b)
{
    size_t wanted = b->bucket.count * 2;

    b->bucket.count = 0;
    vector_reserve(&b->bucket, wanted);
    for (; b->bucket.count < wanted; b->bucket.count++)
        b->bucket.item[b->bucket.count] = -1;
    for (int32_t i = b->layer; i < (int32_t)b->network->nodes.count; i++)
        b->bucket.item[find_bucket(b, &b->network->nodes.item[i])] = i;
}

/* The node of the next slot that is in this state. */
static int32_t reach_node(struct builder *b, const struct node *state)
{
    size_t at = find_bucket(b, state);

    if (b->bucket.item[at] >= 0)
        return b->bucket.item[at];
    b->bucket.item[at] = (int32_t)b->network->nodes.count;
    vector_push(&b->network->nodes, *state);
    if (2 * (b->network->nodes.count - (size_t)b->layer) > b->bucket.count)
        widen(b);
    return (int32_t)b->network->nodes.count - 1;
}

/* What does not matter is the same in all states. */
static void simplify(const struct builder *b, struct node *node)
{
    if (!b->counts_walks)
        node->walks = b->counts_place && node->walks > 0;
    if (node->place == MOVE_WAIT)
        node->slow_left_s = 0; /* whoever starts again pays anew */
    if (!b->counts_place) {
        node->slow_left_s = 0;
        node->place = b->counts_starts && node->place >= 0 ? 0 : MOVE_WAIT;
    }
}

static void add_arc(struct builder *b, int32_t move, int32_t to, int32_t starts_on)
{
    vector_push(&b->network->arcs, ((struct arc){move, to, starts_on}));
    b->full = (int64_t)b->network->arcs.count > b->most_arcs;
}

static void wait_out(struct builder *b, int32_t at)
{
    struct node next = b->network->nodes.item[at];

    if (next.place >= 0 && !b->keeps)
        next.progress = 0;
    next.slot++;
    next.place = MOVE_WAIT;
    simplify(b, &next);
    add_arc(b, MOVE_WAIT, reach_node(b, &next), -1);
}

/* The speed that a switch leaves in this slot; see switching_factor() in
 * sim/slotted.c. */
static double switch_factor(const struct builder *b, struct node *next, const struct node *from,
                            int32_t move)
{
    double slot_s = b->pace.slot_s, part;

    if (!b->counts_place)
        return 1;
    if (from->walks > 0 && from->place != move)
        next->slow_left_s = b->switching.seconds;
    if (next->slow_left_s <= 0)
        return 1;
    part = next->slow_left_s < slot_s ? next->slow_left_s / slot_s : 1;
    next->slow_left_s -= slot_s;
    return 1 - (1 - b->switching.factor) * part;
}

static void run_in(struct builder *b, int32_t at, int32_t move)
{
    const struct node from = b->network->nodes.item[at];
    const struct move *in = &b->network->moves.item[move];
    int32_t starts_on = b->counts_starts && from.place == MOVE_WAIT ? in->cluster : -1;
    struct node next = from;

    next.slot++;
    next.place = move;
    if (b->levels > 0) {
        next.progress = pace_most(&b->pace, in->rate, from.progress, from.walks);
        if (in->rate.base <= 0)
            next.progress = from.progress;
        next.progress = ceil(next.progress * b->levels) / b->levels;
    } else {
        double factor = switch_factor(b, &next, &from, move);

        if (from.place >= 0 && !b->keeps &&
            b->network->moves.item[from.place].cluster != in->cluster)
            next.progress = 0;
        next.progress = pace_step_slowed(&b->pace, in->rate, next.progress, from.walks, factor);
    }
    next.walks++;
    if (next.progress >= 1) {
        add_arc(b, move, MOVE_FINISH, starts_on);
        return;
    }
    simplify(b, &next);
    add_arc(b, move, reach_node(b, &next), starts_on);
}

/* A step without gain by a move that gains nothing is no better than waiting,
 * unless it counts. */
static void leave_node(struct builder *b, int32_t at)
{
    struct node *node = &b->network->nodes.item[at];
    int32_t slot = node->slot;

    node->first_arc = (int32_t)b->network->arcs.count;
    if (slot < b->last - 1)
        wait_out(b, at);
    for (int32_t m = b->first_move; m < b->first_move + b->moves && !b->full; m++)
        run_in(b, at, m);
    if (slot >= b->last - 1 && b->levels > 0)
        add_arc(b, MOVE_WAIT, MOVE_FINISH, -1);
    b->network->nodes.item[at].arcs =
        (int32_t)b->network->arcs.count - b->network->nodes.item[at].first_arc;
}

/* Slots 0, 1, .. of one task; nodes of the last one may only end. */
static void build_task(struct builder *b)
{
    struct network *network = b->network;
    struct node source = {.task = b->task, .slot = network->ready[b->task], .place = MOVE_WAIT};
    int32_t begin = (int32_t)network->nodes.count, end;

    network->source[b->task] = begin;
    vector_push(&network->nodes, source);
    for (int32_t slot = source.slot; slot < b->last && !b->full; slot++) {
        clear_layer(b);
        end = b->layer;
        for (int32_t at = begin; at < end && !b->full; at++)
            leave_node(b, at);
        begin = end;
    }
}

static void prepare(struct builder *b, uint64_t seed, int starts)
{
    const struct scenario *scenario = b->network->scenario;
    const struct type_info *info = &scenario->catalog.type[b->arrival->type];
    const struct noise *noise = &scenario->truth[b->arrival->type].noise;
    bool exact = b->levels == 0;

    b->pace = pace_of(scenario, b->arrival->type, b->task, b->arrival->work, seed, starts);
    b->switching = info->switching;
    b->keeps = info->preempt_keeps || !exact;
    b->counts_starts = exact && scenario->catalog.rounds == ROUNDS_ONE;
    b->counts_walks = noise->kind != NOISE_NONE || info->startup_s > 0;
    b->counts_place = exact && (info->switching.factor < 1 || !info->preempt_keeps);
    b->may_hold = b->counts_starts || b->counts_walks;
}

/* Arcs into nodes from which the end cannot be reached in time are dropped,
 * from the back. */
static void drop_dead_ends(struct network *network)
{
    bool *dead = xcalloc(network->nodes.count, sizeof *dead);

    for (size_t n = network->nodes.count; n-- > 0;) {
        struct node *node = &network->nodes.item[n];
        int32_t kept = 0;

        for (int32_t i = 0; i < node->arcs; i++) {
            struct arc arc = network->arcs.item[node->first_arc + i];

            if (arc.to == MOVE_FINISH || !dead[arc.to])
                network->arcs.item[node->first_arc + kept++] = arc;
        }
        node->arcs = kept;
        dead[n] = kept == 0;
    }
    free(dead);
}

bool network_build(struct network *network, const struct scenario *scenario,
                   const struct arrivals *arrivals, uint64_t seed, int starts, const int32_t *last,
                   int levels, int64_t most_arcs)
{
    struct builder b = {.network = network, .levels = levels, .most_arcs = most_arcs};

    *network =
        (struct network){.scenario = scenario, .arrivals = arrivals, .is_exact = levels == 0};
    network->source = xcalloc((size_t)arrivals->count, sizeof *network->source);
    network->ready = xcalloc((size_t)arrivals->count, sizeof *network->ready);
    for (b.task = 0; b.task < arrivals->count && !b.full; b.task++) {
        const struct reach *reach = &arrivals->item[b.task].reach;

        b.arrival = &arrivals->item[b.task];
        b.last = last[b.task];
        network->slots = b.last > network->slots ? b.last : network->slots;
        network->ready[b.task] = (int32_t)ceil(b.arrival->time_s / scenario->catalog.slot_s - 1e-9);
        prepare(&b, seed, starts);
        b.first_move = (int32_t)network->moves.count;
        b.full = !moves_add(&network->moves, scenario, b.arrival) && levels == 0;
        for (int32_t i = 0; b.may_hold && i < reach->count; i++)
            vector_push(&network->moves, ((struct move){.cluster = reach->cluster[i]}));
        b.moves = (int32_t)network->moves.count - b.first_move;
        build_task(&b);
    }
    vector_release(&b.bucket);
    if (b.full)
        network_release(network);
    else
        drop_dead_ends(network);
    return !b.full;
}

void network_release(struct network *network)
{
    vector_release(&network->moves);
    vector_release(&network->nodes);
    vector_release(&network->arcs);
    free(network->source);
    free(network->ready);
    *network = (struct network){0};
}

/* rows */

int32_t network_capacity_row(const struct network *network, int32_t cluster, int resource,
                             int32_t slot)
{
    return (cluster * network->scenario->catalog.resources + resource) * network->slots + slot;
}

int32_t network_start_row(const struct network *network, int32_t cluster, int32_t slot)
{
    const struct catalog *catalog = &network->scenario->catalog;

    return (catalog->clusters * catalog->resources + cluster) * network->slots + slot;
}

int32_t network_rows(const struct network *network)
{
    const struct catalog *catalog = &network->scenario->catalog;

    return catalog->clusters * (catalog->resources + 1) * network->slots;
}

double network_row_limit(const struct network *network, int32_t row)
{
    const struct catalog *catalog = &network->scenario->catalog;
    int32_t block = row / network->slots, cluster = block / catalog->resources;

    if (cluster >= catalog->clusters)
        return 1;
    return catalog->cluster[cluster].capacity.amount[block % catalog->resources];
}

/* prices */

static double arc_price(const struct network *network, const struct node *node,
                        const struct arc *arc, const double *price)
{
    double cost = 0;

    if (arc->move >= 0) {
        const struct move *move = &network->moves.item[arc->move];

        for (int r = 0; r < network->scenario->catalog.resources; r++)
            cost += move->amount.amount[r] *
                    price[network_capacity_row(network, move->cluster, r, node->slot)];
    }
    if (arc->starts_on >= 0)
        cost += price[network_start_row(network, arc->starts_on, node->slot)];
    return cost;
}

double network_price(const struct network *network, const double *price)
{
    double *to_go = xcalloc(network->nodes.count, sizeof *to_go), total = 0;

    for (size_t n = network->nodes.count; n-- > 0;) {
        const struct node *node = &network->nodes.item[n];

        to_go[n] = HUGE_VAL;
        for (int32_t i = 0; i < node->arcs; i++) {
            const struct arc *arc = &network->arcs.item[node->first_arc + i];
            double rest = arc->to == MOVE_FINISH ? node->slot + 1 : to_go[arc->to];

            to_go[n] = fmin(to_go[n], rest + arc_price(network, node, arc, price));
        }
    }
    for (int32_t j = 0; j < network->arrivals->count; j++)
        total += to_go[network->source[j]] - network->ready[j];
    for (int32_t row = 0; row < network_rows(network); row++)
        total -= price[row] * network_row_limit(network, row);
    free(to_go);
    return total;
}
