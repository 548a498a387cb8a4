/* SPDX-License-Identifier: Apache-2.0 */
#include "core/view.h"

#include "base/memory.h"

double view_progress(const struct view *view, int32_t task)
{
    BUG_ON(view->info < INFO_PROGRESS);
    return view->progress(view->world, task);
}

double view_work(const struct view *view, int32_t task)
{
    return view->info >= INFO_ORACLE ? view->work(view->world, task) : 1;
}

int view_find_slot(const struct view *view, int32_t cluster, int32_t task)
{
    const struct cluster_view *at = &view->cluster[cluster];

    for (uint64_t left = at->occupied; left; left &= left - 1)
        if (at->slot[__builtin_ctzll(left)] == task)
            return __builtin_ctzll(left);
    return -1;
}

bool view_counts(const struct view *view, int32_t id)
{
    for (int32_t at = view->task[id].companion; at >= 0 && at != id; at = view->task[at].companion)
        if (at < id)
            return false;
    return true;
}

/* Insertion sort: a window has few slots, and they are nearly in order. */
static void begin_window(struct waiting_cursor *cursor, const struct cluster_view *at)
{
    for (uint64_t left = at->occupied; left; left &= left - 1) {
        int32_t id = at->slot[__builtin_ctzll(left)], i = cursor->ids++;

        for (; i > 0 && cursor->id[i - 1] > id; i--)
            cursor->id[i] = cursor->id[i - 1];
        cursor->id[i] = id;
    }
}

void waiting_begin(struct waiting_cursor *cursor, const struct view *view, int32_t cluster)
{
    const struct cluster_view *at = &view->cluster[cluster];
    struct waiting_lists *lists = view->lists;

    cursor->view = view;
    cursor->cluster = cluster;
    cursor->lanes = cursor->at = cursor->ids = 0;
    if (!at->may_start)
        return;
    if (at->slot) {
        begin_window(cursor, at);
        return;
    }
    waiting_list_clusters(lists);
    cursor->lanes = lists->lanes;
    for (int32_t lane = 0; lane < lists->lanes; lane++) {
        cursor->narrow[lane] = lists->head[cluster * lists->lanes + lane];
        cursor->wide[lane] = lists->head[lists->clusters * lists->lanes + lane];
    }
}

void waiting_only_fitting(struct waiting_cursor *cursor, const struct allocation *free)
{
    const struct catalog *catalog = cursor->view->catalog;

    for (int32_t lane = 0; lane < cursor->lanes; lane++) {
        bool fits = false;

        for (int32_t type = lane; type < catalog->types && !fits; type += cursor->lanes)
            fits = allocation_fits(&catalog->type[type].min, free);
        if (!fits)
            cursor->narrow[lane] = cursor->wide[lane] = -1;
    }
}

static int32_t skip_out_of_reach(const struct waiting_cursor *cursor, int32_t node)
{
    const struct waiting_lists *lists = cursor->view->lists;

    while (node >= 0 && !reach_has(&lists->task[lists->node[node].task].reach, cursor->cluster))
        node = lists->node[node].next;
    return node;
}

/* The oldest of the lanes' first nodes is taken. */
int32_t waiting_next(struct waiting_cursor *cursor)
{
    const struct waiting_lists *lists = cursor->view->lists;
    int32_t *take = NULL;
    int32_t oldest = INT32_MAX;

    if (cursor->at < cursor->ids)
        return cursor->id[cursor->at++];
    for (int32_t lane = 0; lane < cursor->lanes; lane++) {
        int32_t *narrow = &cursor->narrow[lane], *wide = &cursor->wide[lane];

        *wide = skip_out_of_reach(cursor, *wide);
        if (*narrow >= 0 && lists->node[*narrow].task < oldest) {
            take = narrow;
            oldest = lists->node[*take].task;
        }
        if (*wide >= 0 && lists->node[*wide].task < oldest) {
            take = wide;
            oldest = lists->node[*take].task;
        }
    }
    if (!take)
        return -1;
    *take = lists->node[*take].next;
    return oldest;
}
