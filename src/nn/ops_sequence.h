/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators on sequences (a template, see ops_rows.h): dot-product attention with several heads,
 * and the pointwise halves of the two recurrent cells.
 */
#ifndef OPS_TARGET
#error "define OPS_TARGET before including an operator template"
#endif

#include "nn/ops.h"
#include "nn/span.h"

/* One segment of one head; see attention_each. */
struct attention_part {
    int queries, keys;
    size_t query, key, value, out; /* where the first row of each starts */
    size_t prob;
    const real *weight;
};

/* The part of segment s and head k; prob is where the part before it ended. */
SPAN_INLINE struct attention_part attention_part(const struct attention_shape *shape, int s, int k,
                                                 size_t prob)
{
    size_t query = (size_t)shape->query_first[s], key = (size_t)shape->key_first[s];
    size_t column = (size_t)k * (size_t)shape->width;

    return (struct attention_part){
        .queries = shape->query_first[s + 1] - shape->query_first[s],
        .keys = shape->key_first[s + 1] - shape->key_first[s],
        .query = query * (size_t)shape->query_stride + column,
        .key = key * (size_t)shape->key_stride + column,
        .value = key * (size_t)shape->value_stride + column,
        .out = query * (size_t)shape->out_stride + column,
        .prob = prob,
        .weight = shape->key_weight ? shape->key_weight + key : NULL,
    };
}

SPAN_INLINE size_t attention_part_size(const struct attention_part *part)
{
    return (size_t)part->queries * (size_t)part->keys;
}

OPS_TARGET static void attend(real *out, real *prob, const real *query, const real *key,
                              const real *value, const struct attention_shape *shape,
                              const struct attention_part *part)
{
    real scale = 1 / real_sqrt((real)shape->width);

    for (int i = 0; i < part->queries; i++, prob += part->keys) {
        const real *q = query + (size_t)i * (size_t)shape->query_stride;
        real *o = out + (size_t)i * (size_t)shape->out_stride;

        for (int j = 0; j < part->keys; j++)
            prob[j] =
                scale * span_dot(q, key + (size_t)j * (size_t)shape->key_stride, shape->width);
        span_softmax(prob, prob, part->weight, part->keys);
        for (int d = 0; d < shape->width; d++)
            o[d] = 0;
        for (int j = 0; j < part->keys; j++)
            span_axpy(o, prob[j], value + (size_t)j * (size_t)shape->value_stride, shape->width);
    }
}

OPS_TARGET static void attention(real *out, real *prob, const real *query, const real *key,
                                 const real *value, const struct attention_shape *shape)
{
    size_t done = 0;

    for (int s = 0; s < shape->segments; s++)
        for (int k = 0; k < shape->heads; k++) {
            struct attention_part part = attention_part(shape, s, k, done);

            attend(out + part.out, prob + part.prob, query + part.query, key + part.key,
                   value + part.value, shape, &part);
            done += attention_part_size(&part);
        }
}

OPS_TARGET static void attend_backward(real *dquery, real *dkey, real *dvalue, real *dprob,
                                       const real *dout, const real *prob, const real *query,
                                       const real *key, const real *value,
                                       const struct attention_shape *shape,
                                       const struct attention_part *part)
{
    real scale = 1 / real_sqrt((real)shape->width);
    int width = shape->width;

    for (int i = 0; i < part->queries; i++, prob += part->keys) {
        const real *d = dout + (size_t)i * (size_t)shape->out_stride;
        size_t q = (size_t)i * (size_t)shape->query_stride;
        real mean;

        for (int j = 0; j < part->keys; j++) {
            size_t v = (size_t)j * (size_t)shape->value_stride;

            dprob[j] = span_dot(d, value + v, width); /* out_i += prob v_j */
            span_axpy(dvalue + v, prob[j], d, width);
        }
        mean = span_dot(prob, dprob, part->keys);
        for (int j = 0; j < part->keys; j++) {
            size_t k = (size_t)j * (size_t)shape->key_stride;
            real dscore = scale * prob[j] * (dprob[j] - mean); /* of q_i . k_j */

            span_axpy(dquery + q, dscore, key + k, width);
            span_axpy(dkey + k, dscore, query + q, width);
        }
    }
}

OPS_TARGET static void attention_backward(real *dquery, real *dkey, real *dvalue, real *scratch,
                                          const real *dout, const real *prob, const real *query,
                                          const real *key, const real *value,
                                          const struct attention_shape *shape)
{
    size_t done = 0;

    for (int s = 0; s < shape->segments; s++)
        for (int k = 0; k < shape->heads; k++) {
            struct attention_part part = attention_part(shape, s, k, done);

            attend_backward(dquery + part.query, dkey + part.key, dvalue + part.value, scratch,
                            dout + part.out, prob + part.prob, query + part.query, key + part.key,
                            value + part.value, shape, &part);
            done += attention_part_size(&part);
        }
}

OPS_TARGET static void gru(real *restrict out, real *restrict gates, const real *from_x,
                           const real *from_h, const real *h, int rows, int width)
{
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < 2 * width; i++)
            gates[i] = span_sigmoid1(from_x[i] + from_h[i]);
        for (int i = 0; i < width; i++) {
            int c = 2 * width + i;

            gates[c] = span_tanh1(from_x[c] + gates[i] * from_h[c]);
            out[i] = (1 - gates[width + i]) * gates[c] + gates[width + i] * h[i];
        }
        out += width, h += width;
        gates += 3 * width, from_x += 3 * width, from_h += 3 * width;
    }
}

OPS_TARGET static void gru_backward(real *restrict dfrom_x, real *restrict dfrom_h,
                                    real *restrict dh, const real *dout, const real *gates,
                                    const real *from_h, const real *h, int rows, int width)
{
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < width; i++) {
            int u_at = width + i, c_at = 2 * width + i;
            real r = gates[i], u = gates[u_at], c = gates[c_at];
            real du = dout[i] * (h[i] - c) * u * (1 - u); /* out = (1 - u) c + u h */
            real dc = dout[i] * (1 - u) * (1 - c * c);    /* c = tanh(x_c + r h_c) */
            real dr = dc * from_h[c_at] * r * (1 - r);

            dfrom_x[i] += dr, dfrom_h[i] += dr;
            dfrom_x[u_at] += du, dfrom_h[u_at] += du;
            dfrom_x[c_at] += dc, dfrom_h[c_at] += dc * r;
            dh[i] += dout[i] * u;
        }
        dout += width, h += width, dh += width;
        gates += 3 * width, from_h += 3 * width, dfrom_x += 3 * width, dfrom_h += 3 * width;
    }
}

OPS_TARGET static void lstm(real *restrict out, real *restrict cell_out, real *restrict gates,
                            const real *sums, const real *cell, int rows, int width)
{
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < 4 * width; i++)
            gates[i] = i / width == 2 ? span_tanh1(sums[i]) : span_sigmoid1(sums[i]);
        for (int i = 0; i < width; i++) {
            cell_out[i] = gates[width + i] * cell[i] + gates[i] * gates[2 * width + i];
            out[i] = gates[3 * width + i] * span_tanh1(cell_out[i]);
        }
        out += width, cell_out += width, cell += width;
        gates += 4 * width, sums += 4 * width;
    }
}

OPS_TARGET static void lstm_backward(real *restrict dsums, real *restrict dcell, const real *dout,
                                     const real *dcell_out, const real *gates, const real *cell,
                                     const real *cell_out, int rows, int width)
{
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < width; i++) {
            real in = gates[i], forget = gates[width + i], fresh = gates[2 * width + i],
                 open = gates[3 * width + i], t = span_tanh1(cell_out[i]);
            real dc = dcell_out[i] + dout[i] * open * (1 - t * t); /* out = open tanh(cell_out) */

            dsums[i] += dc * fresh * in * (1 - in); /* cell_out = forget cell + in fresh */
            dsums[width + i] += dc * cell[i] * forget * (1 - forget);
            dsums[2 * width + i] += dc * in * (1 - fresh * fresh);
            dsums[3 * width + i] += dout[i] * t * open * (1 - open);
            dcell[i] += dc * forget;
        }
        dout += width, dcell_out += width, cell += width, cell_out += width, dcell += width;
        gates += 4 * width, dsums += 4 * width;
    }
}
