/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The price of capacity under the load that was seen so far: which of a few prices, if every task
 * chose the allocation of its type's front that is cheapest at that price, would make for the least
 * mean completion time, by the formulas of queueing theory.
 */
#ifndef CORE_MARKET_H
#define CORE_MARKET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/front.h"

struct view;

enum { MARKET_PRICES = 10 };

/* What a type chooses at a price. */
struct choice {
    double seconds, share;
};

struct market {
    int32_t types, clusters;
    double interval_s;
    bool is_spread; /* a cluster starts one task per slot */
    struct choice *choice;       /* by price and type */
    double *seen;                /* by type: arrivals, weighted by how recent they are */
    double seen_in_all, seconds; /* and the time in which they came, weighted likewise */
    double last_s;
    int32_t counted;
};

void market_init(struct market *market, const struct front *front, int32_t types, int32_t clusters,
                 double interval_s);
/* The type's front is another one now. */
void market_renew(struct market *market, const struct front *front, int32_t type);
void market_release(struct market *market);

/* The best price now, in seconds saved per second of a whole mean cluster. */
double market_follow(struct market *market, const struct view *view);

#endif
