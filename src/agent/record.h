/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions kept for training: what was seen, which options and amounts there were, and which of
 * them is wanted (imitation) or was taken (reinforcement). Many decisions lie behind each other in
 * one book.
 */
#ifndef AGENT_RECORD_H
#define AGENT_RECORD_H

#include "agent/actor.h"
#include "agent/allotment.h"
#include "agent/options.h"
#include "base/vector.h"

/* A choice among rows: of options by one agent, or of amounts of one resource. */
struct choice_set {
    int32_t rows;
    int32_t chosen; /* the row taken; -1 where there is a target */
    real logp;      /* with which it was taken */
    real weight;    /* of the loss, or the advantage */
};

/* Where the parts of one decision end in the vectors of the book. */
struct record {
    int32_t agents, tasks, runnings, pairs, options, option_sets, amounts, amount_sets;
    int32_t from_agents, from_tasks, from_runnings, from_pairs, from_options, from_option_sets,
        from_amounts, from_amount_sets;
    double at_s;
    real advantage; /* of what was done over what is usual at that time */
};

/* Growable, see base/vector.h. */
struct record_reals {
    real *item;
    size_t count, capacity;
};

struct record_ints {
    int32_t *item;
    size_t count, capacity;
};

struct record_book {
    VECTOR(struct record) decisions;
    struct record_reals cluster_x, waiting_x, running_x, hub_x, pair_x, option_x, amount_x;
    struct record_ints pair_agent, pair_task, running_agent;
    struct record_ints seer;                          /* by pair: the pairs in the order of tasks */
    struct record_ints option_agent, option_task;     /* task -1: to wait */
    struct record_reals option_target, amount_target; /* share wanted */
    struct record_ints amount_option;                 /* row among the decision's options */
    VECTOR(struct choice_set) option_sets, amount_sets;
};

void record_release(struct record_book *book);
void record_clear(struct record_book *book);

/* Begins a decision with what is seen; the rows pair_x are those of the pairs at first. */
void record_begin(struct record_book *book, const struct observation *seen, const real *pair_x);

/* Adds an agent's options, of which pair (count) is -1 where it waits; returns the row, within the
 * decision, of the first. */
int32_t record_options(struct record_book *book, const struct observation *seen, int32_t agent,
                       const real *row, const int32_t *pair, int32_t count);

/* Adds the candidates of an allotment for the task of an option row. */
void record_amounts(struct record_book *book, const struct allotment *allotment, const real *row,
                    int32_t option);

/* Decisions as one batch for the network. */
struct record_batch {
    struct actor_graph graph;
    struct actor_options options;
    struct actor_amounts amounts;
    int32_t option_sets, amount_sets;
    int32_t *option_first, *amount_first; /* sets + 1: rows */
    const struct choice_set **option_set, **amount_set;
    real *option_target, *amount_target;     /* by row */
    int32_t *set_decision, *amount_decision; /* by set: which of the batch's decisions */
    const struct record **decision;
    int32_t decisions;
};

/* One decision of some book. */
struct record_place {
    const struct record_book *book;
    int32_t index;
};

void record_gather(struct record_batch *batch, struct arena *memory,
                   const struct record_place *place, int32_t count);

#endif
