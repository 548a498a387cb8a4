/* SPDX-License-Identifier: Apache-2.0 */
/* How a tensor's numbers start. The last size of a tensor is its outputs, the others its inputs. */
#ifndef NN_INITIAL_H
#define NN_INITIAL_H

#include "nn/real.h"

struct rng;

enum initial_kind {
    INITIAL_CONSTANT,        /* gain */
    INITIAL_UNIFORM,         /* -gain .. gain */
    INITIAL_XAVIER_UNIFORM,  /* bound gain sqrt(6 / (inputs + outputs)); Glorot and Bengio 2010 */
    INITIAL_KAIMING_UNIFORM, /* bound gain sqrt(3 / inputs); He et al. 2015 */
    INITIAL_ORTHOGONAL,      /* gain times orthonormal rows or columns; Saxe et al. 2014 */
};

struct initial {
    enum initial_kind kind;
    double gain;
};

static const struct initial INITIAL_ZEROS = {INITIAL_CONSTANT, 0};
static const struct initial INITIAL_ONES = {INITIAL_CONSTANT, 1};

void initial_draw(real *value, struct initial initial, int ranks, const int *size, struct rng *rng);

#endif
