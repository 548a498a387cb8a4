/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/adam.h"

#include <math.h>

#include "nn/weights.h"

void adam_step(struct adam *adam, struct weights *weights, const struct ops *ops, double rate)
{
    double correct1, correct2;

    adam->steps++;
    correct1 = 1 - pow(adam->beta1, (double)adam->steps);
    correct2 = sqrt(1 - pow(adam->beta2, (double)adam->steps));
    for (size_t i = 0; i < weights->tensors.count; i++) {
        const struct tensor *tensor = &weights->tensors.item[i];
        size_t at = tensor->offset;
        double decay = tensor->ranks > 1 ? rate * adam->decay : 0;

        ops->adam(weights->value + at, weights->moment1 + at, weights->moment2 + at,
                  weights->grad + at, tensor->count, (real)adam->beta1, (real)adam->beta2,
                  (real)(rate * correct2 / correct1), (real)(adam->epsilon * correct2),
                  (real)decay);
    }
}

double grad_norm(const struct weights *weights)
{
    double lane[8] = {0}, sum = 0;

    for (size_t i = 0; i < weights->numbers; i += 8) /* a multiple of 8, gaps are 0 */
        for (size_t l = 0; l < 8; l++)
            lane[l] += (double)weights->grad[i + l] * (double)weights->grad[i + l];
    for (int l = 0; l < 8; l++)
        sum += lane[l];
    return sqrt(sum);
}

double grad_clip(struct weights *weights, double limit)
{
    double norm = grad_norm(weights);
    real scale = (real)(limit / norm);

    if (isfinite(norm) && norm > limit)
        for (size_t i = 0; i < weights->numbers; i++)
            weights->grad[i] *= scale;
    return norm;
}
