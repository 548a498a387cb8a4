/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speed(a, p) = v * f(a) * sqrt(1 - s p), with f = 1 at the geometric middle m of minimum and
 * maximum, s < 1 (0: the same speed all along; below 0: faster towards the end), and f one of
 *     amdahl      1 / (w_0 + sum over r of w_r m_r / a_r), the weights a softmax
 *     power       product over r of (a_r / m_r) ^ e_r
 *     saturating  product over r of tanh(a_r / c_r) / tanh(m_r / c_r)
 * log v, log(1 - s) and the parameters of f have normal priors; the fit is the most likely set of
 * parameters by Levenberg-Marquardt, the prior's part being residuals like the others. All families
 * have as many parameters, so the one with the least sum is the most likely.
 *
 * The mean speed between two progresses has a closed form, v f(a) (sqrt(1 - s p) + sqrt(1 - s q)) /
 * 2, which is the speed itself where p = q: measurements and whole runs are fitted alike.
 */
#include "core/speed_fit.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "core/least_squares.h"

enum { SPEED, SLOPE, FIRST_AXIS };
enum { MOST_OBSERVATIONS = 512, MOST_FREE_AXES = 4, SLOTS_WALKED = 64 };

_Static_assert((int)FIT_PARAMETERS <= (int)MAX_PARAMETERS, "more parameters than can be fitted");

/* How far any speed may lie from the best model of a family, relatively. Noise comes on top. */
static const double RELATIVE_ERROR = 0.05;

/* Half a core counts where there is none: f stays finite. */
static const double LEAST_AMOUNT = 0.5;

/* By how much the sum of squares must fall before another resource is believed to matter. */
static const double AXIS_PRICE = 1;

static const double STEP = 1e-5; /* of the numerical derivatives */

struct prior {
    double mean, span;
};

static const struct prior slope_prior = {-0.3, 1.0};
static const struct prior axis_prior[FAMILIES] = {
    [FAMILY_AMDAHL] = {0.0, 1.5},
    [FAMILY_POWER] = {0.4, 0.4},
    [FAMILY_SATURATING] = {0.5, 1.0},
};

struct fitting {
    const struct speed_observation *observation;
    int observations;
    struct speed_fit *fit; /* its parameters are tried */
    double slot_s;
};

static double amount_on(const struct speed_fit *fit, int axis, const struct allocation *a)
{
    double amount = a->amount[fit->resource[axis]];

    return amount > LEAST_AMOUNT ? amount : LEAST_AMOUNT;
}

static double amdahl(const struct speed_fit *fit, const struct allocation *a)
{
    double weights = 1, time = 1;

    for (int i = 0; i < fit->axes; i++) {
        double weight = exp(fit->parameter[FIRST_AXIS + i]);

        weights += weight;
        time += weight * fit->middle[i] / amount_on(fit, i, a);
    }
    return weights / time;
}

static double power(const struct speed_fit *fit, const struct allocation *a)
{
    double sum = 0;

    for (int i = 0; i < fit->axes; i++)
        sum += fit->parameter[FIRST_AXIS + i] * log(amount_on(fit, i, a) / fit->middle[i]);
    return exp(sum);
}

static double saturating(const struct speed_fit *fit, const struct allocation *a)
{
    double product = 1;

    for (int i = 0; i < fit->axes; i++) {
        double scale = exp(fit->parameter[FIRST_AXIS + i]);

        product *= tanh(amount_on(fit, i, a) / fit->middle[i] / scale) / tanh(1 / scale);
    }
    return product;
}

static double rate(const struct speed_fit *fit, const struct allocation *a)
{
    double factor = fit->family == FAMILY_AMDAHL  ? amdahl(fit, a)
                    : fit->family == FAMILY_POWER ? power(fit, a)
                                                  : saturating(fit, a);

    return exp(fit->parameter[SPEED]) * factor;
}

static double root_left(const struct speed_fit *fit, double progress)
{
    double slope = 1 - exp(fit->parameter[SLOPE]);

    return sqrt(fmax(1 - slope * progress, 1e-6));
}

static double mean_speed(const struct speed_fit *fit, const struct allocation *a, double from,
                         double to)
{
    return rate(fit, a) * (root_left(fit, from) + root_left(fit, to)) / 2;
}

/* The same as a world of slots has it, where the speed of a slot is the one at its begin. */
static double walked_speed(const struct speed_fit *fit, const struct allocation *a, double from,
                           double to, double slot_s)
{
    double per_s = rate(fit, a), at = from;

    for (int slots = 0; slots < SLOTS_WALKED; slots++) {
        double step = per_s * root_left(fit, at) * slot_s;

        if (at + step >= to)
            return (to - from) / (slots + (to - at) / step) / slot_s;
        at += step;
    }
    return mean_speed(fit, a, from, to);
}

static double foretell(const struct speed_fit *fit, const struct speed_observation *o,
                       double slot_s)
{
    return slot_s > 0 && o->to > o->from ? walked_speed(fit, &o->allocation, o->from, o->to, slot_s)
                                         : mean_speed(fit, &o->allocation, o->from, o->to);
}

double speed_fit_at(const struct speed_fit *fit, const struct allocation *a, double progress)
{
    return rate(fit, a) * root_left(fit, progress);
}

double speed_fit_seconds(const struct speed_fit *fit, const struct allocation *a, double from)
{
    return from < 1 ? (1 - from) / mean_speed(fit, a, from, 1) : 0;
}

/* The observations come first, then one point per parameter for its prior. */
static double value(const void *arg, int point, const double *parameter, double *derivative)
{
    const struct fitting *fitting = arg;
    struct speed_fit *fit = fitting->fit;
    const struct speed_observation *o = fitting->observation + point;
    int parameters = FIRST_AXIS + fit->axes;
    double speed;

    if (derivative)
        memset(derivative, 0, (size_t)parameters * sizeof *derivative);
    if (point >= fitting->observations) {
        if (derivative)
            derivative[point - fitting->observations] = 1;
        return parameter[point - fitting->observations];
    }
    memcpy(fit->parameter, parameter, (size_t)parameters * sizeof *parameter);
    speed = foretell(fit, o, fitting->slot_s);
    for (int i = 0; i < parameters && derivative; i++) {
        fit->parameter[i] = parameter[i] + STEP;
        derivative[i] = (foretell(fit, o, fitting->slot_s) - speed) / STEP;
        fit->parameter[i] = parameter[i];
    }
    return speed;
}

static void set_axes(struct speed_fit *fit, const struct fit_frame *frame)
{
    for (int r = 0; r < frame->resources; r++) {
        double low = fmax(frame->min.amount[r], LEAST_AMOUNT);
        double high = fmax(frame->max.amount[r], low);

        if (frame->max.amount[r] <= frame->min.amount[r])
            continue;
        fit->resource[fit->axes] = r;
        fit->middle[fit->axes++] = sqrt(low * high);
    }
}

static double mean_of_speeds(const struct speed_observation *observation, int count)
{
    double sum = 0;

    for (int i = 0; i < count; i++)
        sum += observation[i].speed;
    return count > 0 ? sum / count : 0;
}

/* Fits one family, whose prior is the start; returns what is left of the sum of squares. */
static double fit_family(struct speed_fit *fit, const struct fit_frame *frame,
                         const struct speed_observation *observation, int count, double noise)
{
    struct fitting fitting = {
        .observation = observation, .observations = count, .fit = fit, .slot_s = frame->slot_s};
    double target[MOST_OBSERVATIONS + FIT_PARAMETERS], weight[MOST_OBSERVATIONS + FIT_PARAMETERS];
    double parameter[FIT_PARAMETERS], left, mean = mean_of_speeds(observation, count);
    int parameters = FIRST_AXIS + fit->axes;
    struct least_squares problem = {.points = count + parameters,
                                    .parameters = parameters,
                                    .value = value,
                                    .arg = &fitting,
                                    .target = target,
                                    .weight = weight,
                                    .may_skip = true,
                                    .tolerance = frame->noise > 0 ? 1e-3 : 1e-5};

    for (int i = 0; i < count; i++) {
        double misfit = RELATIVE_ERROR * (observation[i].speed + mean) / 2;
        double own = observation[i].noise > 0 ? observation[i].noise : noise;
        double blur = observation[i].blur;
        double variance = misfit * misfit + blur * blur + own * own / observation[i].count;

        target[i] = observation[i].speed;
        weight[i] = variance > 0 ? 1 / variance : 0;
    }
    for (int i = 0; i < parameters; i++) {
        struct prior prior = i == SPEED   ? (struct prior){log(frame->speed), frame->speed_span}
                             : i == SLOPE ? slope_prior
                                          : axis_prior[fit->family];

        target[count + i] = parameter[i] = prior.mean;
        weight[count + i] = 1 / (prior.span * prior.span);
    }
    if (mean > 0)
        parameter[SPEED] = log(mean);
    left = least_squares_fit(&problem, parameter);
    memcpy(fit->parameter, parameter, (size_t)parameters * sizeof *parameter);
    return left;
}

/* Root of the mean square of the residuals; parameters that the data had to pay for are
 * counted. */
static double noise_of(const struct speed_fit *fit, const struct speed_observation *observation,
                       int count)
{
    double sum = 0;
    int counted = 0;

    for (int i = 0; i < count; i++) {
        double r = observation[i].speed - mean_speed(fit, &observation[i].allocation,
                                                     observation[i].from, observation[i].to);

        if (observation[i].noise > 0)
            continue;
        counted++;
        sum += r * r;
    }
    return sqrt(sum / fmax(1, counted - FIRST_AXIS));
}

/* The fit over those of the axes whose bit is set. */
static struct speed_fit with_axes(const struct speed_fit *all, unsigned set)
{
    struct speed_fit fit = {0};

    for (int i = 0; i < all->axes; i++)
        if (set >> i & 1) {
            fit.resource[fit.axes] = all->resource[i];
            fit.middle[fit.axes++] = all->middle[i];
        }
    return fit;
}

/* Every family, over every set of resources or over all. */
static void fit_families(struct speed_fit *fit, const struct speed_fit *all,
                         const struct fit_frame *frame, const struct speed_observation *observation,
                         int count, double noise)
{
    double least = HUGE_VAL;
    bool subsets = frame->sparse && all->axes <= MOST_FREE_AXES;

    for (unsigned set = 0; set < 1u << all->axes; set++)
        for (int family = 0; family < FAMILIES; family++) {
            struct speed_fit tried = with_axes(all, set);
            double left;

            if (!subsets && set != (1u << all->axes) - 1)
                break;
            tried.family = (enum fit_family)family;
            left = fit_family(&tried, frame, observation, count, noise) + AXIS_PRICE * tried.axes;
            if (left < least) {
                least = left;
                *fit = tried;
            }
            if (tried.axes == 0)
                break;
        }
    fit->noise = fmax(frame->least_noise, noise_of(fit, observation, count));
}

void speed_fit_make(struct speed_fit *fit, const struct fit_frame *frame,
                    const struct speed_observation *observation, int count)
{
    struct speed_fit all = {0};

    BUG_ON(!(frame->speed > 0) || !(frame->speed_span > 0));
    if (count > MOST_OBSERVATIONS)
        count = MOST_OBSERVATIONS;
    set_axes(&all, frame);
    fit->noise = frame->noise;
    if (frame->noise <= 0)
        fit_families(fit, &all, frame, observation, count, frame->least_noise);
    if (fit->noise > 0)
        fit_families(fit, &all, frame, observation, count, fit->noise);
}
