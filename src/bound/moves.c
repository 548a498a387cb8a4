/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocation is left out if another one on the cluster takes no more of
 * anything and is as fast. More progress is never worse on the curves here (in
 * its steepest part the sqrt curve ends within the slot, see bound/pace.c), so
 * whoever used it could use the other throughout, and would change allocations
 * no more often.
 */
#include "bound/moves.h"

#include <stdlib.h>

#include "base/memory.h"
#include "bound/menu.h"
#include "core/scenario.h"
#include "sim/arrivals.h"

enum { BOXES = 4096 };

static bool beats(const struct move *a, const struct move *b)
{
    return allocation_fits(&a->amount, &b->amount) && a->rate.base >= b->rate.base &&
           a->rate.bend >= b->rate.bend;
}

/* Among those from first on, which are of one cluster. */
static void add_move(struct moves *moves, size_t first, struct move more)
{
    size_t kept = first;

    for (size_t i = first; i < moves->count; i++)
        if (beats(&moves->item[i], &more))
            return;
    for (size_t i = first; i < moves->count; i++)
        if (!beats(&more, &moves->item[i]))
            moves->item[kept++] = moves->item[i];
    moves->count = kept;
    vector_push(moves, more);
}

static bool add_cluster(struct moves *moves, const struct scenario *scenario,
                        const struct arrival *arrival, int32_t cluster)
{
    const struct type_info *info = &scenario->catalog.type[arrival->type];
    const struct allocation *min = arrival->limits ? &arrival->limits[0] : &info->min;
    const struct allocation *max = arrival->limits ? &arrival->limits[1] : &info->max;
    struct allocation most = allocation_least(max, &scenario->catalog.cluster[cluster].capacity);
    struct allocation *box;
    size_t first = moves->count;
    int32_t boxes;
    bool alone = true;

    if (!allocation_fits(min, &most))
        return true;
    boxes = menu_boxes(min, &most, scenario->catalog.resources, BOXES, &box);
    for (int32_t i = 0; i < boxes; i++) {
        struct move move = {cluster, box[2 * i],
                            scenario_rate_most(scenario, arrival->type, &box[2 * i],
                                               &box[2 * i + 1])};

        alone &= allocation_equal(&box[2 * i], &box[2 * i + 1]);
        if (move.rate.base > 0)
            add_move(moves, first, move);
    }
    free(box);
    return alone;
}

bool moves_add(struct moves *moves, const struct scenario *scenario, const struct arrival *arrival)
{
    bool alone = true;

    for (int32_t i = 0; i < arrival->reach.count; i++)
        alone &= add_cluster(moves, scenario, arrival, arrival->reach.cluster[i]);
    return alone;
}
