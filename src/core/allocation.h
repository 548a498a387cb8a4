/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocation: one whole quantity per resource, in the units that the scenario states. Entries
 * past the scenario's number of resources are 0, so every loop may run over all of them, at a
 * constant length that compilers turn into vector instructions. Questions with one answer for all
 * of them, which compilers do worse, are asked of four at a time.
 */
#ifndef CORE_ALLOCATION_H
#define CORE_ALLOCATION_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MAX_RESOURCES = 8, MAX_QUANTITY = 1000000000 }; /* see first_four() */

struct allocation {
    int32_t amount[MAX_RESOURCES];
};

typedef int32_t quantities __attribute__((vector_size(16)));

static inline quantities first_four(const struct allocation *a)
{
    quantities four;

    memcpy(&four, a->amount, sizeof four);
    return four;
}

static inline quantities last_four(const struct allocation *a)
{
    quantities four;

    memcpy(&four, a->amount + 4, sizeof four);
    return four;
}

/* Of the answers to a comparison, each of which is all ones or all zeros. */
static inline bool any_of(quantities four)
{
#ifdef __SSE2__
    return _mm_movemask_epi8((__m128i)four) != 0;
#else
    uint64_t two[2];

    memcpy(two, &four, sizeof two);
    return (two[0] | two[1]) != 0;
#endif
}

static inline bool all_of(quantities four)
{
#ifdef __SSE2__
    return _mm_movemask_epi8((__m128i)four) == 0xFFFF;
#else
    return !any_of(~four);
#endif
}

static inline bool allocation_fits(const struct allocation *wanted, const struct allocation *free)
{
    return !any_of((first_four(wanted) > first_four(free)) | (last_four(wanted) > last_four(free)));
}

/* low <= a <= high in every resource */
static inline bool allocation_within(const struct allocation *low, const struct allocation *a,
                                     const struct allocation *high)
{
    quantities first = first_four(a), last = last_four(a);

    return !any_of((first < first_four(low)) | (first > first_four(high)) |
                   (last < last_four(low)) | (last > last_four(high)));
}

static inline bool allocation_equal(const struct allocation *a, const struct allocation *b)
{
    return all_of((first_four(a) == first_four(b)) & (last_four(a) == last_four(b)));
}

static inline bool allocation_is_zero(const struct allocation *a)
{
    return all_of((first_four(a) | last_four(a)) == 0);
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

/* The sum of the shares that it has of all resources of a capacity. */
static inline double allocation_share_sum(const struct allocation *a,
                                          const struct allocation *capacity)
{
    double sum = 0;

    for (int r = 0; r < MAX_RESOURCES; r++)
        if (capacity->amount[r] > 0)
            sum += (double)a->amount[r] / capacity->amount[r];
    return sum;
}

#endif
