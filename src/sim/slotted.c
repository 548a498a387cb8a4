/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slotted time, by the rules of golden/environment/README.md, step 3: all running tasks make one
 * slot's progress (clusters ascending, tasks in the order of their starts), completed ones leave,
 * time moves, new tasks arrive, windows are refilled. The order of the floating-point operations is
 * part of the rules: progress = progress + max(0, speed * slot + noise) * switch factor.
 */
#include "sim/world_state.h"

#include <math.h>

#include "sim/noise.h"

static double additive_noise(const struct world *world, int32_t id, const struct noise *noise)
{
    int32_t nth = world->hidden[id].walks;

    if (world->noise)
        return world->noise(world->noise_arg, id, nth);
    return noise_added(world->noise_seed, id, nth, noise->width);
}

/* The part of its speed that a changed allocation leaves for this slot. A task's first slot is
 * free. */
static double switching_factor(const struct world *world, const struct task *task,
                               struct hidden *hidden)
{
    const struct switching_cost *cost = &world->catalog->type[task->type].switching;
    bool changed =
        hidden->walked_cluster >= 0 && (!allocation_equal(&hidden->walked, &task->allocation) ||
                                        hidden->walked_cluster != task->cluster);
    double slot_s = world->catalog->slot_s, part;

    hidden->walked = task->allocation;
    hidden->walked_cluster = task->cluster;
    if (changed)
        hidden->slow_left_s = cost->seconds;
    if (hidden->slow_left_s <= 0)
        return 1;
    part = hidden->slow_left_s < slot_s ? hidden->slow_left_s / slot_s : 1;
    hidden->slow_left_s -= slot_s;
    return 1 - (1 - cost->factor) * part;
}

/* The part of this slot in which the task neither waits for data nor starts up. */
static double moving_part(const struct world *world, const struct hidden *hidden, double start_s)
{
    double stalled_s = hidden->stall_until_s - start_s;

    if (stalled_s <= 0)
        return 1;
    return stalled_s < world->catalog->slot_s ? 1 - stalled_s / world->catalog->slot_s : 0;
}

static double slot_progress(const struct world *world, int32_t id, double start_s)
{
    const struct task *task = &world->task[id];
    const struct type_truth *truth = &world->scenario->truth[task->type];
    struct hidden *hidden = &world->hidden[id];
    double delta = 0;

    if (hidden->rate.base > 0) {
        delta = speed_at(&truth->speed, hidden->rate, hidden->progress) * world->catalog->slot_s;
        if (truth->noise.kind == NOISE_ADDITIVE)
            delta = fmax(0, delta + additive_noise(world, id, &truth->noise));
        else if (truth->noise.kind == NOISE_LOGNORMAL && truth->noise.per_slot)
            delta *= noise_factor(world->noise_seed, id, hidden->walks, truth->noise.width);
    }
    delta *= switching_factor(world, task, hidden);
    delta *= hidden->multiplier * moving_part(world, hidden, start_s);
    if (world->scenario->has_interference)
        delta *= progress_interference(world, id);
    hidden->walks++;
    return delta;
}

static bool fails_in_slot(struct world *world, int32_t id)
{
    struct hidden *hidden = &world->hidden[id];

    if (hidden->fail_left_s > world->catalog->slot_s) {
        hidden->fail_left_s -= world->catalog->slot_s;
        return false;
    }
    return true;
}

/* One slot of a task to which everything may happen; true when it no longer runs. */
static bool walk_task(struct world *world, int32_t id, double start_s)
{
    struct hidden *hidden = &world->hidden[id];

    if (world->has_failures && fails_in_slot(world, id)) {
        task_fail(world, id, true, false);
        return true;
    }
    hidden->progress += slot_progress(world, id, start_s);
    if (hidden->progress < 1)
        return false;
    task_finish(world, id);
    return true;
}

/* The same for a plain task, see progress_begin(). */
static inline bool walk_plain_task(struct world *world, int32_t id, double slot_s)
{
    struct hidden *hidden = &world->hidden[id];

    hidden->progress += speed_at_root(hidden->model, hidden->rate, hidden->progress) * slot_s;
    if (hidden->progress < 1)
        return false;
    task_finish(world, id);
    return true;
}

static void walk_cluster(struct world *world, int32_t cluster, double start_s)
{
    const int32_t *id = world->running[cluster].id;
    int32_t count = world->running[cluster].count, first_left = count;
    double slot_s = world->catalog->slot_s;

    for (int32_t i = 0; i < count; i++) {
        bool left = world->hidden[id[i]].plain ? walk_plain_task(world, id[i], slot_s)
                                               : walk_task(world, id[i], start_s);

        if (left && i < first_left)
            first_left = i;
    }
    if (first_left < count)
        running_compact(world, cluster, first_left);
}

static void arrive_now(struct world *world)
{
    const struct arrivals *arrivals = world->arrivals;

    while (world->next_arrival < arrivals->count &&
           arrivals->item[world->next_arrival].time_s <= world->view.now_s)
        task_arrive(world, world->next_arrival++);
}

static void open_slot(struct world *world)
{
    for (int32_t c = 0; c < world->catalog->clusters; c++)
        world->cluster[c].may_start = world->cluster[c].up;
    world->view.round = 0;
}

static void note_load(struct world *world)
{
    for (int32_t c = 0; c < world->catalog->clusters; c++) {
        const struct cluster_view *at = &world->cluster[c];

        world->load[c] = at->runnings + at->queued + at->shown;
    }
}

void slotted_advance(struct world *world)
{
    double start_s = world->view.now_s;

    world->slot++;
    world_pass_time(world, (double)world->slot * world->catalog->slot_s);
    note_load(world);
    world->walks = true;
    for (int32_t c = 0; c < world->catalog->clusters; c++)
        walk_cluster(world, c, start_s);
    companies_after_walk(world);
    outages_happen(world);
    arrive_now(world);
    if (world->window)
        windows_refill(world);
    open_slot(world);
}
