/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paper-optimus: the elastic "Optimus" of TapFinger's authors, as they coded it; Optimus itself
 * (Peng et al., EuroSys'18) is another policy.
 *
 * In every round each agent resets its running tasks and its candidate to their minimum and then
 * hands out single units: each goes to the (task, resource) with the largest (T(a) - T(a + 1 unit))
 * / a_r, where T = (1 - progress) / speed, as long as that is positive. Running tasks change at
 * once.
 *
 * Speeds come from a fit of 1 / (a/w + b + c*w/p + d*w + e*p), p CPUs and w GPUs, by least squares
 * over all combinations, those with speed 0 included, and 0 written as 0.001. Quirks kept:
 *   - the abscissae run with the CPUs fastest and the ordinates with the GPUs fastest, so on a
 * square grid CPUs and GPUs are exchanged;
 *   - with one start per slot the samples carry the environment's noise and the parameters are
 * bounded by 0; else neither;
 *   - runs with more than two types (the trace scenarios) are fitted to the synthetic formulas
 * whatever their types do, and any type past the second to zeros;
 *   - the gain is divided by the task's own amount in place of the cluster's.
 *
 * Good when speeds have the assumed shape and changes are cheap; bad when reallocation costs time,
 * which it ignores.
 *
 * Source: nooblyh/TapFinger 5fd9e3b, read for facts; paper.md, section 4.
 */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/rng.h"
#include "core/estimator.h"
#include "core/least_squares.h"
#include "core/policy.h"
#include "policy/paper_rules.h"
#include "policy/registry.h"

enum { COEFFICIENTS = 5, LARGEST_GRID = 64 };

struct share {
    int32_t task;
    double left; /* 1 - progress */
    struct allocation amount;
};

struct paper_optimus {
    struct paper_resources resource;
    struct id_set claims;
    double (*fit)[COEFFICIENTS]; /* by type: a .. e */
    struct share *share;
    int32_t shares, capacity;
};

struct grid {
    double *cpus, *gpus, *speed; /* by point */
    int points;
};

static double seconds(const double *k, double cpus, double gpus)
{
    return k[0] / gpus + k[1] + k[2] * gpus / cpus + k[3] * gpus + k[4] * cpus;
}

static double fitted_speed(const void *arg, int point, const double *k, double *derivative)
{
    const struct grid *grid = arg;
    double p = grid->cpus[point], w = grid->gpus[point];
    double speed = 1 / seconds(k, p, w), slope = -speed * speed;

    derivative[0] = slope / w;
    derivative[1] = slope;
    derivative[2] = slope * w / p;
    derivative[3] = slope * w;
    derivative[4] = slope * p;
    return speed;
}

struct sampler {
    const struct policy_setup *setup;
    struct paper_resources resource;
    struct rng rng;
    bool formula, noisy;
};

/* The synthetic scenario's speeds at progress 0 (paper.md, section 2). */
static double formula_speed(struct sampler *sampler, int type, const struct allocation *a)
{
    double speed = type == 0 ? 0.25 : tanh(a->amount[sampler->resource.gpu] / 16.0) * sqrt(1.2);

    if (type > 1 || !allocation_fits(&sampler->setup->catalog->type[type].min, a))
        return 0;
    if (sampler->noisy)
        speed = fmax(0, speed + (rng_unit(&sampler->rng) - 0.5) * 0.2);
    return speed;
}

static double sample(struct sampler *sampler, int type, int32_t cpus, int32_t gpus)
{
    struct allocation a = {{0}};

    a.amount[sampler->resource.cpu] = cpus;
    a.amount[sampler->resource.gpu] = gpus;
    if (sampler->formula)
        return formula_speed(sampler, type, &a);
    return sampler->noisy ? estimator_sample(sampler->setup->estimator, type, &a, 0, 0)
                          : estimator_speed(sampler->setup->estimator, type, &a, 0);
}

static double never_zero(int32_t amount)
{
    return amount > 0 ? amount : 0.001;
}

static void fill_grid(struct sampler *sampler, int type, int32_t cpus, int32_t gpus,
                      struct grid *grid)
{
    int i = 0;

    for (int32_t g = 0; g <= gpus; g++)
        for (int32_t c = 0; c <= cpus; c++, i++) {
            grid->cpus[i] = never_zero(c);
            grid->gpus[i] = never_zero(g);
        }
    i = 0;
    for (int32_t c = 0; c <= cpus; c++)
        for (int32_t g = 0; g <= gpus; g++, i++)
            grid->speed[i] = sample(sampler, type, c, g);
    grid->points = i;
}

static bool is_zero(const struct grid *grid)
{
    for (int i = 0; i < grid->points; i++)
        if (grid->speed[i] != 0)
            return false;
    return true;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static void fit_type(struct sampler *sampler, int type, double *k)
{
    /* All zeros have no best fit; this is where the authors' fitter stops. */
    static const double zero_fit[COEFFICIENTS] = {124.599778, 196.613870, 239.638583, 488.178541,
                                                  621.551922};
    static const double bounds[COEFFICIENTS] = {0};
    const struct allocation *max = &sampler->setup->catalog->type[type].max;
    int32_t cpus = smaller(max->amount[sampler->resource.cpu], LARGEST_GRID);
    int32_t gpus = smaller(max->amount[sampler->resource.gpu], LARGEST_GRID);
    size_t points = (size_t)(cpus + 1) * (size_t)(gpus + 1);
    double *memory = xcalloc(3 * points, sizeof *memory);
    struct grid grid = {memory, memory + points, memory + 2 * points, 0};
    struct least_squares problem = {
        .parameters = COEFFICIENTS, .value = fitted_speed, .arg = &grid};

    fill_grid(sampler, type, cpus, gpus, &grid);
    problem.points = grid.points;
    problem.target = grid.speed;
    problem.lower = sampler->setup->catalog->rounds == ROUNDS_ONE ? bounds : NULL;
    for (int i = 0; i < COEFFICIENTS; i++)
        k[i] = is_zero(&grid) ? zero_fit[i] : 1;
    if (!is_zero(&grid))
        least_squares_fit(&problem, k);
    free(memory);
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct paper_optimus *s = state;
    struct sampler sampler = {.setup = setup};

    if (paper_check_sites(setup->catalog, err))
        return ERR_UNSUPPORTED;
    s->resource = sampler.resource = paper_find_resources(setup->catalog);
    sampler.formula = setup->catalog->types > 2;
    sampler.noisy = setup->catalog->rounds == ROUNDS_ONE && setup->catalog->slot_s > 0;
    rng_stream(&sampler.rng, setup->seed, "policy");
    s->fit = xcalloc((size_t)setup->catalog->types, sizeof *s->fit);
    for (int i = 0; i < setup->catalog->types; i++)
        fit_type(&sampler, i, s->fit[i]);
    return 0;
}

static void release(void *state)
{
    struct paper_optimus *s = state;

    id_set_release(&s->claims);
    free(s->fit);
    free(s->share);
}

static void add_share(struct paper_optimus *s, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];

    if (s->shares == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 32;
        s->share = xrealloc(s->share, (size_t)s->capacity, sizeof *s->share);
    }
    s->share[s->shares++] = (struct share){
        .task = id,
        .left = 1 - (task->state == TASK_RUNNING ? view_progress(view, id) : 0),
        .amount = task->min,
    };
}

/* What one more unit of a resource saves, per unit that the task has. */
static double gain(const struct paper_optimus *s, const struct view *view,
                   const struct share *share, int r)
{
    const double *k = s->fit[view->task[share->task].type];
    int32_t cpus = share->amount.amount[s->resource.cpu];
    int32_t gpus = share->amount.amount[s->resource.gpu];
    double now = seconds(k, never_zero(cpus), never_zero(gpus));
    double then = r == s->resource.cpu ? seconds(k, cpus + 1, never_zero(gpus))
                                       : seconds(k, never_zero(cpus), gpus + 1);

    return share->left * (now - then) / never_zero(share->amount.amount[r]);
}

static void hand_out(struct paper_optimus *s, const struct view *view, struct allocation *free)
{
    int resource[2] = {s->resource.cpu, s->resource.gpu};

    for (;;) {
        struct share *best = NULL;
        double most = 0;
        int best_resource = -1;

        for (int32_t i = 0; i < s->shares; i++)
            for (int k = 0; k < 2; k++) {
                struct share *share = &s->share[i];
                int r = resource[k];

                if (free->amount[r] > 0 &&
                    share->amount.amount[r] < view->task[share->task].max.amount[r] &&
                    gain(s, view, share, r) > most) {
                    most = gain(s, view, share, r);
                    best = share;
                    best_resource = r;
                }
            }
        if (!best)
            return;
        best->amount.amount[best_resource]++;
        free->amount[best_resource]--;
    }
}

/* Everybody's minimum out of the capacity; a candidate that does not fit is dropped. */
static struct allocation take_minima(struct paper_optimus *s, const struct view *view,
                                     int32_t cluster, int32_t *candidate)
{
    struct allocation free = view->catalog->cluster[cluster].capacity;

    for (int32_t i = 0; i < s->shares; i++) {
        if (s->share[i].task == *candidate && !allocation_fits(&s->share[i].amount, &free)) {
            *candidate = -1;
            s->shares--;
            break;
        }
        allocation_subtract(&free, &s->share[i].amount);
    }
    return free;
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct paper_optimus *s = state;

    id_set_clear(&s->claims);
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        const struct cluster_view *at = &view->cluster[c];
        int32_t candidate = paper_candidate(view, c, &s->claims);
        struct allocation free;

        s->shares = 0;
        for (int32_t i = 0; i < at->runnings; i++)
            add_share(s, view, at->running[i]);
        if (candidate >= 0) {
            id_set_add(&s->claims, candidate);
            add_share(s, view, candidate);
        }
        free = take_minima(s, view, c, &candidate);
        hand_out(s, view, &free);
        for (int32_t i = 0; i < s->shares; i++) {
            const struct share *share = &s->share[i];

            if (share->task == candidate)
                plan_start(plan, candidate, c, &share->amount);
            else if (!allocation_equal(&share->amount, &view->task[share->task].allocation))
                plan_resize(plan, share->task, &share->amount);
        }
    }
    paper_ask_again(view, plan);
}

const struct policy_ops policy_paper_optimus = {
    .name = "paper-optimus",
    .summary = "the elastic \"Optimus\" of TapFinger's authors, as coded",
    .source = "nooblyh/TapFinger 5fd9e3b (not Optimus as published)",
    .info = INFO_ORACLE,
    .traits = POLICY_ELASTIC | POLICY_MODEL,
    .state_size = sizeof(struct paper_optimus),
    .init = init,
    .decide = decide,
    .release = release,
};
