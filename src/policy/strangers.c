/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/strangers.h"

#include <math.h>

enum { BLOCK = 64 };

void strangers_init(struct strangers *strangers)
{
    *strangers = (struct strangers){.least_share = HUGE_VAL};
}

void strangers_release(struct strangers *strangers)
{
    vector_release(&strangers->item);
    vector_release(&strangers->least);
}

void strangers_clear(struct strangers *strangers)
{
    vector_clear(&strangers->item);
    vector_clear(&strangers->least);
    strangers->gone = 0;
    strangers->least_share = HUGE_VAL;
}

void strangers_add(struct strangers *strangers, int32_t task, double least_share)
{
    if (strangers->item.count % BLOCK == 0)
        vector_push(&strangers->least, HUGE_VAL);
    vector_push(&strangers->item, ((struct stranger){task, least_share}));
    *vector_last(&strangers->least) = fmin(*vector_last(&strangers->least), least_share);
    strangers->least_share = fmin(strangers->least_share, least_share);
}

static size_t end_of_block(const struct strangers *strangers, size_t block)
{
    size_t end = (block + 1) * BLOCK;

    return end < strangers->item.count ? end : strangers->item.count;
}

void strangers_drop(struct strangers *strangers, size_t place)
{
    size_t block = place / BLOCK, end = end_of_block(strangers, block);
    double least = HUGE_VAL;

    strangers->item.item[place] = (struct stranger){-1, HUGE_VAL};
    strangers->gone++;
    for (size_t i = block * BLOCK; i < end; i++)
        least = fmin(least, strangers->item.item[i].least_share);
    strangers->least.item[block] = least;
}

void strangers_tidy(struct strangers *strangers)
{
    size_t count = strangers->item.count;
    double least_share = strangers->least_share;

    if (strangers->gone < BLOCK || 2 * strangers->gone < count)
        return;
    strangers_clear(strangers);
    for (size_t i = 0; i < count; i++)
        if (strangers->item.item[i].task >= 0)
            strangers_add(strangers, strangers->item.item[i].task,
                          strangers->item.item[i].least_share);
    strangers->least_share = least_share;
}

size_t strangers_next(const struct strangers *strangers, size_t place, double share)
{
    const struct stranger *stranger = strangers->item.item;
    size_t count = strangers->item.count;

    while (place < count && share >= strangers->least_share) {
        size_t end = end_of_block(strangers, place / BLOCK);

        if (strangers->least.item[place / BLOCK] > share)
            place = end;
        for (; place < end; place++)
            if (stranger[place].task >= 0 && stranger[place].least_share <= share)
                return place;
    }
    return count;
}
