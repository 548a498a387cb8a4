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
#include "core/estimator.h"
#include "core/policy.h"
#include "core/front.h"
#include "core/market.h"
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
    const struct front_item *item; /* what it may be given: the front of its type, or least */
    int32_t items;
    struct front_item least; /* its own minimum, where no item of the front is within its limits */
    double key;              /* of the order at hand */
    double shortest, area;   /* over its items: least duration, least duration times share */
};

struct scanned {
    double key;
    int32_t task;
};

struct booking {
    int32_t task, cluster;
    struct allocation amount;
    int start;
};

struct planner {
    struct market market;
    double fixed_price, price, interval_s;
    int exchanges, types, resources;
    int64_t effort; /* pairs of cluster and allocation considered per decision, about */
    bool one_start, elastic;
    struct rng rng;
    struct policy_setup setup;
    struct allocation mean;       /* a mean cluster, what shares are of */
    double *unit_worth;           /* by cluster and resource: what one unit is worth */
    struct front *front;          /* by type */
    int32_t *version;             /* by type: of the estimates that its front was made of */
    struct timeline *now, *trial; /* by cluster: before any booking, and with those of the trial */
    double *area;                 /* by type: least over its front of duration times share */
    struct scanned *scan;
    struct job *job;
    int32_t *order, *best_order; /* indices into job */
    struct booking *booking, *best;
    int32_t jobs;
    int32_t *used; /* clusters within reach of the jobs */
    int32_t useds;
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
    free(s->scan);
    free(s->now);
    free(s->trial);
    free(s->used);
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
    s->version[type] = estimator_version(s->setup.estimator, type);
    s->area[type] = front_make(&s->front[type], &s->setup, type, &s->mean,
                               (int)params_int(s->setup.params, "choices"));
}

/* The front of a type, made again when the estimator has learnt of it. */
static const struct front *front_of(struct planner *s, int type)
{
    if (estimator_version(s->setup.estimator, type) != s->version[type]) {
        make_front(s, type);
        market_renew(&s->market, &s->front[type], type);
        s->interval_s = s->market.interval_s = choose_interval(s->setup.catalog, s->front);
    }
    return &s->front[type];
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
    s->version = xcalloc((size_t)catalog->types, sizeof *s->version);
    s->setup = *setup;
    s->mean = mean;
    for (int i = 0; i < catalog->types; i++)
        make_front(s, i);
    s->interval_s = choose_interval(catalog, s->front);
    market_init(&s->market, s->front, catalog->types, catalog->clusters, s->interval_s);
    s->now = xcalloc(clusters, sizeof *s->now);
    s->trial = xcalloc(clusters, sizeof *s->trial);
    s->used = xcalloc(clusters, sizeof *s->used);
    s->projected = xcalloc(clusters, sizeof *s->projected);
    s->scan = xcalloc(SCANNED, sizeof *s->scan);
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
    s->used[s->useds++] = cluster;
    timeline_fill(timeline, at->up ? &view->catalog->cluster[cluster].capacity : &nothing);
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

/* Whether the front of its type has nothing for a task with limits of its own. */
static bool front_misses(const struct planner *s, const struct task *task)
{
    const struct type_info *info = &s->setup.catalog->type[task->type];
    const struct front *front = &s->front[task->type];

    if (allocation_equal(&task->min, &info->min) && allocation_equal(&task->max, &info->max))
        return false;
    for (int32_t i = 0; i < front->count; i++)
        if (allocation_within(&task->min, &front->item[i].amount, &task->max))
            return false;
    return true;
}

static void add_job(struct planner *s, const struct view *view, struct plan *plan, int32_t id)
{
    const struct task *task = &view->task[id];
    const struct front *front = &s->front[task->type];
    struct job *job = &s->job[s->jobs++];

    *job = (struct job){.task = id,
                        .item = front->item,
                        .items = front->count,
                        .shortest = front->item[0].seconds,
                        .area = s->area[task->type]};
    if (front_misses(s, task)) {
        job->least.amount = task->min;
        job->least.seconds = estimator_seconds(s->setup.estimator, task->type, &task->min, 0);
        job->least.share = allocation_dominant_share(&task->min, &s->mean);
        job->item = &job->least;
        job->items = 1;
        job->shortest = job->least.seconds;
        job->area = job->least.seconds * job->least.share;
    }
    for (int32_t i = 0; i < task->reach.count; i++)
        project(s, view, plan, task->reach.cluster[i]);
}

struct offer {
    double cost;
    struct booking booking;
    double finish;
};

/* The best booking of a job on one cluster, if it beats the offer. */
static void consider(const struct planner *s, const struct view *view, const struct job *job,
                     int32_t cluster, struct offer *offer)
{
    const struct task *task = &view->task[job->task];
    const struct timeline *timeline = &s->trial[cluster];
    int from = view->cluster[cluster].may_start ? 0 : 1;

    /* What a window hides could only start once what it shows has started. */
    if (view->cluster[cluster].slot && view_find_slot(view, cluster, job->task) < 0)
        return;
    for (int32_t i = 0; i < job->items; i++) {
        const struct front_item *item = &job->item[i];
        double duration = item->seconds / s->interval_s;
        double cost = duration * (1 + s->price * worth(s, cluster, &item->amount));
        int start;

        if (from + cost >= offer->cost || !allocation_fits(&item->amount, &task->max) ||
            !allocation_fits(&task->min, &item->amount))
            continue;
        start =
            timeline_find(timeline, from, (int)ceil(duration - 1e-9), &item->amount, s->one_start);
        if (start == TIMELINE)
            continue;
        cost += TIE * allocation_dominant_share(&timeline->free[start],
                                                &view->catalog->cluster[cluster].capacity);
        if (start + cost < offer->cost)
            *offer = (struct offer){
                start + cost, {job->task, cluster, item->amount, start}, start + duration};
    }
}

static int length_of(const struct offer *offer)
{
    return (int)ceil(offer->finish - offer->booking.start - 1e-9);
}

/* Books all jobs in the trial's order; returns the sum of their finishing times. */
static double book_all(struct planner *s, const struct view *view, const int32_t *order,
                       double bound)
{
    double total = 0;

    for (int32_t i = 0; i < s->useds; i++)
        s->trial[s->used[i]] = s->now[s->used[i]];
    for (int32_t i = 0; i < s->jobs && total < bound; i++) {
        const struct job *job = &s->job[order[i]];
        const struct reach *reach = &view->task[job->task].reach;
        struct offer offer = {.cost = HUGE_VAL, .booking = {.task = job->task, .start = TIMELINE}};

        for (int32_t k = 0; k < reach->count; k++)
            consider(s, view, job, reach->cluster[k], &offer);
        s->booking[i] = offer.booking;
        if (offer.booking.start == TIMELINE) {
            total += TIMELINE + job->shortest / s->interval_s;
            continue;
        }
        total += offer.finish;
        timeline_take(&s->trial[offer.booking.cluster], offer.booking.start,
                      offer.booking.start + length_of(&offer), &offer.booking.amount);
        s->trial[offer.booking.cluster].started |= (uint64_t)1 << offer.booking.start;
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
        best = keep_better(s, best, book_all(s, view, s->order, best));
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
        best = keep_better(s, best, book_all(s, view, s->order, best));
    }
}

/* Pairs of cluster and allocation that booking the task looks at. */
static int64_t effort_of(const struct planner *s, const struct task *task)
{
    return (int64_t)task->reach.count * s->front[task->type].count;
}

/* How many of the waiting tasks the budget allows to book in every order. */
static int32_t affordable(const struct planner *s, const struct view *view, int32_t scanned)
{
    int64_t effort = 0, tasks;

    for (int32_t i = 0; i < scanned; i++)
        effort += effort_of(s, &view->task[s->scan[i].task]);
    tasks = effort > 0 ? (int64_t)scanned * s->effort / ORDER_RULES / effort : MOST_TASKS;
    return tasks < LEAST_TASKS ? LEAST_TASKS : tasks < MOST_TASKS ? (int32_t)tasks : MOST_TASKS;
}

static int compare_scanned(const void *a, const void *b)
{
    const struct scanned *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return left->task < right->task ? -1 : left->task > right->task;
}

/* The tasks to book: all, or if they are too many the oldest half of what can be afforded and the
 * smallest of the others. Returns the effort of booking them once. */
static int64_t choose_jobs(struct planner *s, const struct view *view, struct plan *plan)
{
    int32_t scanned = 0, most;
    int64_t effort = 0;

    s->jobs = s->useds = 0;
    for (int32_t id = view->first_waiting; id >= 0 && scanned < SCANNED;
         id = view->task[id].next_waiting)
        if (front_of(s, view->task[id].type)->count > 0)
            s->scan[scanned++] = (struct scanned){s->area[view->task[id].type], id};
    most = affordable(s, view, scanned);
    if (scanned > most) {
        qsort(s->scan + most / 2, (size_t)(scanned - most / 2), sizeof *s->scan, compare_scanned);
        scanned = most;
    }
    for (int32_t i = 0; i < scanned; i++) {
        effort += effort_of(s, &view->task[s->scan[i].task]);
        add_job(s, view, plan, s->scan[i].task);
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
