/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators for processors with AVX-512 F. A panel of 32 columns is two registers; up to 12 rows of
 * the input share each load of weights, which keeps 24 of the 32 registers as running sums. Every
 * output is the same chain of fused steps as in ops_ref.c.
 */
#include "nn/ops.h"

#if defined(__x86_64__) && !defined(NN_DOUBLE)

#include <immintrin.h>

#define OPS_TARGET __attribute__((target("avx512f,avx2,fma")))
#include "nn/ops_table.inc"

enum { LANES = 16, LONG_TILE_ROWS = 12, SHORT_TILE_ROWS = 12, LONG_TILE_COLUMNS = 32 };

#include "nn/ops_tiles.inc"

typedef __mmask16 lanes; /* some places of a vector */

/* Of a vector's places the first `count`; all, if it is more. */
TILE lanes lanes_first(int count)
{
    return (lanes)(count >= LANES ? 0xffffu : count > 0 ? (1u << count) - 1 : 0);
}

/* Writes `rows` rows of sums, 16 columns each, from column 16 v of the panel on. */
TILE void store_sums(const struct tile *tile, const __m512 *sum, int rows, int v)
{
    lanes wanted = lanes_first(tile->columns - LANES * v);

    for (int r = 0; r < rows; r++)
        _mm512_mask_storeu_ps(tile->out + (size_t)r * (size_t)tile->n + LANES * v, wanted, sum[r]);
}

/* rows, wide, and k where it is our own network's, are constants where this is inlined; wide: more
 * than 16 columns are wanted. */
TILE void tile_long(const struct tile *tile, int rows, int wide, int k, bool streamed)
{
    const float *w = (const float *)(const void *)tile->panel;
    __m512 low[LONG_TILE_ROWS], high[LONG_TILE_ROWS];

    for (int r = 0; r < rows; r++) {
        low[r] = _mm512_loadu_ps(w);
        high[r] = _mm512_loadu_ps(w + LANES);
    }
    for (int i = 0; i < k; i++) {
        __m512 w0, w1;

        w += PANEL;
        if (streamed)
            prefetch_lines(w, 2);
        w0 = _mm512_loadu_ps(w);
        w1 = _mm512_loadu_ps(w + LANES);
        for (int r = 0; r < rows; r++) {
            __m512 x = _mm512_set1_ps(tile->x[(size_t)r * (size_t)k + (size_t)i]);

            low[r] = _mm512_fmadd_ps(x, w0, low[r]);
            if (wide)
                high[r] = _mm512_fmadd_ps(x, w1, high[r]);
        }
    }
    store_sums(tile, low, rows, 0);
    if (wide)
        store_sums(tile, high, rows, 1);
}

/* The 32 weights of row j of a group as numbers; lower is the group's fifth line. */
TILE void unpack_short(const unsigned char *group, __m512i lower, int j, __m512 *w0, __m512 *w1)
{
    __m512i word = _mm512_loadu_si512(group + j * SHORT_LINE_BYTES);
    __m512i low = j == 0   ? _mm512_slli_epi32(lower, 12)
                  : j == 1 ? _mm512_slli_epi32(lower, 4)
                  : j == 2 ? _mm512_srli_epi32(lower, 4)
                           : _mm512_srli_epi32(lower, 12);
    __m512i high = j == 0   ? _mm512_slli_epi32(lower, 8)
                   : j == 1 ? lower
                   : j == 2 ? _mm512_srli_epi32(lower, 8)
                            : _mm512_srli_epi32(lower, 16);

    low = _mm512_and_si512(low, _mm512_set1_epi32(0xf000));
    low = _mm512_or_si512(low, _mm512_slli_epi32(word, 16));
    /* By bit: word where the constant is 1, high where it is 0. */
    high = _mm512_ternarylogic_epi32(high, word, _mm512_set1_epi32((int)SHORT_UPPER_COLUMNS), 0xd8);
    *w0 = _mm512_cvtepi32_ps(low);
    *w1 = _mm512_cvtepi32_ps(high);
}

TILE void scale_sums(const unsigned char *head, __m512 *sum, int rows, int v)
{
    __m512 bias = _mm512_loadu_ps((const float *)(const void *)head + LANES * v);
    __m512 scale = _mm512_loadu_ps((const float *)(const void *)head + PANEL + LANES * v);

    for (int r = 0; r < rows; r++)
        sum[r] = _mm512_fmadd_ps(sum[r], scale, bias);
}

/* One row of weights: adds x_j w to the sums of every row of the tile. */
TILE void short_step(const float *x, int k, const unsigned char *group, __m512i lower, int j,
                     int rows, int wide, __m512 *low, __m512 *high)
{
    __m512 w0, w1;

    unpack_short(group, lower, j, &w0, &w1);
    for (int r = 0; r < rows; r++) {
        __m512 each = _mm512_set1_ps(x[(size_t)r * (size_t)k + (size_t)j]);

        low[r] = _mm512_fmadd_ps(each, w0, low[r]);
        if (wide)
            high[r] = _mm512_fmadd_ps(each, w1, high[r]);
    }
}

TILE void tile_short(const struct tile *tile, int rows, int wide)
{
    const unsigned char *group = tile->panel + SHORT_HEAD_BYTES;
    const float *x = tile->x;
    __m512 low[LONG_TILE_ROWS], high[LONG_TILE_ROWS];

    for (int r = 0; r < rows; r++)
        low[r] = high[r] = _mm512_setzero_ps();
    for (int i = 0; i < tile->k; i += SHORT_GROUP) {
        __m512i lower = _mm512_loadu_si512(group + SHORT_GROUP * SHORT_LINE_BYTES);

        if (tile->streamed)
            prefetch_lines(group, SHORT_GROUP + 1);
        short_step(x, tile->k, group, lower, 0, rows, wide, low, high);
        short_step(x, tile->k, group, lower, 1, rows, wide, low, high);
        short_step(x, tile->k, group, lower, 2, rows, wide, low, high);
        short_step(x, tile->k, group, lower, 3, rows, wide, low, high);
        x += SHORT_GROUP;
        group += SHORT_GROUP_BYTES;
    }
    scale_sums(tile->panel, low, rows, 0);
    store_sums(tile, low, rows, 0);
    if (wide) {
        scale_sums(tile->panel, high, rows, 1);
        store_sums(tile, high, rows, 1);
    }
}

#define EACH_LONG_ROWS(one) \
    one(1) one(2) one(3) one(4) one(5) one(6) one(7) one(8) one(9) one(10) one(11) one(12)
#define EACH_SHORT_ROWS EACH_LONG_ROWS

#define LONG_CASE(count)                                        \
    case count:                                                 \
        if (tile->columns <= LANES)                             \
            tile_long(tile, count, 0, tile->k, tile->streamed); \
        else if (tile->k == USUAL_ACROSS && !tile->streamed)    \
            tile_long(tile, count, 1, USUAL_ACROSS, false);     \
        else                                                    \
            tile_long(tile, count, 1, tile->k, tile->streamed); \
        break;

#define SHORT_CASE(count)               \
    case count:                         \
        if (tile->columns > LANES)      \
            tile_short(tile, count, 1); \
        else                            \
            tile_short(tile, count, 0); \
        break;

#include "nn/ops_linear.inc"

typedef __m512 vector;

enum { PRODUCT_ROWS = 12 };

#define EACH_PRODUCT_ROWS EACH_LONG_ROWS

TILE vector vector_load(const float *from, lanes wanted)
{
    return _mm512_maskz_loadu_ps(wanted, from);
}

TILE void vector_store(float *to, vector v, lanes wanted)
{
    _mm512_mask_storeu_ps(to, wanted, v);
}

TILE vector vector_spread(float x)
{
    return _mm512_set1_ps(x);
}

TILE vector vector_fma(vector a, vector b, vector c)
{
    return _mm512_fmadd_ps(a, b, c);
}

#include "nn/ops_product.inc"

const struct ops ops_avx512 = {
    .name = "avx512",
    .linear_long = linear_long,
    .linear_short = linear_short,
    .product = product,
    OPS_TABLE,
};

#endif
