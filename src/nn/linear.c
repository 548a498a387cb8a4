/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/linear.h"

#include <string.h>

#include "base/memory.h"
#include "nn/product.h"

enum { MOST_JOINED = 16 };

void linear_register(struct linear *layer, struct weights *weights, int in, int out, unsigned flags,
                     struct initial initial, const char *name)
{
    *layer = (struct linear){.in = in, .out = out, .bias = NO_TENSOR};
    layer->weight = weights_add(weights, initial, 2, (int[]){in, out}, "%s.weight", name);
    if (flags & LINEAR_BIAS)
        layer->bias = weights_add(weights, INITIAL_ZEROS, 1, &out, "%s.bias", name);
    layer->packed = weights_add_packed(weights, layer->weight, layer->bias, in, out);
}

struct linear linear_join(struct weights *weights, const struct linear *const *layer, int layers)
{
    struct linear joined = {.in = layer[0]->in, .weight = NO_TENSOR, .bias = NO_TENSOR};
    int packed[MOST_JOINED];

    BUG_ON(layers > MOST_JOINED);
    for (int i = 0; i < layers; i++) {
        packed[i] = layer[i]->packed;
        joined.out += layer[i]->out;
    }
    joined.packed = weights_join_packed(weights, packed, layers);
    return joined;
}

static void forward_packed(const struct pass *pass, real *out, const real *x,
                           const struct linear *layer, int rows)
{
    const struct packed_layer *packed = &pass->weights->layers.item[layer->packed];
    const void *panels = pass->weights->packed + packed->offset;

    if (packed->form == PACKED_SHORT)
        pass->ops->linear_short(out, x, panels, rows, layer->in, layer->out);
    else
        pass->ops->linear_long(out, x, panels, rows, layer->in, layer->out);
}

void linear_forward(const struct pass *pass, real *out, const real *x, const struct linear *layer,
                    int rows)
{
    size_t bytes = (size_t)layer->out * sizeof *out;

    if (pass->packed) {
        forward_packed(pass, out, x, layer, rows);
        return;
    }
    if (layer->bias == NO_TENSOR)
        memset(out, 0, (size_t)rows * bytes);
    for (int row = 0; layer->bias != NO_TENSOR && row < rows; row++)
        memcpy(out + (size_t)row * (size_t)layer->out, pass_value(pass, layer->bias), bytes);
    product_add(pass->ops, out, x, false, pass_value(pass, layer->weight), false, rows, layer->out,
                layer->in);
}

void linear_backward(const struct pass *pass, real *dx, const real *dout, const real *x,
                     const struct linear *layer, int rows)
{
    if (dx)
        product_add(pass->ops, dx, dout, false, pass_value(pass, layer->weight), true, rows,
                    layer->in, layer->out);
    product_add(pass->ops, pass_grad(pass, layer->weight), x, true, dout, false, layer->in,
                layer->out, rows);
    if (layer->bias != NO_TENSOR)
        pass->ops->column_sums(pass_grad(pass, layer->bias), dout, rows, layer->out);
}
