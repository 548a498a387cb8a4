/* SPDX-License-Identifier: Apache-2.0 */
/* FIPS 180-4, section 6.2. The constants are the first 32 bits of the fractional parts of the
 * square (initial state) and cube (rounds) roots of the first primes. */
#include "base/sha256.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

enum { BLOCK_BYTES = 64, LENGTH_AT = 56 };

static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

struct sha256 {
    uint32_t state[8];
    unsigned char block[BLOCK_BYTES];
    uint64_t bytes;
};

static uint32_t rotate(uint32_t x, int k)
{
    return x >> k | x << (32 - k);
}

static void expand(const unsigned char *block, uint32_t w[64])
{
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
}

static void compress(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[64], v[8];

    expand(block, w);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        uint32_t sum1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t sum0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t t = v[7] + sum1 + choice + round_constant[i] + w[i];

        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t;
        v[0] = t + sum0 + majority;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

static void sha256_init(struct sha256 *s)
{
    *s = (struct sha256){{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                          0x1f83d9ab, 0x5be0cd19},
                         {0},
                         0};
}

static void sha256_add(struct sha256 *s, const void *bytes, size_t count)
{
    const unsigned char *from = bytes;

    for (size_t i = 0; i < count; i++) {
        s->block[s->bytes++ % BLOCK_BYTES] = from[i];
        if (s->bytes % BLOCK_BYTES == 0)
            compress(s->state, s->block);
    }
}

static void sha256_end(struct sha256 *s, unsigned char out[SHA256_BYTES])
{
    uint64_t bits = s->bytes * 8;
    unsigned char length[8];

    sha256_add(s, "\x80", 1);
    while (s->bytes % BLOCK_BYTES != LENGTH_AT)
        sha256_add(s, "", 1);
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    sha256_add(s, length, sizeof length);
    for (int i = 0; i < SHA256_BYTES; i++)
        out[i] = (unsigned char)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}

static void print_hex(const unsigned char bytes[SHA256_BYTES], char out[SHA256_HEX_BYTES])
{
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void sha256(const void *bytes, size_t count, unsigned char out[SHA256_BYTES])
{
    struct sha256 s;

    sha256_init(&s);
    sha256_add(&s, bytes, count);
    sha256_end(&s, out);
}

void sha256_hex(const void *bytes, size_t count, char out[SHA256_HEX_BYTES])
{
    unsigned char sum[SHA256_BYTES];

    sha256(bytes, count, sum);
    print_hex(sum, out);
}

int sha256_file_hex(const char *path, char out[SHA256_HEX_BYTES], struct err *err)
{
    FILE *stream = fopen(path, "rb");
    struct sha256 s;
    unsigned char sum[SHA256_BYTES];
    char buffer[65536];
    size_t count;
    int rc = 0;

    if (!stream)
        return err_set(err, ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    sha256_init(&s);
    while ((count = fread(buffer, 1, sizeof buffer, stream)) > 0)
        sha256_add(&s, buffer, count);
    if (ferror(stream))
        rc = err_set(err, ERR_IO, "%s: cannot read: %s", path, strerror(errno));
    fclose(stream);
    sha256_end(&s, sum);
    print_hex(sum, out);
    return rc;
}
