/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/observation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "core/estimator.h"

enum { MOST_LOOKED_AT = 256 }; /* waiting tasks of a cluster, oldest first */

static const double BOUND = 4;

real observation_log(double value, double unit)
{
    double log_ratio;

    if (!(value > 0) || !(unit > 0))
        return (real)-BOUND;
    log_ratio = log(value / unit);
    return (real)(log_ratio < -BOUND ? -BOUND : log_ratio > BOUND ? BOUND : log_ratio);
}

static real log_count(double count)
{
    return (real)log1p(count);
}

real observation_left_over(const struct observation *seen, int32_t cluster,
                           const struct allocation *free, const struct allocation *amount)
{
    const struct allocation *capacity = &seen->view->catalog->cluster[cluster].capacity;
    double least = 1;

    for (int r = 0; r < seen->view->catalog->resources; r++)
        if (capacity->amount[r] > 0)
            least = outlook_lesser(least, (double)(free->amount[r] - amount->amount[r]) /
                                              capacity->amount[r]);
    return (real)least;
}

/* Which tasks each agent sees */

struct looked_at {
    int32_t id;
    double area_s;
};

static int compare_area(const void *a, const void *b)
{
    const struct looked_at *left = a, *right = b;

    if (left->area_s != right->area_s)
        return left->area_s < right->area_s ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

static int compare_id(const void *a, const void *b)
{
    const struct looked_at *left = a, *right = b;

    return left->id < right->id ? -1 : left->id > right->id;
}

/* Moves the last of some tasks in order of size to where it belongs. */
static void insert_last(struct looked_at *look, int32_t count)
{
    struct looked_at last = look[count - 1];
    int32_t at = count - 1;

    for (; at > 0 && compare_area(&look[at - 1], &last) > 0; at--)
        look[at] = look[at - 1];
    look[at] = last;
}

/* All, or if they are too many the oldest half and the smallest of the others. */
static int32_t choose_shown(struct looked_at *look, int32_t count, int32_t most)
{
    int32_t half = most / 2;

    if (count <= most)
        return count;
    for (int32_t i = half; i < count; i++) {
        if (i >= most) {
            if (compare_area(&look[i], &look[most - 1]) > 0)
                continue;
            look[most - 1] = look[i];
        }
        insert_last(look + half, (i < most ? i + 1 : most) - half);
    }
    qsort(look + half, (size_t)(most - half), sizeof *look, compare_id);
    return most;
}

static int32_t look_at_waiting(const struct observation *seen, int32_t cluster,
                               struct looked_at *look)
{
    const struct view *view = seen->view;
    struct waiting_cursor cursor;
    int32_t count = 0, id;

    waiting_begin(&cursor, view, cluster);
    if (!view->cluster[cluster].slot)
        waiting_only_fitting(&cursor, plan_free(seen->plan, cluster));
    while (count < MOST_LOOKED_AT && (id = waiting_next(&cursor)) >= 0) {
        const struct kind *kind = &seen->outlook->kind[view->task[id].type];

        if (!plan_has(seen->plan, id) && kind->front.count > 0)
            look[count++] = (struct looked_at){id, kind->area_s};
    }
    return choose_shown(look, count,
                        view->catalog->clusters > MOST_AGENTS ? FEW_SHOWN : MOST_SHOWN);
}

static void see_pairs(struct observation *seen)
{
    struct looked_at *look = arena_alloc(seen->memory, MOST_LOOKED_AT * sizeof *look);

    for (int32_t a = 0; a < seen->agents; a++) {
        int32_t count = look_at_waiting(seen, seen->cluster[a], look);

        seen->first_pair[a] = seen->pairs;
        for (int32_t i = 0; i < count; i++)
            seen->pair[seen->pairs++] = (struct pair){
                .agent = a,
                .task = look[i].id,
                .age_rank = (real)((double)i / count),
                .startable = view_may_start(seen->view, look[i].id, seen->cluster[a])};
    }
    seen->first_pair[seen->agents] = seen->pairs;
}

/* Merges two ascending lists of ids, each once; returns how many. */
static int32_t merge_ids(int32_t *merged, const int32_t *a, int32_t as, const int32_t *b,
                         int32_t bs)
{
    int32_t count = 0, i = 0, k = 0;

    while (i < as && k < bs) {
        int32_t left = a[i], right = b[k];

        merged[count++] = left < right ? left : right;
        i += left <= right;
        k += right <= left;
    }
    while (i < as)
        merged[count++] = a[i++];
    while (k < bs)
        merged[count++] = b[k++];
    return count;
}

/* The ids that agents from .. to-1 see, in place, where their pairs are; returns how many. */
static int32_t gather_ids(const struct observation *seen, int32_t *id, int32_t *scratch,
                          int32_t from, int32_t to)
{
    int32_t *own = id + seen->first_pair[from], middle = from + (to - from) / 2, left, right;

    if (to - from == 1) {
        for (int32_t i = seen->first_pair[from]; i < seen->first_pair[to]; i++)
            id[i] = seen->pair[i].task;
        return seen->first_pair[to] - seen->first_pair[from];
    }
    left = gather_ids(seen, id, scratch, from, middle);
    right = gather_ids(seen, id, scratch, middle, to);
    left = merge_ids(scratch, own, left, id + seen->first_pair[middle], right);
    memcpy(own, scratch, (size_t)left * sizeof *own);
    return left;
}

/* Gives the tasks rows in the order of their ids, and lists who sees each. */
static void number_tasks(struct observation *seen)
{
    int32_t *place;

    seen->task = arena_alloc(seen->memory, ((size_t)seen->pairs + 1) * sizeof *seen->task);
    place = arena_alloc(seen->memory, ((size_t)seen->pairs + 1) * sizeof *place);
    seen->tasks = seen->agents > 0 ? gather_ids(seen, seen->task, place, 0, seen->agents) : 0;
    seen->first_seer = arena_zalloc(seen->memory, (size_t)seen->tasks + 2, sizeof(int32_t));
    seen->seer = arena_alloc(seen->memory, ((size_t)seen->pairs + 1) * sizeof *seen->seer);
    seen->taken = arena_zalloc(seen->memory, (size_t)seen->tasks + 1, sizeof *seen->taken);
    for (int32_t a = 0; a < seen->agents; a++)
        for (int32_t i = seen->first_pair[a], row = 0; i < seen->first_pair[a + 1]; i++) {
            while (seen->task[row] != seen->pair[i].task)
                row++;
            seen->pair[i].task = row;
            seen->first_seer[row + 2]++;
        }
    place = seen->first_seer + 1;
    for (int32_t t = 0; t < seen->tasks; t++)
        place[t + 1] += place[t];
    for (int32_t i = 0; i < seen->pairs; i++)
        seen->seer[place[seen->pair[i].task]++] = i;
}

static void offer_pair(struct observation *seen, struct pair *pair)
{
    const struct task *task = &seen->view->task[seen->task[pair->task]];
    int32_t cluster = seen->cluster[pair->agent];

    pair->offer = outlook_offer(seen->outlook, seen->view, seen->plan, cluster, task);
    pair->offer.cost_s += pair->transfer_s;
    pair->offer.later_cost_s += pair->transfer_s;
}

static void make_offers(struct observation *seen)
{
    for (int32_t i = 0; i < seen->pairs; i++) {
        struct pair *pair = &seen->pair[i];
        const struct task *task = &seen->view->task[seen->task[pair->task]];
        const struct kind *kind = outlook_kind(seen->outlook, task->type);

        pair->transfer_s = outlook_transfer_s(seen->outlook, task, seen->cluster[pair->agent]);
        offer_pair(seen, pair);
        pair->wants = kind->share / task->reach.count;
        seen->crowd[pair->agent] += pair->wants;
    }
}

/* Rows of features */

static void fill_release(const struct observation *seen, int32_t cluster, real *row)
{
    const struct skyline *sky = outlook_skyline(seen->outlook, seen->view, seen->plan, cluster);
    double typical_s = seen->outlook->typical_s;
    const double *unit =
        seen->outlook->unit_worth + (size_t)cluster * (size_t)seen->view->catalog->resources;

    for (int k = 0; k < 4; k++) {
        const struct release *last = &sky->release[0];
        double horizon_s = typical_s * ldexp(0.25, k), sum = 0;

        for (int32_t i = 1; i < sky->releases && sky->release[i].after_s <= horizon_s; i++)
            last = &sky->release[i];
        for (int r = 0; r < seen->view->catalog->resources; r++)
            sum += unit[r] * (last->free.amount[r] - sky->release[0].free.amount[r]);
        row[CLUSTER_RELEASE + k] =
            (real)(sum / seen->outlook->size[cluster] / seen->outlook->present);
    }
    row[CLUSTER_BUSY] = observation_squash(sky->release[sky->releases - 1].after_s, typical_s);
}

static void fill_free(const struct observation *seen, int32_t cluster, real *row)
{
    const struct catalog *catalog = seen->view->catalog;
    const struct allocation *free = plan_free(seen->plan, cluster);
    double least = 1, most = 0, sum = 0;
    int present = 0;

    for (int r = 0; r < catalog->resources; r++) {
        int32_t capacity = catalog->cluster[cluster].capacity.amount[r];
        double part = capacity > 0 ? (double)free->amount[r] / capacity : 0;

        if (capacity == 0 || !seen->outlook->used[r])
            continue;
        least = fmin(least, part);
        most = fmax(most, part);
        sum += part;
        present++;
    }
    row[CLUSTER_FREE_LEAST] = (real)least;
    row[CLUSTER_FREE_MOST] = (real)most;
    row[CLUSTER_FREE_MEAN] = (real)(present > 0 ? sum / present : 0);
}

static void fill_cluster(const struct observation *seen, int32_t a)
{
    int32_t cluster = seen->cluster[a];
    const struct cluster_view *at = &seen->view->cluster[cluster];
    real *row = seen->cluster_x + a * CLUSTER_FEATURES;

    fill_free(seen, cluster, row);
    fill_release(seen, cluster, row);
    row[CLUSTER_SIZE] = observation_log(seen->outlook->size[cluster], 1);
    row[CLUSTER_RUNNING] = log_count(at->runnings);
    row[CLUSTER_SHOWN] = log_count(seen->first_pair[a + 1] - seen->first_pair[a]);
    row[CLUSTER_QUEUED] = log_count(at->queued);
    row[CLUSTER_MAY_START] = at->may_start;
    row[CLUSTER_DEMAND] = observation_squash(seen->crowd[a], seen->outlook->size[cluster]);
}

static void fill_running(const struct observation *seen, int32_t a)
{
    int32_t cluster = seen->cluster[a];
    const struct view *view = seen->view;
    const struct cluster_view *at = &view->cluster[cluster];
    double typical_s = seen->outlook->typical_s;
    real *row = seen->running_x + (size_t)seen->first_running[a] * RUNNING_FEATURES;
    int32_t count = seen->first_running[a + 1] - seen->first_running[a];

    for (int32_t i = 0; i < count; i++, row += RUNNING_FEATURES) {
        const struct task *task = &view->task[at->running[i]];
        double left_s = outlook_left_s(seen->outlook, view, task);

        row[RUNNING_SHARE] = (real)allocation_dominant_share(
            outlook_base(seen->outlook, task), &view->catalog->cluster[cluster].capacity);
        row[RUNNING_PROGRESS] = (real)fmin(1, view_progress(view, task->id));
        row[RUNNING_LEFT] = observation_squash(left_s, typical_s);
        row[RUNNING_RAN] = log_count(task_ran_s(task, view->now_s) / typical_s);
        row[RUNNING_SLOT] = view->catalog->slot_s > 0 && left_s <= view->catalog->slot_s;
    }
}

/* Features of a type, the same for all tasks of it. */
static void fill_kind(const struct observation *seen, const struct kind *kind, real *row)
{
    double typical_s = seen->outlook->typical_s;

    row[WAITING_BEST] = observation_log(kind->best_s, typical_s);
    row[WAITING_LEAST] = observation_log(kind->least_s, kind->best_s);
    row[WAITING_PRICED] = observation_log(kind->priced_s, kind->best_s);
    row[WAITING_SHARE] = observation_squash(kind->share, 1);
    row[WAITING_AREA] = observation_log(kind->area_s, typical_s);
    row[WAITING_COST] = observation_log(kind->cost_s, typical_s);
}

static void fill_kinds(const struct observation *seen)
{
    enum { KEPT = 8 };
    int32_t type[KEPT], row[KEPT] = {0};

    memset(type, -1, sizeof type);
    for (int32_t t = 0; t < seen->tasks; t++) {
        int32_t own = seen->view->task[seen->task[t]].type, at = own % KEPT;
        real *to = seen->waiting_x + t * WAITING_FEATURES;

        if (type[at] == own) {
            memcpy(to, seen->waiting_x + row[at] * WAITING_FEATURES, WAITING_FEATURES * sizeof *to);
            continue;
        }
        fill_kind(seen, outlook_kind(seen->outlook, own), to);
        type[at] = own;
        row[at] = t;
    }
}

/* Features of the one task, beside those of its type. */
static void fill_waiting(const struct observation *seen, int32_t t)
{
    const struct task *task = &seen->view->task[seen->task[t]];
    const struct kind *kind = outlook_kind(seen->outlook, task->type);
    double typical_s = seen->outlook->typical_s, now_s = HUGE_VAL, later_s = HUGE_VAL;
    int32_t first = seen->first_seer[t], end = seen->first_seer[t + 1], fits = 0;
    real *row = seen->waiting_x + t * WAITING_FEATURES;

    for (int32_t i = first; i < end; i++) {
        const struct offer *offer = &seen->pair[seen->seer[i]].offer;

        now_s = outlook_lesser(now_s, offer->cost_s);
        later_s = outlook_lesser(later_s, offer->later_cost_s);
        fits += offer->now;
    }
    row[WAITING_AGE] = log_count((seen->view->now_s - task->arrival_s) / typical_s);
    row[WAITING_REACH] = (real)(1.0 / task->reach.count);
    row[WAITING_HOSTS] = (real)((double)fits / (end - first));
    row[WAITING_SOON] = observation_log(now_s, kind->cost_s);
    row[WAITING_LATER] = observation_log(later_s, kind->cost_s);
}

static void fill_hub(const struct observation *seen)
{
    const struct view *view = seen->view;
    double clusters = view->catalog->clusters, free = 0, demand = 0;
    real *row = seen->hub_x;

    for (int32_t a = 0; a < seen->agents; a++) {
        free += (double)seen->cluster_x[a * CLUSTER_FEATURES + CLUSTER_FREE_LEAST] / seen->agents;
        demand += (double)seen->cluster_x[a * CLUSTER_FEATURES + CLUSTER_DEMAND] / seen->agents;
    }
    row[HUB_PRICE] = (real)(log2(seen->outlook->price) / 4);
    row[HUB_SLOT] = (real)(view->catalog->slot_s / seen->outlook->typical_s);
    row[HUB_WAITING] = log_count(view->waiting / clusters);
    row[HUB_RUNNING] = log_count(view->running / clusters);
    row[HUB_FREE] = (real)free;
    row[HUB_DEMAND] = (real)demand;
    row[HUB_ONE_START] = seen->one_start;
    row[HUB_CLUSTERS] = (real)(1 / clusters);
}

static real *new_rows(const struct observation *seen, int32_t rows, int width)
{
    return arena_zalloc(seen->memory, ((size_t)rows + 1) * (size_t)width, sizeof(real));
}

static void fill_rows(struct observation *seen)
{
    seen->cluster_x = new_rows(seen, seen->agents, CLUSTER_FEATURES);
    seen->waiting_x = new_rows(seen, seen->tasks, WAITING_FEATURES);
    seen->running_x = new_rows(seen, seen->runnings, RUNNING_FEATURES);
    seen->hub_x = new_rows(seen, 1, HUB_FEATURES);
    for (int32_t a = 0; a < seen->agents; a++) {
        fill_cluster(seen, a);
        fill_running(seen, a);
    }
    fill_kinds(seen);
    for (int32_t t = 0; t < seen->tasks; t++)
        fill_waiting(seen, t);
    fill_hub(seen);
}

static void see_running(struct observation *seen)
{
    for (int32_t a = 0; a < seen->agents; a++) {
        int32_t count = seen->view->cluster[seen->cluster[a]].runnings;

        seen->first_running[a] = seen->runnings;
        seen->runnings += count < MOST_RUNNING ? count : MOST_RUNNING;
    }
    seen->first_running[seen->agents] = seen->runnings;
}

void observation_make(struct observation *seen, struct arena *memory, const struct view *view,
                      struct plan *plan, struct outlook *outlook, const int32_t *cluster,
                      int32_t clusters)
{
    size_t agents = (size_t)clusters;

    BUG_ON(clusters > MOST_AGENTS);
    *seen = (struct observation){
        .memory = memory,
        .view = view,
        .plan = plan,
        .outlook = outlook,
        .one_start = view->catalog->slot_s > 0 && view->catalog->rounds == ROUNDS_ONE,
        .agents = clusters,
        .cluster = arena_alloc(memory, (agents + 1) * sizeof(int32_t)),
        .pair = arena_alloc(memory, (agents * MOST_SHOWN + 1) * sizeof(struct pair)),
        .first_pair = arena_alloc(memory, (agents + 1) * sizeof(int32_t)),
        .first_running = arena_alloc(memory, (agents + 1) * sizeof(int32_t)),
        .starts = arena_zalloc(memory, agents + 1, sizeof(int32_t)),
        .crowd = arena_zalloc(memory, agents + 1, sizeof(double)),
    };
    if (agents > 0)
        memcpy(seen->cluster, cluster, agents * sizeof *cluster);
    see_pairs(seen);
    number_tasks(seen);
    see_running(seen);
    make_offers(seen);
    fill_rows(seen);
}

static void *copy_of(struct arena *memory, const void *from, int32_t count, size_t size)
{
    size_t bytes = count > 0 ? (size_t)count * size : 0;
    void *copy = arena_alloc(memory, bytes + size);

    if (bytes > 0)
        memcpy(copy, from, bytes);
    return copy;
}

void observation_copy(struct observation *copy, const struct observation *seen)
{
    struct arena *memory = seen->memory;
    int32_t agents = seen->agents;

    *copy = *seen;
    copy->pair = copy_of(memory, seen->pair, seen->pairs, sizeof *seen->pair);
    copy->first_running =
        copy_of(memory, seen->first_running, agents + 1, sizeof *seen->first_running);
    copy->starts = copy_of(memory, seen->starts, agents, sizeof *seen->starts);
    copy->crowd = copy_of(memory, seen->crowd, agents, sizeof *seen->crowd);
    copy->cluster_x =
        copy_of(memory, seen->cluster_x, agents * CLUSTER_FEATURES, sizeof *seen->cluster_x);
    copy->waiting_x =
        copy_of(memory, seen->waiting_x, seen->tasks * WAITING_FEATURES, sizeof *seen->waiting_x);
    copy->hub_x = copy_of(memory, seen->hub_x, HUB_FEATURES, sizeof *seen->hub_x);
}

void observation_renew_waiting(struct observation *seen)
{
    for (int32_t t = 0; t < seen->tasks; t++)
        fill_waiting(seen, t);
}

void observation_start(struct observation *seen, int32_t pair, const struct allocation *amount,
                       double seconds)
{
    struct pair *started = &seen->pair[pair];
    const struct task *task = observation_task(seen, pair);
    int32_t agent = started->agent, row = started->task;

    plan_start(seen->plan, task->id, seen->cluster[agent], amount);
    outlook_start(seen->outlook, seen->plan, seen->cluster[agent], amount,
                  seconds + started->transfer_s);
    seen->taken[row] = true;
    seen->starts[agent]++;
    for (int32_t i = seen->first_seer[row]; i < seen->first_seer[row + 1]; i++)
        seen->crowd[seen->pair[seen->seer[i]].agent] -= started->wants;
    for (int32_t i = seen->first_pair[agent]; i < seen->first_pair[agent + 1]; i++)
        if (!seen->taken[seen->pair[i].task])
            offer_pair(seen, &seen->pair[i]);
}
