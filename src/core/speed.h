/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed models: progress per second of a task under an allocation, at a given progress. They are
 * the truth of a scenario; policies never see one (they have the estimator).
 *
 * A model turns an allocation into a rate once; a curve turns the rate and the progress into a
 * speed, a time to go, or a later progress:
 *
 *     flat     speed = base                                          closed form
 *     sqrt     speed = base * sqrt(ceiling - progress)               closed form
 *     level    speed = base * ((progress/base)^(1/bend) + 1)^bend    by quadrature
 */
#ifndef CORE_SPEED_H
#define CORE_SPEED_H

#include <math.h>

#include "base/arena.h"
#include "base/option.h"
#include "core/allocation.h"

struct catalog;
struct err;
struct yaml_node;

enum speed_curve { CURVE_FLAT, CURVE_SQRT, CURVE_LEVEL };

struct rate {
    double base; /* progress per second; 0: stands still */
    double bend; /* CURVE_LEVEL only */
};

struct speed_model {
    const struct speed_ops *ops;
    const void *params; /* the model's own, in the scenario's arena */
    enum speed_curve curve;
    /* Flat and sqrt as one formula, without a branch: speed = base * sqrt(ceiling - slope *
     * progress). A flat curve has ceiling 1 and slope 0, which is exact. */
    double ceiling, slope;
};

struct speed_ops {
    const char *name, *summary, *formula;
    const struct option_spec *options; /* keys of the speed map beside model, curve and ceiling */
    /* Reads the model's own keys. */
    int (*read)(const struct yaml_node *map, const struct catalog *catalog, struct arena *arena,
                const void **params, struct err *err);
    struct rate (*rate)(const void *params, const struct allocation *allocation);
    /* A rate, and by it a speed at any progress, that no allocation between the two exceeds. NULL:
     * no resource ever slows a task down, so that is the rate of `high`. */
    struct rate (*most)(const void *params, const struct allocation *low,
                        const struct allocation *high);
};

/* All models, for docs; ends with NULL. */
extern const struct speed_ops *const speed_models[];
extern const struct option_spec speed_options[]; /* model, curve, ceiling */

int speed_read(struct speed_model *model, const struct yaml_node *map,
               const struct catalog *catalog, struct arena *arena, struct err *err);

static inline struct rate speed_rate(const struct speed_model *model,
                                     const struct allocation *allocation)
{
    return model->ops->rate(model->params, allocation);
}

/* See speed_ops.most; exact where low and high are the same. */
static inline struct rate speed_rate_most(const struct speed_model *model,
                                          const struct allocation *low,
                                          const struct allocation *high)
{
    if (!model->ops->most || allocation_equal(low, high))
        return speed_rate(model, high);
    return model->ops->most(model->params, low, high);
}

void speed_set_curve(struct speed_model *model, enum speed_curve curve, double ceiling);

double speed_at_level(struct rate rate, double progress);

/* speed_at() for flat and sqrt curves. */
static inline double speed_at_root(const struct speed_model *model, struct rate rate,
                                   double progress)
{
    double left = model->ceiling - model->slope * progress;

    return rate.base * sqrt(left > 0 ? left : 0);
}

/* Progress per second at a progress in 0 .. 1. */
static inline double speed_at(const struct speed_model *model, struct rate rate, double progress)
{
    if (model->curve != CURVE_LEVEL)
        return speed_at_root(model, rate, progress);
    return rate.base > 0 ? speed_at_level(rate, progress) : 0;
}

/* The following two for any curve. */
double speed_seconds_along(const struct speed_model *model, struct rate rate, double from,
                           double to);
double speed_advance_along(const struct speed_model *model, struct rate rate, double from,
                           double seconds);

/* Seconds from one progress to a later one; INFINITY if it never gets there. */
static inline double speed_seconds(const struct speed_model *model, struct rate rate, double from,
                                   double to)
{
    if (model->curve == CURVE_FLAT && from < to && rate.base > 0)
        return (to - from) / rate.base;
    return speed_seconds_along(model, rate, from, to);
}

/* Progress after so many seconds, at most 1. */
static inline double speed_advance(const struct speed_model *model, struct rate rate, double from,
                                   double seconds)
{
    double to = from + rate.base * seconds;

    if (model->curve == CURVE_FLAT && rate.base > 0 && seconds > 0)
        return to < 1 ? to : 1;
    return speed_advance_along(model, rate, from, seconds);
}

/* A model that needs no YAML: table cells in row-major order over the grid's levels. */
struct speed_table {
    int axes;
    int resource[MAX_RESOURCES];
    int levels[MAX_RESOURCES];
    const int32_t *level[MAX_RESOURCES]; /* ascending */
    const struct rate *cell;
    bool interpolate; /* multilinear between levels; else the next lower level counts */
};

/* Wraps a table (borrowed) as a model. */
struct speed_model speed_from_table(const struct speed_table *table, enum speed_curve curve);

#endif
