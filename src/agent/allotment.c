/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/allotment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/estimator.h"

static void add_item(struct allotment *a, const struct front_item *item)
{
    const struct outlook *outlook = a->seen->outlook;
    double worth = outlook_worth(outlook, observation_cluster(a->seen, a->pair), &item->amount);

    a->item[a->items] = *item;
    a->worth[a->items] = worth;
    a->cost_s[a->items++] = item->seconds * (1 + outlook->price * worth);
}

void allotment_begin(struct allotment *a, struct observation *seen, int32_t pair)
{
    const struct task *task = observation_task(seen, pair);
    const struct front *front = &seen->outlook->kind[task->type].front;
    int32_t cluster = observation_cluster(seen, pair);

    a->seen = seen;
    a->pair = pair;
    a->items = 0;
    for (int32_t i = 0; i < front->count; i++)
        if (allocation_within(&task->min, &front->item[i].amount, &task->max) &&
            plan_fits(seen->plan, cluster, &front->item[i].amount))
            add_item(a, &front->item[i]);
    if (a->items == 0)
        add_item(a, &(struct front_item){.amount = task->min,
                                         .seconds = estimator_seconds(seen->outlook->estimator,
                                                                      task->type, &task->min, 0)});
}

/* Items come shortest first, so their amounts mostly fall. */
void allotment_list(struct allotment *a, int resource)
{
    a->candidates = 0;
    for (int32_t i = 0; i < a->items; i++) {
        int32_t amount = a->item[i].amount.amount[resource], at = a->candidates;

        while (at > 0 && a->amount[at - 1] > amount)
            at--;
        if (at > 0 && a->amount[at - 1] == amount) {
            if (a->cost_s[i] < a->cost_s[a->best[at - 1]])
                a->best[at - 1] = i;
            continue;
        }
        for (int32_t k = a->candidates++; k > at; k--) {
            a->amount[k] = a->amount[k - 1];
            a->best[k] = a->best[k - 1];
        }
        a->amount[at] = amount;
        a->best[at] = i;
    }
}

void allotment_rows(const struct allotment *a, int resource, real *row)
{
    struct observation *seen = a->seen;
    const struct task *task = observation_task(seen, a->pair);
    const struct kind *kind = outlook_kind(seen->outlook, task->type);
    int32_t agent = seen->pair[a->pair].agent, cluster = seen->cluster[agent];
    const struct allocation *free = plan_free(seen->plan, cluster);
    const struct allocation *capacity = &seen->view->catalog->cluster[cluster].capacity;
    double least_s = HUGE_VAL, typical_s = seen->outlook->typical_s;
    int32_t most = task->max.amount[resource] < capacity->amount[resource]
                       ? task->max.amount[resource]
                       : capacity->amount[resource];

    for (int32_t i = 0; i < a->candidates; i++)
        least_s = fmin(least_s, a->cost_s[a->best[i]]);
    memset(row, 0, (size_t)a->candidates * AMOUNT_FEATURES * sizeof *row);
    for (int32_t i = 0; i < a->candidates; i++, row += AMOUNT_FEATURES) {
        const struct front_item *item = &a->item[a->best[i]];

        row[AMOUNT_SECONDS] = observation_log(item->seconds, kind->best_s);
        row[AMOUNT_COST] = observation_log(a->cost_s[a->best[i]], least_s);
        row[AMOUNT_WORTH] = observation_squash(a->worth[a->best[i]], 1);
        row[AMOUNT_TAKES] = (real)allocation_dominant_share(&item->amount, free);
        row[AMOUNT_LEAVES] = observation_left_over(seen, cluster, free, &item->amount);
        row[AMOUNT_OF_MAX] = (real)(most > 0 ? (double)a->amount[i] / most : 1);
        row[AMOUNT_TIME] = observation_log(item->seconds, typical_s);
        row[AMOUNT_PRICE] = (real)(log2(seen->outlook->price) / 4);
        row[AMOUNT_CROWD] = observation_squash(seen->crowd[agent] - seen->pair[a->pair].wants,
                                               seen->outlook->size[cluster]);
        row[AMOUNT_CHEAPEST] = a->cost_s[a->best[i]] == least_s;
        row[AMOUNT_RANK] = (real)(a->candidates > 1 ? (double)i / (a->candidates - 1) : 0);
    }
}

int32_t allotment_nearest(const struct allotment *a, int32_t amount)
{
    int32_t best = 0;

    for (int32_t i = 1; i < a->candidates; i++)
        if (abs(a->amount[i] - amount) < abs(a->amount[best] - amount))
            best = i;
    return best;
}

void allotment_choose(struct allotment *a, int resource, int32_t candidate)
{
    int32_t amount = a->amount[candidate], kept = 0;

    for (int32_t i = 0; i < a->items; i++) {
        if (a->item[i].amount.amount[resource] != amount)
            continue;
        a->item[kept] = a->item[i];
        a->worth[kept] = a->worth[i];
        a->cost_s[kept++] = a->cost_s[i];
    }
    a->items = kept;
}
