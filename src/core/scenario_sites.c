/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a scenario says of places: resources, clusters, links and outages. */
#include "core/scenario_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/vector.h"
#include "core/amounts.h"

const struct option_spec resource_options[] = {
    {"name", OPTION_STRING, .flags = OPTION_REQUIRED, .help = "short word: cpu, gpu, mem"},
    {"unit", OPTION_STRING, "", .help = "what one unit is: cores, milli-GPU, MiB"},
    {0},
};

const struct option_spec cluster_options[] = {
    {"name", OPTION_STRING, .flags = OPTION_REQUIRED,
     .help = "unique; with a count above 1 it is followed by 1, 2, 3, ..."},
    {"count", OPTION_INT, "1", .low = 1, .high = MAX_CLUSTERS,
     .help = "so many clusters of this kind"},
    {"capacity", OPTION_NODE, .flags = OPTION_REQUIRED, .help = "per resource: units it owns"},
    {"nodes", OPTION_INT, "1", .low = 1, .high = MAX_NODES,
     .help = "so many equal machines, among which the capacity is divided"},
    {"placement", OPTION_CHOICE, "consolidated", .choices = "any|consolidated",
     .help = "with nodes: an allocation in pieces on any of them, or on one node if one can hold "
             "it, else on whole nodes and one with the rest"},
    {"at", OPTION_NODE, .unit = "km", .help = "[x, y], for reach by distance"},
    {"spacing", OPTION_REAL, "0", .low = 0, .high = 1e6, .unit = "km",
     .help = "with a count: on a square grid with this spacing, from at"},
    {"origin_weight", OPTION_REAL, "1", .low = 0, .high = 1e9,
     .help = "how often tasks originate here, relative to other clusters"},
    {0},
};

const struct option_spec link_options[] = {
    {"mbit", OPTION_REAL, "0", .low = 0, .high = 1e9, .unit = "Mbit/s",
     .help = "bandwidth between any two clusters; 0: no limit"},
    {"rtt", OPTION_REAL, "0", .low = 0, .high = 1e9, .unit = "ms", .help = "round-trip time"},
    {"pairs", OPTION_NODE, .help = "list of links that differ"},
    {0},
};

const struct option_spec link_pair_options[] = {
    {"between", OPTION_NODE, .flags = OPTION_REQUIRED, .help = "[cluster, cluster]"},
    {"mbit", OPTION_REAL, "0", .low = 0, .high = 1e9, .unit = "Mbit/s",
     .help = "bandwidth; 0: no limit"},
    {"rtt", OPTION_REAL, "0", .low = 0, .high = 1e9, .unit = "ms", .help = "round-trip time"},
    {0},
};

const struct option_spec outage_options[] = {
    {"cluster", OPTION_STRING, .help = "the cluster that goes down; \"all\": each by itself"},
    {"link", OPTION_NODE, .help = "or: [cluster, cluster] that lose their link"},
    {"at", OPTION_REAL, "0", .low = 0, .high = 1e12, .unit = "s", .help = "when"},
    {"for", OPTION_REAL, .low = 0, .high = 1e12, .unit = "s", .flags = OPTION_EXCLUSIVE,
     .help = "how long"},
    {"mtbf", OPTION_REAL, .low = 0, .high = 1e12, .unit = "s", .flags = OPTION_EXCLUSIVE,
     .help = "or, in place of at and for: mean time up, exponential"},
    {"mttr", OPTION_REAL, .low = 0, .high = 1e12, .unit = "s", .flags = OPTION_EXCLUSIVE,
     .help = "and mean time down"},
    {0},
};

static int need_section(const struct yaml_node *root, const char *key, enum yaml_kind kind,
                        const struct yaml_node **out, struct err *err)
{
    *out = yaml_find(root, key);
    return yaml_need_kind(*out, kind, key, err);
}

static int read_resource(struct scenario *s, const struct yaml_node *node,
                         struct resource_info *out, struct err *err)
{
    struct params params;
    int rc = 0;

    params_init(&params, resource_options);
    if (node->kind == YAML_SCALAR)
        rc = params_set(&params, "name", node->text, err);
    else
        rc = yaml_read_map(node, "resource", &params, err);
    if (rc == 0) {
        out->name = arena_strdup(&s->arena, params_string(&params, "name"));
        out->unit = arena_strdup(&s->arena, params_string(&params, "unit"));
        rc = yaml_check_name(node, out->name, err);
    }
    params_release(&params);
    return rc;
}

int scenario_read_resources(struct scenario *s, const struct yaml_node *root, struct err *err)
{
    struct resource_info *resource;
    const struct yaml_node *list;
    int rc = need_section(root, "resources", YAML_LIST, &list, err);

    if (rc)
        return rc;
    if (list->items == 0 || list->items > MAX_RESOURCES)
        return yaml_error(list, err, "resources: expected 1 to %d, not %d", MAX_RESOURCES,
                          list->items);
    resource = arena_zalloc(&s->arena, (size_t)list->items, sizeof *resource);
    s->catalog.resource = resource;
    for (int i = 0; i < list->items; i++) {
        rc = read_resource(s, list->item[i], &resource[i], err);
        if (rc)
            return rc;
        if (catalog_find_resource(&s->catalog, resource[i].name) >= 0)
            return yaml_error(list->item[i], err, "resources: \"%s\" is there twice",
                              resource[i].name);
        s->catalog.resources++;
    }
    return 0;
}

static int read_position(const struct yaml_node *at, double *x, double *y, struct err *err)
{
    int rc;

    if (!at)
        return 0;
    rc = yaml_need_kind(at, YAML_LIST, "at", err);
    if (rc == 0 && at->items != 2)
        rc = yaml_error(at, err, "at: expected [x, y] in km");
    if (rc == 0)
        rc = yaml_real(at->item[0], "at", -1e6, 1e6, x, err);
    if (rc == 0)
        rc = yaml_real(at->item[1], "at", -1e6, 1e6, y, err);
    return rc;
}

static int split_into_nodes(const struct scenario *s, const struct yaml_node *at,
                            const struct params *params, struct cluster_info *out, struct err *err)
{
    out->nodes = (int32_t)params_int(params, "nodes");
    out->placement = (enum placement_rule)params_choice(params, "placement");
    for (int r = 0; r < s->catalog.resources; r++) {
        if (out->capacity.amount[r] % out->nodes != 0)
            return yaml_error(at, err, "nodes: %d units of %s cannot be divided among %d nodes",
                              out->capacity.amount[r], s->catalog.resource[r].name, out->nodes);
        out->node.amount[r] = out->capacity.amount[r] / out->nodes;
    }
    return 0;
}

/* One entry of the list as many clusters as its count says, from out on. */
static int read_cluster(struct scenario *s, const struct yaml_node *node,
                        const struct params *params, struct cluster_info *out, struct err *err)
{
    struct cluster_info first = {0};
    const char *name = params_string(params, "name");
    int count = (int)params_int(params, "count"), columns = (int)ceil(sqrt(count));
    double spacing = params_real(params, "spacing");
    int rc = yaml_check_name(node, name, err);

    if (rc == 0)
        rc = amounts_read(yaml_find(node, "capacity"), "capacity", &s->catalog, &first.capacity,
                          err);
    if (rc == 0)
        rc = split_into_nodes(s, node, params, &first, err);
    if (rc == 0)
        rc = read_position(yaml_find(node, "at"), &first.x_km, &first.y_km, err);
    first.origin_weight = params_real(params, "origin_weight");
    for (int i = 0; rc == 0 && i < count; i++) {
        int row = i / columns;

        out[i] = first;
        out[i].name = count > 1 ? arena_printf(&s->arena, "%s%d", name, i + 1)
                                : arena_strdup(&s->arena, name);
        out[i].x_km += spacing * (i - row * columns);
        out[i].y_km += spacing * row;
    }
    return rc;
}

static int compare_names(const void *a, const void *b)
{
    const struct cluster_info *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

static int refuse_doubles(struct scenario *s, const struct yaml_node *list, struct err *err)
{
    const struct cluster_info **sorted = xcalloc((size_t)s->catalog.clusters, sizeof *sorted);
    int rc = 0;

    for (int i = 0; i < s->catalog.clusters; i++)
        sorted[i] = &s->catalog.cluster[i];
    qsort(sorted, (size_t)s->catalog.clusters, sizeof *sorted, compare_names);
    for (int i = 1; rc == 0 && i < s->catalog.clusters; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            rc = yaml_error(list, err, "clusters: the name \"%s\" is there twice", sorted[i]->name);
    free(sorted);
    return rc;
}

static int sum_capacities(struct scenario *s, const struct yaml_node *list, struct err *err)
{
    struct catalog *catalog = &s->catalog;

    for (int r = 0; r < catalog->resources; r++) {
        int64_t total = 0;

        for (int c = 0; c < catalog->clusters; c++)
            total += catalog->cluster[c].capacity.amount[r];
        if (total > INT32_MAX)
            return yaml_error(list, err,
                              "clusters: more than %d units of %s in all; take a larger unit",
                              INT32_MAX, catalog->resource[r].name);
        catalog->total.amount[r] = (int32_t)total;
    }
    for (int c = 0; c < catalog->clusters; c++)
        catalog->largest = allocation_most(&catalog->largest, &catalog->cluster[c].capacity);
    return 0;
}

static int count_clusters(const struct yaml_node *list, int *out, struct err *err)
{
    int64_t total = 0;

    for (int i = 0; i < list->items; i++) {
        const struct yaml_node *count = yaml_find(list->item[i], "count");
        int64_t value = 1;

        if (count && yaml_int(count, "count", 1, MAX_CLUSTERS, &value, err))
            return ERR_INVALID;
        total += value;
    }
    if (total == 0 || total > MAX_CLUSTERS)
        return yaml_error(list, err, "clusters: expected 1 to %d, not %lld", MAX_CLUSTERS,
                          (long long)total);
    *out = (int)total;
    return 0;
}

int scenario_read_clusters(struct scenario *s, const struct yaml_node *root, struct err *err)
{
    struct cluster_info *cluster;
    const struct yaml_node *list;
    int total = 0, rc = need_section(root, "clusters", YAML_LIST, &list, err);

    if (rc == 0)
        rc = count_clusters(list, &total, err);
    if (rc)
        return rc;
    cluster = arena_zalloc(&s->arena, (size_t)total, sizeof *cluster);
    s->catalog.cluster = cluster;
    for (int i = 0; rc == 0 && i < list->items; i++) {
        struct params params;

        params_init(&params, cluster_options);
        rc = yaml_read_map(list->item[i], "cluster", &params, err);
        if (rc == 0)
            rc = read_cluster(s, list->item[i], &params, cluster + s->catalog.clusters, err);
        s->catalog.clusters += (int)params_int(&params, "count");
        params_release(&params);
    }
    if (rc == 0)
        rc = refuse_doubles(s, list, err);
    return rc ? rc : sum_capacities(s, list, err);
}

int scenario_read_cluster_name(const struct scenario *s, const struct yaml_node *node,
                               const char *what, int32_t *out, struct err *err)
{
    const char *name, *near = NULL;
    const char **names;
    int rc = yaml_string(node, what, &name, err);

    if (rc)
        return rc;
    *out = catalog_find_cluster(&s->catalog, name);
    if (*out >= 0)
        return 0;
    names = xcalloc((size_t)s->catalog.clusters, sizeof *names);
    for (int i = 0; i < s->catalog.clusters; i++)
        names[i] = s->catalog.cluster[i].name;
    near = nearest_name(names, s->catalog.clusters, name);
    free(names);
    return yaml_error(node, err, "%s: there is no cluster \"%.60s\"%s%s%s", what, name,
                      near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int read_pair(const struct scenario *s, const struct yaml_node *list, const char *what,
                     int32_t out[2], struct err *err)
{
    int rc = yaml_need_kind(list, YAML_LIST, what, err);

    if (rc == 0 && list->items != 2)
        rc = yaml_error(list, err, "%s: expected two clusters", what);
    for (int i = 0; rc == 0 && i < 2; i++)
        rc = scenario_read_cluster_name(s, list->item[i], what, &out[i], err);
    if (rc == 0 && out[0] == out[1])
        rc = yaml_error(list, err, "%s: expected two different clusters", what);
    return rc;
}

static struct link_info link_from(const struct params *params)
{
    return (struct link_info){.mbit_s = params_real(params, "mbit"),
                              .rtt_s = params_real(params, "rtt") / 1000};
}

enum { LINK_MATRIX_CLUSTERS = 2000 };

static int read_link_pairs(struct scenario *s, const struct yaml_node *pairs, struct err *err)
{
    size_t clusters = (size_t)s->catalog.clusters;
    struct link_info *matrix;
    int rc = yaml_need_kind(pairs, YAML_LIST, "pairs", err);

    if (rc)
        return rc;
    if (clusters > LINK_MATRIX_CLUSTERS)
        return yaml_error(pairs, err, "pairs: only with up to %d clusters", LINK_MATRIX_CLUSTERS);
    matrix = arena_zalloc(&s->arena, clusters * clusters, sizeof *matrix);
    for (size_t i = 0; i < clusters * clusters; i++)
        matrix[i] = s->catalog.link;
    s->catalog.links = matrix;
    for (int i = 0; rc == 0 && i < pairs->items; i++) {
        struct params params;
        int32_t end[2];

        params_init(&params, link_pair_options);
        rc = yaml_read_map(pairs->item[i], "link", &params, err);
        if (rc == 0)
            rc = read_pair(s, yaml_find(pairs->item[i], "between"), "between", end, err);
        if (rc == 0)
            matrix[(size_t)end[0] * clusters + (size_t)end[1]] =
                matrix[(size_t)end[1] * clusters + (size_t)end[0]] = link_from(&params);
        params_release(&params);
    }
    return rc;
}

int scenario_read_links(struct scenario *s, const struct yaml_node *root, struct err *err)
{
    const struct yaml_node *map = yaml_find(root, "links"), *pairs;
    struct params params;
    int rc;

    if (!map)
        return 0;
    params_init(&params, link_options);
    rc = yaml_read_map(map, "links", &params, err);
    if (rc == 0)
        s->catalog.link = link_from(&params);
    params_release(&params);
    pairs = yaml_find(map, "pairs");
    return rc == 0 && pairs ? read_link_pairs(s, pairs, err) : rc;
}

struct outage_lists {
    VECTOR(struct outage) fixed;
    VECTOR(struct outage_rule) rules;
};

static int read_outage(struct scenario *s, const struct yaml_node *node,
                       const struct params *params, struct outage_lists *lists, struct err *err)
{
    const char *cluster = params_string(params, "cluster");
    const struct yaml_node *link = yaml_find(node, "link");
    bool random = params_given(params, "mtbf") || params_given(params, "mttr");
    bool all = cluster && strcmp(cluster, "all") == 0;
    int32_t end[2] = {-1, -1};
    int rc = 0;

    if (!cluster == !link)
        return yaml_error(node, err, "outage: expected either cluster or link");
    if (random ? !params_given(params, "mtbf") || !params_given(params, "mttr") || link
               : !params_given(params, "for") || all)
        return yaml_error(node, err,
                          "outage: expected at and for, or, for clusters, mtbf and mttr");
    if (link)
        rc = read_pair(s, link, "link", end, err);
    else if (!all)
        rc = scenario_read_cluster_name(s, yaml_find(node, "cluster"), "cluster", &end[0], err);
    if (rc)
        return rc;
    if (!random) {
        struct outage outage = {params_real(params, "at"), params_real(params, "for"), end[0],
                                end[1]};

        vector_push(&lists->fixed, outage);
        return 0;
    }
    for (int32_t c = all ? 0 : end[0]; c < (all ? s->catalog.clusters : end[0] + 1); c++) {
        struct outage_rule rule = {c, params_real(params, "mtbf"), params_real(params, "mttr")};

        vector_push(&lists->rules, rule);
    }
    return 0;
}

static int compare_outages(const void *a, const void *b)
{
    const struct outage *left = a, *right = b;

    if (left->at_s != right->at_s)
        return left->at_s < right->at_s ? -1 : 1;
    return left->cluster < right->cluster ? -1 : left->cluster > right->cluster;
}

static void keep_outages(struct scenario *s, struct outage_lists *lists)
{
    size_t fixed = lists->fixed.count, rules = lists->rules.count;
    struct outage *outage = arena_zalloc(&s->arena, fixed, sizeof *outage);
    struct outage_rule *rule = arena_zalloc(&s->arena, rules, sizeof *rule);

    if (fixed) {
        memcpy(outage, lists->fixed.item, fixed * sizeof *outage);
        qsort(outage, fixed, sizeof *outage, compare_outages);
    }
    if (rules)
        memcpy(rule, lists->rules.item, rules * sizeof *rule);
    s->outage = outage;
    s->outages = (int)fixed;
    s->outage_rule = rule;
    s->outage_rules = (int)rules;
}

enum { MAX_OUTAGE_RULES = 1000000 };

int scenario_read_outages(struct scenario *s, const struct yaml_node *root, struct err *err)
{
    const struct yaml_node *list = yaml_find(root, "outages");
    struct outage_lists lists = {0};
    int rc;

    if (!list)
        return 0;
    rc = yaml_need_kind(list, YAML_LIST, "outages", err);
    for (int i = 0; rc == 0 && i < list->items; i++) {
        struct params params;

        params_init(&params, outage_options);
        rc = yaml_read_map(list->item[i], "outage", &params, err);
        if (rc == 0 && lists.rules.count + lists.fixed.count > MAX_OUTAGE_RULES)
            rc = yaml_error(list->item[i], err, "outages: more than %d", MAX_OUTAGE_RULES);
        if (rc == 0)
            rc = read_outage(s, list->item[i], &params, &lists, err);
        params_release(&params);
    }
    keep_outages(s, &lists);
    vector_release(&lists.fixed);
    vector_release(&lists.rules);
    return rc;
}
