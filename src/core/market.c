/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With mean duration d, mean dominant share s of a mean cluster and l tasks per second and cluster,
 * a cluster is taken to be a queue with c = 1/s servers at load l d s (area per time). The mean
 * wait is that of M/M/c, d C(c, load) / (c (1 - load)), with Erlang's C continued to real c by
 * interpolation. A load of 1 or more makes the price that asks least capacity the best.
 */
#include "core/market.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "core/view.h"

static const double LEAST_PRICE = 0.25; /* and each next one is twice as high */

/* Waits are shorter than those of M/M/c, because work varies less than exponentially; and shorter
 * still where a cluster starts one task per slot, because then no two come at once. Both found by
 * trying a few on the paper's scenarios. */
static const double WAIT_FACTOR = 0.5, WAIT_FACTOR_SPREAD = 0.05;

/* How long arrivals are remembered, in intervals; and how many intervals without any are taken to
 * have gone before the first, so that a few early tasks do not look like a flood. */
static const double MEMORY = 100, PRIOR_INTERVALS = 10;

static struct choice choose(const struct front *front, double price)
{
    struct choice best = {0};
    double least = HUGE_VAL;

    for (int32_t i = 0; i < front->count; i++) {
        const struct front_item *item = &front->item[i];
        double cost = item->seconds * (1 + price * item->share);

        if (cost < least) {
            least = cost;
            best = (struct choice){item->seconds, item->share};
        }
    }
    return best;
}

void market_init(struct market *market, const struct front *front, int32_t types, int32_t clusters,
                 double interval_s)
{
    *market = (struct market){.types = types, .clusters = clusters, .interval_s = interval_s};
    market->choice = xcalloc((size_t)types * MARKET_PRICES, sizeof *market->choice);
    market->seen = xcalloc((size_t)types, sizeof *market->seen);
    for (int32_t i = 0; i < types; i++)
        market_renew(market, &front[i], i);
}

void market_renew(struct market *market, const struct front *front, int32_t type)
{
    for (int k = 0; k < MARKET_PRICES; k++)
        market->choice[k * market->types + type] = choose(front, ldexp(LEAST_PRICE, k));
}

void market_release(struct market *market)
{
    free(market->choice);
    free(market->seen);
}

/* Chance to wait with c servers at a load of a in all: Erlang's C. */
static double chance_to_wait(int c, double a)
{
    double inverse = 1;

    for (int i = 1; i <= c; i++)
        inverse = 1 + i / a * inverse;
    return 1 / (1 + (inverse - 1) * (1 - a / c));
}

static double mean_wait(double servers, double load, double seconds)
{
    int below = servers < 1 ? 1 : (int)servers;
    double part = servers < 1 ? 0 : servers - below;
    double chance = (1 - part) * chance_to_wait(below, load * below) +
                    part * chance_to_wait(below + 1, load * (below + 1));

    return seconds * chance / (servers * (1 - load));
}

/* Mean completion time at one price; negative load means none was seen. */
static double completion(const struct market *market, int price, double per_second, double *load)
{
    const struct choice *choice = &market->choice[price * market->types];
    double seconds = 0, share = 0, area = 0;

    for (int32_t i = 0; i < market->types; i++) {
        double part = market->seen[i] / market->seen_in_all;

        seconds += part * choice[i].seconds;
        share += part * choice[i].share;
        area += part * choice[i].seconds * choice[i].share;
    }
    *load = per_second * area;
    if (*load >= 1 || share <= 0)
        return HUGE_VAL;
    return seconds + (market->is_spread ? WAIT_FACTOR_SPREAD : WAIT_FACTOR) *
                         mean_wait(1 / share, *load, seconds);
}

/* Weights fade with time; per type and in all they are sums of weights of tasks. */
static void count_arrivals(struct market *market, const struct view *view)
{
    double passed = (view->now_s - market->last_s) / market->interval_s;
    double kept = exp(-passed / MEMORY);

    for (int32_t i = 0; i < market->types; i++)
        market->seen[i] *= kept;
    market->seen_in_all *= kept;
    market->seconds = market->seconds * kept + MEMORY * market->interval_s * (1 - kept);
    market->last_s = view->now_s;
    for (; market->counted < view->tasks; market->counted++) {
        market->seen[view->task[market->counted].type] += 1;
        market->seen_in_all += 1;
    }
}

double market_follow(struct market *market, const struct view *view)
{
    double best = HUGE_VAL, least_load = HUGE_VAL, per_second;
    int best_price = 2;

    count_arrivals(market, view);
    market->is_spread = view->catalog->slot_s > 0 && view->catalog->rounds == ROUNDS_ONE;
    if (market->seen_in_all <= 0)
        return ldexp(LEAST_PRICE, best_price);
    per_second = market->seen_in_all / (market->seconds + PRIOR_INTERVALS * market->interval_s) /
                 market->clusters;
    for (int k = 0; k < MARKET_PRICES; k++) {
        double load, mean_s = completion(market, k, per_second, &load);

        if (mean_s < best || (best == HUGE_VAL && load < least_load)) {
            best = mean_s;
            best_price = k;
            least_load = load;
        }
    }
    return ldexp(LEAST_PRICE, best_price);
}
