/* SPDX-License-Identifier: Apache-2.0 */
/* Room: clusters as they would look empty, filled up in thought to see who fits beside whom. */
#ifndef POLICY_ROOM_H
#define POLICY_ROOM_H

#include "core/view.h"

struct room {
    struct allocation *free;       /* by cluster */
    struct allocation **node_free; /* by cluster and node; NULL where it is not split */
    struct node_share *share;
    int32_t clusters;
};

void room_init(struct room *room, const struct catalog *catalog);
void room_release(struct room *room);

/* Empties all clusters; those that are down have no room. */
void room_clear(struct room *room, const struct view *view);

bool room_fits(const struct room *room, const struct view *view, int32_t cluster,
               const struct allocation *amount);
/* What fits. */
void room_take(struct room *room, const struct view *view, int32_t cluster,
               const struct allocation *amount);

#endif
