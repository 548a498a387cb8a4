/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every course that every task may take through a slotted world, slot by slot:
 * a network per task whose paths lead from its arrival to its end, and the
 * capacity that all paths share.
 */
#ifndef BOUND_NETWORK_H
#define BOUND_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "bound/moves.h"

struct arrivals;
struct scenario;

enum { MOVE_WAIT = -1, MOVE_FINISH = -1 };

struct arc {
    int32_t move;      /* index into moves, or MOVE_WAIT: holds nothing in this slot */
    int32_t to;        /* node at the next slot, or MOVE_FINISH: done at its beginning */
    int32_t starts_on; /* where each cluster starts one task a slot: this one's
                          start; else -1 */
};

/* A task at the beginning of a slot. */
struct node {
    int32_t task, slot;
    int32_t first_arc, arcs;
    int32_t place; /* exact: the move of its last slot if it runs; -1: it waits */
    int32_t walks; /* slots walked, as far as they matter */
    double progress, slow_left_s;
};

struct network {
    const struct scenario *scenario;
    const struct arrivals *arrivals;
    bool is_exact; /* its paths are what the world does, else they can do more */
    int32_t slots; /* behind the last one */
    struct moves moves;
    VECTOR(struct node) nodes; /* task by task, by slot */
    VECTOR(struct arc) arcs;   /* node by node */
    int32_t *source;           /* by task: its first node */
    int32_t *ready;            /* by task: slot of its arrival */
};

/* Why there can be no exact network of a scenario; NULL if there can. */
const char *network_obstacle(const struct scenario *scenario, const struct arrivals *arrivals);

/*
 * last[j] is the slot at whose beginning task j ends at the latest in any
 * schedule of interest. levels is 0 for an exact network; otherwise progress is
 * rounded up to one of so many levels, and a task that has not ended by last[j]
 * ends there at no cost of capacity, so that the network holds every schedule.
 * False if it would have more than most_arcs.
 */
bool network_build(struct network *network, const struct scenario *scenario,
                   const struct arrivals *arrivals, uint64_t seed, int starts, const int32_t *last,
                   int levels, int64_t most_arcs);
void network_release(struct network *network);

/* Capacity rows: clusters x resources x slots, then (starts) clusters x slots.
 */
int32_t network_capacity_row(const struct network *network, int32_t cluster, int resource,
                             int32_t slot);
int32_t network_start_row(const struct network *network, int32_t cluster, int32_t slot);
int32_t network_rows(const struct network *network);
double network_row_limit(const struct network *network, int32_t row);

/*
 * A lower bound on the total completion time in slots from prices (not
 * negative) on the rows: every task takes its cheapest path, and what capacity
 * would earn is taken off (Lagrange). Valid for any prices, whoever found them.
 */
double network_price(const struct network *network, const double *price);

#endif
