/* SPDX-License-Identifier: Apache-2.0 */
/* Where things are in a model file; see docs/model-format.md. For checkpoint*.c alone. */
#ifndef NN_CHECKPOINT_LAYOUT_H
#define NN_CHECKPOINT_LAYOUT_H

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "model files are little-endian");

/* A byte that is no text, and line ends that a careless copy would change. */
#define CHECKPOINT_MAGIC "\x89TAP\r\n\x1a\n"

enum { CHECKPOINT_MAGIC_BYTES = 8 };

/* Offsets in the head. */
enum {
    HEAD_VERSION = 8,
    HEAD_ENTRIES = 12,
    HEAD_FILE_BYTES = 16,
    HEAD_METADATA_BYTES = 24,
    HEAD_TABLE = 32,
    HEAD_RESERVED = 40, /* 16 bytes of zeros */
    HEAD_CHECKSUM = 56,
};

/* Offsets in a row of the table; the name comes first. */
enum {
    ENTRY_ROLE = 128,
    ENTRY_TYPE = 132,
    ENTRY_RANKS = 136,
    ENTRY_RESERVED = 140, /* 4 bytes of zeros */
    ENTRY_SIZE = 144,
    ENTRY_OFFSET = 176,
    ENTRY_BYTES = 184,
};

static inline uint32_t layout_u32(const unsigned char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t layout_u64(const unsigned char *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return value;
}

#endif
