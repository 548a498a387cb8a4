/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernels read a in either order, and b by rows that should lie close. A turned b is turned
 * back and a wide one copied, piece by piece, each small enough for the nearest cache; as every
 * piece goes on with the sums that the last one left, the result does not depend on their size. For
 * the products of our own network, 32 columns at most, this is as fast as OpenBLAS (on AVX-512),
 * which would start a thread for each processor in every command, and learn other weights on other
 * processors.
 */
#include "nn/product.h"

#include <string.h>

enum { PIECE_STEPS = 128, PIECE_COLUMNS = 32 };

/* piece (steps, PIECE_COLUMNS) from b (columns, ...), whose rows are `apart` apart. */
static void turn(real *piece, const real *b, int apart, int columns, int steps)
{
    for (int l = 0; l < columns; l++)
        for (int j = 0; j < steps; j++)
            piece[j * PIECE_COLUMNS + l] = b[(size_t)l * (size_t)apart + (size_t)j];
}

static void copy(real *piece, const real *b, int apart, int columns, int steps)
{
    for (int j = 0; j < steps; j++)
        memcpy(piece + (size_t)j * PIECE_COLUMNS, b + (size_t)j * (size_t)apart,
               (size_t)columns * sizeof *piece);
}

static void add_piece(const struct ops *ops, const struct product *whole, bool b_turned, int column,
                      int step)
{
    _Alignas(64) real piece[PIECE_STEPS * PIECE_COLUMNS];
    struct product part = *whole;

    part.n = whole->n - column < PIECE_COLUMNS ? whole->n - column : PIECE_COLUMNS;
    part.k = whole->k - step < PIECE_STEPS ? whole->k - step : PIECE_STEPS;
    part.c += column;
    part.a += (size_t)step * (size_t)whole->a_step;
    part.b = piece;
    part.b_row = PIECE_COLUMNS;
    if (b_turned)
        turn(piece, whole->b + (size_t)column * (size_t)whole->k + step, whole->k, part.n, part.k);
    else
        copy(piece, whole->b + (size_t)step * (size_t)whole->n + column, whole->n, part.n, part.k);
    ops->product(&part);
}

void product_add(const struct ops *ops, real *c, const real *a, bool a_turned, const real *b,
                 bool b_turned, int m, int n, int k)
{
    struct product whole = {
        .c = c,
        .a = a,
        .b = b,
        .c_row = n,
        .a_row = a_turned ? 1 : k,
        .a_step = a_turned ? m : 1,
        .b_row = n,
        .m = m,
        .n = n,
        .k = k,
    };

    if (!b_turned && n <= PIECE_COLUMNS) {
        ops->product(&whole);
        return;
    }
    for (int column = 0; column < n; column += PIECE_COLUMNS)
        for (int step = 0; step < k; step += PIECE_STEPS)
            add_piece(ops, &whole, b_turned, column, step);
}
