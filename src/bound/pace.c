/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise. What is added to (or multiplies) a task's n-th slot is drawn by task
 * and n, so the bounds use the very draws of the seed. Noise drawn once per
 * start is known too, but a policy may start a task again until it likes the
 * draw: the largest of the first `starts` draws is taken, and the bound holds
 * for all schedules that start no task more often.
 *
 * Start-up. The n-th slot that a task walks lies at most n slots after its last
 * start, so of the first slots at most the part counts that would count after a
 * single start.
 *
 * Lower progress. On a sqrt curve a task with less progress is faster, and may
 * overtake itself in a coarse step: y + b sqrt(c - y) grows with y only up to
 * y* = c - b^2/4. pace_most() therefore takes the best over all progress up to
 * the given one, which also covers progress that was lost.
 */
#include "bound/pace.h"

#include <math.h>

#include "sim/noise.h"

enum { SLOTS_WALKED = 100000 };

/* Roots and powers are monotone only up to rounding; flat curves need no such
 * margin. */
static const double MARGIN = 1e-12;

struct pace pace_of(const struct scenario *scenario, int32_t type, int32_t task, double work,
                    uint64_t seed, int starts)
{
    const struct type_truth *truth = &scenario->truth[type];
    struct pace pace = {.model = &truth->speed,
                        .noise = truth->noise,
                        .stream = noise_slot_stream(seed),
                        .task = task,
                        .slot_s = scenario->catalog.slot_s,
                        .startup_s = scenario->catalog.type[type].startup_s};
    double best = 1;

    if (truth->noise.kind == NOISE_LOGNORMAL && !truth->noise.per_slot) {
        uint64_t stream = noise_start_stream(seed);

        best = 0;
        for (int i = 1; i <= starts; i++)
            best = fmax(best, noise_factor(stream, task, i, truth->noise.width));
    }
    pace.multiplier = best * (1 / work);
    return pace;
}

static double moving_part(const struct pace *pace, int32_t nth)
{
    double stalled_s = pace->startup_s - nth * pace->slot_s;

    if (stalled_s <= 0)
        return 1;
    return stalled_s < pace->slot_s ? 1 - stalled_s / pace->slot_s : 0;
}

/* What the world makes of a speed in the n-th slot. */
static double gain_of(const struct pace *pace, double speed, int32_t nth, double factor)
{
    double delta = speed * pace->slot_s;

    if (pace->noise.kind == NOISE_ADDITIVE)
        delta = fmax(0, delta + noise_added(pace->stream, pace->task, nth, pace->noise.width));
    else if (pace->noise.kind == NOISE_LOGNORMAL && pace->noise.per_slot)
        delta *= noise_factor(pace->stream, pace->task, nth, pace->noise.width);
    delta *= factor;
    return delta * (pace->multiplier * moving_part(pace, nth));
}

double pace_step_slowed(const struct pace *pace, struct rate rate, double from, int32_t nth,
                        double factor)
{
    if (rate.base <= 0)
        return from;
    return from + gain_of(pace, speed_at(pace->model, rate, from), nth, factor);
}

double pace_step(const struct pace *pace, struct rate rate, double from, int32_t nth)
{
    return pace_step_slowed(pace, rate, from, nth, 1);
}

/* Where progress plus a slot's gain is largest on a sqrt curve, noise aside. */
static double best_from(const struct pace *pace, struct rate rate, int32_t nth)
{
    double gain = rate.base * pace->slot_s * pace->multiplier * moving_part(pace, nth);

    if (pace->noise.kind == NOISE_LOGNORMAL && pace->noise.per_slot)
        gain *= noise_factor(pace->stream, pace->task, nth, pace->noise.width);
    return pace->model->ceiling - gain * gain / 4;
}

double pace_most(const struct pace *pace, struct rate rate, double upto, int32_t nth)
{
    double from = upto, best;

    if (pace->model->curve == CURVE_FLAT)
        return pace_step(pace, rate, upto, nth);
    if (pace->model->curve == CURVE_LEVEL)
        return pace_step(pace, rate, upto, nth) + MARGIN;
    from = fmin(upto, fmax(0, best_from(pace, rate, nth)));
    best = fmax(pace_step(pace, rate, from, nth), pace_step(pace, rate, upto, nth));
    return fmax(upto, best) + MARGIN;
}

/* Speeds of a level curve grow with progress, so that at the next level of the
 * envelope is as much as any allocation gives. */
static double most_by_envelope(const struct pace *pace, const double *envelope, double upto,
                               int32_t nth)
{
    int level = (int)ceil(upto * ENVELOPE);

    return upto + gain_of(pace, envelope[level], nth, 1) + MARGIN;
}

static double most_of_all(const struct pace *pace, const struct portions *fastest, double upto,
                          int32_t nth)
{
    double best = upto;

    for (int32_t i = 0; i < fastest->count; i++)
        best = fmax(best, pace_most(pace, fastest->item[i].rate, upto, nth));
    return best;
}

double pace_least_slots(const struct pace *pace, const struct menu *menu)
{
    double progress = 0;
    int32_t slots = 0;

    if (menu->fastest.count == 0)
        return HUGE_VAL;
    for (; progress < 1 && slots < SLOTS_WALKED; slots++)
        progress = menu->envelope ? most_by_envelope(pace, menu->envelope, progress, slots)
                                  : most_of_all(pace, &menu->fastest, progress, slots);
    return slots;
}
