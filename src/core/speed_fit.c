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

/* A fit whose parameters are being tried. */
struct trial {
    struct speed_fit *fit;
    struct fit_shape shape, moved[FIT_PARAMETERS]; /* moved: by a step of one parameter */
};

struct fitting {
    const struct speed_observation *observation;
    int observations;
    double slot_s;
    struct trial *trial;
};

static double amount_on(const struct speed_fit *fit, int axis, const struct allocation *a)
{
    double amount = a->amount[fit->resource[axis]];

    return amount > LEAST_AMOUNT ? amount : LEAST_AMOUNT;
}

static void form_one(struct fit_shape *shape, const struct speed_fit *fit, int parameter,
                     double value)
{
    int axis = parameter - FIRST_AXIS;

    if (parameter == SPEED) {
        shape->speed = exp(value);
    } else if (parameter == SLOPE) {
        shape->slope = 1 - exp(value);
    } else {
        shape->scale[axis] = fit->family == FAMILY_POWER ? value : exp(value);
        if (fit->family == FAMILY_SATURATING)
            shape->unit[axis] = tanh(1 / shape->scale[axis]);
    }
}

static void form(struct fit_shape *shape, const struct speed_fit *fit)
{
    for (int p = 0; p < FIRST_AXIS + fit->axes; p++)
        form_one(shape, fit, p, fit->parameter[p]);
}

/* What an axis adds to f; the rest of f joins what the axes add. */
static double axis_term(const struct speed_fit *fit, const struct fit_shape *shape, int axis,
                        const struct allocation *a)
{
    double scale = shape->scale[axis], amount;

    if (fit->family == FAMILY_AMDAHL)
        return scale;
    amount = amount_on(fit, axis, a) / fit->middle[axis];
    return fit->family == FAMILY_POWER ? scale * log(amount)
                                       : tanh(amount / scale) / shape->unit[axis];
}

static double join_terms(const struct speed_fit *fit, const struct allocation *a,
                         const double *term)
{
    double weights = 1, time = 1, sum = 0, product = 1;

    if (fit->family == FAMILY_AMDAHL) {
        for (int i = 0; i < fit->axes; i++) {
            weights += term[i];
            time += term[i] * fit->middle[i] / amount_on(fit, i, a);
        }
        return weights / time;
    }
    for (int i = 0; i < fit->axes; i++) {
        sum += term[i];
        product *= term[i];
    }
    return fit->family == FAMILY_POWER ? exp(sum) : product;
}

static double rate(const struct speed_fit *fit, const struct fit_shape *shape,
                   const struct allocation *a)
{
    double term[MAX_RESOURCES];

    for (int i = 0; i < fit->axes; i++)
        term[i] = axis_term(fit, shape, i, a);
    return shape->speed * join_terms(fit, a, term);
}

static double root_left(const struct fit_shape *shape, double progress)
{
    return sqrt(fmax(1 - shape->slope * progress, 1e-6));
}

/* Of a task whose speed would be per_s all along if it had no slope. */
static double mean_speed(const struct fit_shape *shape, double per_s, double from, double to)
{
    return per_s * (root_left(shape, from) + root_left(shape, to)) / 2;
}

/* The same as a world of slots has it, where the speed of a slot is the one at its begin. */
static double walked_speed(const struct fit_shape *shape, double per_s, double from, double to,
                           double slot_s)
{
    double at = from;

    for (int slots = 0; slots < SLOTS_WALKED; slots++) {
        double step = per_s * root_left(shape, at) * slot_s;

        if (at + step >= to)
            return (to - from) / (slots + (to - at) / step) / slot_s;
        at += step;
    }
    return mean_speed(shape, per_s, from, to);
}

static double foretell(const struct fit_shape *shape, const struct speed_observation *o,
                       double factor, double slot_s)
{
    double per_s = shape->speed * factor;

    return slot_s > 0 && o->to > o->from ? walked_speed(shape, per_s, o->from, o->to, slot_s)
                                         : mean_speed(shape, per_s, o->from, o->to);
}

double speed_fit_at(const struct speed_fit *fit, const struct allocation *a, double progress)
{
    return rate(fit, &fit->shape, a) * root_left(&fit->shape, progress);
}

double speed_fit_seconds(const struct speed_fit *fit, const struct allocation *a, double from)
{
    const struct fit_shape *shape = &fit->shape;

    return from < 1 ? (1 - from) / mean_speed(shape, rate(fit, shape, a), from, 1) : 0;
}

/* Takes parameters that the shapes were not made for yet. */
static void try_parameters(struct trial *trial, const double *parameter)
{
    struct speed_fit *fit = trial->fit;
    size_t count = (size_t)(FIRST_AXIS + fit->axes);

    if (memcmp(fit->parameter, parameter, count * sizeof *parameter) == 0)
        return;
    memcpy(fit->parameter, parameter, count * sizeof *parameter);
    form(&trial->shape, fit);
    for (size_t p = 0; p < count; p++) {
        trial->moved[p] = trial->shape;
        form_one(&trial->moved[p], fit, (int)p, parameter[p] + STEP);
    }
}

/* The observations come first, then one point per parameter for its prior. */
static double value(const void *arg, int point, const double *parameter, double *derivative)
{
    const struct fitting *fitting = arg;
    struct trial *trial = fitting->trial;
    const struct speed_fit *fit = trial->fit;
    const struct speed_observation *o = fitting->observation + point;
    double term[MAX_RESOURCES] = {0}, factor, speed;
    int parameters = FIRST_AXIS + fit->axes;

    if (point >= fitting->observations) {
        if (derivative) {
            memset(derivative, 0, (size_t)parameters * sizeof *derivative);
            derivative[point - fitting->observations] = 1;
        }
        return parameter[point - fitting->observations];
    }
    try_parameters(trial, parameter);
    for (int i = 0; i < fit->axes; i++)
        term[i] = axis_term(fit, &trial->shape, i, &o->allocation);
    factor = join_terms(fit, &o->allocation, term);
    speed = foretell(&trial->shape, o, factor, fitting->slot_s);
    for (int p = 0; p < parameters && derivative; p++) {
        const struct fit_shape *moved = &trial->moved[p];
        double with = factor;

        if (p >= FIRST_AXIS) {
            double kept = term[p - FIRST_AXIS];

            term[p - FIRST_AXIS] = axis_term(fit, moved, p - FIRST_AXIS, &o->allocation);
            with = join_terms(fit, &o->allocation, term);
            term[p - FIRST_AXIS] = kept;
        }
        derivative[p] = (foretell(moved, o, with, fitting->slot_s) - speed) / STEP;
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
    struct trial trial = {.fit = fit};
    struct fitting fitting = {.observation = observation,
                              .observations = count,
                              .slot_s = frame->slot_s,
                              .trial = &trial};
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
    fit->parameter[SPEED] = (double)NAN; /* nothing was tried yet */
    left = least_squares_fit(&problem, parameter);
    memcpy(fit->parameter, parameter, (size_t)parameters * sizeof *parameter);
    return left;
}

/* Root of the mean square of the residuals; parameters that the data had to pay for are
 * counted. */
static double noise_of(const struct speed_fit *fit, const struct speed_observation *observation,
                       int count)
{
    const struct fit_shape *shape = &fit->shape;
    double sum = 0;
    int counted = 0;

    for (int i = 0; i < count; i++) {
        const struct speed_observation *o = &observation[i];
        double r = o->speed - mean_speed(shape, rate(fit, shape, &o->allocation), o->from, o->to);

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
    form(&fit->shape, fit);
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
