/* SPDX-License-Identifier: Apache-2.0 */
/* Fits whose result is known: lines by hand, and the speed models of the paper's "Optimus". */
#include "harness.h"

#include <math.h>

#include "core/least_squares.h"

enum { SIDE = 17, POINTS = SIDE * SIDE };

struct line {
    double x[8];
};

static double line_value(const void *arg, int point, const double *k, double *derivative)
{
    const struct line *line = arg;

    derivative[0] = 1;
    derivative[1] = line->x[point];
    return k[0] + k[1] * line->x[point];
}

static void check_near(double value, double wanted, double tolerance)
{
    if (!(fabs(value - wanted) <= tolerance))
        fail_msg("%.10g is not %.10g", value, wanted);
}

/* Through (0, 1), (1, 3), (2, 2), (3, 6): slope 1.4, intercept 0.9, residuals .1, .7, -1.7, .9. */
static void a_line_is_found(void **state)
{
    static const double y[] = {1, 3, 2, 6}, weight[] = {1, 0, 0, 1}, lower[] = {2, -HUGE_VAL};
    struct line line = {{0, 1, 2, 3}};
    struct least_squares problem = {
        .points = 4, .parameters = 2, .value = line_value, .arg = &line, .target = y};
    double k[] = {0, 0};
    (void)state;

    check_near(least_squares_fit(&problem, k), 0.01 + 0.49 + 2.89 + 0.81, 1e-9);
    check_near(k[0], 0.9, 1e-7);
    check_near(k[1], 1.4, 1e-7);
    problem.weight = weight; /* only the ends count: an exact fit */
    check_near(least_squares_fit(&problem, k), 0, 1e-9);
    check_near(k[0], 1, 1e-5);
    check_near(k[1], 5.0 / 3, 1e-5);
    problem.weight = NULL;
    problem.lower = lower; /* intercept at its bound: slope = sum x (y - 2) / sum x^2 = 13 / 14 */
    k[0] = k[1] = 4;
    least_squares_fit(&problem, k);
    check_near(k[0], 2, 1e-12);
    check_near(k[1], 13.0 / 14, 1e-7);
}

static double bend_value(const void *arg, int point, const double *k, double *derivative)
{
    const struct line *line = arg;
    double e = exp(k[1] * line->x[point]);

    derivative[0] = e;
    derivative[1] = k[0] * line->x[point] * e;
    return k[0] * e;
}

static void an_exponential_is_found_from_afar(void **state)
{
    struct line line = {{0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5}};
    double y[8], k[] = {1, 0};
    struct least_squares problem = {
        .points = 8, .parameters = 2, .value = bend_value, .arg = &line, .target = y};
    (void)state;

    for (int i = 0; i < 8; i++)
        y[i] = 5 * exp(-0.7 * line.x[i]);
    least_squares_fit(&problem, k);
    check_near(k[0], 5, 1e-6);
    check_near(k[1], -0.7, 1e-6);
}

/* Two parameters that do the same: the equations are singular, a fit is found all the same. */
static double twin_value(const void *arg, int point, const double *k, double *derivative)
{
    const struct line *line = arg;

    derivative[0] = derivative[1] = line->x[point];
    return (k[0] + k[1]) * line->x[point];
}

static void a_singular_problem_ends(void **state)
{
    static const double y[] = {0, 2, 4, 6};
    struct line line = {{0, 1, 2, 3}};
    struct least_squares problem = {
        .points = 4, .parameters = 2, .value = twin_value, .arg = &line, .target = y};
    double k[] = {0, 1};
    (void)state;

    check_near(least_squares_fit(&problem, k), 0, 1e-12);
    check_near(k[0] + k[1], 2, 1e-6);
}

/* The paper's fits (paper.md, section 4): speed = 1 / (a/w + b + c*w/p + d*w + e*p) over 17 x 17
 * allocations, zeros written as 0.001, the ordinates transposed. */

struct surface {
    double p[POINTS], w[POINTS], speed[POINTS];
};

static double surface_value(const void *arg, int point, const double *k, double *derivative)
{
    const struct surface *s = arg;
    double p = s->p[point], w = s->w[point];
    double speed = 1 / (k[0] / w + k[1] + k[2] * w / p + k[3] * w + k[4] * p);

    derivative[0] = -speed * speed / w;
    derivative[1] = -speed * speed;
    derivative[2] = -speed * speed * w / p;
    derivative[3] = -speed * speed * w;
    derivative[4] = -speed * speed * p;
    return speed;
}

static double image_speed(int cpu, int gpu)
{
    return cpu >= 2 && gpu >= 1 ? 0.25 : 0;
}

static double lm_speed(int cpu, int gpu)
{
    return cpu >= 2 && gpu >= 1 ? tanh(gpu / 16.0) * sqrt(1.2) : 0;
}

static double sjf_image_speed(int cpu, int gpu)
{
    return cpu >= 3 && gpu >= 3 ? 1 : 0;
}

static double sjf_lm_speed(int cpu, int gpu)
{
    return cpu >= 3 && gpu >= 3 ? 0.1 : 0;
}

static double sum_at(const struct surface *s, const double *k)
{
    double derivative[5], sum = 0;

    for (int i = 0; i < POINTS; i++)
        sum += pow(surface_value(s, i, k, derivative) - s->speed[i], 2);
    return sum;
}

/* The valley is flat: the published fit stopped where its figures still moved in the fifth place.
 * Ours must lie beside it, and no higher. */
static void check_surface(double (*speed)(int cpu, int gpu), double unit, const double *wanted)
{
    static struct surface s;
    struct least_squares problem = {
        .points = POINTS, .parameters = 5, .value = surface_value, .arg = &s, .target = s.speed};
    double k[] = {1, 1, 1, 1, 1}, published[5], sum;

    for (int i = 0; i < POINTS; i++) {
        s.p[i] = i % SIDE > 0 ? i % SIDE : 0.001;
        s.w[i] = i / SIDE > 0 ? i / SIDE : 0.001;
        s.speed[i] = speed(i / SIDE, i % SIDE);
    }
    sum = least_squares_fit(&problem, k);
    for (int i = 0; i < 5; i++) {
        published[i] = unit * wanted[i];
        check_near(k[i], published[i], unit * 5e-4);
    }
    if (!(sum <= sum_at(&s, published) * (1 + 1e-12)))
        fail_msg("a sum of %.12g where %.12g is known", sum, sum_at(&s, published));
}

static void the_papers_fits_come_out(void **state)
{
    static const double image[] = {7.219284, 1.800594, 0.024723, 0.119135, 0.008256};
    static const double lm[] = {3.199175, 1.091592, 0.993087, -0.027125, -0.043584};
    static const double sjf[] = {4.967090, -0.652756, 0.406252, 0.016923, 0.045815};
    (void)state;

    check_surface(image_speed, 1, image);
    check_surface(lm_speed, 1, lm);
    check_surface(sjf_image_speed, 1, sjf);
    check_surface(sjf_lm_speed, 10, sjf);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_line_is_found),
    cmocka_unit_test(an_exponential_is_found_from_afar),
    cmocka_unit_test(a_singular_problem_ends),
    cmocka_unit_test(the_papers_fits_come_out),
};

RUN_TESTS(tests)
