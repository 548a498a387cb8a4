/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks are booked one after another, each where it ends first: in some
 * cluster, with one allocation from start to end. Orders: shortest first, then
 * exchanges of two neighbours as long as they help. One task after another
 * would end by the last arrival plus the sum of all shortest times, so no more
 * slots than that are needed.
 */
#include "bound/guess.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bound/moves.h"
#include "bound/pace.h"
#include "core/scenario.h"
#include "sim/arrivals.h"

enum { SLOTS_WALKED = 100000 };

struct guess {
    const struct scenario *scenario;
    int32_t tasks, slots;
    struct moves moves;
    int32_t *length;         /* by move: slots to the end */
    int32_t *first;          /* by task: its first move; one more */
    int32_t *ready;          /* by task */
    struct allocation *free; /* by cluster and slot */
    bool *started;           /* likewise */
    int32_t *order;
};

static int32_t length_of(const struct pace *pace, const struct move *move)
{
    double progress = 0;
    int32_t slots = 0;

    for (; progress < 1 && slots < SLOTS_WALKED; slots++)
        progress = pace_step(pace, move->rate, progress, slots);
    return slots;
}

static bool is_free(const struct guess *g, const struct move *move, int32_t from, int32_t length)
{
    size_t row = (size_t)move->cluster * (size_t)g->slots;

    if (g->scenario->catalog.rounds == ROUNDS_ONE && g->started[row + (size_t)from])
        return false;
    for (int32_t slot = from; slot < from + length; slot++)
        if (!allocation_fits(&move->amount, &g->free[row + (size_t)slot]))
            return false;
    return true;
}

/* The slot at whose beginning the task ends. */
static int32_t book(struct guess *g, int32_t task)
{
    int32_t best = g->slots + 1, best_move = -1, best_from = 0;
    size_t row;

    for (int32_t m = g->first[task]; m < g->first[task + 1]; m++)
        for (int32_t from = g->ready[task]; from + g->length[m] < best; from++)
            if (is_free(g, &g->moves.item[m], from, g->length[m])) {
                best = from + g->length[m];
                best_move = m;
                best_from = from;
            }
    BUG_ON(best_move < 0);
    row = (size_t)g->moves.item[best_move].cluster * (size_t)g->slots;
    g->started[row + (size_t)best_from] = true;
    for (int32_t slot = best_from; slot < best; slot++)
        allocation_subtract(&g->free[row + (size_t)slot], &g->moves.item[best_move].amount);
    return best;
}

static int64_t book_all(struct guess *g)
{
    const struct catalog *catalog = &g->scenario->catalog;
    size_t slots = (size_t)g->slots;
    int64_t total = 0;

    for (int32_t c = 0; c < catalog->clusters; c++)
        for (size_t slot = 0; slot < slots; slot++)
            g->free[(size_t)c * slots + slot] = catalog->cluster[c].capacity;
    memset(g->started, 0, (size_t)catalog->clusters * slots * sizeof *g->started);
    for (int32_t i = 0; i < g->tasks; i++)
        total += book(g, g->order[i]) - g->ready[g->order[i]];
    return total;
}

static void exchange(struct guess *g, int32_t i)
{
    int32_t held = g->order[i];

    g->order[i] = g->order[i + 1];
    g->order[i + 1] = held;
}

static int64_t improve(struct guess *g)
{
    int64_t best = book_all(g);
    bool better = true;

    while (better) {
        better = false;
        for (int32_t i = 0; i + 1 < g->tasks; i++) {
            int64_t total;

            exchange(g, i);
            total = book_all(g);
            if (total >= best) {
                exchange(g, i);
                continue;
            }
            best = total;
            better = true;
        }
    }
    return best;
}

/* Returns the length of the task's shortest move. */
static int32_t measure_moves(struct guess *g, const struct arrival *arrival, int32_t task,
                             uint64_t seed)
{
    struct pace pace = pace_of(g->scenario, arrival->type, task, arrival->work, seed, 1);
    int32_t shortest = SLOTS_WALKED;

    for (int32_t m = g->first[task]; m < g->first[task + 1]; m++) {
        g->length[m] = length_of(&pace, &g->moves.item[m]);
        shortest = g->length[m] < shortest ? g->length[m] : shortest;
    }
    return shortest;
}

static void prepare(struct guess *g, const struct arrivals *arrivals, uint64_t seed,
                    const int32_t *least_slots)
{
    size_t cells;

    for (int32_t j = 0; j < g->tasks; j++) {
        int32_t k = j;

        g->ready[j] = (int32_t)ceil(arrivals->item[j].time_s / g->scenario->catalog.slot_s - 1e-9);
        for (; k > 0 && least_slots[g->order[k - 1]] > least_slots[j]; k--)
            g->order[k] = g->order[k - 1];
        g->order[k] = j;
        g->first[j] = (int32_t)g->moves.count;
        moves_add(&g->moves, g->scenario, &arrivals->item[j]);
    }
    g->first[g->tasks] = (int32_t)g->moves.count;
    g->length = xcalloc(g->moves.count, sizeof *g->length);
    g->slots = g->ready[g->tasks - 1];
    for (int32_t j = 0; j < g->tasks; j++)
        g->slots += measure_moves(g, &arrivals->item[j], j, seed);
    cells = (size_t)g->scenario->catalog.clusters * (size_t)g->slots;
    g->free = xcalloc(cells, sizeof *g->free);
    g->started = xcalloc(cells, sizeof *g->started);
}

int64_t guess_total(const struct scenario *scenario, const struct arrivals *arrivals, uint64_t seed,
                    const int32_t *least_slots, int32_t *last)
{
    size_t tasks = (size_t)arrivals->count;
    struct guess g = {.scenario = scenario,
                      .tasks = arrivals->count,
                      .first = xcalloc(tasks + 1, sizeof *g.first),
                      .ready = xcalloc(tasks, sizeof *g.ready),
                      .order = xcalloc(tasks, sizeof *g.order)};
    int64_t total, least = 0;

    prepare(&g, arrivals, seed, least_slots);
    total = improve(&g);
    for (int32_t j = 0; j < g.tasks; j++)
        least += least_slots[j];
    for (int32_t j = 0; j < g.tasks; j++)
        last[j] = g.ready[j] + (int32_t)(total - least + least_slots[j]);
    vector_release(&g.moves);
    free(g.length);
    free(g.first);
    free(g.ready);
    free(g.free);
    free(g.started);
    free(g.order);
    return total;
}
