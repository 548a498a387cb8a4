/* SPDX-License-Identifier: Apache-2.0 */
#include "core/front.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "core/choices.h"
#include "core/estimator.h"
#include "core/policy.h"

enum { CHOICES = 2048 };

static double sum_of(const struct allocation *a)
{
    double sum = 0;

    for (int r = 0; r < MAX_RESOURCES; r++)
        sum += a->amount[r];
    return sum;
}

/* Shortest first; among equals the smallest. */
static int compare(const void *a, const void *b)
{
    const struct front_item *left = a, *right = b;
    double by_sum = sum_of(&left->amount) - sum_of(&right->amount);

    if (left->seconds != right->seconds)
        return left->seconds < right->seconds ? -1 : 1;
    if (left->share != right->share)
        return left->share < right->share ? -1 : 1;
    return by_sum < 0 ? -1 : by_sum > 0;
}

/* Keeps what is smaller than everything shorter. */
static int32_t keep_front(struct front_item *item, int32_t count)
{
    int32_t kept = 0;

    for (int32_t i = 0; i < count; i++)
        if (item[i].seconds < HUGE_VAL && (kept == 0 || item[i].share < item[kept - 1].share))
            item[kept++] = item[i];
    return kept;
}

static int32_t thin_out(struct front_item *item, int32_t count, int32_t most)
{
    if (count <= most)
        return count;
    for (int32_t i = 0; i < most; i++)
        item[i] = item[most > 1 ? i * (count - 1) / (most - 1) : count - 1];
    return most;
}

double front_make(struct front *front, const struct policy_setup *setup, int type,
                  const struct allocation *measure, int32_t most)
{
    const struct type_info *info = &setup->catalog->type[type];
    struct allocation max = allocation_least(&info->max, &setup->catalog->largest);
    struct choices choices;
    double least = HUGE_VAL;

    max = allocation_most(&max, &info->min);
    choices_make(&choices, &info->min, &max, setup->catalog->resources, CHOICES);
    front->item = xcalloc((size_t)choices.count, sizeof *front->item);
    for (int32_t i = 0; i < choices.count; i++)
        front->item[i] = (struct front_item){
            .amount = choices.item[i],
            .seconds = estimator_seconds(setup->estimator, type, &choices.item[i], 0),
            .share = allocation_dominant_share(&choices.item[i], measure),
        };
    qsort(front->item, (size_t)choices.count, sizeof *front->item, compare);
    front->count = keep_front(front->item, choices.count);
    front->count = thin_out(front->item, front->count, most);
    for (int32_t i = 0; i < front->count; i++)
        least = fmin(least, front->item[i].seconds * front->item[i].share);
    choices_release(&choices);
    return least;
}

void front_release(struct front *front)
{
    free(front->item);
    *front = (struct front){0};
}
