/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/paper_rules.h"

#include "base/err.h"

static int32_t first_unclaimed(const struct view *view, int32_t cluster,
                               const struct id_set *claims)
{
    const struct cluster_view *at = &view->cluster[cluster];
    int32_t id;

    if (at->slot) {
        for (uint64_t left = at->occupied; left; left &= left - 1)
            if (!id_set_has(claims, at->slot[__builtin_ctzll(left)]))
                return at->slot[__builtin_ctzll(left)];
        return -1;
    }
    view_each_waiting (view, cluster, id)
        if (!id_set_has(claims, id))
            return id;
    return -1;
}

int32_t paper_candidate(const struct view *view, int32_t cluster, const struct id_set *claims)
{
    const struct allocation *capacity = &view->catalog->cluster[cluster].capacity;
    int32_t id = view->cluster[cluster].up ? first_unclaimed(view, cluster, claims) : -1;
    int32_t most = INT32_MAX;

    if (id < 0)
        return -1;
    for (int r = 0; r < view->catalog->resources; r++) {
        int32_t least = view->task[id].min.amount[r];

        if (least > 0 && capacity->amount[r] / least < most)
            most = capacity->amount[r] / least;
    }
    return view->cluster[cluster].runnings < most ? id : -1;
}

void paper_ask_again(const struct view *view, struct plan *plan)
{
    if (view->catalog->slot_s > 0)
        return;
    plan->again = plan->actions > 0;
    if (view->waiting > 0)
        plan_wake(plan, view->now_s + 1);
}

struct paper_resources paper_find_resources(const struct catalog *catalog)
{
    struct paper_resources found = {catalog_find_resource(catalog, "cpu"),
                                    catalog_find_resource(catalog, "gpu")};

    if (found.cpu < 0 || found.gpu < 0) {
        found.cpu = 0;
        found.gpu = catalog->resources > 1 ? 1 : 0;
    }
    return found;
}

int paper_check_sites(const struct catalog *catalog, struct err *err)
{
    for (int c = 0; c < catalog->clusters; c++)
        if (cluster_is_split(&catalog->cluster[c]))
            return err_set(err, ERR_UNSUPPORTED,
                           "cluster %s: this policy knows no nodes; set its placement to any",
                           catalog->cluster[c].name);
    return 0;
}
