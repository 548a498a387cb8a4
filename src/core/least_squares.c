/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Levenberg-Marquardt with Marquardt's scaling and Nielsen's rule for the damping ("Damping
 * parameter in Marquardt's method", 1999). Bounds are kept by projection: a parameter that stands
 * at its bound and that the gradient would push across is left out of the step, the others' step is
 * cut at their bounds.
 */
#include "core/least_squares.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

enum { MAX_STEPS = 2000 };

struct normal_equations {
    double matrix[MAX_PARAMETERS][MAX_PARAMETERS]; /* J'WJ */
    double gradient[MAX_PARAMETERS];               /* J'Wr */
    double sum;                                    /* r'Wr */
};

static double residual_sum(const struct least_squares *p, const double *parameter)
{
    double derivative[MAX_PARAMETERS], sum = 0;

    for (int i = 0; i < p->points; i++) {
        double r = p->value(p->arg, i, parameter, p->may_skip ? NULL : derivative) - p->target[i];

        sum += r * r * (p->weight ? p->weight[i] : 1);
    }
    return isfinite(sum) ? sum : HUGE_VAL;
}

static void build(const struct least_squares *p, const double *parameter,
                  struct normal_equations *n)
{
    memset(n, 0, sizeof *n);
    for (int i = 0; i < p->points; i++) {
        double derivative[MAX_PARAMETERS];
        double r = p->value(p->arg, i, parameter, derivative) - p->target[i];
        double weight = p->weight ? p->weight[i] : 1;

        n->sum += r * r * weight;
        for (int a = 0; a < p->parameters; a++) {
            n->gradient[a] += derivative[a] * r * weight;
            for (int b = 0; b <= a; b++)
                n->matrix[a][b] += derivative[a] * derivative[b] * weight;
        }
    }
}

static bool is_held(const struct least_squares *p, const struct normal_equations *n,
                    const double *parameter, int a)
{
    return p->lower && parameter[a] <= p->lower[a] && n->gradient[a] > 0;
}

/* Cholesky on the damped equations of the free parameters; false when they are singular. */
static bool solve(const struct least_squares *p, const struct normal_equations *n,
                  const double *parameter, double damping, double *step)
{
    double lower[MAX_PARAMETERS][MAX_PARAMETERS] = {{0}};
    int count = p->parameters;

    for (int a = 0; a < count; a++) {
        bool held = is_held(p, n, parameter, a);

        for (int b = 0; b <= a; b++) {
            bool off = held || is_held(p, n, parameter, b);
            double sum = a == b ? n->matrix[a][a] * (1 + damping) + 1e-300 : n->matrix[a][b];

            if (off)
                sum = a == b ? 1 : 0;
            for (int k = 0; k < b; k++)
                sum -= lower[a][k] * lower[b][k];
            if (a == b && !(sum > 0))
                return false;
            lower[a][b] = a == b ? sqrt(sum) : sum / lower[b][b];
        }
    }
    for (int a = 0; a < count; a++) {
        step[a] = is_held(p, n, parameter, a) ? 0 : -n->gradient[a];
        for (int k = 0; k < a; k++)
            step[a] -= lower[a][k] * step[k];
        step[a] /= lower[a][a];
    }
    for (int a = count - 1; a >= 0; a--) {
        for (int k = a + 1; k < count; k++)
            step[a] -= lower[k][a] * step[k];
        step[a] /= lower[a][a];
    }
    return true;
}

static double try_step(const struct least_squares *p, const double *parameter, const double *step,
                       double *tried)
{
    for (int a = 0; a < p->parameters; a++) {
        tried[a] = parameter[a] + step[a];
        if (p->lower && tried[a] < p->lower[a])
            tried[a] = p->lower[a];
    }
    return residual_sum(p, tried);
}

static double predicted_gain(const struct least_squares *p, const struct normal_equations *n,
                             const double *parameter, const double *tried, double damping)
{
    double gain = 0;

    for (int a = 0; a < p->parameters; a++) {
        double step = tried[a] - parameter[a];

        gain += step * (damping * n->matrix[a][a] * step - n->gradient[a]);
    }
    return gain;
}

double least_squares_fit(const struct least_squares *p, double *parameter)
{
    struct normal_equations n;
    double damping = 1e-3, growth = 2, tolerance = p->tolerance > 0 ? p->tolerance : 1e-15;

    BUG_ON(p->parameters > MAX_PARAMETERS);
    build(p, parameter, &n);
    for (int step = 0; step < MAX_STEPS && damping < 1e16; step++) {
        double change[MAX_PARAMETERS], tried[MAX_PARAMETERS] = {0};
        double sum = HUGE_VAL, ratio;

        if (solve(p, &n, parameter, damping, change))
            sum = try_step(p, parameter, change, tried);
        if (sum < n.sum) {
            double gain = predicted_gain(p, &n, parameter, tried, damping);
            bool done = n.sum - sum <= tolerance * n.sum;

            ratio = gain > 0 ? (n.sum - sum) / gain : 1;
            memcpy(parameter, tried, (size_t)p->parameters * sizeof *parameter);
            build(p, parameter, &n);
            damping *= fmax(1.0 / 3, 1 - pow(2 * ratio - 1, 3));
            growth = 2;
            if (done)
                break;
        } else {
            damping *= growth;
            growth *= 2;
        }
    }
    return n.sum;
}
