/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4): tells whether two inputs are the same, in run records and stored data. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>

struct err;

enum { SHA256_BYTES = 32, SHA256_HEX_BYTES = 65 }; /* 64 digits and the NUL */

void sha256(const void *bytes, size_t count, unsigned char out[SHA256_BYTES]);

void sha256_hex(const void *bytes, size_t count, char out[SHA256_HEX_BYTES]);
int sha256_file_hex(const char *path, char out[SHA256_HEX_BYTES], struct err *err);

#endif
