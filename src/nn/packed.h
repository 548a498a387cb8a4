/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights of a linear layer, laid out for the inference kernels.
 *
 * Columns are cut into panels of 32, the last one filled up with zeros; a panel is read from front
 * to back once for every few rows of the input.
 *
 *   long form, a panel:   32 biases; then for each k the 32 weights.
 *   short form, a panel:  32 biases and 32 scales (float); then for each four k five lines of 16
 *                         words of 32 bits. In line j = 0 .. 3, for k + j, word c has the upper 16
 *                         bits of column c in its lower half and those of column 16 + c in its
 *                         upper half. In the fifth, byte j of word c has the lower 4 bits of column
 *                         c in its lower half and those of column 16 + c in its upper half.
 *
 * The short form stands for w = scale * q, scale one for each column: 2.5 bytes a weight in place
 * of 4, and an error of at most 1e-6 of the column's largest weight. A large network's decision is
 * bound by reading its weights from memory, so this is what makes it faster. q is the 20 bits,
 * signed, as the upper bits of a 32-bit number; the lower 12 bits of that are 0 in columns 0 .. 15,
 * and in columns 16 .. 31 whatever is there in the word already (the lower 12 bits of its lower
 * half), which saves an instruction and is allowed for when packing. The short form wants k to be a
 * multiple of 4.
 */
#ifndef NN_PACKED_H
#define NN_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/real.h"

enum {
    PANEL = 32,
    HALF_PANEL = 16,
    SHORT_GROUP = 4, /* rows of weights together */
    SHORT_LINE_BYTES = 64,
    SHORT_GROUP_BYTES = (SHORT_GROUP + 1) * SHORT_LINE_BYTES,
    SHORT_HEAD_BYTES = 2 * PANEL * (int)sizeof(float),
    SHORT_LIMIT = 524287, /* of 20 bits */
};

/* Which bits of a line's word columns 16 .. 31 take: all but those of their lower 4 bits. */
static const uint32_t SHORT_UPPER_COLUMNS = 0xffff0fff;

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

/* q of a column, from row j of the group that holds it. */
static inline int32_t short_weight(const unsigned char *group, int j, int column)
{
    const uint32_t *line = (const uint32_t *)(const void *)group + j * HALF_PANEL;
    uint32_t word = line[column % HALF_PANEL];
    uint32_t lower = group[SHORT_GROUP * SHORT_LINE_BYTES + 4 * (column % HALF_PANEL) + j];

    if (column < HALF_PANEL)
        return (int32_t)(word << 16 | (lower & 15) << 12);
    return (int32_t)((word & SHORT_UPPER_COLUMNS) | (lower >> 4) << 12);
}

#endif
