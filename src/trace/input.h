/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a file, one after the other: plain, gzip or zstd, told apart by their first bytes. */
#ifndef TRACE_INPUT_H
#define TRACE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct decoder;

struct input {
    char *name;            /* for errors */
    int file;              /* -1: memory, or closed */
    const uint8_t *memory; /* what is left of it */
    size_t memory_left;
    int64_t raw_bytes;       /* taken from the file so far, before unpacking */
    struct decoder *decoder; /* NULL: plain */
    uint8_t *raw;
    size_t raw_at, raw_end;
    bool raw_over;
};

/* "-" is standard input. A struct of zeros may be closed. */
int input_open(struct input *input, const char *path, struct err *err);
/* The same from memory, which must stay. */
int input_open_memory(struct input *input, const char *name, const void *bytes, size_t count,
                      struct err *err);
void input_close(struct input *input);

/* Up to count bytes, unpacked: how many, 0 at the end, or an error. */
int64_t input_read(struct input *input, void *bytes, size_t count, struct err *err);

#endif
