/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every resource's range is cut into intervals: one amount each where that
 * makes no more than BOXES combinations, else intervals that grow with the
 * amount. A box is one interval of each resource. Its rate comes from
 * speed_rate_most(), so nothing in it is faster than the menu says; its amount
 * is that of its low corner, so nothing in it takes less.
 *
 * A rate is at least as good as another if neither base nor bend is smaller:
 * speeds grow with both.
 */
#include "bound/menu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "core/scenario.h"

enum { BOXES = 4096, BUCKETS = 1024 };

/* A type within limits on some clusters. */
struct kept {
    struct kept *next;
    int32_t type, clusters;
    struct allocation min, max;
    int32_t *cluster;
    struct menu *menu; /* that of the clusters that matter */
    bool is_own;       /* which are all of these */
};

struct menus {
    const struct scenario *scenario;
    int32_t *alike;  /* by cluster: one of the same capacity */
    int32_t *matter; /* clusters of the reach at hand */
    struct kept *bucket[BUCKETS];
};

/* boxes */

struct cut {
    int32_t low, high, parts;
};

/* The lower end of a part; that of part `parts` is behind the last. */
static int32_t edge(const struct cut *cut, int32_t part)
{
    int64_t range = (int64_t)cut->high - cut->low + 1;

    if (range == cut->parts)
        return cut->low + part;
    return cut->low + (int32_t)llround(pow((double)range + 1, (double)part / cut->parts) - 1);
}

static double combinations(const struct cut *cut, int resources)
{
    double product = 1;

    for (int r = 0; r < resources; r++)
        product *= cut[r].parts;
    return product;
}

int32_t menu_boxes(const struct allocation *min, const struct allocation *max, int resources,
                   int32_t most, struct allocation **out)
{
    struct cut cut[MAX_RESOURCES] = {{0}};
    struct allocation *box;
    int32_t count;

    for (int r = 0; r < resources; r++)
        cut[r] = (struct cut){min->amount[r], max->amount[r], max->amount[r] - min->amount[r] + 1};
    while (combinations(cut, resources) > most) {
        int longest = 0;

        for (int r = 1; r < resources; r++)
            longest = cut[r].parts > cut[longest].parts ? r : longest;
        cut[longest].parts = (cut[longest].parts + 1) / 2;
    }
    count = (int32_t)combinations(cut, resources);
    box = xcalloc(2 * (size_t)count, sizeof *box);
    for (int32_t i = 0; i < count; i++) {
        int32_t rest = i;

        for (int r = resources - 1; r >= 0; r--) {
            int32_t part;

            BUG_ON(cut[r].parts < 1);
            part = rest % cut[r].parts;
            rest /= cut[r].parts;
            box[2 * i].amount[r] = edge(&cut[r], part);
            box[2 * i + 1].amount[r] = edge(&cut[r], part + 1) - 1;
        }
    }
    *out = box;
    return count;
}

/* portions */

static bool beats(const struct portion *a, const struct portion *b)
{
    return a->amount <= b->amount && a->rate.base >= b->rate.base && a->rate.bend >= b->rate.bend;
}

static void add_portion(struct portions *to, struct portion more)
{
    int32_t kept = 0;

    for (int32_t i = 0; i < to->count; i++)
        if (beats(&to->item[i], &more))
            return;
    for (int32_t i = 0; i < to->count; i++)
        if (!beats(&more, &to->item[i]))
            to->item[kept++] = to->item[i];
    to->item = xrealloc(to->item, (size_t)kept + 1, sizeof *to->item);
    to->item[kept++] = more;
    to->count = kept;
}

/* Whether one of the clusters has at least as much of everything. */
static bool is_covered(const struct catalog *catalog, const int32_t *cluster, int32_t count,
                       int32_t own)
{
    for (int32_t i = 0; i < count; i++)
        if (cluster[i] != own && allocation_fits(&catalog->cluster[own].capacity,
                                                 &catalog->cluster[cluster[i]].capacity))
            return true;
    return false;
}

/* The clusters of a reach that offer what no other one does, in menus->matter.
 */
static int32_t choose_clusters(struct menus *menus, const struct reach *reach)
{
    const struct catalog *catalog = &menus->scenario->catalog;
    int32_t *matter = menus->matter, count = 0;

    for (int32_t i = 0; i < reach->count; i++) {
        int32_t own = menus->alike[reach->cluster[i]], kept = 0;

        if (is_covered(catalog, matter, count, own))
            continue;
        for (int32_t k = 0; k < count; k++)
            if (!allocation_fits(&catalog->cluster[matter[k]].capacity,
                                 &catalog->cluster[own].capacity))
                matter[kept++] = matter[k];
        matter[kept++] = own;
        count = kept;
    }
    return count;
}

static void add_cluster(struct menu *menu, const struct scenario *scenario, const struct kept *kept,
                        const struct allocation *capacity)
{
    struct allocation most = allocation_least(&kept->max, capacity), *box;
    int resources = scenario->catalog.resources;
    int32_t boxes;

    if (!allocation_fits(&kept->min, &most))
        return;
    boxes = menu_boxes(&kept->min, &most, resources, BOXES, &box);
    for (int32_t i = 0; i < boxes; i++) {
        struct rate rate = scenario_rate_most(scenario, kept->type, &box[2 * i], &box[2 * i + 1]);

        if (rate.base <= 0)
            continue;
        add_portion(&menu->fastest, (struct portion){0, rate});
        for (int r = 0; r < resources; r++) {
            double amount = box[2 * i].amount[r];

            add_portion(&menu->thrift[r], (struct portion){amount, rate});
            menu->least[r] = fmin(menu->least[r], amount);
        }
    }
    free(box);
}

static void draw_envelope(struct menu *menu, const struct speed_model *model)
{
    menu->envelope = xcalloc(ENVELOPE + 1, sizeof *menu->envelope);
    for (int level = 0; level <= ENVELOPE; level++)
        for (int32_t i = 0; i < menu->fastest.count; i++)
            menu->envelope[level] =
                fmax(menu->envelope[level],
                     speed_at(model, menu->fastest.item[i].rate, (double)level / ENVELOPE));
}

static struct menu *make_menu(struct menus *menus, const struct kept *kept)
{
    const struct scenario *scenario = menus->scenario;
    const struct speed_model *model = &scenario->truth[kept->type].speed;
    struct menu *menu = xcalloc(1, sizeof *menu);

    menu->seconds = -1;
    for (int r = 0; r < MAX_RESOURCES; r++) {
        menu->least[r] = HUGE_VAL;
        menu->area[r] = -1;
    }
    for (int32_t i = 0; i < kept->clusters; i++)
        add_cluster(menu, scenario, kept, &scenario->catalog.cluster[kept->cluster[i]].capacity);
    if (model->curve == CURVE_LEVEL)
        draw_envelope(menu, model);
    return menu;
}

struct menus *menus_new(const struct scenario *scenario)
{
    const struct catalog *catalog = &scenario->catalog;
    struct menus *menus = xcalloc(1, sizeof *menus);

    menus->scenario = scenario;
    menus->alike = xcalloc((size_t)catalog->clusters, sizeof *menus->alike);
    menus->matter = xcalloc((size_t)catalog->clusters, sizeof *menus->matter);
    for (int32_t c = 0; c < catalog->clusters; c++)
        menus->alike[c] = c > 0 && allocation_equal(&catalog->cluster[c].capacity,
                                                    &catalog->cluster[c - 1].capacity)
                              ? menus->alike[c - 1]
                              : c;
    return menus;
}

static void free_menu(struct menu *menu)
{
    free(menu->fastest.item);
    for (int r = 0; r < MAX_RESOURCES; r++)
        free(menu->thrift[r].item);
    free(menu->envelope);
    free(menu);
}

void menus_free(struct menus *menus)
{
    if (!menus)
        return;
    for (int i = 0; i < BUCKETS; i++)
        while (menus->bucket[i]) {
            struct kept *next = menus->bucket[i]->next;

            if (menus->bucket[i]->is_own)
                free_menu(menus->bucket[i]->menu);
            free(menus->bucket[i]->cluster);
            free(menus->bucket[i]);
            menus->bucket[i] = next;
        }
    free(menus->alike);
    free(menus->matter);
    free(menus);
}

static struct kept **find_bucket(struct menus *menus, const struct kept *key)
{
    uint64_t hash = rng_hash((uint64_t)key->type, (uint64_t)key->clusters, 0);

    for (int r = 0; r < MAX_RESOURCES; r++)
        hash = rng_hash(hash, (uint64_t)key->min.amount[r], (uint64_t)key->max.amount[r]);
    for (int32_t i = 0; i < key->clusters; i++)
        hash = rng_hash(hash, (uint64_t)key->cluster[i], 0);
    return &menus->bucket[hash % BUCKETS];
}

static bool is_same(const struct kept *a, const struct kept *b)
{
    return a->type == b->type && a->clusters == b->clusters && allocation_equal(&a->min, &b->min) &&
           allocation_equal(&a->max, &b->max) &&
           memcmp(a->cluster, b->cluster, (size_t)a->clusters * sizeof *a->cluster) == 0;
}

/* The entry of this key, made without a menu if it is new. */
static struct kept *find_kept(struct menus *menus, const struct kept *key)
{
    struct kept **bucket = find_bucket(menus, key), *kept = *bucket;
    size_t bytes = (size_t)key->clusters * sizeof *key->cluster;

    while (kept && !is_same(kept, key))
        kept = kept->next;
    if (kept)
        return kept;
    kept = xcalloc(1, sizeof *kept);
    *kept = *key;
    kept->cluster = xcalloc((size_t)key->clusters, sizeof *kept->cluster);
    memcpy(kept->cluster, key->cluster, bytes);
    kept->next = *bucket;
    *bucket = kept;
    return kept;
}

struct menu *menus_find(struct menus *menus, int32_t type, const struct allocation *min,
                        const struct allocation *max, const struct reach *reach)
{
    struct kept key = {.type = type, .clusters = reach->count, .min = *min, .max = *max};
    struct kept *all, *essential;

    key.cluster = xcalloc((size_t)reach->count, sizeof *key.cluster);
    memcpy(key.cluster, reach->cluster, (size_t)reach->count * sizeof *key.cluster);
    all = find_kept(menus, &key);
    free(key.cluster);
    if (all->menu)
        return all->menu;
    key.clusters = choose_clusters(menus, reach);
    key.cluster = menus->matter;
    essential = find_kept(menus, &key);
    if (!essential->menu) {
        essential->menu = make_menu(menus, essential);
        essential->is_own = true;
    }
    all->menu = essential->menu;
    return all->menu;
}
