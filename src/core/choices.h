/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocations worth considering between a minimum and a maximum: all of them where there are
 * few, else levels that are spaced evenly on a logarithmic scale.
 */
#ifndef CORE_CHOICES_H
#define CORE_CHOICES_H

#include <stdint.h>

#include "core/allocation.h"

struct choices {
    struct allocation *item; /* by the first resource, then the second, and so on */
    int32_t count;
};

/* At most `most` of them, or the two ends of every resource where those are more; always with the
 * minimum and the maximum. Release after use. */
void choices_make(struct choices *choices, const struct allocation *min,
                  const struct allocation *max, int resources, int32_t most);
void choices_release(struct choices *choices);

#endif
