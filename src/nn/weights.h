/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All numbers that a network learns, in two steps: modules register their tensors, then one commit
 * takes the memory. Values, gradients and the optimiser's moments are three or four equal blocks;
 * a tensor has the same offset in each, a multiple of 64 bytes.
 *
 *     weights_init(&w);
 *     linear_register(&layer, &w, 8, 32, LINEAR_BIAS, init, "head");    "head.weight", "head.bias"
 *     weights_commit(&w, WEIGHTS_GRAD | WEIGHTS_MOMENTS);
 *     weights_draw(&w, seed);                                           or load a checkpoint
 *     weights_pack(&w, PACKED_LONG);                                    for the inference kernels
 */
#ifndef NN_WEIGHTS_H
#define NN_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/vector.h"
#include "nn/initial.h"
#include "nn/packed.h"
#include "nn/real.h"

enum { TENSOR_RANKS = 4 };

static const size_t NO_TENSOR = SIZE_MAX;

struct tensor {
    const char *name;
    int ranks, size[TENSOR_RANKS];
    size_t offset, count; /* in numbers */
    struct initial initial;
};

/* A linear layer's place among the packed weights. */
struct packed_layer {
    size_t weight, bias; /* offsets; bias may be NO_TENSOR */
    int in, out;
    enum packed_form form;
    size_t offset; /* in bytes */
    int parts;     /* 0, or how many other layers without biases these are, side by side ... */
    int *part;     /* ... and which */
};

enum weights_use {
    WEIGHTS_GRAD = 1u << 0,
    WEIGHTS_MOMENTS = 1u << 1, /* of Adam */
};

struct weights {
    VECTOR(struct tensor) tensors;
    VECTOR(struct packed_layer) layers;
    struct arena names;
    size_t numbers; /* length of each block, gaps between tensors included */
    real *value, *grad, *moment1, *moment2;
    unsigned char *packed; /* NULL before weights_pack */
    enum packed_form form; /* that was asked for */
};

void weights_init(struct weights *weights);
void weights_release(struct weights *weights);

/* Registers a tensor and returns its offset. Nothing may be committed yet. */
size_t weights_add(struct weights *weights, struct initial initial, int ranks, const int *size,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Registers a linear layer for packing; returns its index among weights->layers. */
int weights_add_packed(struct weights *weights, size_t weight, size_t bias, int in, int out);

/* Registers some of those layers, of the same input and without biases, as one whose outputs are
 * theirs side by side; returns its index. */
int weights_join_packed(struct weights *weights, const int *layer, int layers);

/* Takes the memory, zeroed. uses: enum weights_use. Two tensors of one name are a bug. */
void weights_commit(struct weights *weights, unsigned uses);

/* Draws every tensor from its own stream of the seed, named after the tensor. */
void weights_draw(struct weights *weights, uint64_t seed);

/* Copies the values of all linear layers into their packed form. To be called again when values
 * have changed; takes memory the first time, and when the form changes. */
void weights_pack(struct weights *weights, enum packed_form form);

void weights_zero_grad(struct weights *weights);

/* Borrowed, or NULL. */
const struct tensor *weights_find(const struct weights *weights, const char *name);

/* The first tensor with a number that is not finite in block (value, grad, ...), or NULL. */
const struct tensor *weights_find_nonfinite(const struct weights *weights, const real *block);

/* A block of `numbers` zeros laid out as the values are, for the gradients of one shard. Free with
 * free(). */
real *weights_block(const struct weights *weights);

#endif
