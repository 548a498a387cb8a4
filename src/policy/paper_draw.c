/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/paper_draw.h"

#include "base/bits.h"

int paper_draw_init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct paper_draw *draw = state;

    (void)err;
    rng_stream(&draw->rng, setup->seed, "policy");
    return 0;
}

void paper_draw_release(void *state)
{
    struct paper_draw *draw = state;

    id_set_release(&draw->claims);
}

void paper_draw_begin(struct paper_draw *draw)
{
    id_set_clear(&draw->claims);
}

static int32_t draw_slot(struct paper_draw *draw, const struct cluster_view *at)
{
    if (!at->occupied)
        return -1;
    return at->slot[bits_nth(at->occupied, (int)rng_below(&draw->rng, (uint32_t)at->shown))];
}

/* Without a window: one of all that wait for the cluster, drawn in one walk over them. */
static int32_t draw_waiting(struct paper_draw *draw, const struct view *view, int32_t cluster)
{
    int32_t id, drawn = -1;
    uint32_t seen = 0;

    view_each_waiting (view, cluster, id) {
        seen++;
        if (rng_below(&draw->rng, seen) == 0)
            drawn = id;
    }
    return drawn;
}

int32_t paper_draw_task(struct paper_draw *draw, const struct view *view, int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];
    int32_t id = -1;

    if (at->may_start)
        id = at->slot ? draw_slot(draw, at) : draw_waiting(draw, view, cluster);
    if (id < 0 || id_set_has(&draw->claims, id))
        return -1;
    id_set_add(&draw->claims, id);
    return id;
}
