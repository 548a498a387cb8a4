/* SPDX-License-Identifier: Apache-2.0 */
#include "core/catalog.h"

#include <string.h>

int catalog_find_resource(const struct catalog *catalog, const char *name)
{
    for (int i = 0; i < catalog->resources; i++)
        if (strcmp(catalog->resource[i].name, name) == 0)
            return i;
    return -1;
}

int catalog_find_cluster(const struct catalog *catalog, const char *name)
{
    for (int i = 0; i < catalog->clusters; i++)
        if (strcmp(catalog->cluster[i].name, name) == 0)
            return i;
    return -1;
}

int catalog_find_type(const struct catalog *catalog, const char *name)
{
    for (int i = 0; i < catalog->types; i++)
        if (strcmp(catalog->type[i].name, name) == 0)
            return i;
    return -1;
}

double catalog_transfer_s(const struct catalog *catalog, int from, int to, double mb)
{
    const struct link_info *link = &catalog->link;

    if (from == to || mb <= 0)
        return 0;
    if (catalog->links)
        link = &catalog->links[from * catalog->clusters + to];
    return link->rtt_s + (link->mbit_s > 0 ? mb * 8 / link->mbit_s : 0);
}

struct allocation catalog_mean_cluster(const struct catalog *catalog)
{
    struct allocation mean = {{0}};

    for (int r = 0; r < catalog->resources; r++) {
        mean.amount[r] = (catalog->total.amount[r] + catalog->clusters - 1) / catalog->clusters;
        if (mean.amount[r] < 1)
            mean.amount[r] = 1;
    }
    return mean;
}

int catalog_most_company(const struct catalog *catalog)
{
    for (int i = 0; i < catalog->types; i++)
        if (catalog_may_share(catalog, i))
            return catalog->sharing.most;
    return 1;
}

double catalog_period(const struct catalog *catalog, const int32_t type[], int members)
{
    const struct stages *stages[MAX_COMPANY];

    for (int i = 0; i < members; i++)
        stages[i] = catalog->type[type[i]].stages;
    return stages_period(stages, members) * catalog->sharing.stretch[members - 1];
}
