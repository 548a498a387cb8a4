/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a task fast or slow, beside its type and allocation: noise, interference, start-up,
 * data. */
#include "sim/world_state.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/placements.h"
#include "sim/noise.h"

static inline double start_noise(const struct world *world, const struct type_truth *truth,
                                 int32_t id)
{
    const struct noise *noise = &truth->noise;

    if (noise->kind != NOISE_LOGNORMAL || noise->per_slot)
        return 1;
    return noise_factor(world->start_noise_seed, id, world->hidden[id].starts, noise->width);
}

/* Exponential by the type's mean time between failures; the same for the n-th start of a task under
 * every policy. */
static inline double draw_failure(const struct world *world, const struct type_truth *truth,
                                  int32_t id)
{
    double mtbf_s = truth->mtbf_s;
    uint64_t bits;

    if (!world->has_failures || mtbf_s <= 0)
        return HUGE_VAL;
    bits = rng_hash(world->failure_seed, (uint64_t)id, (uint64_t)world->hidden[id].starts);
    return -mtbf_s * log1p(-rng_bits_unit(bits));
}

/* On nodes it matters where the allocation lies. */
static inline void place_rate(const struct world *world, const struct task *task, struct rate *rate)
{
    const struct placements *placements = world->scenario->truth[task->type].placements;
    const struct allocation *node = &world->catalog->cluster[task->cluster].node;
    int resource;

    if (!placements || task->placement.shares == 0)
        return;
    resource = nodes_resource(&task->allocation, node);
    if (resource >= 0)
        rate->base *= placements_factor(placements, resource, &task->placement);
}

static size_t hash_of(const struct allocation *allocation)
{
    static const uint64_t odd[] = {0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu, 0x165667B19E3779F9u,
                                   0x27D4EB2F165667C5u};
    uint64_t word[COUNT_OF(odd)], hash = 0;

    static_assert(sizeof word == sizeof *allocation, "an allocation is so many words");
    memcpy(word, allocation, sizeof word);
    for (size_t i = 0; i < COUNT_OF(odd); i++)
        hash += word[i] * odd[i];
    return (size_t)(hash >> (64 - RATE_BITS));
}

static const struct known_rate *find_rate(struct world *world, const struct task *task)
{
    struct known_rate *known = &world->rates[task->type].known[hash_of(&task->allocation)];

    if (allocation_equal(&known->allocation, &task->allocation))
        return known;
    known->allocation = task->allocation;
    known->rate = (struct rate){0};
    if (allocation_fits(&world->catalog->type[task->type].min, &task->allocation))
        known->rate = speed_rate(&world->scenario->truth[task->type].speed, &task->allocation);
    return known;
}

/* A type gets few different allocations, and a task often what it had before, so rates are kept.
 * What is below the task's own minimum makes it stand still, like anything below its type's. */
static inline void set_rate(struct world *world, const struct task *task, struct hidden *hidden)
{
    if (!hidden->known || !allocation_equal(&hidden->known->allocation, &task->allocation))
        hidden->known = find_rate(world, task);
    hidden->rate = hidden->known->rate;
    place_rate(world, task, &hidden->rate);
    if (world->below_minimum && !allocation_fits(&task->min, &task->allocation))
        hidden->rate = (struct rate){0};
}

void progress_set_rate(struct world *world, int32_t id)
{
    set_rate(world, &world->task[id], &world->hidden[id]);
}

/* Whether a slot brings just what the speed says, by speed_at_root(). */
static bool is_plain(const struct world *world, const struct task *task,
                     const struct hidden *hidden)
{
    const struct type_truth *truth = &world->scenario->truth[task->type];

    return truth->noise.kind == NOISE_NONE && truth->mtbf_s <= 0 &&
           truth->speed.curve != CURVE_LEVEL && !world->scenario->has_interference &&
           world->catalog->type[task->type].switching.factor == 1 && hidden->multiplier == 1 &&
           hidden->stall_until_s <= world->view.now_s;
}

void progress_refresh_slotted(struct world *world, int32_t id)
{
    const struct task *task = &world->task[id];
    struct hidden *hidden = &world->hidden[id];

    progress_set_multiplier(world, task, hidden);
    hidden->plain = is_plain(world, task, hidden);
}

void progress_begin(struct world *world, int32_t id, int32_t from)
{
    const struct task *task = &world->task[id];
    const struct type_info *info = &world->catalog->type[task->type];
    const struct type_truth *truth = &world->scenario->truth[task->type];
    struct hidden *hidden = &world->hidden[id];
    double here_s = world->view.now_s;

    if (from != task->cluster) {
        double mb = info->data_mb + (hidden->progress > 0 ? info->state_mb : 0);

        here_s = progress_transfer_end(world, from, task->cluster, mb);
    }
    hidden->starts++;
    hidden->noise = start_noise(world, truth, id);
    hidden->multiplier = hidden->noise * hidden->inverse_work;
    hidden->fail_left_s = draw_failure(world, truth, id);
    hidden->stall_until_s = here_s + info->startup_s;
    hidden->data_at = task->cluster;
    if (world->slotted)
        hidden->plain = is_plain(world, task, hidden);
    set_rate(world, task, hidden);
}

double progress_interference(const struct world *world, int32_t id)
{
    const struct task *task = &world->task[id];
    const struct running_list *list = &world->running[task->cluster];
    double suffers = world->scenario->truth[task->type].suffers, pressure = 0;

    if (suffers == 0)
        return 1;
    for (int32_t i = 0; i < list->count; i++)
        if (list->id[i] != id && world->task[list->id[i]].state == TASK_RUNNING)
            pressure += world->scenario->truth[world->task[list->id[i]].type].pressure;
    return 1 / (1 + suffers * pressure);
}

double progress_transfer_end(const struct world *world, int32_t from, int32_t to, double mb)
{
    if (from == to || mb <= 0)
        return world->view.now_s;
    return outages_delay(world, from, to, catalog_transfer_s(world->catalog, from, to, mb));
}
