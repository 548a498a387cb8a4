/* SPDX-License-Identifier: Apache-2.0 */
/* The allocations that users who know their type would ask for. */
#ifndef CORE_TUNED_H
#define CORE_TUNED_H

struct arena;
struct type_info;
struct type_truth;

/* Fills info->tuned from the truth; limits and speed are read already. */
void tuned_make(struct type_info *info, const struct type_truth *truth, struct arena *arena);

#endif
