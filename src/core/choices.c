/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every resource gets a list of levels; the choices are all combinations. While there are too many,
 * the longest list is halved, which keeps its ends.
 */
#include "core/choices.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { LEVELS = 256 };

struct levels {
    int32_t level[LEVELS];
    int32_t count;
};

static void make_levels(struct levels *levels, int32_t min, int32_t max, int32_t count)
{
    int64_t range = (int64_t)max - min;

    if (range < count)
        count = (int32_t)range + 1;
    levels->count = 0;
    for (int32_t i = 0; i < count; i++) {
        double part = count > 1 ? (double)i / (count - 1) : 0;
        double scaled =
            (double)(range + 1) <= count ? part * (double)range : pow((double)range + 1, part) - 1;
        int32_t level = min + (int32_t)llround(scaled);

        if (levels->count == 0 || level > levels->level[levels->count - 1])
            levels->level[levels->count++] = level;
    }
}

static double combinations(const struct levels *levels, int resources)
{
    double product = 1;

    for (int r = 0; r < resources; r++)
        product *= levels[r].count;
    return product;
}

void choices_make(struct choices *choices, const struct allocation *min,
                  const struct allocation *max, int resources, int32_t most)
{
    struct levels levels[MAX_RESOURCES];
    int32_t count;

    for (int r = 0; r < resources; r++)
        make_levels(&levels[r], min->amount[r], max->amount[r], LEVELS);
    while (combinations(levels, resources) > most) {
        int longest = 0;

        for (int r = 1; r < resources; r++)
            if (levels[r].count > levels[longest].count)
                longest = r;
        if (levels[longest].count <= 2)
            break;
        make_levels(&levels[longest], min->amount[longest], max->amount[longest],
                    (levels[longest].count + 1) / 2);
    }
    count = (int32_t)combinations(levels, resources);
    choices->item = xcalloc((size_t)count, sizeof *choices->item);
    choices->count = count;
    for (int32_t i = 0; i < count; i++) {
        int32_t rest = i;

        for (int r = resources - 1; r >= 0; r--) {
            BUG_ON(levels[r].count < 1);
            choices->item[i].amount[r] = levels[r].level[rest % levels[r].count];
            rest /= levels[r].count;
        }
    }
}

void choices_release(struct choices *choices)
{
    free(choices->item);
    *choices = (struct choices){0};
}
