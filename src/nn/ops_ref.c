/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The portable operators: what the other tables are tested against, bit by bit, and what runs where
 * there is none of them.
 */
#define OPS_TARGET
#include "nn/ops_table.inc"

#include "nn/packed.h"

static void linear_long(real *out, const real *x, const void *packed, int rows, int k, int n)
{
    const unsigned char *panel = packed;

    for (int column = 0; column < n; column += PANEL, panel += long_panel_bytes(k)) {
        int columns = n - column < PANEL ? n - column : PANEL;

        for (int row = 0; row < rows; row++) {
            const real *w = (const real *)(const void *)panel;
            real sum[PANEL];

            memcpy(sum, w, sizeof sum);
            for (int i = 0; i < k; i++) {
                w += PANEL;
                for (int c = 0; c < PANEL; c++)
                    sum[c] = real_fma(x[(size_t)row * (size_t)k + (size_t)i], w[c], sum[c]);
            }
            memcpy(out + (size_t)row * (size_t)n + column, sum, (size_t)columns * sizeof *out);
        }
    }
}

static void product(const struct product *p)
{
    for (int row = 0; row < p->m; row++) {
        real *c = p->c + (size_t)row * (size_t)p->c_row;
        const real *a = p->a + (size_t)row * (size_t)p->a_row;

        for (int i = 0; i < p->k; i++) {
            const real *b = p->b + (size_t)i * (size_t)p->b_row;
            real each = a[(size_t)i * (size_t)p->a_step];

            for (int column = 0; column < p->n; column++)
                c[column] = real_fma(each, b[column], c[column]);
        }
    }
}

/* x times the weights of one short panel, scaled, plus the bias. */
static void short_row(real *sum, const real *x, const unsigned char *panel, int k)
{
    const float *head = (const float *)(const void *)panel;
    const unsigned char *group = panel + SHORT_HEAD_BYTES;

    memset(sum, 0, PANEL * sizeof *sum);
    for (int i = 0; i < k; i += SHORT_GROUP, group += SHORT_GROUP_BYTES)
        for (int j = 0; j < SHORT_GROUP; j++)
            for (int c = 0; c < PANEL; c++)
                sum[c] = real_fma(x[i + j], (real)short_weight(group, j, c), sum[c]);
    for (int c = 0; c < PANEL; c++)
        sum[c] = real_fma(sum[c], (real)head[PANEL + c], (real)head[c]);
}

static void linear_short(real *out, const real *x, const void *packed, int rows, int k, int n)
{
    const unsigned char *panel = packed;

    for (int column = 0; column < n; column += PANEL, panel += short_panel_bytes(k)) {
        int columns = n - column < PANEL ? n - column : PANEL;

        for (int row = 0; row < rows; row++) {
            real sum[PANEL];

            short_row(sum, x + (size_t)row * (size_t)k, panel, k);
            memcpy(out + (size_t)row * (size_t)n + column, sum, (size_t)columns * sizeof *out);
        }
    }
}

const struct ops ops_ref = {
    .name = "ref",
    .linear_long = linear_long,
    .linear_short = linear_short,
    .product = product,
    OPS_TABLE,
};
