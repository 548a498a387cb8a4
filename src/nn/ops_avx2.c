/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators for processors with AVX2 and FMA. Half a panel, 16 columns, is two registers; up to 6
 * rows of the input share each load of weights, which keeps 12 of the 16 registers as running sums.
 * Every output is the same chain of fused steps as in ops_ref.c.
 */
#include "nn/ops.h"

#if defined(__x86_64__) && !defined(NN_DOUBLE)

#include <immintrin.h>

#define OPS_TARGET __attribute__((target("avx2,fma")))
#include "nn/ops_table.inc"

enum { LANES = 8, LONG_TILE_ROWS = 6, SHORT_TILE_ROWS = 5, LONG_TILE_COLUMNS = 16 };

#include "nn/ops_tiles.inc"

TILE void store_sums(const struct tile *tile, const __m256 *low, const __m256 *high, int rows)
{
    for (int r = 0; r < rows; r++) {
        float *out = tile->out + (size_t)r * (size_t)tile->n;
        float whole[LONG_TILE_COLUMNS];

        if (tile->columns == LONG_TILE_COLUMNS) {
            _mm256_storeu_ps(out, low[r]);
            _mm256_storeu_ps(out + LANES, high[r]);
            continue;
        }
        _mm256_storeu_ps(whole, low[r]);
        _mm256_storeu_ps(whole + LANES, high[r]);
        memcpy(out, whole, (size_t)tile->columns * sizeof *out);
    }
}

/* rows, and k where it is our own network's, are constants where this is inlined. */
TILE void tile_long(const struct tile *tile, int rows, int k, bool streamed)
{
    const float *w = (const float *)(const void *)tile->panel + tile->offset;
    __m256 low[LONG_TILE_ROWS], high[LONG_TILE_ROWS];

    for (int r = 0; r < rows; r++) {
        low[r] = _mm256_loadu_ps(w);
        high[r] = _mm256_loadu_ps(w + LANES);
    }
    for (int i = 0; i < k; i++) {
        __m256 w0, w1;

        w += PANEL;
        if (streamed)
            prefetch_lines(w, 2);
        w0 = _mm256_loadu_ps(w);
        w1 = _mm256_loadu_ps(w + LANES);
        for (int r = 0; r < rows; r++) {
            __m256 x = _mm256_set1_ps(tile->x[(size_t)r * (size_t)k + (size_t)i]);

            low[r] = _mm256_fmadd_ps(x, w0, low[r]);
            high[r] = _mm256_fmadd_ps(x, w1, high[r]);
        }
    }
    store_sums(tile, low, high, rows);
}

/* Eight of columns 0 .. 15 and eight of columns 16 .. 31 of row j of a group; lower is the same
 * place in the group's fifth line. */
TILE void unpack_short(const unsigned char *words, __m256i lower, int j, __m256 *w0, __m256 *w1)
{
    const __m256i upper_columns = _mm256_set1_epi32((int)SHORT_UPPER_COLUMNS);
    __m256i word =
        _mm256_loadu_si256((const __m256i *)(const void *)(words + j * SHORT_LINE_BYTES));
    __m256i low = j == 0   ? _mm256_slli_epi32(lower, 12)
                  : j == 1 ? _mm256_slli_epi32(lower, 4)
                  : j == 2 ? _mm256_srli_epi32(lower, 4)
                           : _mm256_srli_epi32(lower, 12);
    __m256i high = j == 0   ? _mm256_slli_epi32(lower, 8)
                   : j == 1 ? lower
                   : j == 2 ? _mm256_srli_epi32(lower, 8)
                            : _mm256_srli_epi32(lower, 16);

    low = _mm256_or_si256(_mm256_and_si256(low, _mm256_set1_epi32(0xf000)),
                          _mm256_slli_epi32(word, 16));
    high = _mm256_or_si256(_mm256_and_si256(upper_columns, word),
                           _mm256_andnot_si256(upper_columns, high));
    *w0 = _mm256_cvtepi32_ps(low);
    *w1 = _mm256_cvtepi32_ps(high);
}

/* Writes columns first .. first+7 of a panel, as far as they are wanted. */
TILE void store_lanes(float *out, __m256 sum, int wanted)
{
    float whole[LANES];

    if (wanted >= LANES) {
        _mm256_storeu_ps(out, sum);
        return;
    }
    _mm256_storeu_ps(whole, sum);
    for (int c = 0; c < wanted; c++)
        out[c] = whole[c];
}

/* One row of weights: adds x_j w to the sums of every row of the tile. */
TILE void short_step(const float *x, int k, const unsigned char *words, __m256i lower, int j,
                     int rows, __m256 *low, __m256 *high)
{
    __m256 w0, w1;

    unpack_short(words, lower, j, &w0, &w1);
    for (int r = 0; r < rows; r++) {
        __m256 each = _mm256_set1_ps(x[(size_t)r * (size_t)k + (size_t)j]);

        low[r] = _mm256_fmadd_ps(each, w0, low[r]);
        high[r] = _mm256_fmadd_ps(each, w1, high[r]);
    }
}

/* Columns first .. first+7 and 16+first .. 16+first+7 of the tile, which is a whole panel: such
 * columns share the panel's words. first is 0 or 8. */
TILE void tile_short(const struct tile *tile, int rows, int first)
{
    const float *head = (const float *)(const void *)tile->panel + first, *x = tile->x;
    const unsigned char *words = tile->panel + SHORT_HEAD_BYTES + 4 * first;
    float *out = tile->out + first;
    __m256 low[SHORT_TILE_ROWS], high[SHORT_TILE_ROWS];

    for (int r = 0; r < rows; r++)
        low[r] = high[r] = _mm256_setzero_ps();
    for (int i = 0; i < tile->k; i += SHORT_GROUP) {
        const unsigned char *fifth = words + SHORT_GROUP * SHORT_LINE_BYTES;
        __m256i lower = _mm256_loadu_si256((const __m256i *)(const void *)fifth);

        if (tile->streamed && first == 0)
            prefetch_lines(words, SHORT_GROUP + 1);
        short_step(x, tile->k, words, lower, 0, rows, low, high);
        short_step(x, tile->k, words, lower, 1, rows, low, high);
        short_step(x, tile->k, words, lower, 2, rows, low, high);
        short_step(x, tile->k, words, lower, 3, rows, low, high);
        x += SHORT_GROUP;
        words += SHORT_GROUP_BYTES;
    }
    for (int r = 0; r < rows; r++, out += tile->n) {
        low[r] = _mm256_fmadd_ps(low[r], _mm256_loadu_ps(head + PANEL), _mm256_loadu_ps(head));
        high[r] = _mm256_fmadd_ps(high[r], _mm256_loadu_ps(head + PANEL + HALF_PANEL),
                                  _mm256_loadu_ps(head + HALF_PANEL));
        store_lanes(out, low[r], tile->columns - first);
        store_lanes(out + HALF_PANEL, high[r], tile->columns - HALF_PANEL - first);
    }
}

#define EACH_SHORT_ROWS(one) one(1) one(2) one(3) one(4) one(5)
#define EACH_LONG_ROWS(one)  EACH_SHORT_ROWS(one) one(6)

#define LONG_CASE(count)                                     \
    case count:                                              \
        if (tile->k == USUAL_ACROSS && !tile->streamed)      \
            tile_long(tile, count, USUAL_ACROSS, false);     \
        else                                                 \
            tile_long(tile, count, tile->k, tile->streamed); \
        break;

#define SHORT_CASE(count)               \
    case count:                         \
        tile_short(tile, count, 0);     \
        if (tile->columns > LANES)      \
            tile_short(tile, count, 8); \
        break;

#include "nn/ops_linear.inc"

typedef __m256 vector;
typedef __m256i lanes; /* some places of a vector */

enum { PRODUCT_ROWS = 6 };

#define EACH_PRODUCT_ROWS EACH_LONG_ROWS

/* Of a vector's places the first `count`; all, if it is more. */
TILE lanes lanes_first(int count)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

TILE vector vector_load(const float *from, lanes wanted)
{
    return _mm256_maskload_ps(from, wanted);
}

TILE void vector_store(float *to, vector v, lanes wanted)
{
    _mm256_maskstore_ps(to, wanted, v);
}

TILE vector vector_spread(float x)
{
    return _mm256_set1_ps(x);
}

TILE vector vector_fma(vector a, vector b, vector c)
{
    return _mm256_fmadd_ps(a, b, c);
}

#include "nn/ops_product.inc"

const struct ops ops_avx2 = {
    .name = "avx2",
    .linear_long = linear_long,
    .linear_short = linear_short,
    .product = product,
    OPS_TABLE,
};

#endif
