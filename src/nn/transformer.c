/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/transformer.h"

#include <stdio.h>

#include "base/memory.h"

void transformer_register(struct transformer *layer, struct weights *weights, int width, int heads,
                          int feed_width, double epsilon, struct initial initial, const char *name)
{
    char part[256];

    BUG_ON(width % heads != 0);
    *layer = (struct transformer){.width = width, .heads = heads};
    snprintf(part, sizeof part, "%s.in", name);
    linear_register(&layer->in, weights, width, 3 * width, LINEAR_BIAS, initial, part);
    snprintf(part, sizeof part, "%s.out", name);
    linear_register(&layer->out, weights, width, width, LINEAR_BIAS, initial, part);
    snprintf(part, sizeof part, "%s.norm1", name);
    norm_register(&layer->norm1, weights, width, epsilon, part);
    snprintf(part, sizeof part, "%s.feed", name);
    mlp_register(&layer->feed, weights, 2, (int[]){width, feed_width, width}, ACT_RELU, initial,
                 part);
    snprintf(part, sizeof part, "%s.norm2", name);
    norm_register(&layer->norm2, weights, width, epsilon, part);
}

/* Attention and the sum around it: x + out(attention(in(x))). */
static real *attend_forward(const struct pass *pass, struct transformer_state *state,
                            const struct transformer *layer)
{
    size_t rows = (size_t)state->rows, width = (size_t)layer->width;
    real *sum = pass_new(pass, rows, width);

    state->qkv = pass_new(pass, rows, 3 * width);
    state->mixed = pass_new(pass, rows, width);
    state->prob = pass_new(pass, attention_size(&state->shape), 1);
    linear_forward(pass, state->qkv, state->x, &layer->in, state->rows);
    pass->ops->attention(state->mixed, state->prob, state->qkv, state->qkv + width,
                         state->qkv + 2 * width, &state->shape);
    linear_forward(pass, sum, state->mixed, &layer->out, state->rows);
    pass->ops->add(sum, state->x, rows * width);
    return sum;
}

real *transformer_forward(const struct pass *pass, struct transformer_state *state,
                          const struct transformer *layer, const real *x, const int32_t *first,
                          const real *weight, int segments)
{
    real *sum, *middle, *feed;

    *state = (struct transformer_state){.x = x, .rows = first[segments]};
    state->shape = (struct attention_shape){
        .segments = segments,
        .heads = layer->heads,
        .width = layer->width / layer->heads,
        .query_first = first,
        .key_first = first,
        .key_weight = weight,
        .query_stride = 3 * layer->width,
        .key_stride = 3 * layer->width,
        .value_stride = 3 * layer->width,
        .out_stride = layer->width,
    };
    sum = attend_forward(pass, state, layer);
    middle = norm_forward(pass, &state->norm1, &layer->norm1, sum, state->rows);
    feed = mlp_forward(pass, &state->feed, &layer->feed, middle, state->rows);
    pass->ops->add(feed, middle, (size_t)state->rows * (size_t)layer->width);
    return norm_forward(pass, &state->norm2, &layer->norm2, feed, state->rows);
}

static void attend_backward(const struct pass *pass, const struct transformer_state *state,
                            const struct transformer *layer, real *dx, const real *dsum)
{
    size_t rows = (size_t)state->rows, width = (size_t)layer->width;
    real *dmixed = pass_zeros(pass, rows, width), *dqkv = pass_zeros(pass, rows, 3 * width);
    real *scratch = pass_new(pass, attention_size(&state->shape), 1);

    pass->ops->add(dx, dsum, rows * width);
    linear_backward(pass, dmixed, dsum, state->mixed, &layer->out, state->rows);
    pass->ops->attention_backward(dqkv, dqkv + width, dqkv + 2 * width, scratch, dmixed,
                                  state->prob, state->qkv, state->qkv + width,
                                  state->qkv + 2 * width, &state->shape);
    linear_backward(pass, dx, dqkv, state->x, &layer->in, state->rows);
}

void transformer_backward(const struct pass *pass, const struct transformer_state *state,
                          const struct transformer *layer, real *dx, const real *dout)
{
    size_t rows = (size_t)state->rows, width = (size_t)layer->width;
    real *dsum = pass_zeros(pass, rows, width), *dfeed = pass_zeros(pass, rows, width);
    real *dmiddle = pass_zeros(pass, rows, width);

    norm_backward(pass, &state->norm2, &layer->norm2, dfeed, dout); /* of m + feed(m) */
    pass->ops->add(dmiddle, dfeed, rows * width);
    mlp_backward(pass, &state->feed, &layer->feed, dmiddle, dfeed);
    norm_backward(pass, &state->norm1, &layer->norm1, dsum, dmiddle);
    attend_backward(pass, state, layer, dx, dsum);
}
