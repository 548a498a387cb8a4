/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an allocation was measured, the curve is the mean of what was measured and its band two
 * standard errors wide on either side; a single run there is taken to scatter as runs do elsewhere.
 * Where none was, the curve is the model, and its band is what the model is off by at places that
 * it was not shown: each measured allocation in turn is left out and foretold from the others, and
 * twice the root of the mean squared difference of logarithms goes either way. That is honest
 * between what was measured and hopeful beyond. With one allocation measured nobody can say how far
 * the model is off, so elsewhere there is no band.
 */
#include "serve/speed_curve.h"

#include <math.h>
#include <string.h>

#include "core/estimator.h"
#include "serve/curve_amounts.h"
#include "serve/job.h"
#include "serve/live.h"
#include "serve/sensitivity.h"
#include "serve/site.h"

enum { POINTS = 64, AMOUNTS = 12 };

static const double BAND = 2; /* standard deviations */

struct curve {
    const struct live *live;
    int32_t type;
    struct speed_point point[POINTS];
    int points;
    double scatter; /* of equal runs about their mean, relative; -1: none were equal */
    double misfit;  /* of logarithms, at places not shown; -1: not known */
    double mape;
};

static double mean_of(const struct speed_point *point)
{
    return point->seconds / point->progress;
}

static void find_scatter(struct curve *curve)
{
    double squares = 0, freedom = 0;

    for (int i = 0; i < curve->points; i++) {
        const struct speed_point *at = &curve->point[i];
        double mean = mean_of(at);

        if (at->samples < 2)
            continue;
        squares += fmax(0, at->squares - at->samples * mean * mean) / (mean * mean);
        freedom += at->samples - 1;
    }
    curve->scatter = freedom > 0 ? sqrt(squares / freedom) : -1;
}

/* What an estimator foretells of a measured allocation that was shown all others. */
static double foretell(const struct curve *curve, const json_t *stretches, int i)
{
    struct estimator estimator;
    double seconds;

    estimator_open_online(&estimator, &curve->live->catalog);
    sensitivity_tell(&estimator, curve->type, stretches, &curve->point[i].amount);
    seconds = estimator_seconds(&estimator, curve->type, &curve->point[i].amount, 0);
    estimator_close(&estimator);
    return seconds;
}

static void find_misfit(struct curve *curve, const json_t *stretches)
{
    double squares = 0, sum = 0;

    curve->misfit = curve->mape = -1;
    if (curve->points < 2)
        return;
    for (int i = 0; i < curve->points; i++) {
        double ratio = foretell(curve, stretches, i) / mean_of(&curve->point[i]);

        if (!(ratio > 0 && ratio < 1e9))
            return;
        squares += log(ratio) * log(ratio);
        sum += fabs(ratio - 1);
    }
    curve->misfit = sqrt(squares / curve->points);
    curve->mape = sum / curve->points;
}

/* The grid */

/* Both ends, what was measured, and between them all, or powers of two. */
static void find_amounts(const struct curve *curve, int resource, struct curve_amounts *out)
{
    const struct type_info *info = &curve->live->types.item[curve->type];
    int32_t low = info->min.amount[resource];
    int32_t high = info->max.amount[resource] < curve->live->catalog.largest.amount[resource]
                       ? info->max.amount[resource]
                       : curve->live->catalog.largest.amount[resource];

    *out = (struct curve_amounts){.most = AMOUNTS};
    curve_amounts_add(out, low);
    curve_amounts_add(out, high > low ? high : low);
    for (int i = 0; i < curve->points; i++)
        curve_amounts_add(out, curve->point[i].amount.amount[resource]);
    for (int32_t amount = 1; amount < high; amount = high <= AMOUNTS ? amount + 1 : amount * 2)
        if (amount > low)
            curve_amounts_add(out, amount);
}

static bool fits_somewhere(const struct live *live, const struct allocation *amount)
{
    for (int c = 0; c < live->catalog.clusters; c++)
        if (allocation_fits(amount, &live->cluster_info[c].capacity))
            return true;
    return false;
}

static const struct speed_point *find_measured(const struct curve *curve,
                                               const struct allocation *amount)
{
    for (int i = 0; i < curve->points; i++)
        if (curve->point[i].amount.amount[SITE_CPU] == amount->amount[SITE_CPU] &&
            curve->point[i].amount.amount[SITE_GPU] == amount->amount[SITE_GPU])
            return &curve->point[i];
    return NULL;
}

static json_t *rate_json(double seconds)
{
    return seconds > 0 && seconds < 1e12 ? json_real(1 / seconds) : json_null();
}

static json_t *place_json(const struct curve *curve, const struct allocation *amount)
{
    const struct speed_point *measured = find_measured(curve, amount);
    double seconds =
        measured ? mean_of(measured) : sensitivity_believed(curve->live, curve->type, amount);
    double spread = measured && curve->scatter >= 0 ? curve->scatter / sqrt(measured->samples)
                    : measured                      ? -1
                                                    : curve->misfit;
    double factor = spread >= 0 ? exp(BAND * spread) : 0;
    json_t *doc = json_object();

    json_object_set_new(doc, "allocation", job_allocation_json(amount, curve->live->site));
    json_object_set_new(doc, "samples", json_integer(measured ? measured->samples : 0));
    json_object_set_new(doc, "seconds", seconds < 1e12 ? json_real(seconds) : json_null());
    json_object_set_new(doc, "rate_per_s", rate_json(seconds));
    json_object_set_new(doc, "low_per_s", rate_json(seconds * factor));
    json_object_set_new(doc, "high_per_s", rate_json(factor > 0 ? seconds / factor : 0));
    return doc;
}

static json_t *curve_json(const struct curve *curve)
{
    struct curve_amounts cpu, gpu;
    json_t *list = json_array();

    find_amounts(curve, SITE_CPU, &cpu);
    find_amounts(curve, SITE_GPU, &gpu);
    for (int g = 0; g < gpu.count; g++)
        for (int c = 0; c < cpu.count; c++) {
            struct allocation amount = curve->live->types.item[curve->type].min;

            amount.amount[SITE_CPU] = cpu.amount[c];
            amount.amount[SITE_GPU] = gpu.amount[g];
            if (cpu.amount[c] > 0 && fits_somewhere(curve->live, &amount))
                json_array_append_new(list, place_json(curve, &amount));
        }
    return list;
}

void speed_curve_add(const struct live *live, int32_t type, json_t *out)
{
    struct curve curve = {.live = live, .type = type};
    json_t *stretches = sensitivity_stretches(live, type);

    curve.points = sensitivity_points(stretches, curve.point, POINTS);
    if (type >= live->catalog.types)
        curve.points = 0;
    find_scatter(&curve);
    find_misfit(&curve, stretches);
    json_object_set_new(out, "mape_unseen", curve.mape >= 0 ? json_real(curve.mape) : json_null());
    json_object_set_new(out, "curve", curve.points ? curve_json(&curve) : json_array());
    json_decref(stretches);
}
