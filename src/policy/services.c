/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a sample D of services in all, attained service a and quantum d:
 *
 *     chance   = #(a < D <= a + d) / #(D > a)
 *     expected = (sum of D - a over a < D <= a + d, and d for every D > a + d) / #(D > a)
 *
 * Both are counted with two binary searches and sums of the sorted sample. (Tiresias' simulator
 * sums D in place of D - a, which favours those that have attained little even more.)
 */
#include "policy/services.h"

#include "base/order.h"

enum { FIRST_UPDATE = 16 };

void services_init(struct services *services)
{
    *services = (struct services){.next_update = FIRST_UPDATE};
}

void services_release(struct services *services)
{
    vector_release(&services->seen);
    vector_release(&services->sorted);
    vector_release(&services->sum);
}

static void update(struct services *services)
{
    size_t count = services->seen.count;
    double sum = 0;

    vector_clear(&services->sorted);
    vector_clear(&services->sum);
    for (size_t i = 0; i < count; i++)
        vector_push(&services->sorted, services->seen.item[i]);
    vector_sort(&services->sorted, order_double);
    vector_push(&services->sum, 0);
    for (size_t i = 0; i < count; i++) {
        sum += services->sorted.item[i];
        vector_push(&services->sum, sum);
    }
    services->next_update = 2 * count;
}

bool services_add(struct services *services, double service)
{
    vector_push(&services->seen, service);
    if (services->seen.count < services->next_update)
        return false;
    update(services);
    return true;
}

double services_quantile(const struct services *services, double part)
{
    size_t count = services->sorted.count, at = (size_t)(part * (double)count);

    return services->sorted.item[at < count ? at : count - 1];
}

/* How many of the sample are at most so much. */
static size_t count_upto(const struct services *services, double most)
{
    size_t low = 0, high = services->sorted.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (services->sorted.item[middle] <= most)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double services_gittins(const struct services *services, double attained, double delta)
{
    size_t count = services->sorted.count, gone = count_upto(services, attained);
    size_t ended = count_upto(services, attained + delta);
    double expected;

    if (gone == count)
        return 0;
    expected = services->sum.item[ended] - services->sum.item[gone] -
               attained * (double)(ended - gone) + delta * (double)(count - ended);
    return expected > 0 ? (double)(ended - gone) / expected : 0;
}
