/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/edges.h"

#include "base/arena.h"
#include "base/memory.h"

/* first[i+1] becomes where the next edge into target i goes, and ends as where target i+1 starts.
 */
static void count_targets(int32_t *first, int32_t targets, int32_t count, const int32_t *target)
{
    for (int32_t e = 0; e < count; e++) {
        BUG_ON(target[e] < 0 || target[e] >= targets);
        if (target[e] + 2 <= targets)
            first[target[e] + 2]++;
    }
    for (int32_t i = 2; i <= targets; i++)
        first[i] += first[i - 1];
}

struct edges edges_build(struct arena *memory, int32_t targets, int32_t sources, int32_t count,
                         const int32_t *source, const int32_t *target, const real *weight)
{
    int32_t *first = arena_zalloc(memory, (size_t)targets + 1, sizeof *first);
    int32_t *sorted = arena_zalloc(memory, (size_t)count, sizeof *sorted);
    real *sorted_weight = weight ? arena_zalloc(memory, (size_t)count, sizeof *weight) : NULL;

    count_targets(first, targets, count, target);
    for (int32_t e = 0; e < count; e++) {
        int32_t at = first[target[e] + 1]++;

        BUG_ON(source[e] < 0 || source[e] >= sources);
        sorted[at] = source[e];
        if (weight)
            sorted_weight[at] = weight[e];
    }
    return (struct edges){
        .targets = targets,
        .sources = sources,
        .count = count,
        .first = first,
        .source = sorted,
        .weight = sorted_weight,
    };
}
