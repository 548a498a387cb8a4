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

/* Writes the weight w, in units of its column's scale, to row j of a group. */
static void put_short(unsigned char *group, int j, int column, double w)
{
    uint32_t *line = (uint32_t *)(void *)group + j * HALF_PANEL;
    uint32_t *word = &line[column % HALF_PANEL];
    unsigned char *lower = &group[SHORT_GROUP * SHORT_LINE_BYTES + 4 * (column % HALF_PANEL) + j];
    double extra = column < HALF_PANEL ? 0 : (double)(*word & 0xfff);
    uint32_t q =
        (uint32_t)(int32_t)lrint(fmin(fmax((w - extra) / 4096, -SHORT_LIMIT), SHORT_LIMIT));

    if (column < HALF_PANEL) {
        *word |= q >> 4 & 0xffff;
        *lower |= (unsigned char)(q & 15);
    } else {
        *word |= (q >> 4) << 16;
        *lower |= (unsigned char)((q & 15) << 4);
    }
}

/* Column c of one short panel; those before it must be there. */
static void fill_short_column(unsigned char *panel, const real *w, int k, int n, int c)
{
    float scale = (float)(largest_in_column(w, k, n) / SHORT_LIMIT / 4096);

    ((float *)(void *)panel)[PANEL + c] = scale;
    panel += SHORT_HEAD_BYTES;
    for (int row = 0; row < k && scale > 0; row++)
        put_short(panel + row / SHORT_GROUP * SHORT_GROUP_BYTES, row % SHORT_GROUP, c,
                  (double)w[(size_t)row * (size_t)n] / (double)scale);
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
