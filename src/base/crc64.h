/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-64/XZ: polynomial 42F0E1EBA9EA3693 (ECMA-182), reflected, start and end inverted. */
#ifndef BASE_CRC64_H
#define BASE_CRC64_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of bytes that follow others whose checksum is `crc`; 0 for none. */
uint64_t crc64(uint64_t crc, const void *bytes, size_t count);

#endif
