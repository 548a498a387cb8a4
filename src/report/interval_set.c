/* SPDX-License-Identifier: Apache-2.0 */
#include "report/interval_set.h"

#include <string.h>

#include "base/text.h"

void interval_set_init(struct interval_set *set)
{
    *set = (struct interval_set){.part = {0}};
}

void interval_set_release(struct interval_set *set)
{
    vector_release(&set->part);
}

int64_t interval_set_size(const struct interval_set *set)
{
    int64_t size = 0;

    for (size_t i = 0; i < set->part.count; i++)
        size += (int64_t)set->part.item[i].high - set->part.item[i].low + 1;
    return size;
}

/* Index of the first part that begins above x. */
static size_t find_above(const struct interval_set *set, int32_t x)
{
    size_t low = 0, high = set->part.count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (set->part.item[middle].low <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void remove_part(struct interval_set *set, size_t at)
{
    memmove(&set->part.item[at], &set->part.item[at + 1],
            (--set->part.count - at) * sizeof *set->part.item);
}

void interval_set_add(struct interval_set *set, int32_t low, int32_t high)
{
    size_t at = find_above(set, low);
    struct interval own = {low, high};

    BUG_ON(low > high || (at > 0 && set->part.item[at - 1].high >= low) ||
           (at < set->part.count && set->part.item[at].low <= high));
    if (at > 0 && set->part.item[at - 1].high + 1 == low) {
        set->part.item[--at].high = high;
    } else {
        vector_push(&set->part, own);
        memmove(&set->part.item[at + 1], &set->part.item[at],
                (set->part.count - 1 - at) * sizeof *set->part.item);
        set->part.item[at] = own;
    }
    if (at + 1 < set->part.count && high + 1 == set->part.item[at + 1].low) {
        set->part.item[at].high = set->part.item[at + 1].high;
        remove_part(set, at + 1);
    }
}

void interval_set_move_lowest(struct interval_set *to, struct interval_set *from, int64_t count)
{
    while (count > 0) {
        struct interval *first, taken;
        int64_t size;

        BUG_ON(from->part.count == 0);
        first = &from->part.item[0];
        taken = *first;
        size = (int64_t)first->high - first->low + 1;
        if (size > count) {
            taken.high = (int32_t)(taken.low + count - 1);
            first->low = taken.high + 1;
            size = count;
        } else {
            remove_part(from, 0);
        }
        interval_set_add(to, taken.low, taken.high);
        count -= size;
    }
}

void interval_set_move_highest(struct interval_set *to, struct interval_set *from, int64_t count)
{
    while (count > 0) {
        struct interval *last, taken;
        int64_t size;

        BUG_ON(from->part.count == 0);
        last = &from->part.item[from->part.count - 1];
        taken = *last;
        size = (int64_t)last->high - last->low + 1;
        if (size > count) {
            taken.low = (int32_t)(taken.high - count + 1);
            last->high = taken.low - 1;
            size = count;
        } else {
            from->part.count--;
        }
        interval_set_add(to, taken.low, taken.high);
        count -= size;
    }
}

static int64_t part_size(const struct interval *part)
{
    return (int64_t)part->high - part->low + 1;
}

/* Takes low .. high out of the part at that index, which holds them. */
static void remove_range(struct interval_set *set, size_t at, struct interval range)
{
    struct interval part = set->part.item[at];

    remove_part(set, at);
    if (part.low < range.low)
        interval_set_add(set, part.low, range.low - 1);
    if (range.high < part.high)
        interval_set_add(set, range.high + 1, part.high);
}

bool interval_set_move_run(struct interval_set *to, struct interval_set *from, int64_t count,
                           int32_t near)
{
    size_t at = find_above(from, near);
    struct interval range;

    if (at > 0 && from->part.item[at - 1].high >= near &&
        part_size(&from->part.item[at - 1]) >= count) {
        const struct interval *part = &from->part.item[--at];
        int64_t last_low = part->high - count + 1;

        range.low = near < last_low ? near : (int32_t)last_low;
    } else {
        for (at = 0; at < from->part.count && part_size(&from->part.item[at]) < count;)
            at++;
        if (at == from->part.count)
            return false;
        range.low = from->part.item[at].low;
    }
    range.high = (int32_t)(range.low + count - 1);
    remove_range(from, at, range);
    interval_set_add(to, range.low, range.high);
    return true;
}

void interval_set_print(const struct interval_set *set, struct text *out)
{
    for (size_t i = 0; i < set->part.count; i++) {
        const struct interval *part = &set->part.item[i];

        if (i > 0)
            text_add_char(out, ' ');
        text_add_int(out, part->low);
        if (part->high > part->low) {
            text_add_char(out, '-');
            text_add_int(out, part->high);
        }
    }
}
