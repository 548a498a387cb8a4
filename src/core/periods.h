/* SPDX-License-Identifier: Apache-2.0 */
/* Periods of companies that were worked out before: the same few come together again and again. */
#ifndef CORE_PERIODS_H
#define CORE_PERIODS_H

#include <stdint.h>

#include "core/catalog.h"

struct known_period {
    uint64_t types; /* of up to four members, packed; 0: none */
    double period;
};

struct periods {
    const struct catalog *catalog;
    struct known_period *known; /* a table by the hash of the types; NULL at first */
};

static inline void periods_init(struct periods *periods, const struct catalog *catalog)
{
    *periods = (struct periods){.catalog = catalog};
}

void periods_release(struct periods *periods);

/* As catalog_period(). */
double periods_of(struct periods *periods, const int32_t type[], int members);

#endif
