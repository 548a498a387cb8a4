/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators on graphs (a template, see ops_rows.h): scores per head, graph attention, semantic
 * attention, additive attention.
 */
#ifndef OPS_TARGET
#error "define OPS_TARGET before including an operator template"
#endif

#include "nn/ops.h"
#include "nn/span.h"

OPS_TARGET static void head_dot(real *out, const real *h, const real *v, int rows, int heads,
                                int width)
{
    for (int row = 0; row < rows; row++)
        for (int k = 0; k < heads; k++, h += width)
            *out++ = span_dot(h, v + (size_t)k * (size_t)width, width);
}

OPS_TARGET static void head_dot_backward(real *dh, real *dv, const real *dout, const real *h,
                                         const real *v, int rows, int heads, int width)
{
    for (int row = 0; row < rows; row++)
        for (int k = 0; k < heads; k++, h += width, dh += width, dout++) {
            span_axpy(dh, *dout, v + (size_t)k * (size_t)width, width);
            span_axpy(dv + (size_t)k * (size_t)width, *dout, h, width);
        }
}

/* Softmax down the columns of x (n, heads), in place. */
SPAN_INLINE void softmax_columns(real *x, const real *weight, int n, int heads)
{
    for (int k = 0; k < heads; k++) {
        real max = -REAL_INF;

        for (int e = 0; e < n; e++)
            if ((!weight || weight[e] > 0) && x[e * heads + k] > max)
                max = x[e * heads + k];
        max = max == -REAL_INF ? 0 : max;
        for (int e = 0; e < n; e++)
            x[e * heads + k] -= max;
    }
    for (int i = 0; i < n * heads; i++)
        x[i] = span_exp1(x[i]);
    for (int k = 0; k < heads; k++) {
        real sum = 0;

        for (int e = 0; e < n; e++) {
            if (weight)
                x[e * heads + k] = weight[e] > 0 ? x[e * heads + k] * weight[e] : 0;
            sum += x[e * heads + k];
        }
        sum = sum == 0 ? 1 : sum; /* no edge has weight: zeros; NaN stays NaN */
        for (int e = 0; e < n; e++)
            x[e * heads + k] /= sum;
    }
}

/* The score before its leaky rectifier. */
SPAN_INLINE real edge_sum(const real *source_score, const real *target_score,
                          const real *edge_score, int32_t source, int32_t target, int32_t edge,
                          int heads, int k)
{
    real sum = source_score[(size_t)source * (size_t)heads + (size_t)k] +
               target_score[(size_t)target * (size_t)heads + (size_t)k];

    return edge_score ? sum + edge_score[(size_t)edge * (size_t)heads + (size_t)k] : sum;
}

OPS_TARGET static void gat(real *out, real *alpha, const real *h, const real *source_score,
                           const real *target_score, const real *edge_score,
                           const struct edges *edges, int heads, int width, real slope)
{
    size_t across = (size_t)heads * (size_t)width;

    memset(out, 0, (size_t)edges->targets * across * sizeof *out);
    for (int32_t i = 0; i < edges->targets; i++, out += across) {
        int32_t from = edges->first[i], to = edges->first[i + 1];
        real *a = alpha + (size_t)from * (size_t)heads;

        for (int32_t e = from; e < to; e++)
            for (int k = 0; k < heads; k++) {
                real s = edge_sum(source_score, target_score, edge_score, edges->source[e], i, e,
                                  heads, k);

                *a++ = s > 0 ? s : slope * s;
            }
        a = alpha + (size_t)from * (size_t)heads;
        softmax_columns(a, edges->weight ? edges->weight + from : NULL, to - from, heads);
        for (int32_t e = from; e < to; e++) {
            const real *message = h + (size_t)edges->source[e] * across;

            for (int k = 0; k < heads; k++, a++)
                span_axpy(out + (size_t)k * (size_t)width, *a, message + (size_t)k * (size_t)width,
                          width);
        }
    }
}

/* Gradient of the softmax and the leaky rectifier for the edges entering target i. */
SPAN_INLINE void edge_scores_backward(real *dsource_score, real *dtarget_score, real *dedge_score,
                                      const real *dalpha, const real *alpha,
                                      const real *source_score, const real *target_score,
                                      const real *edge_score, const struct edges *edges, int32_t i,
                                      int heads, real slope)
{
    int32_t from = edges->first[i], to = edges->first[i + 1];

    for (int k = 0; k < heads; k++) {
        real mean = 0;

        for (int32_t e = from; e < to; e++) {
            size_t at = (size_t)e * (size_t)heads + (size_t)k;

            mean += alpha[at] * dalpha[at];
        }
        for (int32_t e = from; e < to; e++) {
            size_t at = (size_t)e * (size_t)heads + (size_t)k;
            real s =
                edge_sum(source_score, target_score, edge_score, edges->source[e], i, e, heads, k);
            real ds = alpha[at] * (dalpha[at] - mean) * (s > 0 ? 1 : slope);

            dsource_score[(size_t)edges->source[e] * (size_t)heads + (size_t)k] += ds;
            dtarget_score[(size_t)i * (size_t)heads + (size_t)k] += ds;
            if (dedge_score)
                dedge_score[at] += ds;
        }
    }
}

OPS_TARGET static void gat_backward(real *dh, real *dsource_score, real *dtarget_score,
                                    real *dedge_score, real *scratch, const real *dout,
                                    const real *alpha, const real *h, const real *source_score,
                                    const real *target_score, const real *edge_score,
                                    const struct edges *edges, int heads, int width, real slope)
{
    size_t across = (size_t)heads * (size_t)width;

    for (int32_t i = 0; i < edges->targets; i++, dout += across) {
        for (int32_t e = edges->first[i]; e < edges->first[i + 1]; e++)
            for (int k = 0; k < heads; k++) {
                size_t at = (size_t)e * (size_t)heads + (size_t)k;
                size_t row = (size_t)edges->source[e] * across + (size_t)k * (size_t)width;
                const real *d = dout + (size_t)k * (size_t)width;

                scratch[at] = span_dot(d, h + row, width); /* out_i += alpha h_j */
                span_axpy(dh + row, alpha[at], d, width);
            }
        edge_scores_backward(dsource_score, dtarget_score, dedge_score, scratch, alpha,
                             source_score, target_score, edge_score, edges, i, heads, slope);
    }
}

/* The weights of the relations in one segment, from their scores. */
SPAN_INLINE void relation_softmax(real *beta, const real *present, int relations)
{
    real max = -REAL_INF, sum = 0;

    for (int r = 0; r < relations; r++)
        max = present[r] > 0 && beta[r] > max ? beta[r] : max;
    for (int r = 0; r < relations; r++) {
        beta[r] = present[r] > 0 ? span_exp1(beta[r] - max) : 0;
        sum += beta[r];
    }
    for (int r = 0; r < relations; r++)
        beta[r] = sum == 0 ? 0 : beta[r] / sum;
}

OPS_TARGET static void semantic(real *out, real *beta, const real *z, const real *t, const real *q,
                                const real *present, const int32_t *first, int segments,
                                int relations, int width)
{
    size_t plane = (size_t)first[segments] * (size_t)width;

    memset(out, 0, plane * sizeof *out);
    for (int s = 0; s < segments; s++, beta += relations, present += relations) {
        for (int r = 0; r < relations; r++) {
            beta[r] = 0;
            for (int32_t i = first[s]; i < first[s + 1]; i++)
                beta[r] += span_dot(q, t + (size_t)r * plane + (size_t)i * (size_t)width, width);
            beta[r] /= (real)(first[s + 1] - first[s]);
        }
        relation_softmax(beta, present, relations);
        for (int r = 0; r < relations; r++)
            for (int32_t i = first[s]; i < first[s + 1]; i++)
                span_axpy(out + (size_t)i * (size_t)width, beta[r],
                          z + (size_t)r * plane + (size_t)i * (size_t)width, width);
    }
}

/* dbeta of relation r in rows from .. to-1: what the loss gains when the relation weighs more. */
SPAN_INLINE real relation_gain(const real *dout, const real *z, int32_t from, int32_t to, int width)
{
    real sum = 0;

    for (int32_t i = from; i < to; i++)
        sum += span_dot(dout + (size_t)i * (size_t)width, z + (size_t)i * (size_t)width, width);
    return sum;
}

OPS_TARGET static void semantic_backward(real *dz, real *dt, real *dq, const real *dout,
                                         const real *beta, const real *z, const real *t,
                                         const real *q, const int32_t *first, int segments,
                                         int relations, int width)
{
    size_t plane = (size_t)first[segments] * (size_t)width;

    for (int s = 0; s < segments; s++, beta += relations) {
        int32_t from = first[s], to = first[s + 1];
        real mean = 0;

        for (int r = 0; r < relations; r++)
            mean += beta[r] * relation_gain(dout, z + (size_t)r * plane, from, to, width);
        for (int r = 0; r < relations; r++) {
            real gain = relation_gain(dout, z + (size_t)r * plane, from, to, width);
            real dscore = beta[r] * (gain - mean) / (real)(to - from); /* of q . t[r,i] */

            for (int32_t i = from; i < to; i++) {
                size_t row = (size_t)r * plane + (size_t)i * (size_t)width;

                span_axpy(dz + row, beta[r], dout + (size_t)i * (size_t)width, width);
                span_axpy(dt + row, dscore, q, width);
                span_axpy(dq, dscore, t + row, width);
            }
        }
    }
}

OPS_TARGET static void pointer(real *score, real *t, int t_stride, const real *query,
                               const real *key, const real *v, const struct edges *edges, int width)
{
    for (int32_t i = 0; i < edges->targets; i++)
        for (int32_t e = edges->first[i]; e < edges->first[i + 1]; e++) {
            real *te = t + (size_t)e * (size_t)t_stride;
            const real *qi = query + (size_t)i * (size_t)width;
            const real *kj = key + (size_t)edges->source[e] * (size_t)width;

            for (int d = 0; d < width; d++)
                te[d] = span_tanh1(qi[d] + kj[d]);
            score[e] = span_dot(v, te, width);
        }
}

OPS_TARGET static void pointer_backward(real *restrict dquery, real *restrict dkey,
                                        real *restrict dv, const real *dscore, const real *t,
                                        const real *v, const struct edges *edges, int width)
{
    for (int32_t i = 0; i < edges->targets; i++)
        for (int32_t e = edges->first[i]; e < edges->first[i + 1]; e++) {
            const real *te = t + (size_t)e * (size_t)width;
            real *dqi = dquery + (size_t)i * (size_t)width;
            real *dkj = dkey + (size_t)edges->source[e] * (size_t)width;

            for (int d = 0; d < width; d++) {
                real inner = dscore[e] * v[d] * (1 - te[d] * te[d]); /* of query + key */

                dv[d] += dscore[e] * te[d];
                dqi[d] += inner;
                dkj[d] += inner;
            }
        }
}
