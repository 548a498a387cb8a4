/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planner: plans ahead. At every decision it projects what each cluster will have free over the
 * next intervals from the expected remaining times of the running tasks; goes through the waiting
 * tasks in an order and books for each the cluster, start and allocation with the least start +
 * duration + price * duration * dominant share of a mean cluster, and starts those whose booking
 * begins now. A few orders are tried, then random exchanges of two tasks in the best one; the plan
 * with the least total of finishing times wins. The price is what keeps a task from taking a whole
 * cluster for a small gain while others wait.
 *
 * In slotted worlds an interval is a slot; with one start per slot a cluster starts one task in
 * each. In continuous time it is a fraction of the shortest type's duration, and plans are coarse
 * to that degree. Only allocations on the front of duration against share are looked at, at most
 * `choices` per type.
 *
 * What a trial asks most is when an amount is free on a cluster for so long. Within a trial nothing
 * comes free, so every type and cluster remember where their last answer was, and begin where it
 * would be without any booking. From these beginnings it is also known before when a task is
 * finished at the earliest: a trial that cannot beat the best any more is given up. One that begins
 * as the best one takes over its bookings so far. And where nothing of what the tasks may be given
 * is free now, nothing is planned at all.
 *
 * Good at almost everything that a policy can do with the tasks it can see; bad where it must guess
 * arrivals: it never keeps anything free for a task that has not come yet. Speeds come from the
 * estimator; with true speeds it is the policy `oracle`.
 *
 * Source: paper.md, section 3, "The planner"; list scheduling with local search is folklore.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/vector.h"
#include "core/estimator.h"
#include "core/policy.h"
#include "core/front.h"
#include "core/market.h"
#include "policy/oldest.h"
#include "policy/place.h"
#include "policy/registry.h"
#include "policy/timeline.h"

enum {
    SCANNED = 2048,  /* waiting tasks looked at, oldest first */
    MOST_TASKS = 96, /* and booked */
    LEAST_TASKS = 16,
    ORDER_RULES = 4
};

/* A running task is resized only for a gain of at least this part. */
static const double HYSTERESIS = 0.1;

/* Among equal offers the cluster that is left with the least is taken. */
static const double TIE = 0.02;

struct job {
    int32_t task;
    const struct front_item *item; /* the front of its type, or least */
    int32_t first_pick, picks;     /* of these, what it may be given: see struct planner */
    int32_t first_lot;             /* by cluster of its reach; -1: it has none */
    struct front_item least; /* its own minimum, where no item of the front is within its limits */
    double key;              /* of the order at hand */
    double shortest, area;   /* over its items: least duration, least duration times share */
    double earliest;         /* intervals: it is not finished before, whatever is booked */
};

/* An item of a type's front on a cluster, in intervals; worked out when it is first looked at. */
struct deal {
    double cost, duration; /* duration below 0: not yet */
    int32_t length;
    int32_t first; /* interval in which it may start before any booking */
    int32_t start; /* the first that the trial left it when it was last looked at ... */
    int64_t trial; /* ... in this one: nothing comes free within a trial */
};

/* The deals of a type on a cluster. */
struct lot {
    int32_t cluster, type, first_deal;
    int64_t decision; /* for which they were made */
};

struct booking {
    int32_t task, cluster;
    struct allocation amount;
    int start;
    double finish; /* or, without a start, what counts in its place */
};

struct planner {
    struct market market;
    double fixed_price, price, interval_s;
    int exchanges, types, resources;
    int64_t effort; /* pairs of cluster and allocation considered per decision, about */
    bool one_start, elastic;
    struct rng rng;
    struct policy_setup setup;
    struct allocation mean;        /* a mean cluster, what shares are of */
    double *unit_worth;            /* by cluster and resource: what one unit is worth */
    struct front *front;           /* by type */
    int32_t *version;              /* by type: of the estimates that its front was made of */
    struct timeline *now, *booked; /* by cluster: before any booking, and with those of a trial */
    int64_t *trial_of, trial; /* by cluster: the trial that booked is of; and the present one */
    double *area;             /* by type: least over its front of duration times share */
    int32_t *rank;  /* by type: how many have a lesser area; below 0: not known any more */
    int32_t *place; /* by rank */
    struct oldest oldest; /* of these tasks are booked */
    int32_t *chosen, choices;
    int64_t *looked; /* by type: the decision at which its version was asked for */
    VECTOR(uint8_t) pick; /* of all jobs: indices into their items */
    VECTOR(struct deal) deal;
    VECTOR(int32_t) lot_of;  /* of all jobs, by cluster of their reach: indices into lot */
    struct lot *lot;         /* a hash table by cluster and type */
    uint32_t lot_room, lots; /* a power of two, and those in use */
    struct job *job;
    int32_t *order, *best_order; /* indices into job */
    struct booking *booking, *best;
    double earliest; /* sum over jobs */
    int32_t jobs;
    int64_t *projected; /* by cluster: the decision for which `now` was made */
    int64_t decision;
};

static const struct option_spec options[] = {
    {"price", OPTION_REAL, "0", .low = 0, .high = 1000,
     .help = "intervals that a task must save per interval of a whole mean cluster; 0: follow the "
             "load"},
    {"exchanges", OPTION_INT, "16", .low = 0, .high = 100000,
     .help = "random exchanges tried in the best order; fewer when many tasks wait"},
    {"effort", OPTION_INT, "16384", .low = 1, .high = 1000000000000,
     .help = "bookings weighed per decision, about: it bounds orders, tasks and exchanges"},
    {"choices", OPTION_INT, "16", .low = 1, .high = 256, .help = "allocations considered per type"},
    {"elastic", OPTION_FLAG, "false",
     .help = "also resizes running tasks, where that pays at the price"},
    {0},
};

static struct allocation mean_cluster(const struct catalog *catalog)
{
    struct allocation mean = {{0}};

    for (int r = 0; r < catalog->resources; r++) {
        mean.amount[r] = (catalog->total.amount[r] + catalog->clusters - 1) / catalog->clusters;
        if (mean.amount[r] < 1)
            mean.amount[r] = 1;
    }
    return mean;
}

/* A slot, or a sixth of the mean over types of the shortest duration. */
static double choose_interval(const struct catalog *catalog, const struct front *front)
{
    double sum_s = 0;
    int types = 0;

    if (catalog->slot_s > 0)
        return catalog->slot_s;
    for (int i = 0; i < catalog->types; i++)
        if (front[i].count > 0) {
            sum_s += front[i].item[0].seconds;
            types++;
        }
    return types > 0 && sum_s > 0 ? sum_s / types / 6 : 1;
}

static void release(void *state)
{
    struct planner *s = state;

    for (int i = 0; s->front && i < s->types; i++)
        front_release(&s->front[i]);
    market_release(&s->market);
    free(s->front);
    free(s->unit_worth);
    free(s->area);
    free(s->version);
    oldest_release(&s->oldest);
    free(s->looked);
    free(s->chosen);
    free(s->place);
    free(s->now);
    free(s->booked);
    free(s->trial_of);
    free(s->rank);
    vector_release(&s->pick);
    vector_release(&s->deal);
    vector_release(&s->lot_of);
    free(s->lot);
    free(s->projected);
    free(s->job);
    free(s->order);
    free(s->best_order);
    free(s->booking);
    free(s->best);
}

/* A cluster is as large as its mean share of the mean cluster. */
static void weigh_clusters(struct planner *s, const struct catalog *catalog,
                           const struct allocation *mean)
{
    for (int c = 0; c < catalog->clusters; c++) {
        const struct allocation *capacity = &catalog->cluster[c].capacity;
        double size = 0;

        for (int r = 0; r < s->resources; r++)
            size += (double)capacity->amount[r] / mean->amount[r] / s->resources;
        for (int r = 0; r < s->resources; r++)
            s->unit_worth[c * s->resources + r] =
                capacity->amount[r] > 0 ? size / capacity->amount[r] : 0;
    }
}

static void make_front(struct planner *s, int type)
{
    front_release(&s->front[type]);
    s->rank[0] = -1;
    s->version[type] = estimator_version(s->setup.estimator, type);
    s->area[type] = front_make(&s->front[type], &s->setup, type, &s->mean,
                               (int)params_int(s->setup.params, "choices"));
}

/* Makes the front of a type again if the estimator has learnt of it. False if that was asked before
 * at this decision. */
static bool is_front_renewed(struct planner *s, int type)
{
    if (s->looked[type] == s->decision)
        return false;
    s->looked[type] = s->decision;
    if (estimator_version(s->setup.estimator, type) != s->version[type]) {
        make_front(s, type);
        market_renew(&s->market, &s->front[type], type);
        s->interval_s = s->market.interval_s = choose_interval(s->setup.catalog, s->front);
    }
    return true;
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    const struct catalog *catalog = setup->catalog;
    struct allocation mean = mean_cluster(catalog);
    struct planner *s = state;
    size_t clusters = (size_t)catalog->clusters;

    (void)err;
    s->price = s->fixed_price = params_real(setup->params, "price");
    s->exchanges = (int)params_int(setup->params, "exchanges");
    s->effort = params_int(setup->params, "effort");
    s->elastic = params_flag(setup->params, "elastic");
    s->types = catalog->types;
    s->resources = catalog->resources;
    s->unit_worth = xcalloc(clusters * (size_t)s->resources, sizeof *s->unit_worth);
    weigh_clusters(s, catalog, &mean);
    s->one_start = catalog->slot_s > 0 && catalog->rounds == ROUNDS_ONE;
    rng_stream(&s->rng, setup->seed, "policy");
    s->front = xcalloc((size_t)catalog->types, sizeof *s->front);
    s->area = xcalloc((size_t)catalog->types, sizeof *s->area);
    s->rank = xcalloc((size_t)catalog->types, sizeof *s->rank);
    s->version = xcalloc((size_t)catalog->types, sizeof *s->version);
    s->setup = *setup;
    s->mean = mean;
    for (int i = 0; i < catalog->types; i++)
        make_front(s, i);
    s->interval_s = choose_interval(catalog, s->front);
    market_init(&s->market, s->front, catalog->types, catalog->clusters, s->interval_s);
    s->now = xcalloc(clusters, sizeof *s->now);
    s->booked = xcalloc(clusters, sizeof *s->booked);
    s->trial_of = xcalloc(clusters, sizeof *s->trial_of);
    s->lot_room = 64;
    s->lot = xcalloc(s->lot_room, sizeof *s->lot);
    s->projected = xcalloc(clusters, sizeof *s->projected);
    oldest_init(&s->oldest, catalog->types, SCANNED);
    s->looked = xcalloc((size_t)catalog->types, sizeof *s->looked);
    s->chosen = xcalloc(MOST_TASKS, sizeof *s->chosen);
    s->place = xcalloc((size_t)catalog->types, sizeof *s->place);
    s->job = xcalloc(MOST_TASKS, sizeof *s->job);
    s->order = xcalloc(MOST_TASKS, sizeof *s->order);
    s->best_order = xcalloc(MOST_TASKS, sizeof *s->best_order);
    s->booking = xcalloc(MOST_TASKS, sizeof *s->booking);
    s->best = xcalloc(MOST_TASKS, sizeof *s->best);
    return 0;
}

/* What an amount is worth on a cluster: its dominant share there, in mean clusters. */
static double worth(const struct planner *s, int32_t cluster, const struct allocation *amount)
{
    const double *unit = s->unit_worth + (size_t)cluster * (size_t)s->resources;
    double most = 0;

    for (int r = 0; r < s->resources; r++)
        most = fmax(most, unit[r] * amount->amount[r]);
    return most;
}

static double intervals_left(const struct planner *s, const struct view *view,
                             const struct task *task, const struct allocation *amount)
{
    const struct switching_cost *cost = &view->catalog->type[task->type].switching;
    double left_s =
        estimator_seconds(view->estimator, task->type, amount, view_progress(view, task->id));

    if (!allocation_equal(amount, &task->allocation))
        left_s += cost->seconds * (1 - cost->factor);
    return left_s / s->interval_s;
}

static int whole_intervals(double intervals)
{
    double whole = ceil(intervals - 1e-9);

    return whole < 1 ? 1 : whole < TIMELINE ? (int)whole : TIMELINE;
}

/* What a running task should hold from now on, out of what it has and what is free: another
 * allocation of its front if that saves enough at the price, else what it has. */
static struct allocation reallocate(const struct planner *s, const struct view *view,
                                    const struct task *task, struct allocation free, double *left)
{
    const struct front *front = &s->front[task->type];
    struct allocation best = task->allocation;
    double least;

    *left = intervals_left(s, view, task, &best);
    least = *left * (1 + s->price * worth(s, task->cluster, &best)) * (1 - HYSTERESIS);
    allocation_add(&free, &task->allocation);
    for (int32_t i = 0; i < front->count; i++) {
        const struct allocation *amount = &front->item[i].amount;
        double intervals, cost;

        if (!allocation_fits(amount, &free) || !allocation_fits(amount, &task->max) ||
            !allocation_fits(&task->min, amount))
            continue;
        intervals = intervals_left(s, view, task, amount);
        cost = intervals * (1 + s->price * worth(s, task->cluster, amount));
        if (cost < least) {
            least = cost;
            best = *amount;
            *left = intervals;
        }
    }
    return best;
}

/* Resizes a task if its nodes, where the cluster has some, leave room for that. */
static bool resize(const struct task *task, struct plan *plan, const struct allocation *amount)
{
    if (allocation_equal(amount, &task->allocation))
        return true;
    plan_lift(plan, task->id);
    if (!plan_fits(plan, task->cluster, amount)) {
        plan_put_back(plan, task->id);
        return false;
    }
    plan_resize(plan, task->id, amount);
    return true;
}

static void project(struct planner *s, const struct view *view, struct plan *plan, int32_t cluster)
{
    static const struct allocation nothing;
    const struct cluster_view *at = &view->cluster[cluster];
    struct timeline *timeline = &s->now[cluster];

    if (s->projected[cluster] == s->decision)
        return;
    s->projected[cluster] = s->decision;
    timeline_fill(timeline, at->up ? &view->catalog->cluster[cluster].capacity : &nothing,
                  s->resources);
    for (int32_t i = 0; i < at->runnings; i++) {
        const struct task *task = &view->task[at->running[i]];
        struct allocation amount = task->allocation;
        double left;

        if (s->elastic)
            amount = reallocate(s, view, task, *plan_free(plan, cluster), &left);
        if (!s->elastic || !resize(task, plan, &amount)) {
            amount = task->allocation;
            left = intervals_left(s, view, task, &amount);
        }
        timeline_take(timeline, 0, whole_intervals(left), &amount);
    }
}

/* Lots */

static uint32_t place_of_lot(const struct planner *s, int32_t cluster, int32_t type)
{
    uint32_t at = ((uint32_t)cluster * 2654435761u + (uint32_t)type * 2246822519u) >> 7;

    for (at %= s->lot_room; s->lot[at].decision == s->decision; at = (at + 1) % s->lot_room)
        if (s->lot[at].cluster == cluster && s->lot[at].type == type)
            break;
    return at;
}

static void make_room_for_lots(struct planner *s)
{
    struct lot *old = s->lot;
    uint32_t room = s->lot_room;

    BUG_ON(room == 0);
    if (2 * s->lots < room)
        return;
    s->lot_room = 2 * room;
    s->lot = xcalloc(s->lot_room, sizeof *s->lot);
    for (uint32_t i = 0; i < room; i++)
        if (old[i].decision == s->decision)
            s->lot[place_of_lot(s, old[i].cluster, old[i].type)] = old[i];
    free(old);
}

/* Index of the first deal. */
static int32_t lot_on(struct planner *s, int32_t cluster, int32_t type)
{
    static const struct deal none = {.duration = -1};
    struct lot *lot;

    make_room_for_lots(s);
    lot = &s->lot[place_of_lot(s, cluster, type)];
    if (lot->decision != s->decision) {
        s->lots++;
        *lot = (struct lot){cluster, type, (int32_t)s->deal.count, s->decision};
        for (int32_t i = 0; i < s->front[type].count; i++)
            vector_push(&s->deal, none);
    }
    return lot->first_deal;
}

/* Jobs */

static bool is_within(const struct planner *s, const struct task *task,
                      const struct allocation *amount)
{
    for (int r = 0; r < s->resources; r++)
        if (amount->amount[r] < task->min.amount[r] || amount->amount[r] > task->max.amount[r])
            return false;
    return true;
}

/* What of the front is within the task's own limits. */
static void pick_items(struct planner *s, const struct task *task, struct job *job)
{
    const struct front *front = &s->front[task->type];

    job->item = front->item;
    job->first_pick = (int32_t)s->pick.count;
    for (int32_t i = 0; i < front->count; i++)
        if (is_within(s, task, &front->item[i].amount))
            vector_push(&s->pick, (uint8_t)i);
    job->picks = (int32_t)s->pick.count - job->first_pick;
}

/* Whether its limits are not those of its type. */
static bool has_own_limits(const struct planner *s, const struct task *task)
{
    const struct type_info *info = &s->setup.catalog->type[task->type];

    return !allocation_equal(&task->min, &info->min) || !allocation_equal(&task->max, &info->max);
}

/* Its own minimum, where the front has nothing for it. */
static void pick_least(struct planner *s, const struct task *task, struct job *job)
{
    job->least.amount = task->min;
    job->least.seconds = estimator_seconds(s->setup.estimator, task->type, &task->min, 0);
    job->least.share = allocation_dominant_share(&task->min, &s->mean);
    job->item = &job->least;
    job->first_pick = (int32_t)s->pick.count;
    job->picks = 1;
    job->first_lot = -1;
    job->shortest = job->least.seconds;
    job->area = job->least.seconds * job->least.share;
    vector_push(&s->pick, 0);
}

static void add_job(struct planner *s, const struct view *view, struct plan *plan, int32_t id)
{
    const struct task *task = &view->task[id];
    struct job *job = &s->job[s->jobs++];

    *job = (struct job){.task = id,
                        .first_lot = (int32_t)s->lot_of.count,
                        .shortest = s->front[task->type].item[0].seconds,
                        .area = s->area[task->type]};
    pick_items(s, task, job);
    if (job->picks == 0 && has_own_limits(s, task))
        pick_least(s, task, job);
    for (int32_t i = 0; i < task->reach.count; i++) {
        project(s, view, plan, task->reach.cluster[i]);
        if (job->first_lot >= 0)
            vector_push(&s->lot_of, lot_on(s, task->reach.cluster[i], task->type));
    }
}

/* Trials */

static const struct timeline *timeline_of(const struct planner *s, int32_t cluster)
{
    return s->trial_of[cluster] == s->trial ? &s->booked[cluster] : &s->now[cluster];
}

static struct timeline *timeline_to_book(struct planner *s, int32_t cluster)
{
    if (s->trial_of[cluster] != s->trial) {
        s->trial_of[cluster] = s->trial;
        timeline_copy(&s->booked[cluster], &s->now[cluster]);
    }
    return &s->booked[cluster];
}

/* Of a job: where it is looked for, and the best booking so far. */
struct offer {
    int32_t task, cluster;
    int from; /* the first interval in which it may start there */
    double cost;
    struct booking best;
};

static void work_out(const struct planner *s, const struct front_item *item,
                     const struct offer *offer, struct deal *deal)
{
    deal->duration = item->seconds / s->interval_s;
    deal->cost = deal->duration * (1 + s->price * worth(s, offer->cluster, &item->amount));
    deal->length = (int)ceil(deal->duration - 1e-9);
    deal->first = timeline_find(&s->now[offer->cluster], offer->from, deal->length, &item->amount,
                                s->one_start);
}

/* What a window hides could only start once what it shows has started. */
static bool is_hidden(const struct view *view, int32_t task, int32_t cluster)
{
    return view->cluster[cluster].slot && view_find_slot(view, cluster, task) < 0;
}

/* The dominant share of the cluster that is free in an interval. */
static double share_free(const struct planner *s, const struct timeline *timeline, int interval,
                         int32_t cluster)
{
    const struct allocation *capacity = &s->setup.catalog->cluster[cluster].capacity;
    double share = 0;

    for (int r = 0; r < s->resources; r++)
        if (capacity->amount[r] > 0)
            share = fmax(share, (double)timeline->free[r][interval] / capacity->amount[r]);
    return share;
}

/* One item, unless it cannot beat the offer. */
static void consider_deal(struct planner *s, const struct allocation *amount, struct deal *deal,
                          struct offer *offer)
{
    const struct timeline *timeline = timeline_of(s, offer->cluster);
    double cost = deal->cost;

    if (deal->first == TIMELINE || deal->first + cost >= offer->cost)
        return;
    deal->start = timeline_find(timeline, deal->trial == s->trial ? deal->start : deal->first,
                                deal->length, amount, s->one_start);
    deal->trial = s->trial;
    if (deal->start == TIMELINE || deal->start + cost >= offer->cost)
        return;
    cost += TIE * share_free(s, timeline, deal->start, offer->cluster);
    if (deal->start + cost < offer->cost) {
        offer->cost = deal->start + cost;
        offer->best = (struct booking){offer->task, offer->cluster, *amount, deal->start,
                                       deal->start + deal->duration};
    }
}

/* Points the offer to the k-th cluster of the job's reach; false if it cannot start there. */
static bool look_at(const struct view *view, const struct job *job, int32_t k, struct offer *offer)
{
    offer->cluster = view->task[job->task].reach.cluster[k];
    offer->from = view->cluster[offer->cluster].may_start ? 0 : 1;
    return !is_hidden(view, job->task, offer->cluster);
}

/* The deal of the i-th thing that the job may be given, on the k-th cluster of its reach, where the
 * offer is; own is room for one that no other job has. */
static struct deal *deal_of(struct planner *s, const struct job *job, int32_t k, int32_t i,
                            const struct offer *offer, struct deal *own)
{
    uint8_t pick = s->pick.item[job->first_pick + i];
    struct deal *deal = own;

    own->duration = -1;
    if (job->first_lot >= 0)
        deal = &s->deal.item[s->lot_of.item[job->first_lot + k] + pick];
    if (deal->duration < 0)
        work_out(s, &job->item[pick], offer, deal);
    return deal;
}

/* The best booking of a job on the k-th cluster of its reach, if it beats the offer. */
static void consider(struct planner *s, const struct view *view, const struct job *job, int32_t k,
                     struct offer *offer)
{
    if (!look_at(view, job, k, offer))
        return;
    for (int32_t i = 0; i < job->picks; i++) {
        struct deal own = {0};

        consider_deal(s, &job->item[s->pick.item[job->first_pick + i]].amount,
                      deal_of(s, job, k, i, offer, &own), offer);
    }
}

static double without_start(const struct planner *s, const struct job *job)
{
    return TIMELINE + job->shortest / s->interval_s;
}

/* Bookings only take room, so no trial finishes a job before the time that it would have alone. */
static void find_earliest(struct planner *s, const struct view *view)
{
    s->earliest = 0;
    for (int32_t j = 0; j < s->jobs; j++) {
        struct job *job = &s->job[j];
        struct offer offer = {0};

        job->earliest = without_start(s, job);
        for (int32_t k = 0; k < view->task[job->task].reach.count; k++)
            for (int32_t i = 0; look_at(view, job, k, &offer) && i < job->picks; i++) {
                struct deal own = {0};
                const struct deal *deal = deal_of(s, job, k, i, &offer, &own);

                if (deal->first < TIMELINE)
                    job->earliest = fmin(job->earliest, deal->first + deal->duration);
            }
        s->earliest += job->earliest;
    }
}

static int length_of(const struct booking *booking)
{
    return (int)ceil(booking->finish - booking->start - 1e-9);
}

static void book(struct planner *s, const struct booking *booking)
{
    struct timeline *timeline;

    if (booking->start == TIMELINE)
        return;
    timeline = timeline_to_book(s, booking->cluster);
    timeline_take(timeline, booking->start, booking->start + length_of(booking), &booking->amount);
    timeline->started |= (uint64_t)1 << booking->start;
}

static struct booking find_booking(struct planner *s, const struct view *view,
                                   const struct job *job)
{
    int32_t reach = view->task[job->task].reach.count;
    struct offer offer = {
        .task = job->task, .cost = HUGE_VAL, .best = {.task = job->task, .start = TIMELINE}};

    for (int32_t k = 0; k < reach; k++)
        consider(s, view, job, k, &offer);
    if (offer.best.start == TIMELINE)
        offer.best.finish = without_start(s, job);
    return offer.best;
}

/* Whether the rest, each at its earliest, brings the total to the bound; what sums differ by in the
 * last digits must not decide. */
static bool is_hopeless(double total, double rest, double bound)
{
    return total >= bound || total + rest - 1e-9 * bound >= bound;
}

/* Books all jobs in the trial's order, of which the first so many are as in the best so far;
 * returns the sum of their finishing times, or the bound if it is not below it. */
static double book_all(struct planner *s, const struct view *view, int32_t same, double bound)
{
    double total = 0, rest = s->earliest;

    s->trial++;
    for (int32_t i = 0; i < s->jobs; i++) {
        const struct job *job = &s->job[s->order[i]];

        if (bound < HUGE_VAL && is_hopeless(total, rest, bound))
            return bound;
        s->booking[i] = i < same ? s->best[i] : find_booking(s, view, job);
        total += s->booking[i].finish;
        rest -= job->earliest;
        book(s, &s->booking[i]);
    }
    return total;
}

/* Keeps the trial if it is better than the best so far. */
static double keep_better(struct planner *s, double best, double total)
{
    if (total >= best)
        return best;
    memcpy(s->best, s->booking, (size_t)s->jobs * sizeof *s->best);
    memcpy(s->best_order, s->order, (size_t)s->jobs * sizeof *s->order);
    return total;
}

static void sort_by_key(struct planner *s)
{
    for (int32_t i = 0; i < s->jobs; i++) {
        int32_t k = i;

        for (; k > 0 && s->job[s->order[k - 1]].key > s->job[i].key; k--)
            s->order[k] = s->order[k - 1];
        s->order[k] = i;
    }
}

/* Shortest first, smallest first, oldest first, least flexible first. */
static double order_key(const struct view *view, const struct job *job, int rule)
{
    switch (rule) {
    case 0:
        return job->shortest;
    case 1:
        return job->area;
    case 2:
        return job->task;
    default:
        return view->task[job->task].reach.count;
    }
}

static double try_orders(struct planner *s, const struct view *view, double best)
{
    for (int rule = 0; rule < ORDER_RULES; rule++) {
        for (int32_t i = 0; i < s->jobs; i++) {
            struct job *job = &s->job[i];

            job->key = order_key(view, job, rule);
        }
        sort_by_key(s);
        best = keep_better(s, best, book_all(s, view, 0, best));
    }
    return best;
}

static void try_exchanges(struct planner *s, const struct view *view, int trials, double best)
{
    for (int i = 0; i < trials && s->jobs > 1; i++) {
        uint32_t a = rng_below(&s->rng, (uint32_t)s->jobs);
        uint32_t b = rng_below(&s->rng, (uint32_t)s->jobs - 1);
        int32_t held;

        b += b >= a;
        memcpy(s->order, s->best_order, (size_t)s->jobs * sizeof *s->order);
        held = s->order[a];
        s->order[a] = s->order[b];
        s->order[b] = held;
        best = keep_better(s, best, book_all(s, view, (int32_t)(a < b ? a : b), best));
    }
}

/* Brings the fronts of the types in line up to date, in the order in which they stand there: an
 * estimator may judge a type by those that were asked for before. */
static void look_at_types(struct planner *s)
{
    int32_t left = 0;

    for (int type = 0; type < s->types; type++)
        left += s->oldest.tasks[type] > 0;
    for (size_t i = 0; left > 0; i++)
        left -= is_front_renewed(s, s->oldest.line.item[i].type);
}

/* How many of the tasks in line may run at all; *effort is how many pairs of cluster and allocation
 * booking them all looks at. */
static int32_t count_able(struct planner *s, int64_t *effort)
{
    int32_t able = 0;

    look_at_types(s);
    *effort = 0;
    for (int type = 0; type < s->types; type++) {
        able += s->front[type].count > 0 ? s->oldest.tasks[type] : 0;
        *effort += s->oldest.reaches[type] * s->front[type].count;
    }
    return able;
}

/* How many of the waiting tasks the budget allows to book in every order. */
static int32_t affordable(const struct planner *s, int32_t able, int64_t effort)
{
    int64_t tasks = effort > 0 ? able * s->effort / ORDER_RULES / effort : MOST_TASKS;

    return tasks < LEAST_TASKS ? LEAST_TASKS : tasks < MOST_TASKS ? (int32_t)tasks : MOST_TASKS;
}

struct sized {
    double area;
    int32_t type;
};

static int compare_sized(const void *a, const void *b)
{
    const struct sized *left = a, *right = b;

    return left->area < right->area ? -1 : left->area > right->area;
}

static void rank_types(struct planner *s)
{
    struct sized *sized = xcalloc((size_t)s->types, sizeof *sized);

    for (int32_t i = 0; i < s->types; i++)
        sized[i] = (struct sized){s->area[i], i};
    qsort(sized, (size_t)s->types, sizeof *sized, compare_sized);
    for (int32_t i = 0; i < s->types; i++)
        s->rank[sized[i].type] =
            i > 0 && sized[i].area == sized[i - 1].area ? s->rank[sized[i - 1].type] : i;
    free(sized);
}

/* Chooses so many of the smallest types, and of these the oldest, of the line from a place on. */
static void choose_smallest(struct planner *s, size_t from, int32_t most)
{
    int32_t before = 0, left = most;

    if (s->rank[0] < 0)
        rank_types(s);
    memset(s->place, 0, (size_t)s->types * sizeof *s->place);
    for (int type = 0; type < s->types; type++)
        if (s->front[type].count > 0)
            s->place[s->rank[type]] += s->oldest.tasks[type];
    for (size_t i = 0; i < from; i++)
        if (s->front[s->oldest.line.item[i].type].count > 0)
            s->place[s->rank[s->oldest.line.item[i].type]]--;
    for (int32_t rank = 0; rank < s->types; rank++) {
        int32_t of_rank = s->place[rank];

        s->place[rank] = before;
        before += of_rank;
    }
    for (size_t i = from; left > 0; i++) {
        struct oldest_task entry = s->oldest.line.item[i];
        int32_t *place = &s->place[s->rank[entry.type]];

        if (*place >= most || s->front[entry.type].count == 0)
            continue;
        s->chosen[s->choices + (*place)++] = entry.task;
        left--;
    }
    s->choices += most;
}

/* Chooses so many of the oldest; returns the place behind them. */
static size_t choose_oldest(struct planner *s, int32_t most)
{
    size_t i = 0;

    for (s->choices = 0; s->choices < most; i++)
        if (s->front[s->oldest.line.item[i].type].count > 0)
            s->chosen[s->choices++] = s->oldest.line.item[i].task;
    return i;
}

/* The tasks to book: all, or if they are too many the oldest half of what can be afforded and the
 * smallest of the others. Returns the effort of booking them once. */
static int64_t choose_jobs(struct planner *s, const struct view *view, struct plan *plan)
{
    int64_t effort;
    int32_t able, most;

    s->jobs = 0;
    s->lots = 0;
    vector_clear(&s->pick);
    vector_clear(&s->deal);
    vector_clear(&s->lot_of);
    oldest_follow(&s->oldest, view);
    able = count_able(s, &effort);
    most = affordable(s, able, effort);
    if (able > most)
        choose_smallest(s, choose_oldest(s, most / 2), most - most / 2);
    else
        choose_oldest(s, able);
    effort = 0;
    for (int32_t i = 0; i < s->choices; i++) {
        const struct task *task = &view->task[s->chosen[i]];

        effort += (int64_t)task->reach.count * s->front[task->type].count;
        add_job(s, view, plan, task->id);
    }
    return effort;
}

/* Timelines know no nodes: on a cluster that is split, what was booked may find less room. */
static void start_booked(const struct view *view, struct plan *plan, const struct booking *booking)
{
    const struct allocation *min = &view->task[booking->task].min;
    struct allocation amount = booking->amount;

    if (view->cluster[booking->cluster].node_free) {
        if (!plan_fits(plan, booking->cluster, min))
            return;
        amount = place_cut(plan, booking->cluster, min, &amount);
    }
    plan_start(plan, booking->task, booking->cluster, &amount);
}

static int trials_of(const struct planner *s, int64_t effort)
{
    int64_t trials = s->effort / (effort + 1);

    return trials < s->exchanges ? (int)trials : s->exchanges;
}

/* Whether any job may find room now; later there is no more than before the first booking. */
static bool may_start_some(const struct planner *s, const struct view *view)
{
    for (int32_t j = 0; j < s->jobs; j++) {
        const struct job *job = &s->job[j];
        const struct reach *reach = &view->task[job->task].reach;

        for (int32_t k = 0; k < reach->count; k++) {
            int32_t cluster = reach->cluster[k];
            struct allocation free = timeline_free(&s->now[cluster], 0);

            for (int32_t i = 0; view->cluster[cluster].may_start && i < job->picks; i++)
                if (allocation_fits(&job->item[s->pick.item[job->first_pick + i]].amount, &free))
                    return true;
        }
    }
    return false;
}

/* The draws of exchanges that nobody needs, so that the next ones are the same. */
static void skip_exchanges(struct planner *s, int trials)
{
    for (int i = 0; i < trials && s->jobs > 1; i++) {
        rng_below(&s->rng, (uint32_t)s->jobs);
        rng_below(&s->rng, (uint32_t)s->jobs - 1);
    }
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct planner *s = state;
    int64_t effort;

    if (view->catalog->slot_s > 0 && view->round > 0)
        return;
    if (s->fixed_price == 0)
        s->price = market_follow(&s->market, view);
    s->decision = view->decision + 1;
    effort = choose_jobs(s, view, plan);
    if (!may_start_some(s, view)) {
        skip_exchanges(s, trials_of(s, effort));
        return;
    }
    find_earliest(s, view);
    if (s->jobs > 0)
        try_exchanges(s, view, trials_of(s, effort), try_orders(s, view, HUGE_VAL));
    for (int32_t i = 0; i < s->jobs; i++)
        if (s->best[i].start == 0)
            start_booked(view, plan, &s->best[i]);
}

const struct policy_ops policy_planner = {
    .name = "planner",
    .summary = "plans ahead: books waiting tasks into projected free resources",
    .source = "paper.md, section 3; list scheduling with local search",
    .info = INFO_MODEL,
    .traits = POLICY_MODEL | POLICY_ELASTIC,
    .options = options,
    .state_size = sizeof(struct planner),
    .init = init,
    .decide = decide,
    .release = release,
};

/* The same, as the reference: what can be had by knowing all speeds. */
const struct policy_ops policy_oracle = {
    .name = "oracle",
    .summary = "the planner with true speeds: the strong reference",
    .source = "paper.md, section 3; list scheduling with local search",
    .info = INFO_ORACLE,
    .traits = POLICY_MODEL | POLICY_ELASTIC,
    .options = options,
    .state_size = sizeof(struct planner),
    .init = init,
    .decide = decide,
    .release = release,
};
