/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In continuous time everything that could be started was started at the last decision, so only
 * clusters where something came free and tasks that are new need a look: first the clusters, each
 * in the order of its waiting list, because their tasks are older, then the new tasks, each on the
 * cluster that it fills best. In slotted worlds, where windows and turns change with every slot,
 * every cluster is looked at.
 */
#include "policy/fifo.h"

#include "policy/place.h"

void fifo_init(struct fifo *fifo, const struct catalog *catalog)
{
    fifo->least = catalog->type[0].min;
    for (int i = 1; i < catalog->types; i++)
        fifo->least = allocation_least(&fifo->least, &catalog->type[i].min);
}

static void serve_cluster(const struct fifo *fifo, const struct view *view, struct plan *plan,
                          int32_t cluster, fifo_amount_fn amount, const void *arg)
{
    struct waiting_cursor cursor;
    int32_t id;

    if (!allocation_fits(&fifo->least, plan_free(plan, cluster)))
        return;
    waiting_begin(&cursor, view, cluster);
    waiting_only_fitting(&cursor, plan_free(plan, cluster));
    while ((id = waiting_next(&cursor)) >= 0) {
        struct allocation given;

        if (!plan_fits(plan, cluster, &view->task[id].min) || !plan_may_start(plan, id, cluster))
            continue;
        given = amount(arg, view, id, plan_free(plan, cluster));
        if (view->cluster[cluster].node_free)
            given = place_cut(plan, cluster, &view->task[id].min, &given);
        plan_start(plan, id, cluster, &given);
        if (!allocation_fits(&fifo->least, plan_free(plan, cluster)))
            return;
        waiting_only_fitting(&cursor, plan_free(plan, cluster));
    }
}

void fifo_decide(const struct fifo *fifo, const struct view *view, struct plan *plan,
                 fifo_amount_fn amount, const void *arg)
{
    if (view->catalog->slot_s > 0) {
        for (int32_t c = 0; c < view->catalog->clusters; c++)
            serve_cluster(fifo, view, plan, c, amount, arg);
        return;
    }
    for (int32_t i = 0; i < view->toucheds; i++)
        serve_cluster(fifo, view, plan, view->touched[i], amount, arg);
    for (int32_t i = 0; i < view->arrivals; i++) {
        int32_t id = view->arrived[i];
        int32_t cluster = place_worst_fit(view, plan, id, &view->task[id].min);

        if (cluster >= 0) {
            struct allocation given = amount(arg, view, id, plan_free(plan, cluster));

            if (view->cluster[cluster].node_free)
                given = place_cut(plan, cluster, &view->task[id].min, &given);
            plan_start(plan, id, cluster, &given);
        }
    }
}
