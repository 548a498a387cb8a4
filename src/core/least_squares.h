/* SPDX-License-Identifier: Apache-2.0 */
/* Nonlinear least squares with lower bounds: small problems, dense, deterministic. */
#ifndef CORE_LEAST_SQUARES_H
#define CORE_LEAST_SQUARES_H

#include <stdbool.h>

enum { MAX_PARAMETERS = 16 };

struct least_squares {
    int points, parameters;
    /* The model's value at a point and its derivatives by the parameters. */
    double (*value)(const void *arg, int point, const double *parameter, double *derivative);
    const void *arg;
    const double *target; /* by point */
    const double *weight; /* by point; NULL: all 1 */
    const double *lower;  /* by parameter; NULL: no bounds */
    bool may_skip;        /* value takes NULL where the derivatives are not needed */
    double tolerance;     /* stops where a step gains less than this part; 0: 1e-15 */
};

/* Improves parameter from where it stands; returns the weighted sum of squares that is left. */
double least_squares_fit(const struct least_squares *problem, double *parameter);

#endif
