/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the vector kernels of a linear layer walk over input, weights and output (a template, see
 * ops_rows.h): tiles of some rows by some columns of one panel, small enough that the sums stay in
 * registers while the panel passes by once.
 */
#ifndef OPS_TARGET
#error "define OPS_TARGET before including an operator template"
#endif

#include "nn/packed.h"

/* Layers of at least this size are fetched ahead; smaller ones stay in the nearer caches. */
enum { PREFETCH_WINDOW = 65536 };

/* A kernel whose constant arguments are known where it is called. */
#define TILE OPS_TARGET static inline __attribute__((always_inline))

struct tile {
    float *out;                 /* first row, first column */
    const float *x;             /* first row */
    const unsigned char *panel; /* the whole panel */
    int k, n;
    int offset;    /* first column within the panel */
    int columns;   /* how many are wanted */
    bool streamed; /* the layer is read from far away, for the first time in this call */
};

/*
 * Asks for weights that will be wanted one window from now. Consecutive lines are asked for from
 * eight parts of that window in turn, so that each part is read from front to back: a processor
 * keeps more reads under way when they form several streams.
 */
TILE void prefetch_lines(const void *from, int lines)
{
    enum { PARTS = 8, LINE = 64 };

    for (int i = 0; i < lines; i++) {
        const char *line = (const char *)from + i * LINE;
        uintptr_t at = (uintptr_t)line % PREFETCH_WINDOW, number = at / LINE;
        uintptr_t place = number % PARTS * (PREFETCH_WINDOW / PARTS) + number / PARTS * LINE;

        __builtin_prefetch(line - at + PREFETCH_WINDOW + place, 0, 2);
    }
}

/* Cuts the rows into even blocks of at most tile_rows and runs each block against each panel. */
OPS_TARGET static void each_tile(void (*run)(const struct tile *tile, int rows), int tile_rows,
                                 int tile_columns, float *out, const float *x,
                                 const unsigned char *packed, size_t panel_bytes, int rows, int k,
                                 int n)
{
    int blocks = (rows + tile_rows - 1) / tile_rows;
    bool large = panel_bytes * (size_t)packed_panels(n) >= PREFETCH_WINDOW;

    for (int column = 0; column < n; column += tile_columns)
        for (int b = 0; b < blocks; b++) {
            int from = (int)((long)rows * b / blocks), to = (int)((long)rows * (b + 1) / blocks);
            struct tile tile = {
                .out = out + (size_t)from * (size_t)n + column,
                .x = x + (size_t)from * (size_t)k,
                .panel = packed + (size_t)(column / PANEL) * panel_bytes,
                .k = k,
                .n = n,
                .offset = column % PANEL,
                .columns = n - column < tile_columns ? n - column : tile_columns,
                .streamed = large && b == 0 && column % PANEL == 0,
            };

            run(&tile, to - from);
        }
}
