/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Central differences: a problem has inputs, a function that computes a loss from them, and one
 * that computes the loss's gradient. Compiled in double.
 */
#ifndef TESTS_GRADIENT_H
#define TESTS_GRADIENT_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/rng.h"
#include "nn/real.h"

enum { GRADIENT_INPUTS = 8 };

struct gradient_input {
    const char *name;
    real *value, *grad;
    size_t count;
};

struct gradient_problem {
    const char *name;
    struct arena arena;
    struct rng rng;
    int inputs;
    struct gradient_input input[GRADIENT_INPUTS];
};

static void gradient_start(struct gradient_problem *problem, const char *name)
{
    *problem = (struct gradient_problem){.name = name};
    arena_init(&problem->arena);
    rng_stream(&problem->rng, 1, name);
}

static real *gradient_random(struct gradient_problem *problem, size_t count)
{
    real *value = arena_zalloc(&problem->arena, count, sizeof *value);

    for (size_t i = 0; i < count; i++)
        value[i] = (real)rng_normal(&problem->rng);
    return value;
}

/* A new input with random values; returns its index. */
static int gradient_add(struct gradient_problem *problem, const char *name, size_t count)
{
    struct gradient_input *input = &problem->input[problem->inputs];

    *input = (struct gradient_input){.name = name, .count = count};
    input->value = gradient_random(problem, count);
    input->grad = arena_zalloc(&problem->arena, count, sizeof *input->grad);
    return problem->inputs++;
}

/* The largest error over all inputs, relative to 1 + the gradient's size. Prints where it is. */
static double gradient_error(struct gradient_problem *problem,
                             double (*loss)(void *arg, bool backward), void *arg)
{
    double worst = 0;

    for (int i = 0; i < problem->inputs; i++)
        memset(problem->input[i].grad, 0, problem->input[i].count * sizeof(real));
    loss(arg, true);
    for (int i = 0; i < problem->inputs; i++) {
        struct gradient_input *input = &problem->input[i];

        for (size_t k = 0; k < input->count; k++) {
            const double step = 1e-5;
            real kept = input->value[k];
            double up, down, slope, error;

            input->value[k] = kept + (real)step;
            up = loss(arg, false);
            input->value[k] = kept - (real)step;
            down = loss(arg, false);
            input->value[k] = kept;
            slope = (up - down) / (2 * step);
            error = fabs(slope - (double)input->grad[k]) / (1 + fabs(slope));
            if (!(error <= worst)) {
                worst = error;
                if (!(error < 1e-7))
                    printf("  %s by %s[%zu]: %.9g, central difference %.9g\n", problem->name,
                           input->name, k, (double)input->grad[k], slope);
            }
        }
    }
    return worst;
}

static void gradient_end(struct gradient_problem *problem)
{
    arena_release(&problem->arena);
}

#endif
