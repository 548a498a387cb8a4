/* SPDX-License-Identifier: Apache-2.0 */
/* Figures from samples: a mean with its 95 % interval, Student's t distribution. */
#ifndef BASE_STATISTICS_H
#define BASE_STATISTICS_H

struct estimate {
    double mean; /* NAN of no samples */
    double half; /* half the width of its 95 % interval; NAN of fewer than two samples */
    int count;
};

/* Mean of independent samples; the interval is Student's. Sums run in the order of the array. */
struct estimate estimate_mean(const double *sample, int count);

/* P(T <= t) for Student's t with so many degrees of freedom (at least 1). */
double student_t_probability(double t, int degrees);

/* The t with P(T <= t) = p, for p in (0, 1); relative error below 1e-10. */
double student_t_quantile(double p, int degrees);

#endif
