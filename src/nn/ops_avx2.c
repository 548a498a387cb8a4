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
#include "nn/ops_table.h"

enum { LANES = 8, TILE_ROWS = 6, TILE_COLUMNS = 16, PREFETCH_BYTES = 8192 };

#include "nn/ops_tiles.h"

TILE void store_sums(const struct tile *tile, const __m256 *low, const __m256 *high, int rows)
{
    for (int r = 0; r < rows; r++) {
        float *out = tile->out + (size_t)r * (size_t)tile->n;
        float whole[TILE_COLUMNS];

        if (tile->columns == TILE_COLUMNS) {
            _mm256_storeu_ps(out, low[r]);
            _mm256_storeu_ps(out + LANES, high[r]);
            continue;
        }
        _mm256_storeu_ps(whole, low[r]);
        _mm256_storeu_ps(whole + LANES, high[r]);
        memcpy(out, whole, (size_t)tile->columns * sizeof *out);
    }
}

/* rows is a constant where this is inlined. */
TILE void tile_long(const struct tile *tile, int rows)
{
    const float *w = (const float *)(const void *)tile->panel + tile->offset;
    __m256 low[TILE_ROWS], high[TILE_ROWS];

    for (int r = 0; r < rows; r++) {
        low[r] = _mm256_loadu_ps(w);
        high[r] = _mm256_loadu_ps(w + LANES);
    }
    for (int i = 0; i < tile->k; i++) {
        __m256 w0, w1;

        w += PANEL;
        w0 = _mm256_loadu_ps(w);
        w1 = _mm256_loadu_ps(w + LANES);
        for (int r = 0; r < rows; r++) {
            __m256 x = _mm256_set1_ps(tile->x[(size_t)r * (size_t)tile->k + (size_t)i]);

            low[r] = _mm256_fmadd_ps(x, w0, low[r]);
            high[r] = _mm256_fmadd_ps(x, w1, high[r]);
        }
    }
    store_sums(tile, low, high, rows);
}

TILE __m256 unpack_lanes(const unsigned char *upper, const unsigned char *lower, int half)
{
    __m256i q = _mm256_slli_epi32(
        _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)upper)), 4);
    __m256i nibbles = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)lower));

    nibbles =
        half ? _mm256_srli_epi32(nibbles, 4) : _mm256_and_si256(nibbles, _mm256_set1_epi32(15));
    return _mm256_cvtepi32_ps(_mm256_or_si256(q, nibbles));
}

/* half is a constant where this is inlined, as rows is. */
TILE void tile_short(const struct tile *tile, int rows, int half)
{
    const float *head = (const float *)(const void *)tile->panel + TILE_COLUMNS * half;
    const unsigned char *group = tile->panel + SHORT_HEAD_BYTES;
    __m256 low[TILE_ROWS], high[TILE_ROWS];

    for (int r = 0; r < rows; r++)
        low[r] = high[r] = _mm256_setzero_ps();
    for (int i = 0; i < tile->k; i += SHORT_GROUP, group += SHORT_GROUP_BYTES) {
        for (int line = 0; line < SHORT_GROUP_BYTES && half == 0; line += 64)
            _mm_prefetch((const char *)group + PREFETCH_BYTES + line, _MM_HINT_T0);
        for (int j = 0; j < SHORT_GROUP; j++) {
            const unsigned char *upper = group + (j * PANEL + TILE_COLUMNS * half) * 2;
            const unsigned char *lower = group + SHORT_GROUP * PANEL * 2 + j * (PANEL / 2);
            __m256 w0 = unpack_lanes(upper, lower, half);
            __m256 w1 = unpack_lanes(upper + LANES * 2, lower + LANES, half);

            for (int r = 0; r < rows; r++) {
                __m256 x = _mm256_set1_ps(tile->x[(size_t)r * (size_t)tile->k + (size_t)(i + j)]);

                low[r] = _mm256_fmadd_ps(x, w0, low[r]);
                high[r] = _mm256_fmadd_ps(x, w1, high[r]);
            }
        }
    }
    for (int r = 0; r < rows; r++) {
        low[r] = _mm256_fmadd_ps(low[r], _mm256_loadu_ps(head + PANEL), _mm256_loadu_ps(head));
        high[r] = _mm256_fmadd_ps(high[r], _mm256_loadu_ps(head + PANEL + LANES),
                                  _mm256_loadu_ps(head + LANES));
    }
    store_sums(tile, low, high, rows);
}

#define EACH_ROWS(one) one(1) one(2) one(3) one(4) one(5) one(6)

#define LONG_CASE(count)        \
    case count:                 \
        tile_long(tile, count); \
        break;

OPS_TARGET static void run_long(const struct tile *tile, int rows)
{
    switch (rows) {
        EACH_ROWS(LONG_CASE)
    }
}

#define SHORT_CASE(count)               \
    case count:                         \
        if (tile->offset)               \
            tile_short(tile, count, 1); \
        else                            \
            tile_short(tile, count, 0); \
        break;

OPS_TARGET static void run_short(const struct tile *tile, int rows)
{
    switch (rows) {
        EACH_ROWS(SHORT_CASE)
    }
}

OPS_TARGET static void linear_long(real *out, const real *x, const void *packed, int rows, int k,
                                   int n)
{
    each_tile(run_long, TILE_ROWS, TILE_COLUMNS, out, x, packed, long_panel_bytes(k), rows, k, n);
}

OPS_TARGET static void linear_short(real *out, const real *x, const void *packed, int rows, int k,
                                    int n)
{
    each_tile(run_short, TILE_ROWS, TILE_COLUMNS, out, x, packed, short_panel_bytes(k), rows, k, n);
}

const struct ops ops_avx2 = {
    .name = "avx2",
    .linear_long = linear_long,
    .linear_short = linear_short,
    OPS_TABLE,
};

#endif
