/* SPDX-License-Identifier: Apache-2.0 */
/* Words as sets of small numbers. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdint.h>

/* How many bytes of sums are at most n, where both are below 128. */
static inline int bits_count_up_to(uint64_t sums, int n)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;

    /* A byte of the difference keeps its top bit when its sum is at most n. */
    return (int)(((((((uint64_t)n * ones) | tops) - sums) & tops) >> 7) * ones >> 56);
}

/*
 * The n-th member (from 0, ascending) of a word that has more than n. Without branches, which
 * nobody could predict: first the byte is found by the running sums of the bytes' counts, then, in
 * the same way, the bit by the running sums of its bits spread over bytes.
 */
static inline int bits_nth(uint64_t word, int n)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t sums = word - (word >> 1 & 0x5555555555555555u), spread;
    int shift;

    sums = (sums & 0x3333333333333333u) + (sums >> 2 & 0x3333333333333333u);
    sums = ((sums + (sums >> 4)) & 0x0F0F0F0F0F0F0F0Fu) * ones;
    shift = 8 * bits_count_up_to(sums, n);
    n -= (int)(sums << 8 >> shift & 0xFF);
    spread = (word >> shift & 0xFF) * ones & 0x8040201008040201u;
    sums = ((spread + 0x7F7F7F7F7F7F7F7Fu) >> 7 & ones) * ones;
    return shift + bits_count_up_to(sums, n);
}

#endif
