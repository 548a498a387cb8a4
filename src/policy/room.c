/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/room.h"

#include <stdlib.h>

#include "base/memory.h"

void room_init(struct room *room, const struct catalog *catalog)
{
    int32_t most = 1;

    room->clusters = catalog->clusters;
    room->free = xcalloc((size_t)catalog->clusters, sizeof *room->free);
    room->node_free = xcalloc((size_t)catalog->clusters, sizeof *room->node_free);
    for (int32_t c = 0; c < catalog->clusters; c++) {
        const struct cluster_info *info = &catalog->cluster[c];

        if (!cluster_is_split(info))
            continue;
        room->node_free[c] = xcalloc((size_t)info->nodes, sizeof **room->node_free);
        most = info->nodes > most ? info->nodes : most;
    }
    room->share = xcalloc((size_t)most, sizeof *room->share);
}

void room_release(struct room *room)
{
    for (int32_t c = 0; c < room->clusters; c++)
        free(room->node_free[c]);
    free(room->node_free);
    free(room->free);
    free(room->share);
}

void room_clear(struct room *room, const struct view *view)
{
    static const struct allocation nothing;

    for (int32_t c = 0; c < room->clusters; c++) {
        const struct cluster_info *info = &view->catalog->cluster[c];

        room->free[c] = view->cluster[c].up ? info->capacity : nothing;
        for (int32_t n = 0; room->node_free[c] && n < info->nodes; n++)
            room->node_free[c][n] = view->cluster[c].up ? info->node : nothing;
    }
}

bool room_fits(const struct room *room, const struct view *view, int32_t cluster,
               const struct allocation *amount)
{
    return allocation_fits(amount, &room->free[cluster]) &&
           (!room->node_free[cluster] ||
            nodes_place(&view->catalog->cluster[cluster], room->node_free[cluster], amount, NULL,
                        NULL) > 0);
}

void room_take(struct room *room, const struct view *view, int32_t cluster,
               const struct allocation *amount)
{
    struct placement placement = {room->share, 0};

    allocation_subtract(&room->free[cluster], amount);
    if (!room->node_free[cluster])
        return;
    placement.shares = nodes_place(&view->catalog->cluster[cluster], room->node_free[cluster],
                                   amount, NULL, room->share);
    nodes_take(room->node_free[cluster], &placement);
}
