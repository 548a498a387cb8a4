/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world's frame: memory, the clock and the books, the view, the watchers. What happens in time
 * is in slotted.c and continuous.c, what happens to a task in tasks.c, how plans are judged in
 * apply.c.
 */
#include "sim/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "sim/apply.h"
#include "sim/noise.h"
#include "sim/world_state.h"

static double shown_progress(const void *arg, int32_t id)
{
    double progress = world_progress(arg, id);

    return progress < 1 ? progress : 1;
}

static double shown_work(const void *arg, int32_t id)
{
    const struct world *world = arg;

    return world->arrivals->item[id].work / world->scenario->truth[world->task[id].type].work.mean;
}

static void make_nodes(struct world *world)
{
    int32_t most = 0;

    world->node_free = xcalloc((size_t)world->catalog->clusters, sizeof *world->node_free);
    for (int c = 0; c < world->catalog->clusters; c++) {
        int32_t nodes = world->catalog->cluster[c].nodes;

        world->has_nodes |= nodes > 1;
        if (nodes > 1)
            world->node_free[c] = xcalloc((size_t)nodes, sizeof **world->node_free);
        if (cluster_is_split(&world->catalog->cluster[c]))
            world->cluster[c].node_free = world->node_free[c];
        most = nodes > most ? nodes : most;
    }
    world->share = xcalloc((size_t)most, sizeof *world->share);
}

struct world *world_new(const struct scenario *scenario)
{
    struct world *world = xcalloc(1, sizeof *world);
    size_t clusters = (size_t)scenario->catalog.clusters;

    world->scenario = scenario;
    world->catalog = &scenario->catalog;
    world->slotted = scenario->catalog.slot_s > 0;
    world->cluster = xcalloc(clusters, sizeof *world->cluster);
    world->running = xcalloc(clusters, sizeof *world->running);
    make_nodes(world);
    world->down = xcalloc(clusters, sizeof *world->down);
    world->load = xcalloc(clusters, sizeof *world->load);
    world->is_touched = xcalloc(clusters, sizeof *world->is_touched);
    world->rates = xcalloc((size_t)scenario->catalog.types, sizeof *world->rates);
    arrivals_init(&world->own_arrivals);
    waiting_init(&world->lists, scenario->catalog.clusters, scenario->catalog.types,
                 scenario->catalog.window == 0);
    heap_init(&world->next);
    periods_init(&world->periods, world->catalog);
    windows_new(world);
    outages_new(world);
    for (int i = 0; i < scenario->catalog.types; i++)
        world->has_failures |= scenario->truth[i].mtbf_s > 0;
    world->view = (struct view){
        .catalog = world->catalog,
        .cluster = world->cluster,
        .lists = &world->lists,
        .progress = shown_progress,
        .work = shown_work,
        .world = world,
        .info = INFO_BLIND,
    };
    return world;
}

void world_free(struct world *world)
{
    if (!world)
        return;
    windows_free(world);
    outages_free(world);
    tasks_reset(world);
    for (int c = 0; c < world->catalog->clusters; c++) {
        free(world->running[c].id);
        free(world->node_free[c]);
    }
    free(world->node_free);
    free(world->share);
    free(world->running);
    free(world->cluster);
    free(world->down);
    free(world->load);
    free(world->is_touched);
    free(world->rates);
    periods_release(&world->periods);
    free(world->task);
    free(world->hidden);
    waiting_release(&world->lists);
    heap_release(&world->next);
    arrivals_release(&world->own_arrivals);
    vector_release(&world->arrived);
    vector_release(&world->touched);
    vector_release(&world->left);
    vector_release(&world->accepted);
    vector_release(&world->marked);
    vector_release(&world->crowded);
    free(world);
}

void world_refill(struct world *world, int32_t cluster)
{
    const struct cluster_info *info = &world->catalog->cluster[cluster];

    world->cluster[cluster].free = info->capacity;
    for (int32_t n = 0; world->node_free[cluster] && n < info->nodes; n++)
        world->node_free[cluster][n] = info->node;
}

void world_drain(struct world *world, int32_t cluster)
{
    static const struct allocation nothing;

    world->cluster[cluster].free = nothing;
    for (int32_t n = 0; world->node_free[cluster] && n < world->catalog->cluster[cluster].nodes;
         n++)
        world->node_free[cluster][n] = nothing;
}

static void reset_clusters(struct world *world)
{
    for (int c = 0; c < world->catalog->clusters; c++) {
        struct cluster_view *at = &world->cluster[c];

        world_refill(world, c);
        at->up = at->may_start = true;
        at->runnings = world->running[c].count = 0;
        at->running = world->running[c].id;
        world->down[c] = world->load[c] = 0;
        world->is_touched[c] = false;
    }
    for (int r = 0; r < MAX_RESOURCES; r++) {
        world->used[r] = 0;
        world->capacity[r] = world->catalog->total.amount[r];
    }
}

static void reset_view(struct world *world)
{
    struct view *view = &world->view;

    view->now_s = 0;
    view->task = world->task;
    view->tasks = view->waiting = view->running = 0;
    view->first_waiting = -1;
    view->decision = 0;
    view->round = 0;
}

/* Room for so many tasks, all zero: see task_arrive(). */
static void clear_tasks(struct world *world, int32_t count)
{
    if (count <= world->task_capacity) {
        memset(world->task, 0, (size_t)count * sizeof *world->task);
        memset(world->hidden, 0, (size_t)count * sizeof *world->hidden);
        return;
    }
    free(world->task);
    free(world->hidden);
    world->task = xcalloc((size_t)count, sizeof *world->task);
    world->hidden = xcalloc((size_t)count, sizeof *world->hidden);
    world->task_capacity = count;
}

static void show_news(struct world *world)
{
    world->view.arrived = world->arrived.item;
    world->view.arrivals = (int32_t)world->arrived.count;
    world->view.touched = world->touched.item;
    world->view.toucheds = (int32_t)world->touched.count;
}

static void forget_news(struct world *world)
{
    vector_clear(&world->arrived);
    for (size_t i = 0; i < world->touched.count; i++)
        world->is_touched[world->touched.item[i]] = false;
    vector_clear(&world->touched);
}

static bool any_moves(const struct world *world)
{
    for (int32_t c = 0; c < world->catalog->clusters; c++)
        for (int32_t i = 0; i < world->running[c].count; i++)
            if (world->hidden[world->running[c].id[i]].rate.base > 0)
                return true;
    return false;
}

/* A policy that left everything standing still for very many decisions, with nobody new to come,
 * will do so for ever; and one that moves tasks about without ever finishing one has had its
 * chances. */
static bool is_stuck(struct world *world)
{
    int64_t ended = world->totals.finished + world->totals.lost;

    if (world->next_arrival < world->arrivals->count || ended != world->ended) {
        world->ended = ended;
        world->idle = 0;
    }
    world->idle++;
    return world->idle > MOST_DECISIONS || (world->idle % IDLE_DECISIONS == 0 && !any_moves(world));
}

static void check_over(struct world *world)
{
    if (is_stuck(world))
        world->totals.stuck = world->over = true;
    if (world->in_system == 0 && world->next_arrival >= world->arrivals->count)
        world->over = true;
    if (world->view.now_s >= world->scenario->horizon_s)
        world->over = true;
    world->totals.end_s = world->view.now_s;
}

/* The first decision point: slot 0 with its arrivals, or the first arrival. */
static void begin(struct world *world)
{
    if (world->slotted) {
        outages_happen(world);
        while (world->next_arrival < world->arrivals->count &&
               world->arrivals->item[world->next_arrival].time_s <= 0)
            task_arrive(world, world->next_arrival++);
    } else {
        continuous_advance(world);
    }
    check_over(world);
    show_news(world);
}

int world_reset(struct world *world, uint64_t seed, const struct arrivals *arrivals,
                struct err *err)
{
    int rc = 0;

    if (!arrivals)
        rc = arrivals_make(&world->own_arrivals, world->scenario, seed, err);
    if (rc)
        return rc;
    world->arrivals = arrivals ? arrivals : &world->own_arrivals;
    world->seed = seed;
    world->noise_seed = noise_slot_stream(seed);
    world->start_noise_seed = noise_start_stream(seed);
    world->failure_seed = rng_hash_seed(seed, "failures");
    world->next_arrival = 0;
    world->slot = 0;
    world->idle = 0;
    world->ended = 0;
    world->in_system = 0;
    world->wake_s = HUGE_VAL;
    world->over = false;
    world->totals = (struct world_totals){0};
    tasks_reset(world);
    clear_tasks(world, world->arrivals->count);
    forget_news(world);
    reset_clusters(world);
    reset_view(world);
    waiting_reset(&world->lists, world->task);
    windows_reset(world);
    outages_reset(world);
    heap_reset(&world->next);
    vector_clear(&world->marked);
    vector_clear(&world->crowded);
    begin(world);
    return 0;
}

void world_show(struct world *world, enum info_class info, const struct estimator *estimator)
{
    world->view.info = info;
    world->view.estimator = estimator;
}

void world_allow_below_minimum(struct world *world, bool allow)
{
    world->below_minimum = allow;
}

void world_be_strict(struct world *world, bool strict)
{
    world->strict = strict;
}

void world_watch(struct world *world, world_watch_fn watch, void *arg)
{
    BUG_ON(world->watchers == WATCHERS);
    world->watcher[world->watchers++] = (struct watcher){watch, arg};
}

void world_unwatch(struct world *world, const void *arg)
{
    int kept = 0;

    for (int i = 0; i < world->watchers; i++)
        if (world->watcher[i].arg != arg)
            world->watcher[kept++] = world->watcher[i];
    world->watchers = kept;
}

void world_set_noise(struct world *world, world_noise_fn noise, void *arg)
{
    world->noise = noise;
    world->noise_arg = arg;
}

const struct view *world_view(const struct world *world)
{
    return &world->view;
}

bool world_is_over(const struct world *world)
{
    return world->over;
}

const struct world_totals *world_totals(const struct world *world)
{
    return &world->totals;
}

double world_progress(const struct world *world, int32_t task)
{
    if (world->slotted)
        return world->hidden[task].progress;
    return continuous_progress(world, task);
}

double world_work(const struct world *world, int32_t task)
{
    return world->arrivals->item[task].work;
}

int32_t world_starts(const struct world *world, int32_t task)
{
    return world->hidden[task].starts;
}

int32_t world_load(const struct world *world, int32_t cluster)
{
    return world->load[cluster];
}

int32_t world_task_count(const struct world *world)
{
    return world->arrivals->count;
}

void world_tell_watchers(const struct world *world, enum event_kind kind, int32_t task,
                         int32_t cluster, int32_t other)
{
    struct event event = {.time_s = world->view.now_s,
                          .kind = kind,
                          .task = task,
                          .cluster = cluster,
                          .other = other,
                          .with = -1};

    if (task >= 0) {
        event.with = world->task[task].companion;
        event.allocation = world->task[task].allocation;
        event.placement = world->task[task].placement;
        event.progress = world->hidden[task].progress;
    }
    for (int i = 0; i < world->watchers; i++)
        world->watcher[i].watch(world->watcher[i].arg, &event);
}

void world_pass_time(struct world *world, double to_s)
{
    double dt = to_s - world->view.now_s;

    for (int r = 0; r < world->catalog->resources; r++) {
        world->totals.used_s[r] += (double)world->used[r] * dt;
        world->totals.capacity_s[r] += (double)world->capacity[r] * dt;
    }
    world->totals.in_system_s += world->in_system * dt;
    world->view.now_s = to_s;
}

static bool asks_again(const struct world *world, const struct plan *plan, int applied,
                       int64_t started)
{
    if (world->slotted)
        return world->catalog->rounds == ROUNDS_MANY && started > 0;
    return plan->again && applied > 0;
}

int world_apply(struct world *world, const struct plan *plan)
{
    int64_t starts = world->totals.starts;
    int applied;

    BUG_ON(world->over);
    forget_news(world);
    applied = plan->actions > 0 ? plan_apply(world, plan) : 0;
    world->totals.decisions++;
    if (asks_again(world, plan, applied, world->totals.starts - starts)) {
        world->view.round++;
    } else if (world->slotted) {
        slotted_advance(world);
    } else {
        world->wake_s = plan->wake_s > world->view.now_s ? plan->wake_s : HUGE_VAL;
        continuous_advance(world);
    }
    world->view.decision++;
    check_over(world);
    show_news(world);
    return applied;
}
