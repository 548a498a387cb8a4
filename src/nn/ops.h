/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators of a network, as forward and backward pairs of plain loops over explicit sizes, in
 * one table per instruction set. A network asks ops_best() once and calls through the table.
 *
 * Conventions. Outputs come first, then inputs, then sizes. Shapes are row-major and given in the
 * comment of each pair. d<name> is the gradient of the loss with respect to <name>; backward
 * functions add to their outputs, so the caller zeroes them once. Where a gradient may be NULL it
 * is not computed. Outputs and inputs must not overlap unless a comment allows it.
 *
 * Sets of varying size, and several graphs in one pass, are *segments*: segment s holds the rows
 * first[s] .. first[s+1]-1. Graphs are edges sorted by target (struct edges).
 *
 * Every table gives the same bits: sums run in a fixed order that does not depend on the width of
 * vector registers, and whether a product is fused with a sum is written down, not left to the
 * compiler. So one model decides alike on every machine, compiler and number of threads.
 */
#ifndef NN_OPS_H
#define NN_OPS_H

#include <stddef.h>
#include <stdint.h>

#include "nn/real.h"

enum activation {
    ACT_NONE,
    ACT_RELU,
    ACT_LEAKY_RELU, /* slope 0.01 below zero */
    ACT_TANH,
    ACT_SIGMOID,
    ACT_GELU, /* the form with tanh: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
    ACT_SILU, /* x sigmoid(x) */
    ACTIVATIONS
};

/* Edges sorted by target: those entering target i are first[i] .. first[i+1]-1. See nn/edges.h. */
struct edges {
    int32_t targets, sources, count;
    const int32_t *first;  /* targets + 1 */
    const int32_t *source; /* count */
    const real *weight;    /* count, or NULL for all 1: how many equal edges this one stands for */
};

/* Several sequences beside each other, each attending to its own keys. */
struct attention_shape {
    int segments, heads, width; /* width of one head */
    const int32_t *query_first; /* segments + 1 */
    const int32_t *key_first;   /* segments + 1 */
    const real *key_weight;     /* keys, or NULL for all 1: how many equal keys */
    int query_stride, key_stride, value_stride, out_stride; /* numbers from row to row */
};

/* c (m, n) += a (m, k) b (k, n). Item (i, j) of a lies at i a_row + j a_step, one of which is 1;
 * the rows of b and c are b_row and c_row apart. */
struct product {
    real *c;
    const real *a, *b;
    int c_row, a_row, a_step, b_row;
    int m, n, k;
};

struct ops {
    const char *name; /* "ref", "avx2", "avx512" */

    /*
     * out (rows, n) = x (rows, k) w (k, n) + b (n), with w and b in one of the forms of
     * nn/packed.h. Each output is one chain of fused steps in the order of k:
     *   long form:  b + x_0 w_0 + x_1 w_1 + ...
     *   short form: (x_0 w_0 + x_1 w_1 + ...) scale + b, with w whole numbers of 20 bits
     */
    void (*linear_long)(real *out, const real *x, const void *packed, int rows, int k, int n);
    void (*linear_short)(real *out, const real *x, const void *packed, int rows, int k, int n);

    /* What training has in place of the two: see nn/product.h. */
    void (*product)(const struct product *product);

    /* out (n), x (n); out may be x. backward: dx += dout f'(x), from x and out as they were. */
    void (*activate)(real *out, const real *x, size_t n, enum activation kind);
    void (*activate_backward)(real *dx, const real *dout, const real *out, const real *x, size_t n,
                              enum activation kind);

    void (*add)(real *out, const real *x, size_t n); /* out += x */

    /*
     * p (rows), x (rows), weight (rows) or NULL: within each segment p_i = w_i e^x_i / sum_j w_j
     * e^x_j. A weight of 0 masks a row; a segment without any positive weight gets zeros.
     * backward: dx_i += p_i (dp_i - sum_j p_j dp_j).
     */
    void (*softmax)(real *p, const real *x, const real *weight, const int32_t *first, int segments);
    void (*softmax_backward)(real *dx, const real *dp, const real *p, const int32_t *first,
                             int segments);

    /*
     * out (rows, width) = (x - mean) rstd gain + bias, with mean and the biased variance of each
     * row, rstd = 1 / sqrt(variance + epsilon); mean and rstd (rows) are kept for backward. out may
     * be x only if there is no backward. Ba, Kiros and Hinton, "Layer Normalization", 2016.
     */
    void (*layer_norm)(real *out, real *mean, real *rstd, const real *x, const real *gain,
                       const real *bias, int rows, int width, real epsilon);
    void (*layer_norm_backward)(real *dx, real *dgain, real *dbias, const real *dout, const real *x,
                                const real *mean, const real *rstd, const real *gain, int rows,
                                int width);

    /* out (rows, width) = x[index[row]], or += it; backward adds dout back to dx[index[row]]. */
    void (*gather)(real *out, const real *x, const int32_t *index, int rows, int width);
    void (*gather_add)(real *out, const real *x, const int32_t *index, int rows, int width);
    void (*gather_backward)(real *dx, const real *dout, const int32_t *index, int rows, int width);

    /* out (segments, width) = sum w_i x_i / sum w_i over a segment; 0 where the weights sum to 0.
     */
    void (*segment_mean)(real *out, const real *x, const real *weight, const int32_t *first,
                         int segments, int width);
    void (*segment_mean_backward)(real *dx, const real *dout, const real *weight,
                                  const int32_t *first, int segments, int width);

    /* db (width) += sum of the rows of dout (rows, width) */
    void (*column_sums)(real *db, const real *dout, int rows, int width);

    /* out (rows, heads) = sum_d h (rows, heads, width) v (heads, width): one number per head. */
    void (*head_dot)(real *out, const real *h, const real *v, int rows, int heads, int width);
    void (*head_dot_backward)(real *dh, real *dv, const real *dout, const real *h, const real *v,
                              int rows, int heads, int width);

    /*
     * Graph attention (Velickovic et al., "Graph Attention Networks", 2018, eq. 3-5), one relation:
     *   s_e = leaky(source_score[j] + target_score[i] + edge_score[e]) for the edge e from j to i
     *   alpha_e = softmax of s over the edges entering i, with the edges' weights
     *   out_i = sum_e alpha_e h_j, heads side by side
     * out (targets, heads, width), alpha (edges, heads), h (sources, heads, width), source_score
     * (sources, heads), target_score (targets, heads), edge_score (edges, heads) or NULL. A target
     * without edges gets zeros. backward: scratch (edges, heads); dedge_score may be NULL.
     */
    void (*gat)(real *out, real *alpha, const real *h, const real *source_score,
                const real *target_score, const real *edge_score, const struct edges *edges,
                int heads, int width, real slope);
    void (*gat_backward)(real *dh, real *dsource_score, real *dtarget_score, real *dedge_score,
                         real *scratch, const real *dout, const real *alpha, const real *h,
                         const real *source_score, const real *target_score, const real *edge_score,
                         const struct edges *edges, int heads, int width, real slope);

    /*
     * Semantic attention (Wang et al., "Heterogeneous Graph Attention Network", 2019, eq. 7-9):
     * for rows i of segment s, out_i = sum_r beta[s,r] z[r,i], beta[s] = softmax over the relations
     * present in s of the mean over the segment's rows of q . t[r,i], where t = tanh(linear(z)).
     * out (rows, width), beta (segments, relations), z and t (relations, rows, width), q (width),
     * present (segments, relations) of 0 and 1.
     */
    void (*semantic)(real *out, real *beta, const real *z, const real *t, const real *q,
                     const real *present, const int32_t *first, int segments, int relations,
                     int width);
    void (*semantic_backward)(real *dz, real *dt, real *dq, const real *dout, const real *beta,
                              const real *z, const real *t, const real *q, const int32_t *first,
                              int segments, int relations, int width);

    /*
     * Additive attention (Bahdanau et al. 2015; the pointer of Vinyals et al. 2015, eq. 3):
     * score_e = v . t_e, t_e = tanh(query[i] + key[j]) for the edge e from key j to query i.
     * score (edges), query (targets, width), key (sources, width), v (width). t (edges, width) is
     * kept for backward; without one, t_stride 0 uses a single row of t over and over.
     */
    void (*pointer)(real *score, real *t, int t_stride, const real *query, const real *key,
                    const real *v, const struct edges *edges, int width);
    void (*pointer_backward)(real *dquery, real *dkey, real *dv, const real *dscore, const real *t,
                             const real *v, const struct edges *edges, int width);

    /*
     * Scaled dot-product attention with several heads (Vaswani et al. 2017, eq. 1): within each
     * segment out = softmax(q k^T / sqrt(width)) v, head h in columns h*width ... prob keeps the
     * softmax: for each segment (heads, queries, keys), attention_size() numbers in all.
     * backward: scratch as long as prob.
     */
    void (*attention)(real *out, real *prob, const real *query, const real *key, const real *value,
                      const struct attention_shape *shape);
    void (*attention_backward)(real *dquery, real *dkey, real *dvalue, real *scratch,
                               const real *dout, const real *prob, const real *query,
                               const real *key, const real *value,
                               const struct attention_shape *shape);

    /*
     * The pointwise half of a gated recurrent unit (Cho et al. 2014): from_x and from_h (rows, 3
     * width) are the products of input and state with the weights of reset, update and candidate:
     *   r = sigmoid(x_r + h_r), u = sigmoid(x_u + h_u), c = tanh(x_c + r h_c), out = (1-u) c + u h
     * gates (rows, 3 width) keeps r, u, c.
     */
    void (*gru)(real *out, real *gates, const real *from_x, const real *from_h, const real *h,
                int rows, int width);
    void (*gru_backward)(real *dfrom_x, real *dfrom_h, real *dh, const real *dout,
                         const real *gates, const real *from_h, const real *h, int rows, int width);

    /*
     * The pointwise half of an LSTM (Hochreiter and Schmidhuber 1997, with a forget gate): sums
     * (rows, 4 width) holds x W + h U + b for input, forget, cell, output gates:
     *   cell_out = sigmoid(f) cell + sigmoid(i) tanh(g), out = sigmoid(o) tanh(cell_out)
     * gates (rows, 4 width) keeps the activated gates.
     */
    void (*lstm)(real *out, real *cell_out, real *gates, const real *sums, const real *cell,
                 int rows, int width);
    void (*lstm_backward)(real *dsums, real *dcell, const real *dout, const real *dcell_out,
                          const real *gates, const real *cell, const real *cell_out, int rows,
                          int width);

    /*
     * One step of Adam (Kingma and Ba 2015) with the bias corrections folded into rate and epsilon:
     * m, v move towards g and g^2; value -= rate m / (sqrt(v) + epsilon) + decay value.
     */
    void (*adam)(real *value, real *m, real *v, const real *grad, size_t n, real beta1, real beta2,
                 real rate, real epsilon, real decay);
};

/* Numbers in prob. */
size_t attention_size(const struct attention_shape *shape);

/* The fastest table that this processor runs. */
const struct ops *ops_best(void);

/* By name; NULL if there is none of that name or the processor cannot run it. NULL or "best" gives
 * ops_best(). */
const struct ops *ops_find(const char *name);

/* The tables that this processor runs, best first, ended by NULL. */
const struct ops *const *ops_all(void);

extern const struct ops ops_ref, ops_avx2, ops_avx512;

#endif
