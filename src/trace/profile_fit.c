/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formulas that are linear in their parameters (amdahl, optimus) are fitted by non-negative
 * least squares on relative errors: a negative second has no meaning, and a long run must not
 * outweigh ten short ones. The others are fitted to logarithms of seconds, which is the same to
 * first order. Both by the bounded Levenberg-Marquardt of core/least_squares; scales and peaks are
 * searched as logarithms, so they stay positive.
 *
 * The figure that counts is the cross-validated one: the points are dealt into ten parts by a hash,
 * each part is foretold by a fit to the other nine. A model with many parameters gains nothing
 * there by bending to every point.
 *
 * goodput is the iteration time of Pollux (Qiao et al., OSDI'21, section 3.2) at a fixed global
 * batch: gradients take a + b/g, synchronisation c + d (g - 2) with two GPUs or more, and n from 1
 * (one after the other) to 10 (overlapped) says how far one hides behind the other.
 */
#include "trace/profile_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"

enum { FOLDS = 10, LEAST_POINTS = 3, TABLE_GPUS = 64 };

const double fit_good_error = 0.05, fit_fair_error = 0.15;

const struct fit_words fit_words[FIT_MODELS] = {
#define X(name, word, formula) {word, formula},
    PROFILE_MODEL_LIST(X)
#undef X
};

const char *const fit_verdicts[] = {"good", "fair", "bad", "-"};

/* Where the resources stand, and the points that can be used. */
struct sample {
    int axes, axis[MAX_RESOURCES]; /* those that vary */
    int workers, servers;          /* as optimus and goodput name them; -1 */
    int points;
    const struct trace_point **point;
};

static void make_sample(struct sample *s, const struct trace *trace, const struct trace_type *type)
{
    *s = (struct sample){.workers = trace_find_resource(trace, "gpu"),
                         .servers = trace_find_resource(trace, "cpu")};
    if (s->workers < 0)
        s->workers = trace_find_resource(trace, "worker");
    if (s->servers < 0)
        s->servers = trace_find_resource(trace, "ps");
    for (int r = 0; r < trace->resources; r++)
        if (type->axis[r])
            s->axis[s->axes++] = r;
    s->point = xcalloc(type->points.count, sizeof(struct trace_point *));
    for (size_t i = 0; i < type->points.count; i++) {
        bool usable = true;

        for (int a = 0; a < s->axes; a++)
            usable &= type->points.item[i].amount[s->axis[a]] > 0;
        if (usable)
            s->point[s->points++] = &type->points.item[i];
    }
}

static bool is_linear(enum fit_model model)
{
    return model == FIT_AMDAHL || model == FIT_OPTIMUS;
}

static int count_parameters(enum fit_model model, const struct sample *s)
{
    if (model == FIT_OPTIMUS || model == FIT_GOODPUT)
        return 5;
    return 1 + s->axes;
}

static const char *why_not(enum fit_model model, const struct sample *s)
{
    bool gpu_only = s->axes == 1 && s->axis[0] == s->workers;
    bool both = s->axes == 2 && s->workers >= 0 && s->servers >= 0 &&
                s->axis[0] + s->axis[1] == s->workers + s->servers;

    if (s->axes == 0)
        return "nothing was varied";
    if (model == FIT_OPTIMUS && !both)
        return "needs CPUs and GPUs varied, and nothing else";
    if (model == FIT_GOODPUT && !gpu_only)
        return "needs GPUs varied, and nothing else";
    if (s->points < LEAST_POINTS || s->points <= count_parameters(model, s))
        return "too few points for its parameters";
    return NULL;
}

/* Linear models: what each parameter is multiplied with. */
static void basis(enum fit_model model, const struct sample *s, const int32_t *amount, double *out)
{
    if (model == FIT_AMDAHL) {
        out[0] = 1;
        for (int a = 0; a < s->axes; a++)
            out[1 + a] = 1.0 / amount[s->axis[a]];
    } else {
        double w = amount[s->workers], p = amount[s->servers];

        out[0] = 1 / w;
        out[1] = 1;
        out[2] = w / p;
        out[3] = w;
        out[4] = p;
    }
}

static double log_saturation(enum fit_model model, double x)
{
    if (model == FIT_TANH)
        return log(tanh(x));
    if (model == FIT_EXP)
        return log(-expm1(-x));
    return log(x / (1 + x));
}

static double goodput_seconds(const double *p, double g)
{
    double gradients = p[0] + p[1] / g, sync = g > 1 ? p[2] + p[3] * fmax(g - 2, 0) : 0;
    double n = fmin(p[4], 10), longer = fmax(gradients, sync);

    if (!(longer > 0))
        return 0;
    return longer * pow(pow(gradients / longer, n) + pow(sync / longer, n), 1 / n);
}

static double log_seconds(enum fit_model model, const struct sample *s, const int32_t *amount,
                          const double *p)
{
    double sum = p[0];

    if (model == FIT_GOODPUT)
        return log(fmax(goodput_seconds(p, amount[s->workers]), 1e-300));
    for (int a = 0; a < s->axes; a++) {
        double x = amount[s->axis[a]];

        if (model == FIT_POWER)
            sum -= p[1 + a] * log(x);
        else
            sum -= log_saturation(model, x / exp(p[1 + a]));
    }
    return sum;
}

static double predict(enum fit_model model, const struct sample *s, const int32_t *amount,
                      const double *p)
{
    double part[MAX_PARAMETERS], seconds = 0;

    if (!is_linear(model))
        return exp(log_seconds(model, s, amount, p));
    basis(model, s, amount, part);
    for (int i = 0; i < count_parameters(model, s); i++)
        seconds += p[i] * part[i];
    return seconds;
}

struct problem {
    enum fit_model model;
    const struct sample *sample;
    const int *used; /* indices of the points of this fit */
};

static double problem_value(const void *arg, int point, const double *p, double *derivative)
{
    const struct problem *problem = arg;
    const struct sample *s = problem->sample;
    const int32_t *amount = s->point[problem->used[point]]->amount;
    int count = count_parameters(problem->model, s);
    double moved[MAX_PARAMETERS], value;

    if (is_linear(problem->model)) {
        basis(problem->model, s, amount, derivative);
        return predict(problem->model, s, amount, p);
    }
    value = log_seconds(problem->model, s, amount, p);
    memcpy(moved, p, sizeof moved);
    for (int i = 0; i < count; i++) {
        double step = 1e-7 * fmax(1e-3, fabs(p[i]));

        moved[i] = p[i] + step;
        derivative[i] = (log_seconds(problem->model, s, amount, moved) - value) / step;
        moved[i] = p[i];
    }
    return value;
}

static void start_from(enum fit_model model, const struct sample *s, const int *used, int points,
                       double *p)
{
    double mean = 0, shortest = HUGE_VAL, most[MAX_RESOURCES] = {0};

    for (int i = 0; i < points; i++) {
        const struct trace_point *point = s->point[used[i]];

        mean += point->seconds / points;
        shortest = fmin(shortest, point->seconds);
        for (int a = 0; a < s->axes; a++)
            most[a] = fmax(most[a], point->amount[s->axis[a]]);
    }
    memset(p, 0, MAX_PARAMETERS * sizeof *p);
    for (int i = 0; i < count_parameters(model, s); i++)
        p[i] = is_linear(model) || model == FIT_GOODPUT ? mean / 2 : 0.5;
    if (model == FIT_GOODPUT)
        p[4] = 2;
    if (is_linear(model) || model == FIT_GOODPUT)
        return;
    p[0] = model == FIT_POWER ? log(mean) : log(shortest);
    for (int a = 0; model != FIT_POWER && a < s->axes; a++)
        p[1 + a] = log(most[a] / 2);
}

static void solve(enum fit_model model, const struct sample *s, const int *used, int points,
                  double *p)
{
    static const double zero[MAX_PARAMETERS];
    double goodput_lower[MAX_PARAMETERS] = {0, 0, 0, 0, 1};
    double *target = xcalloc((size_t)points, sizeof *target);
    double *weight = xcalloc((size_t)points, sizeof *weight);
    struct problem problem = {model, s, used};
    struct least_squares fit = {.points = points,
                                .parameters = count_parameters(model, s),
                                .value = problem_value,
                                .arg = &problem,
                                .target = target,
                                .weight = weight};

    for (int i = 0; i < points; i++) {
        double seconds = s->point[used[i]]->seconds;

        target[i] = is_linear(model) ? seconds : log(seconds);
        weight[i] = is_linear(model) ? 1 / (seconds * seconds) : 1;
    }
    if (is_linear(model))
        fit.lower = zero;
    else if (model == FIT_GOODPUT)
        fit.lower = goodput_lower;
    start_from(model, s, used, points, p);
    least_squares_fit(&fit, p);
    free(target);
    free(weight);
}

static double relative_error(enum fit_model model, const struct sample *s, int point,
                             const double *p)
{
    double measured = s->point[point]->seconds;
    double error = fabs(predict(model, s, s->point[point]->amount, p) - measured) / measured;

    return isfinite(error) ? error : 1e9;
}

static void cross_validate(struct profile_fit *fit, const struct sample *s, int *used)
{
    int folds = s->points < FOLDS ? s->points : FOLDS, tested = 0;

    fit->cross_error = fit->worst = 0;
    for (int fold = 0; fold < folds; fold++) {
        double p[MAX_PARAMETERS];
        int points = 0;

        for (int i = 0; i < s->points; i++)
            if ((int)(rng_hash(7, (uint64_t)i, 0) % (uint64_t)folds) != fold)
                used[points++] = i;
        if (points == s->points || points < 2)
            continue;
        solve(fit->model, s, used, points, p);
        for (int i = 0; i < s->points; i++) {
            double error;

            if ((int)(rng_hash(7, (uint64_t)i, 0) % (uint64_t)folds) != fold)
                continue;
            error = relative_error(fit->model, s, i, p);
            fit->cross_error += error;
            tested++;
            if (error > fit->worst) {
                fit->worst = error;
                memcpy(fit->worst_at.amount, s->point[i]->amount, sizeof fit->worst_at.amount);
            }
        }
    }
    fit->cross_error = tested > 0 ? fit->cross_error / tested : (double)NAN;
}

void profile_fit_model(struct profile_fit *fit, enum fit_model model, const struct trace *trace,
                       const struct trace_type *type)
{
    struct sample s;
    int *used;

    *fit = (struct profile_fit){.model = model, .verdict = FIT_NOT_POSSIBLE};
    make_sample(&s, trace, type);
    fit->why = why_not(model, &s);
    if (!fit->why) {
        used = xcalloc((size_t)s.points, sizeof *used);
        cross_validate(fit, &s, used);
        for (int i = 0; i < s.points; i++)
            used[i] = i;
        fit->parameters = count_parameters(model, &s);
        solve(model, &s, used, s.points, fit->parameter);
        if (model == FIT_GOODPUT)
            fit->parameter[4] = fmin(fit->parameter[4], 10);
        for (int i = 0; i < s.points; i++)
            fit->error += relative_error(model, &s, i, fit->parameter) / s.points;
        fit->verdict = fit->cross_error < fit_good_error   ? FIT_GOOD
                       : fit->cross_error < fit_fair_error ? FIT_FAIR
                                                           : FIT_BAD;
        free(used);
    }
    free(s.point);
}

void profile_fit_all(struct profile_fit fits[FIT_MODELS], const struct trace *trace,
                     const struct trace_type *type)
{
    for (int m = 0; m < FIT_MODELS; m++) {
        struct profile_fit fit;
        int at = m;

        profile_fit_model(&fit, (enum fit_model)m, trace, type);
        while (at > 0 && fit.verdict != FIT_NOT_POSSIBLE &&
               (fits[at - 1].verdict == FIT_NOT_POSSIBLE ||
                fits[at - 1].cross_error > fit.cross_error)) {
            fits[at] = fits[at - 1];
            at--;
        }
        fits[at] = fit;
    }
}

double profile_fit_seconds(const struct profile_fit *fit, const struct trace *trace,
                           const struct trace_type *type, const struct allocation *amount)
{
    struct sample s;
    double seconds;

    make_sample(&s, trace, type);
    seconds = predict(fit->model, &s, amount->amount, fit->parameter);
    free(s.point);
    return seconds;
}

/* Printing */

static void print_per_axis(const struct trace *trace, const struct sample *s, const double *value,
                           const char *between, struct text *out)
{
    for (int a = 0; a < s->axes; a++)
        text_printf(out, "%s%s%s%.6g", a > 0 ? ", " : "", trace->resource[s->axis[a]].name, between,
                    value[a]);
}

/* The parameters by resource as the scenario has them. */
static void natural(const struct profile_fit *fit, const struct sample *s, double *out)
{
    for (int a = 0; a < s->axes; a++) {
        double p = fit->parameter[1 + a];

        out[a] = fit->model == FIT_AMDAHL || fit->model == FIT_POWER ? p : exp(p);
    }
}

static void describe_terms(const struct profile_fit *fit, const char *names, struct text *out)
{
    for (int i = 0; i < 5; i++)
        text_printf(out, "%s%c %.4g", i > 0 ? ", " : "", names[i], fit->parameter[i]);
}

void profile_fit_describe(const struct profile_fit *fit, const struct trace *trace,
                          const struct trace_type *type, struct text *out)
{
    double value[MAX_RESOURCES] = {0};
    struct sample s;

    if (fit->verdict == FIT_NOT_POSSIBLE) {
        text_add(out, fit->why);
        return;
    }
    make_sample(&s, trace, type);
    natural(fit, &s, value);
    if (fit->model == FIT_OPTIMUS) {
        describe_terms(fit, "abcde", out);
    } else if (fit->model == FIT_GOODPUT) {
        describe_terms(fit, "abcdn", out);
    } else {
        if (fit->model == FIT_AMDAHL)
            text_printf(out, "serial %.4g, ", fit->parameter[0]);
        else
            text_printf(out, "%s %.4g, ", fit->model == FIT_POWER ? "scale" : "peak",
                        exp(-fit->parameter[0]));
        print_per_axis(trace, &s, value, " ", out);
    }
    free(s.point);
}

static void print_goodput(const struct profile_fit *fit, const struct trace *trace,
                          const struct trace_type *type, const struct sample *s, struct text *out)
{
    int32_t first = type->min.amount[s->workers], last = type->max.amount[s->workers];

    if (last > first + TABLE_GPUS - 1)
        last = first + TABLE_GPUS - 1;
    text_printf(out, "{model: table, between: linear, grid: {%s: [",
                trace->resource[s->workers].name);
    for (int32_t g = first; g <= last; g++)
        text_printf(out, "%s%d", g > first ? ", " : "", g);
    text_add(out, "]}, seconds: [");
    for (int32_t g = first; g <= last; g++)
        text_printf(out, "%s%.6g", g > first ? ", " : "", goodput_seconds(fit->parameter, g));
    text_add(out, "]}");
}

void profile_fit_print(const struct profile_fit *fit, const struct trace *trace,
                       const struct trace_type *type, struct text *out)
{
    static const char *const form[] = {
        [FIT_TANH] = "tanh", [FIT_EXP] = "exp", [FIT_HYPERBOLIC] = "hyperbolic"};
    double value[MAX_RESOURCES] = {0};
    struct sample s;

    make_sample(&s, trace, type);
    natural(fit, &s, value);
    switch (fit->model) {
    case FIT_AMDAHL:
        text_printf(out, "{model: amdahl, serial: %.6g, parallel: {", fit->parameter[0]);
        print_per_axis(trace, &s, value, ": ", out);
        text_add(out, "}}");
        break;
    case FIT_POWER:
        text_printf(out, "{model: power, scale: %.6g, exponents: {", exp(-fit->parameter[0]));
        print_per_axis(trace, &s, value, ": ", out);
        text_add(out, "}}");
        break;
    case FIT_OPTIMUS:
        text_printf(out, "{model: optimus, workers: %s, servers: %s",
                    trace->resource[s.workers].name, trace->resource[s.servers].name);
        for (int i = 0; i < 5; i++)
            text_printf(out, ", %c: %.6g", "abcde"[i], fit -> parameter[i]);
        text_add_char(out, '}');
        break;
    case FIT_GOODPUT:
        print_goodput(fit, trace, type, &s, out);
        break;
    default:
        text_printf(out, "{model: saturating, form: %s, peak: %.6g, scales: {", form[fit->model],
                    exp(-fit->parameter[0]));
        print_per_axis(trace, &s, value, ": ", out);
        text_add(out, "}}");
        break;
    }
    free(s.point);
}
