/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arrival processes. A process yields only times; type, work, reach and home are drawn per task
 * from streams of their own, so a change of the rate does not change who the k-th task is.
 */
#include "sim/arrivals.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/memory.h"
#include "sim/arrival_draw.h"

struct process {
    const struct arrival_rule *rule;
    struct rng rng;
    double slot_s;
    double now_s;
    int64_t slot;
    uint32_t left_in_slot;
    bool in_burst;
    double switch_s; /* bursts: when the state changes next */
    double peak;     /* largest factor of the profile */
};

void arrivals_init(struct arrivals *arrivals)
{
    *arrivals = (struct arrivals){0};
    arena_init(&arrivals->arena);
}

void arrivals_release(struct arrivals *arrivals)
{
    arena_release(&arrivals->arena);
    free(arrivals->item);
    *arrivals = (struct arrivals){0};
}

static double day_factor(const struct arrival_rule *rule, double time_s)
{
    double at;

    if (!rule->profile)
        return 1;
    at = fmod(time_s, rule->day_s) / rule->day_s * rule->profiles;
    return rule->profile[(int)at < rule->profiles ? (int)at : rule->profiles - 1];
}

static void process_init(struct process *p, const struct scenario *scenario, uint64_t seed)
{
    const struct arrival_rule *rule = &scenario->arrivals;

    *p = (struct process){.rule = rule, .slot_s = scenario->catalog.slot_s, .slot = -1};
    rng_stream(&p->rng, seed, "arrivals");
    p->peak = 1;
    for (int i = 0; i < rule->profiles; i++)
        p->peak = i == 0 || rule->profile[i] > p->peak ? rule->profile[i] : p->peak;
    if (rule->process == ARRIVALS_BURSTS)
        p->switch_s = rng_exponential(&p->rng, rule->calm_s);
}

static double next_per_slot(struct process *p)
{
    while (p->left_in_slot == 0) {
        double start_s = (double)++p->slot * p->slot_s;

        if (start_s > p->rule->until_s)
            return HUGE_VAL;
        p->left_in_slot = rng_poisson(&p->rng, p->rule->rate * day_factor(p->rule, start_s));
    }
    p->left_in_slot--;
    return (double)p->slot * p->slot_s;
}

/* The next point of a Poisson process whose rate is piecewise constant between switches. */
static double next_in_bursts(struct process *p)
{
    for (;;) {
        double rate = (p->in_burst ? p->rule->burst_rate : p->rule->rate) * p->peak;
        double gap = rng_exponential(&p->rng, 1 / rate);

        if (p->now_s + gap < p->switch_s)
            return p->now_s + gap;
        p->now_s = p->switch_s;
        p->in_burst = !p->in_burst;
        p->switch_s += rng_exponential(&p->rng, p->in_burst ? p->rule->burst_s : p->rule->calm_s);
    }
}

/* Thinning: points at the peak rate, each kept with the probability that the profile says. */
static double next_thinned(struct process *p)
{
    do {
        if (p->rule->process == ARRIVALS_BURSTS)
            p->now_s = next_in_bursts(p);
        else
            p->now_s += rng_exponential(&p->rng, 1 / (p->rule->rate * p->peak));
    } while (p->rule->profile && p->now_s <= p->rule->until_s &&
             rng_unit(&p->rng) * p->peak >= day_factor(p->rule, p->now_s));
    return p->now_s;
}

static double next_time(struct process *p, int64_t index)
{
    switch (p->rule->process) {
    case ARRIVALS_POISSON_SLOT:
        return next_per_slot(p);
    case ARRIVALS_POISSON:
    case ARRIVALS_BURSTS:
        return next_thinned(p);
    case ARRIVALS_REGULAR:
        return (double)index / p->rule->rate;
    case ARRIVALS_AT_ONCE:
    case ARRIVALS_FILE:
        break;
    }
    return 0;
}

/* In a slotted world a task becomes visible at the start of a slot. */
static double round_up_to_slot(const struct scenario *scenario, double time_s)
{
    double slot_s = scenario->catalog.slot_s;

    return slot_s > 0 ? ceil(time_s / slot_s - 1e-9) * slot_s : time_s;
}

int64_t arrivals_fixed_count(const struct scenario *scenario)
{
    const struct arrival_rule *rule = &scenario->arrivals;

    return rule->process == ARRIVALS_FILE || rule->until_s < HUGE_VAL ? 0 : rule->tasks;
}

int arrivals_make(struct arrivals *arrivals, const struct scenario *scenario, uint64_t seed,
                  struct err *err)
{
    const struct arrival_rule *rule = &scenario->arrivals;
    struct arrival_draw draw;
    struct process process;
    int64_t capacity = rule->tasks < 1024 ? rule->tasks : 1024;

    if (rule->process == ARRIVALS_FILE)
        return arrivals_read(arrivals, scenario, rule->file, seed, err);
    arena_reset(&arrivals->arena);
    arrivals->count = 0;
    arrivals->item = xrealloc(arrivals->item, (size_t)capacity, sizeof *arrivals->item);
    arrival_draw_init(&draw, scenario, seed, &arrivals->arena);
    process_init(&process, scenario, seed);
    while (arrivals->count < rule->tasks) {
        double time_s = next_time(&process, arrivals->count);
        struct arrival *arrival;

        if (time_s > rule->until_s)
            break;
        if (arrivals->count == capacity) {
            capacity *= 2;
            arrivals->item = xrealloc(arrivals->item, (size_t)capacity, sizeof *arrivals->item);
        }
        arrival = &arrivals->item[arrivals->count++];
        *arrival = (struct arrival){.time_s = round_up_to_slot(scenario, time_s)};
        arrival_draw_task(&draw, arrival);
    }
    return 0;
}
