/* SPDX-License-Identifier: Apache-2.0 */
/* Matching where many nodes are alike: as policy/matching.h, by numbers of nodes of each kind. */
#ifndef POLICY_KIND_MATCHING_H
#define POLICY_KIND_MATCHING_H

#include <stdint.h>

/*
 * count nodes of every kind; weight is kinds x kinds, symmetric, in row-major order, with that of
 * two of one kind on the diagonal; 0: no edge, and none above 2^40. Writes into pairs, kinds x
 * kinds and symmetric too, how many nodes of the one kind are paired with one of the other. Among
 * matchings of equal weight which one comes out depends on the arguments alone. At most
 * MATCHING_MOST - 1 nodes.
 */
void kind_matching_find(int32_t kinds, const int32_t *count, const int64_t *weight, int32_t *pairs);

#endif
