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
 * Where nothing of what the tasks may be given is free now, nothing is planned at all.
 *
 * Good at almost everything that a policy can do with the tasks it can see; bad where it must guess
 * arrivals: it never keeps anything free for a task that has not come yet. Speeds come from the
 * estimator; with true speeds it is the policy `oracle`.
 *
 * Source: paper.md, section 3, "The planner"; list scheduling with local search is folklore.
 */
#include "policy/planner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "core/estimator.h"
#include "policy/place.h"
#include "policy/registry.h"

enum {
    SCANNED = 2048, /* waiting tasks looked at, oldest first */
    LEAST_TASKS = 16
};

/* A running task is resized only for a gain of at least this part. */
static const double HYSTERESIS = 0.1;

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
    vector_release(&s->tries);
    free(s->lot);
    free(s->projected);
    free(s->job);
    free(s->order);
    free(s->best_order);
    free(s->keyed);
    free(s->merged);
    for (int rule = 0; rule < ORDER_RULES; rule++)
        free(s->tried[rule]);
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
    struct allocation mean = catalog_mean_cluster(catalog);
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
    s->keyed = xcalloc(MOST_TASKS, sizeof *s->keyed);
    s->merged = xcalloc(MOST_TASKS, sizeof *s->merged);
    for (int rule = 0; rule < ORDER_RULES; rule++)
        s->tried[rule] = xcalloc(MOST_TASKS, sizeof *s->tried[rule]);
    s->booking = xcalloc(MOST_TASKS, sizeof *s->booking);
    s->best = xcalloc(MOST_TASKS, sizeof *s->best);
    return 0;
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
    least = *left * (1 + s->price * planner_worth(s, task->cluster, &best)) * (1 - HYSTERESIS);
    allocation_add(&free, &task->allocation);
    for (int32_t i = 0; i < front->count; i++) {
        const struct allocation *amount = &front->item[i].amount;
        double intervals, cost;

        if (!allocation_fits(amount, &free) || !allocation_fits(amount, &task->max) ||
            !allocation_fits(&task->min, amount))
            continue;
        intervals = intervals_left(s, view, task, amount);
        cost = intervals * (1 + s->price * planner_worth(s, task->cluster, amount));
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
    vector_clear(&s->tries);
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
static void start_booked(const struct view *view, struct plan *plan, int32_t task,
                         const struct try *booked)
{
    const struct allocation *min = &view->task[task].min;
    struct allocation amount = *booked->amount;

    if (view->cluster[booked->cluster].node_free) {
        if (!plan_fits(plan, booked->cluster, min))
            return;
        amount = place_cut(plan, booked->cluster, min, &amount);
    }
    plan_start(plan, task, booked->cluster, &amount);
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
        planner_skip(s, trials_of(s, effort));
        return;
    }
    planner_find_tries(s, view);
    planner_try(s, view, trials_of(s, effort));
    for (int32_t i = 0; i < s->jobs; i++)
        if (s->best[i].start == 0)
            start_booked(view, plan, s->job[s->best_order[i]].task, &s->tries.item[s->best[i].try]);
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
