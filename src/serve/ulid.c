/* SPDX-License-Identifier: Apache-2.0 */
/* 48 bits of milliseconds and 80 random bits, most significant first, five to a letter of
 * Crockford's alphabet (github.com/ulid/spec). */
#include "serve/ulid.h"

#include <sys/random.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum { TIME_LETTERS = 10, LETTERS = 26 };

void ulid_print(int64_t at_us, char out[ULID_BYTES])
{
    unsigned char bytes[LETTERS - TIME_LETTERS] = {0};
    uint64_t ms = (uint64_t)at_us / 1000;

    for (int i = TIME_LETTERS; i-- > 0; ms >>= 5)
        out[i] = alphabet[ms & 31];
    (void)!getrandom(bytes, sizeof bytes, GRND_NONBLOCK);
    for (int i = TIME_LETTERS; i < LETTERS; i++)
        out[i] = alphabet[bytes[i - TIME_LETTERS] & 31];
    out[LETTERS] = 0;
}
