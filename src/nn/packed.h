/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights of a linear layer, laid out for the inference kernels.
 *
 * Columns are cut into panels of 32, the last one filled up with zeros; a panel is read from front
 * to back once for every few rows of the input.
 *
 *   long form, a panel:   32 biases; then for each k the 32 weights.
 *   short form, a panel:  32 biases and 32 scales (float); then for each four k: 4 x 32 int16 with
 *                         the upper 16 bits, and 4 x 16 bytes with the lower 4 bits, column c in
 *                         the low half of byte c and column 16 + c in the high half.
 *
 * The short form stands for w = scale * q, q a whole number in -524287 .. 524287, scale one for
 * each column: 2.5 bytes a weight in place of 4, and an error of at most 1e-6 of the column's
 * largest weight. A large network's decision is bound by reading its weights from memory, so this
 * is what makes it faster. The short form wants k to be a multiple of 4.
 */
#ifndef NN_PACKED_H
#define NN_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/real.h"

enum {
    PANEL = 32,
    SHORT_GROUP = 4,                                           /* rows of weights together */
    SHORT_GROUP_BYTES = SHORT_GROUP * (PANEL * 2 + PANEL / 2), /* 320 */
    SHORT_HEAD_BYTES = 2 * PANEL * (int)sizeof(float),         /* 256 */
    SHORT_LIMIT = 524287,
};

enum packed_form { PACKED_LONG, PACKED_SHORT };

static inline int packed_panels(int n)
{
    return (n + PANEL - 1) / PANEL;
}

static inline size_t long_panel_bytes(int k)
{
    return ((size_t)k + 1) * PANEL * sizeof(real);
}

static inline size_t short_panel_bytes(int k)
{
    return SHORT_HEAD_BYTES + (size_t)k / SHORT_GROUP * SHORT_GROUP_BYTES;
}

/* The form that a layer of k inputs gets when `wanted` is asked for. */
enum packed_form packed_form(enum packed_form wanted, int k);

/* Bytes of a packed layer; a multiple of 64. */
size_t packed_bytes(enum packed_form form, int k, int n);

/* Packs w (k, n) and bias (n, or NULL for zeros). In the short form every weight must be finite. */
void packed_fill(void *packed, enum packed_form form, const real *w, const real *bias, int k,
                 int n);

/* The q of a short panel, from the group that holds it. */
static inline int32_t short_weight(const unsigned char *group, int row, int column)
{
    const int16_t *upper = (const int16_t *)(const void *)group;
    const unsigned char *lower = group + SHORT_GROUP * PANEL * 2 + row * (PANEL / 2);
    int nibble = column < PANEL / 2 ? lower[column] & 15 : lower[column - PANEL / 2] >> 4;

    return upper[row * PANEL + column] * 16 + nibble;
}

#endif
