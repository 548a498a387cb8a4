/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts of one resource at which a speed is told: rising, each once, no more than so many. */
#ifndef SERVE_AMOUNTS_H
#define SERVE_AMOUNTS_H

#include <stdint.h>

enum { AMOUNTS_MOST = 24 };

struct amounts {
    int32_t amount[AMOUNTS_MOST];
    int count;
    int most; /* at most AMOUNTS_MOST */
};

/* Adds one that is new, as long as there is room. */
void amounts_add(struct amounts *amounts, int32_t amount);

#endif
