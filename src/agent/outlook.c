/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/outlook.h"

#include <math.h>
#include <stdlib.h>

#include "agent/ledger.h"
#include "base/memory.h"
#include "core/estimator.h"

/* What a larger allocation must save of the duration of a smaller one. */
static const double GAIN = 0.02;

/* Resources that no cluster has, or no type can hold, count for nobody. */
static void find_used(struct outlook *o)
{
    const struct catalog *catalog = o->catalog;

    for (int r = 0; r < catalog->resources; r++) {
        for (int i = 0; i < catalog->types && !o->used[r]; i++)
            o->used[r] = catalog->total.amount[r] > 0 && catalog->type[i].max.amount[r] > 0;
        o->present += o->used[r];
    }
}

static void weigh_clusters(struct outlook *o)
{
    const struct catalog *catalog = o->catalog;

    find_used(o);
    for (int c = 0; c < catalog->clusters; c++) {
        const struct allocation *capacity = &catalog->cluster[c].capacity;

        for (int r = 0; r < catalog->resources; r++)
            if (o->used[r])
                o->size[c] += (double)capacity->amount[r] / o->mean.amount[r] / o->present;
        for (int r = 0; r < catalog->resources; r++)
            o->unit_worth[c * catalog->resources + r] =
                capacity->amount[r] > 0 ? o->size[c] / capacity->amount[r] : 0;
    }
}

/* Drops allocations that gain next to nothing over a smaller one: estimates are not that good. */
static void keep_gainful(struct front *front)
{
    int32_t kept = front->count;

    for (int32_t i = front->count - 1; i >= 0; i--)
        if (kept == front->count || front->item[i].seconds < (1 - GAIN) * front->item[kept].seconds)
            front->item[--kept] = front->item[i];
    for (int32_t i = kept; i < front->count; i++)
        front->item[i - kept] = front->item[i];
    front->count -= kept;
}

static void describe_kind(struct outlook *o, int32_t type)
{
    struct policy_setup setup = {.catalog = o->catalog, .estimator = o->estimator};
    struct kind *kind = &o->kind[type];

    kind->version = estimator_version(o->estimator, type);
    front_release(&kind->front);
    kind->area_s = front_make(&kind->front, &setup, type, &o->mean, OUTLOOK_CHOICES);
    keep_gainful(&kind->front);
    kind->price = -1;
    kind->best_s = kind->least_s = 0;
    if (kind->front.count == 0)
        return;
    kind->best_s = kind->front.item[0].seconds;
    kind->least_s = kind->front.item[kind->front.count - 1].seconds;
}

void outlook_init(struct outlook *o, const struct policy_setup *setup)
{
    const struct catalog *catalog = setup->catalog;
    struct front *front = xcalloc((size_t)catalog->types, sizeof *front);
    double sum_s = 0;
    int types = 0;

    *o = (struct outlook){.catalog = catalog, .estimator = setup->estimator};
    for (int n = 0; n < OUTLOOK_COUNTS; n++)
        o->log_count[n] = log1p(n);
    o->mean = catalog_mean_cluster(catalog);
    o->unit_worth = xcalloc((size_t)catalog->clusters * (size_t)catalog->resources, sizeof(double));
    o->size = xcalloc((size_t)catalog->clusters, sizeof *o->size);
    o->skyline = xcalloc((size_t)catalog->clusters, sizeof *o->skyline);
    o->kind = xcalloc((size_t)catalog->types, sizeof *o->kind);
    weigh_clusters(o);
    for (int i = 0; i < catalog->types; i++) {
        describe_kind(o, i);
        front[i] = o->kind[i].front;
        sum_s += o->kind[i].best_s;
        types += o->kind[i].front.count > 0;
    }
    o->best_sum_s = o->typical_s = types > 0 && sum_s > 0 ? sum_s / types : 1;
    market_init(&o->market, front, catalog->types, catalog->clusters,
                catalog->slot_s > 0 ? catalog->slot_s : o->typical_s / 6);
    free(front);
}

void outlook_release(struct outlook *o)
{
    for (int i = 0; o->kind && i < o->catalog->types; i++)
        front_release(&o->kind[i].front);
    market_release(&o->market);
    free(o->kind);
    free(o->unit_worth);
    free(o->size);
    free(o->skyline);
}

/* The mean over the tasks seen of their best durations; what the types were thought to be at first
 * counts as one task. */
static void follow_typical(struct outlook *o, const struct view *view)
{
    for (; o->counted < view->tasks; o->counted++) {
        struct kind *kind = &o->kind[view->task[o->counted].type];

        kind->tasks++;
        o->best_sum_s += kind->best_s;
    }
    o->typical_s = o->best_sum_s / (o->counted + 1);
    if (o->typical_s < view->catalog->slot_s)
        o->typical_s = view->catalog->slot_s;
}

static void follow_estimates(struct outlook *o)
{
    for (int32_t i = 0; i < o->catalog->types; i++) {
        struct kind *kind = &o->kind[i];
        double before_s = kind->best_s;

        if (estimator_version(o->estimator, i) == kind->version)
            continue;
        describe_kind(o, i);
        market_renew(&o->market, &kind->front, i);
        o->best_sum_s += kind->tasks * (kind->best_s - before_s);
    }
}

void outlook_begin(struct outlook *o, const struct view *view)
{
    if (o->estimator->ops->version)
        follow_estimates(o);
    follow_typical(o, view);
    if (view->catalog->slot_s <= 0)
        o->market.interval_s = o->typical_s / 6;
    o->price = market_follow(&o->market, view);
    o->fresh = ++o->stamp;
}

const struct kind *outlook_kind(struct outlook *o, int32_t type)
{
    struct kind *kind = &o->kind[type];

    if (kind->price == o->price)
        return kind;
    kind->price = o->price;
    kind->cost_s = HUGE_VAL;
    for (int32_t i = 0; i < kind->front.count; i++) {
        const struct front_item *item = &kind->front.item[i];
        double cost_s = item->seconds * (1 + o->price * item->share);

        if (cost_s < kind->cost_s) {
            kind->cost_s = cost_s;
            kind->priced_s = item->seconds;
            kind->share = item->share;
        }
    }
    return kind;
}

double outlook_worth(const struct outlook *o, int32_t cluster, const struct allocation *amount)
{
    const double *unit = o->unit_worth + (size_t)cluster * (size_t)o->catalog->resources;
    double most = 0;

    for (int r = 0; r < o->catalog->resources; r++)
        most = unit[r] * amount->amount[r] > most ? unit[r] * amount->amount[r] : most;
    return most;
}

double outlook_transfer_s(const struct outlook *o, const struct task *task, int32_t cluster)
{
    const struct type_info *type = &o->catalog->type[task->type];

    return type->startup_s +
           (type->data_mb > 0 ? catalog_transfer_s(o->catalog, task->home, cluster, type->data_mb)
                              : 0);
}

const struct allocation *outlook_base(const struct outlook *o, const struct task *task)
{
    return o->ledger ? ledger_base(o->ledger, task) : &task->allocation;
}

double outlook_left_s(const struct outlook *o, const struct view *view, const struct task *task)
{
    double pace = o->ledger ? ledger_pace(o->ledger, task) : 1;

    return pace * estimator_seconds(o->estimator, task->type, outlook_base(o, task),
                                    view_progress(view, task->id));
}

/* In order of time; with more than there is room for, the latest are forgotten. */
static void add_departure(struct skyline *sky, double after_s, const struct allocation *amount)
{
    int32_t at = sky->departures;

    if (at == OUTLOOK_DEPARTURES) {
        if (sky->departure[at - 1].after_s <= after_s)
            return;
        at--;
    } else {
        sky->departures++;
    }
    for (; at > 0 && sky->departure[at - 1].after_s > after_s; at--)
        sky->departure[at] = sky->departure[at - 1];
    sky->departure[at] = (struct release){after_s, *amount};
}

/* What is free from each departure on. */
static void add_up(struct skyline *sky, const struct allocation *free)
{
    sky->releases = 1;
    sky->release[0] = (struct release){0, *free};
    for (int32_t i = 0; i < sky->departures; i++) {
        const struct release *departure = &sky->departure[i];
        struct release *last = &sky->release[sky->releases - 1];

        if (sky->releases == 1 || departure->after_s > last->after_s) {
            last[1] = (struct release){departure->after_s, last->free};
            sky->releases++;
        }
        allocation_add(&sky->release[sky->releases - 1].free, &departure->free);
    }
}

const struct skyline *outlook_skyline(struct outlook *o, const struct view *view, struct plan *plan,
                                      int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];
    struct skyline *sky = &o->skyline[cluster];

    if (sky->stamp >= o->fresh)
        return sky;
    sky->stamp = o->fresh;
    sky->departures = 0;
    for (int32_t i = 0; i < at->runnings; i++) {
        const struct task *task = &view->task[at->running[i]];

        add_departure(sky, outlook_left_s(o, view, task), outlook_base(o, task));
    }
    add_up(sky, plan_free(plan, cluster));
    return sky;
}

void outlook_start(struct outlook *o, struct plan *plan, int32_t cluster,
                   const struct allocation *amount, double seconds)
{
    struct skyline *sky = &o->skyline[cluster];

    sky->stamp = ++o->stamp;
    add_departure(sky, seconds, amount);
    add_up(sky, plan_free(plan, cluster));
}

/* The first moment at which the amount fits, not counting now; its index, or 0 if there is none. */
static int32_t find_room(const struct skyline *sky, const struct allocation *amount)
{
    for (int32_t i = 1; i < sky->releases; i++)
        if (allocation_fits(amount, &sky->release[i].free))
            return i;
    return 0;
}

/* For tasks that nothing of their type's front suits. */
static void offer_minimum(const struct outlook *o, struct plan *plan, int32_t cluster,
                          const struct task *task, struct offer *offer)
{
    double seconds = estimator_seconds(o->estimator, task->type, &task->min, 0);
    double worth = outlook_worth(o, cluster, &task->min);

    if (!plan_fits(plan, cluster, &task->min) || seconds >= HUGE_VAL)
        return;
    *offer = (struct offer){.now = true,
                            .item = OFFER_MINIMUM,
                            .cost_s = seconds * (1 + o->price * worth),
                            .seconds = seconds,
                            .worth = worth,
                            .later_cost_s = HUGE_VAL};
}

/* limited: the task's limits are not its type's, within which the front lies. */
static struct offer make_offer(const struct outlook *o, const struct skyline *sky,
                               struct plan *plan, int32_t cluster, const struct task *task,
                               bool limited)
{
    const struct front *front = &o->kind[task->type].front;
    struct offer offer = {.cost_s = HUGE_VAL, .later_cost_s = HUGE_VAL};

    for (int32_t i = 0; i < front->count; i++) {
        const struct front_item *item = &front->item[i];
        double worth, cost_s;
        int32_t at;

        if (limited && !allocation_within(&task->min, &item->amount, &task->max))
            continue;
        worth = outlook_worth(o, cluster, &item->amount);
        cost_s = item->seconds * (1 + o->price * worth);
        if (plan_fits(plan, cluster, &item->amount)) {
            if (cost_s < offer.cost_s) {
                offer.now = true;
                offer.item = i;
                offer.cost_s = cost_s;
                offer.seconds = item->seconds;
                offer.worth = worth;
            }
        } else if (cost_s < offer.later_cost_s && (at = find_room(sky, &item->amount)) > 0 &&
                   cost_s + sky->release[at].after_s < offer.later_cost_s) {
            offer.later = true;
            offer.later_s = sky->release[at].after_s;
            offer.later_cost_s = cost_s + offer.later_s;
        }
    }
    if (!offer.now && !offer.later)
        offer_minimum(o, plan, cluster, task, &offer);
    return offer;
}

struct offer outlook_offer(struct outlook *o, const struct view *view, struct plan *plan,
                           int32_t cluster, const struct task *task)
{
    const struct type_info *type = &o->catalog->type[task->type];
    const struct skyline *sky = outlook_skyline(o, view, plan, cluster);
    struct kept_offer *kept = &o->skyline[cluster].kept[(uint32_t)task->type % OUTLOOK_OFFERS];

    if (!allocation_equal(&task->min, &type->min) || !allocation_equal(&task->max, &type->max))
        return make_offer(o, sky, plan, cluster, task, true);
    if (kept->stamp != sky->stamp || kept->type != task->type)
        *kept = (struct kept_offer){sky->stamp, task->type,
                                    make_offer(o, sky, plan, cluster, task, false)};
    return kept->offer;
}
