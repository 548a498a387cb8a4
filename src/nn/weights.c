/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/weights.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/memory.h"
#include "base/rng.h"

enum { ALIGN_BYTES = 64, HUGE_PAGE_BYTES = 2 << 20 };

void weights_init(struct weights *weights)
{
    *weights = (struct weights){0};
    arena_init(&weights->names);
}

void weights_release(struct weights *weights)
{
    vector_release(&weights->tensors);
    vector_release(&weights->layers);
    arena_release(&weights->names);
    free(weights->value);
    free(weights->grad);
    free(weights->moment1);
    free(weights->moment2);
    free(weights->packed);
    *weights = (struct weights){0};
}

static size_t align_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* Large blocks lie on huge pages: a large network's decision reads all of its weights. */
static void *block_alloc(size_t bytes)
{
    bool huge = bytes >= HUGE_PAGE_BYTES;
    size_t align = huge ? HUGE_PAGE_BYTES : ALIGN_BYTES;
    size_t whole = align_up(bytes ? bytes : 1, align);
    void *block = aligned_alloc(align, whole);

    BUG_ON(!block);
    if (huge)
        madvise(block, whole, MADV_HUGEPAGE); /* a hint; refused is fine */
    memset(block, 0, whole);
    return block;
}

size_t weights_add(struct weights *weights, struct initial initial, int ranks, const int *size,
                   const char *format, ...)
{
    struct tensor tensor = {.ranks = ranks, .initial = initial, .offset = weights->numbers};
    va_list args;
    char name[256];

    va_start(args, format);
    BUG_ON(vsnprintf(name, sizeof name, format, args) >= (int)sizeof name);
    va_end(args);
    BUG_ON(weights->value || ranks < 1 || ranks > TENSOR_RANKS);
    tensor.name = arena_strdup(&weights->names, name);
    tensor.count = 1;
    for (int i = 0; i < ranks; i++) {
        BUG_ON(size[i] <= 0);
        tensor.size[i] = size[i];
        tensor.count *= (size_t)size[i];
    }
    weights->numbers += align_up(tensor.count, ALIGN_BYTES / sizeof(real));
    vector_push(&weights->tensors, tensor);
    return tensor.offset;
}

int weights_add_packed(struct weights *weights, size_t weight, size_t bias, int in, int out)
{
    struct packed_layer layer = {.weight = weight, .bias = bias, .in = in, .out = out};

    vector_push(&weights->layers, layer);
    return (int)weights->layers.count - 1;
}

int weights_join_packed(struct weights *weights, const int *layer, int layers)
{
    struct packed_layer joined = {.weight = NO_TENSOR, .bias = NO_TENSOR, .parts = layers};

    joined.part = arena_alloc(&weights->names, (size_t)layers * sizeof *joined.part);
    for (int i = 0; i < layers; i++) {
        const struct packed_layer *part = &weights->layers.item[layer[i]];

        BUG_ON(part->bias != NO_TENSOR || (i > 0 && part->in != joined.in));
        joined.in = part->in;
        joined.out += part->out;
        joined.part[i] = layer[i];
    }
    vector_push(&weights->layers, joined);
    return (int)weights->layers.count - 1;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void refuse_equal_names(const struct weights *weights)
{
    size_t count = weights->tensors.count;
    const char **name = xcalloc(count, sizeof *name);

    for (size_t i = 0; i < count; i++)
        name[i] = weights->tensors.item[i].name;
    qsort(name, count, sizeof *name, compare_names);
    for (size_t i = 1; i < count; i++)
        BUG_ON(strcmp(name[i - 1], name[i]) == 0);
    free(name);
}

void weights_commit(struct weights *weights, unsigned uses)
{
    BUG_ON(weights->value);
    refuse_equal_names(weights);
    weights->value = weights_block(weights);
    if (uses & WEIGHTS_GRAD)
        weights->grad = weights_block(weights);
    if (uses & WEIGHTS_MOMENTS) {
        weights->moment1 = weights_block(weights);
        weights->moment2 = weights_block(weights);
    }
}

real *weights_block(const struct weights *weights)
{
    return block_alloc(weights->numbers * sizeof(real));
}

void weights_draw(struct weights *weights, uint64_t seed)
{
    for (size_t i = 0; i < weights->tensors.count; i++) {
        const struct tensor *tensor = &weights->tensors.item[i];
        struct rng rng;

        rng_stream(&rng, seed, tensor->name);
        initial_draw(weights->value + tensor->offset, tensor->initial, tensor->ranks, tensor->size,
                     &rng);
    }
}

static void place_layers(struct weights *weights, enum packed_form form)
{
    size_t bytes = 0;

    for (size_t i = 0; i < weights->layers.count; i++) {
        struct packed_layer *layer = &weights->layers.item[i];

        layer->form = packed_form(form, layer->in);
        layer->offset = bytes;
        bytes += packed_bytes(layer->form, layer->in, layer->out);
    }
    free(weights->packed);
    weights->packed = block_alloc(bytes);
    weights->form = form;
}

static void pack_joined(struct weights *weights, const struct packed_layer *joined)
{
    real *w = xcalloc((size_t)joined->in * (size_t)joined->out, sizeof *w);
    size_t column = 0;

    for (int i = 0; i < joined->parts; i++) {
        const struct packed_layer *part = &weights->layers.item[joined->part[i]];
        size_t out = (size_t)part->out;

        for (size_t row = 0; row < (size_t)joined->in; row++)
            memcpy(w + row * (size_t)joined->out + column,
                   weights->value + part->weight + row * out, out * sizeof *w);
        column += out;
    }
    packed_fill(weights->packed + joined->offset, joined->form, w, NULL, joined->in, joined->out);
    free(w);
}

void weights_pack(struct weights *weights, enum packed_form form)
{
    BUG_ON(!weights->value);
    if (!weights->packed || weights->form != form)
        place_layers(weights, form);
    for (size_t i = 0; i < weights->layers.count; i++) {
        const struct packed_layer *layer = &weights->layers.item[i];

        if (layer->parts > 0) {
            pack_joined(weights, layer);
            continue;
        }
        packed_fill(weights->packed + layer->offset, layer->form, weights->value + layer->weight,
                    layer->bias == NO_TENSOR ? NULL : weights->value + layer->bias, layer->in,
                    layer->out);
    }
}

void weights_zero_grad(struct weights *weights)
{
    memset(weights->grad, 0, weights->numbers * sizeof *weights->grad);
}

const struct tensor *weights_find(const struct weights *weights, const char *name)
{
    for (size_t i = 0; i < weights->tensors.count; i++)
        if (strcmp(weights->tensors.item[i].name, name) == 0)
            return &weights->tensors.item[i];
    return NULL;
}

const struct tensor *weights_find_nonfinite(const struct weights *weights, const real *block)
{
    for (size_t i = 0; i < weights->tensors.count; i++) {
        const struct tensor *tensor = &weights->tensors.item[i];

        for (size_t k = 0; k < tensor->count; k++)
            if (!isfinite(block[tensor->offset + k]))
                return tensor;
    }
    return NULL;
}
