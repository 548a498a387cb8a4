/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a task gets, one resource after the other. The candidates for a resource are the amounts
 * that some allocation of the type's front has which agrees with what was chosen before and fits:
 * no other amount is worth considering, and there are few whatever the capacities are.
 */
#ifndef AGENT_ALLOTMENT_H
#define AGENT_ALLOTMENT_H

#include "agent/observation.h"

/* A row per amount of a resource that the task might get, with what was chosen of the resources
 * before; "best" is the cheapest allocation of the front that has it. */
enum amount_feature {
    AMOUNT_SECONDS, /* log of best's duration to the type's best */
    AMOUNT_COST,    /* log of best's cost to the least cost of any candidate */
    AMOUNT_WORTH,
    AMOUNT_TAKES,    /* dominant share of what is free */
    AMOUNT_LEAVES,   /* least fraction of capacity left */
    AMOUNT_OF_MAX,   /* amount to the most that the task could get here */
    AMOUNT_TIME,     /* log of best's duration in typical ones */
    AMOUNT_PRICE,    /* as HUB_PRICE */
    AMOUNT_CROWD,    /* as OPTION_CROWD */
    AMOUNT_CHEAPEST, /* 1: no candidate costs less */
    AMOUNT_RANK,     /* among the candidates, 0 .. 1 */
    AMOUNT_FEATURES
};

struct allotment {
    struct observation *seen;
    int32_t pair;
    int32_t items;
    struct front_item item[OUTLOOK_CHOICES + 1]; /* what is left of the front */
    double cost_s[OUTLOOK_CHOICES + 1], worth[OUTLOOK_CHOICES + 1];
    int32_t candidates;
    int32_t amount[OUTLOOK_CHOICES + 1]; /* ascending */
    int32_t best[OUTLOOK_CHOICES + 1];   /* of each candidate: index into item */
};

/* For a pair whose task fits now. */
void allotment_begin(struct allotment *allotment, struct observation *seen, int32_t pair);

/* Finds the candidates for a resource; at least one. */
void allotment_list(struct allotment *allotment, int resource);

/* Their rows (candidates, AMOUNT_FEATURES). */
void allotment_rows(const struct allotment *allotment, int resource, real *row);

/* The candidate nearest to an amount. */
int32_t allotment_nearest(const struct allotment *allotment, int32_t amount);

/* Settles the resource. After the last one item[0] is what the task gets. */
void allotment_choose(struct allotment *allotment, int resource, int32_t candidate);

#endif
