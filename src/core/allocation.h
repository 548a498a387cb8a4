/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocation: one whole quantity per resource, in the units that the scenario states. Entries
 * past the scenario's number of resources are 0, so every loop may run over all of them, at a
 * constant length that compilers turn into vector instructions.
 */
#ifndef CORE_ALLOCATION_H
#define CORE_ALLOCATION_H

#include <stdbool.h>
#include <stdint.h>

enum { MAX_RESOURCES = 8, MAX_QUANTITY = 1000000000 };

struct allocation {
    int32_t amount[MAX_RESOURCES];
};

static inline bool allocation_fits(const struct allocation *wanted, const struct allocation *free)
{
    int32_t over = 0;

    for (int r = 0; r < MAX_RESOURCES; r++)
        over |= wanted->amount[r] > free->amount[r];
    return !over;
}

/* low <= a <= high in every resource */
static inline bool allocation_within(const struct allocation *low, const struct allocation *a,
                                     const struct allocation *high)
{
    int32_t out = 0;

    for (int r = 0; r < MAX_RESOURCES; r++)
        out |= (a->amount[r] < low->amount[r]) | (a->amount[r] > high->amount[r]);
    return !out;
}

static inline bool allocation_equal(const struct allocation *a, const struct allocation *b)
{
    int32_t differ = 0;

    for (int r = 0; r < MAX_RESOURCES; r++)
        differ |= a->amount[r] ^ b->amount[r];
    return !differ;
}

static inline bool allocation_is_zero(const struct allocation *a)
{
    int32_t any = 0;

    for (int r = 0; r < MAX_RESOURCES; r++)
        any |= a->amount[r];
    return !any;
}

static inline void allocation_add(struct allocation *to, const struct allocation *more)
{
    for (int r = 0; r < MAX_RESOURCES; r++)
        to->amount[r] += more->amount[r];
}

static inline void allocation_subtract(struct allocation *from, const struct allocation *less)
{
    for (int r = 0; r < MAX_RESOURCES; r++)
        from->amount[r] -= less->amount[r];
}

static inline struct allocation allocation_least(const struct allocation *a,
                                                 const struct allocation *b)
{
    struct allocation least = *a;

    for (int r = 0; r < MAX_RESOURCES; r++)
        least.amount[r] = b->amount[r] < least.amount[r] ? b->amount[r] : least.amount[r];
    return least;
}

static inline struct allocation allocation_most(const struct allocation *a,
                                                const struct allocation *b)
{
    struct allocation most;

    for (int r = 0; r < MAX_RESOURCES; r++)
        most.amount[r] = a->amount[r] > b->amount[r] ? a->amount[r] : b->amount[r];
    return most;
}

/* The largest share that the allocation has of any resource of a capacity (DRF's dominant share);
 * resources that the capacity lacks do not count. */
static inline double allocation_dominant_share(const struct allocation *a,
                                               const struct allocation *capacity)
{
    double share = 0;

    for (int r = 0; r < MAX_RESOURCES; r++)
        if (capacity->amount[r] > 0 && (double)a->amount[r] / capacity->amount[r] > share)
            share = (double)a->amount[r] / capacity->amount[r];
    return share;
}

#endif
