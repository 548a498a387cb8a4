/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table with one place per hash, so that what comes later takes the place of what was there.
 * The order of the members is part of the key: in another one the last digit of a sum may differ.
 */
#include "core/periods.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

enum { PLACE_BITS = 14, TYPE_BITS = 16 };

void periods_release(struct periods *periods)
{
    free(periods->known);
}

double periods_of(struct periods *periods, const int32_t type[], int members)
{
    struct known_period *known;
    uint64_t types = 0, hash;

    static_assert(MAX_COMPANY * TYPE_BITS <= 64 && (int)MAX_TYPES < 1 << TYPE_BITS,
                  "a company's types are one word");
    for (int i = 0; i < members; i++)
        types = types << TYPE_BITS | (uint64_t)(type[i] + 1);
    if (!periods->known)
        periods->known = xcalloc((size_t)1 << PLACE_BITS, sizeof *periods->known);
    hash = types * 0x9E3779B97F4A7C15u;
    known = &periods->known[hash >> (64 - PLACE_BITS)];
    if (known->types != types)
        *known = (struct known_period){types, catalog_period(periods->catalog, type, members)};
    return known->period;
}
