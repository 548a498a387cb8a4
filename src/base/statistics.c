/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Student's distribution by the regularised incomplete beta function, which is a continued fraction
 * (Abramowitz and Stegun 26.5.8, evaluated from the front by Lentz's method); its quantile by
 * bisection, which needs no derivative and always ends at the same double.
 */
#include "base/statistics.h"

#include <math.h>

#include "base/memory.h"

enum { FRACTION_TERMS = 300, HALVINGS = 200 };

/* Term k of the continued fraction for the incomplete beta function. */
static double beta_term(double a, double b, double x, int k)
{
    int m = k / 2;

    if (k % 2 == 0)
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
}

static double keep_off_zero(double x)
{
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

static double beta_fraction(double a, double b, double x)
{
    double f = 1, c = 1, d = 0;

    for (int k = 1; k < FRACTION_TERMS; k++) {
        double term = beta_term(a, b, x, k);

        d = 1 / keep_off_zero(1 + term * d);
        c = keep_off_zero(1 + term / c);
        f *= c * d;
        if (fabs(c * d - 1) < 1e-16)
            break;
    }
    return 1 / f;
}

/* I_x(a, b); the fraction converges fast for x below the mean, else the complement is taken. */
static double incomplete_beta(double a, double b, double x)
{
    double front;

    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_t_probability(double t, int degrees)
{
    double tail = incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + t * t)) / 2;

    return t > 0 ? 1 - tail : tail;
}

double student_t_quantile(double p, int degrees)
{
    double low = 0, high = 1, tail = p < 0.5 ? p : 1 - p;

    BUG_ON(!(p > 0 && p < 1) || degrees < 1);
    while (student_t_probability(-high, degrees) > tail)
        high *= 2;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = low + (high - low) / 2;

        if (middle <= low || middle >= high)
            break;
        if (student_t_probability(-middle, degrees) > tail)
            low = middle;
        else
            high = middle;
    }
    return p < 0.5 ? -high : high;
}

struct estimate estimate_mean(const double *sample, int count)
{
    struct estimate estimate = {.mean = (double)NAN, .half = (double)NAN, .count = count};
    double sum = 0, squares = 0;

    for (int i = 0; i < count; i++)
        sum += sample[i];
    if (count > 0)
        estimate.mean = sum / count;
    for (int i = 0; i < count; i++)
        squares += (sample[i] - estimate.mean) * (sample[i] - estimate.mean);
    if (count > 1)
        estimate.half = student_t_quantile(0.975, count - 1) * sqrt(squares / (count - 1) / count);
    return estimate;
}
