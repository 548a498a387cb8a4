/* SPDX-License-Identifier: Apache-2.0 */
/* Matching: pairs of nodes of a graph, no node in two of them, of the greatest total weight. */
#ifndef POLICY_MATCHING_H
#define POLICY_MATCHING_H

#include <stdint.h>

enum { MATCHING_MOST = 512 };

/*
 * weight is nodes x nodes, symmetric, in row-major order; 0: no edge, and none above 2^40. Writes
 * for every node whom it is paired with, or -1. Among matchings of equal weight which one comes out
 * depends on the weights alone. Time grows with the cube of the nodes, at most MATCHING_MOST.
 */
void matching_find(int32_t nodes, const int64_t *weight, int32_t *mate);

/*
 * Goes on from a matching to a perfect one, of the greatest weight that a perfect one has: nodes
 * are even in number, every two have an edge, mates are paired or -1, and the duals are those that
 * policy/matching.c speaks of, of any sign: no edge has a slack below 0, matched ones have none,
 * and the duals of nodes without a mate are all even or all odd. Writes both as they are at the
 * end; there, slacks below 0 are those of edges inside blossoms.
 */
void matching_complete(int32_t nodes, const int64_t *weight, int64_t *dual, int32_t *mate);

#endif
