/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/partition.h"

#include <stdbool.h>
#include <stdlib.h>

#include "backend/cpu_list.h"
#include "backend/gpu_driver.h"
#include "serve/site.h"

struct units {
    struct cpu_list all;
    bool taken[CPU_LIST_MAX];
};

static void take_listed(struct units *units, const char *text)
{
    struct cpu_list list;

    if (!text || cpu_list_parse(&list, text, NULL) != 0)
        return;
    for (int i = 0; i < list.count; i++)
        units->taken[list.id[i]] = true;
}

/* The first so many that nobody has, as a list; NULL: there are fewer. */
static const char *take(struct units *units, int count, struct arena *arena)
{
    struct cpu_list own = {.count = 0};
    const char *kept;
    char *text;

    for (int i = 0; i < units->all.count && own.count < count; i++)
        if (!units->taken[units->all.id[i]])
            own.id[own.count++] = units->all.id[i];
    if (count == 0 || own.count < count)
        return NULL;
    text = cpu_list_text(&own);
    take_listed(units, text);
    kept = arena_strdup(arena, text);
    free(text);
    return kept;
}

void partition_site(struct site *site)
{
    struct units cpus = {0}, gpus = {0};
    int there;

    if (site->clusters < 2)
        return;
    cpu_list_own(&cpus.all);
    there = gpu_driver_total();
    /* Without a driver they are only names, and there are enough. */
    cpu_list_first(&gpus.all, there ? there : CPU_LIST_MAX);
    for (int c = 0; c < site->clusters; c++) {
        take_listed(&cpus, site->cluster[c].cpus);
        take_listed(&gpus, site->cluster[c].gpus);
    }
    for (int c = 0; c < site->clusters; c++) {
        struct site_cluster *cluster = &site->cluster[c];

        if (!cluster->cpus)
            cluster->cpus = take(&cpus, cluster->capacity.amount[SITE_CPU], &site->arena);
        if (!cluster->gpus)
            cluster->gpus = take(&gpus, cluster->capacity.amount[SITE_GPU], &site->arena);
    }
}
