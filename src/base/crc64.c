/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight bytes at a time: table t gives what a byte becomes when t further bytes of zeros follow it,
 * so the eight lookups of one step are independent of each other. The tables are made anew by each
 * call (a few microseconds), which keeps them off the file's scope.
 */
#include "base/crc64.h"

static const uint64_t POLYNOMIAL = 0xC96C5795D7870F42u; /* reflected */

enum { SLICES = 8 };

static void make_tables(uint64_t table[SLICES][256])
{
    for (int byte = 0; byte < 256; byte++) {
        uint64_t crc = (uint64_t)byte;

        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        table[0][byte] = crc;
    }
    for (int slice = 1; slice < SLICES; slice++)
        for (int byte = 0; byte < 256; byte++) {
            uint64_t crc = table[slice - 1][byte];

            table[slice][byte] = table[0][crc & 255] ^ crc >> 8;
        }
}

uint64_t crc64(uint64_t crc, const void *bytes, size_t count)
{
    const unsigned char *each = bytes;
    uint64_t table[SLICES][256];

    make_tables(table);
    crc = ~crc;
    for (; count >= SLICES; count -= SLICES, each += SLICES) {
        uint64_t word = 0, next = 0;

        for (int i = SLICES - 1; i >= 0; i--)
            word = word << 8 | each[i];
        word ^= crc;
        for (int i = 0; i < SLICES; i++)
            next ^= table[SLICES - 1 - i][word >> (8 * i) & 255];
        crc = next;
    }
    for (; count > 0; count--, each++)
        crc = table[0][(crc ^ *each) & 255] ^ crc >> 8;
    return ~crc;
}
