/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts of one resource at which a speed is told: rising, each once, no more than so many. */
#ifndef SERVE_CURVE_AMOUNTS_H
#define SERVE_CURVE_AMOUNTS_H

#include <stdint.h>

enum { CURVE_AMOUNTS_MOST = 24 };

struct curve_amounts {
    int32_t amount[CURVE_AMOUNTS_MOST];
    int count;
    int most; /* at most CURVE_AMOUNTS_MOST */
};

/* Adds one that is new, as long as there is room. */
void curve_amounts_add(struct curve_amounts *amounts, int32_t amount);

#endif
