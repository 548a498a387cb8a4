/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/packed.h"

#include <math.h>
#include <string.h>

enum packed_form packed_form(enum packed_form wanted, int k)
{
    return sizeof(real) == sizeof(float) && k % SHORT_GROUP == 0 ? wanted : PACKED_LONG;
}

size_t packed_bytes(enum packed_form form, int k, int n)
{
    size_t panel = form == PACKED_SHORT ? short_panel_bytes(k) : long_panel_bytes(k);

    return panel * (size_t)packed_panels(n);
}

static void fill_long(real *panel, const real *w, const real *bias, int k, int n, int columns)
{
    memset(panel, 0, long_panel_bytes(k));
    if (bias)
        memcpy(panel, bias, (size_t)columns * sizeof *panel);
    for (int row = 0; row < k; row++) {
        panel += PANEL;
        memcpy(panel, w + (size_t)row * (size_t)n, (size_t)columns * sizeof *panel);
    }
}

static double largest_in_column(const real *w, int k, int n)
{
    double largest = 0;

    for (int row = 0; row < k; row++)
        largest = fmax(largest, fabs((double)w[(size_t)row * (size_t)n]));
    return largest;
}

/* Column c of one short panel. */
static void fill_short_column(unsigned char *panel, const real *w, int k, int n, int c)
{
    float scale = (float)(largest_in_column(w, k, n) / SHORT_LIMIT);

    ((float *)(void *)panel)[PANEL + c] = scale;
    panel += SHORT_HEAD_BYTES;
    for (int row = 0; row < k; row++) {
        unsigned char *group = panel + row / SHORT_GROUP * SHORT_GROUP_BYTES;
        unsigned char *lower = group + SHORT_GROUP * PANEL * 2;
        double exact = (double)w[(size_t)row * (size_t)n] / (double)scale;
        int32_t q = scale > 0 ? (int32_t)lrint(fmin(fmax(exact, -SHORT_LIMIT), SHORT_LIMIT)) : 0;
        int at = row % SHORT_GROUP, nibble = q & 15;

        ((int16_t *)(void *)group)[at * PANEL + c] = (int16_t)((q - nibble) / 16);
        lower[at * (PANEL / 2) + c % (PANEL / 2)] |=
            (unsigned char)(c < PANEL / 2 ? nibble : nibble << 4);
    }
}

static void fill_short(unsigned char *panel, const real *w, const real *bias, int k, int n,
                       int columns)
{
    memset(panel, 0, short_panel_bytes(k));
    for (int c = 0; c < columns; c++) {
        ((float *)(void *)panel)[c] = bias ? (float)bias[c] : 0;
        fill_short_column(panel, w + c, k, n, c);
    }
}

void packed_fill(void *packed, enum packed_form form, const real *w, const real *bias, int k, int n)
{
    unsigned char *panel = packed;

    for (int column = 0; column < n; column += PANEL) {
        int columns = n - column < PANEL ? n - column : PANEL;
        const real *b = bias ? bias + column : NULL;

        if (form == PACKED_SHORT)
            fill_short(panel, w + column, b, k, n, columns);
        else
            fill_long((real *)(void *)panel, w + column, b, k, n, columns);
        panel += form == PACKED_SHORT ? short_panel_bytes(k) : long_panel_bytes(k);
    }
}
