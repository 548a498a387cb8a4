/* SPDX-License-Identifier: Apache-2.0 */
/* Reads when tasks arrive, which clusters they reach and what sharing an allocation costs them. */
#include "core/scenario_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/order.h"

enum { MAX_TASKS = 50000000, MAX_PROFILE = 1440 };

const struct option_spec arrival_options[] = {
    {"process", OPTION_CHOICE, .choices = "poisson-slot|poisson|bursts|regular|at-once|file",
     .flags = OPTION_REQUIRED,
     .help = "poisson-slot: a Poisson number at the start of each slot; bursts: two rates in turn"},
    {"rate", OPTION_REAL, "1", .low = 0, .high = 1e9, .flags = OPTION_EXCLUSIVE,
     .help = "mean number of tasks per slot (poisson-slot) or per second"},
    {"tasks", OPTION_INT, .low = 1, .high = MAX_TASKS, .help = "how many tasks an episode has"},
    {"until", OPTION_REAL, .low = 0, .high = 1e12, .unit = "s", .flags = OPTION_EXCLUSIVE,
     .help = "no arrivals after this; tasks, until or both"},
    {"burst_rate", OPTION_REAL, .low = 0, .high = 1e9, .flags = OPTION_EXCLUSIVE,
     .help = "bursts: tasks per second inside a burst"},
    {"burst", OPTION_REAL, .low = 0, .high = 1e12, .unit = "s", .flags = OPTION_EXCLUSIVE,
     .help = "bursts: mean length, exponential"},
    {"calm", OPTION_REAL, .low = 0, .high = 1e12, .unit = "s", .flags = OPTION_EXCLUSIVE,
     .help = "bursts: mean time between two, exponential"},
    {"profile", OPTION_NODE,
     .help = "factors on the rate over a day, evenly spaced (24: one per hour)"},
    {"day", OPTION_REAL, "86400", .low = 0, .high = 1e12, .unit = "s", .flags = OPTION_EXCLUSIVE,
     .help = "length of the day that the profile covers"},
    {"file", OPTION_STRING, .help = "process file: arrivals as JSON lines or CSV"},
    {0},
};

const struct option_spec reach_options[] = {
    {"kind", OPTION_CHOICE, "all", .choices = "all|random|fixed|listed|distance",
     .help =
         "random: size uniform in 1 .. size, then a uniform subset; fixed: a subset of that size"},
    {"size", OPTION_INT, .low = 1, .high = MAX_CLUSTERS,
     .help = "for random and fixed; random without it: up to all clusters"},
    {"within", OPTION_REAL, .low = 0, .high = 1e9, .unit = "km",
     .help = "distance: clusters no farther than this from the task's home"},
    {"sets", OPTION_NODE, .help = "listed: list of sets of clusters, with weights"},
    {0},
};

const struct option_spec reach_set_options[] = {
    {"clusters", OPTION_NODE, .flags = OPTION_REQUIRED, .help = "list of names"},
    {"weight", OPTION_REAL, "1", .low = 0, .high = 1e9,
     .help = "how often, relative to the others"},
    {0},
};

const struct option_spec sharing_options[] = {
    {"most", OPTION_INT, "4", .low = 1, .high = MAX_COMPANY,
     .help = "how many tasks one allocation may have; 1: nobody shares"},
    {"stretch", OPTION_NODE,
     .help = "factors on the period of two tasks, three, ... that take turns, for what the turns "
             "cost; default: 1"},
    {0},
};

static int read_profile(struct scenario *s, const struct yaml_node *list, struct err *err)
{
    double *factor, sum = 0;
    int rc = yaml_need_kind(list, YAML_LIST, "profile", err);

    if (rc)
        return rc;
    if (list->items == 0 || list->items > MAX_PROFILE)
        return yaml_error(list, err, "profile: expected 1 to %d factors", MAX_PROFILE);
    factor = arena_zalloc(&s->arena, (size_t)list->items, sizeof *factor);
    for (int i = 0; rc == 0 && i < list->items; i++) {
        rc = yaml_real(list->item[i], "profile", 0, 1e6, &factor[i], err);
        sum += factor[i];
    }
    if (rc == 0 && !(sum > 0))
        rc = yaml_error(list, err, "profile: all factors are 0");
    s->arrivals.profile = factor;
    s->arrivals.profiles = list->items;
    return rc;
}

static int check_arrivals(const struct scenario *s, const struct yaml_node *map,
                          const struct params *params, struct err *err)
{
    enum arrival_process process = s->arrivals.process;

    if (process == ARRIVALS_FILE)
        return params_given(params, "file") ? 0 : yaml_error(map, err, "arrivals: missing file");
    if (!params_given(params, "tasks") && !params_given(params, "until"))
        return yaml_error(map, err, "arrivals: expected tasks or until, or it would never end");
    if (process == ARRIVALS_AT_ONCE && !params_given(params, "tasks"))
        return yaml_error(map, err, "arrivals: missing tasks");
    if (process == ARRIVALS_POISSON_SLOT && s->catalog.slot_s == 0)
        return yaml_error(map, err, "arrivals: poisson-slot, but the scenario has no slot");
    if (process == ARRIVALS_POISSON_SLOT && s->arrivals.rate > 1e6)
        return yaml_error(map, err, "arrivals: a rate above 1e6 per slot");
    if (process == ARRIVALS_BURSTS &&
        !(params_given(params, "burst_rate") && params_given(params, "burst") &&
          params_given(params, "calm")))
        return yaml_error(map, err, "arrivals: bursts need burst_rate, burst and calm");
    return 0;
}

static void fill_arrivals(struct scenario *s, const struct params *params)
{
    struct arrival_rule *rule = &s->arrivals;

    rule->process = (enum arrival_process)params_choice(params, "process");
    rule->rate = params_real(params, "rate");
    rule->tasks = params_given(params, "tasks") ? params_int(params, "tasks") : MAX_TASKS;
    rule->until_s = params_given(params, "until") ? params_real(params, "until") : HUGE_VAL;
    rule->burst_rate = params_real(params, "burst_rate");
    rule->burst_s = params_real(params, "burst");
    rule->calm_s = params_real(params, "calm");
    rule->day_s = params_real(params, "day");
    if (params_string(params, "file"))
        rule->file = arena_strdup(&s->arena, params_string(params, "file"));
}

int scenario_read_arrivals(struct scenario *s, const struct yaml_node *root, struct err *err)
{
    const struct yaml_node *map = yaml_find(root, "arrivals"), *profile = yaml_find(map, "profile");
    struct params params;
    int rc;

    params_init(&params, arrival_options);
    rc = yaml_read_map(map, "arrivals", &params, err);
    if (rc == 0) {
        fill_arrivals(s, &params);
        rc = check_arrivals(s, map, &params, err);
    }
    if (rc == 0 && profile)
        rc = read_profile(s, profile, err);
    params_release(&params);
    return rc;
}

static int read_set(struct scenario *s, const struct yaml_node *node, struct reach_set *set,
                    struct err *err)
{
    const struct yaml_node *list = yaml_find(node, "clusters");
    struct params params;
    int32_t *cluster;
    int rc;

    params_init(&params, reach_set_options);
    rc = yaml_read_map(node, "sets", &params, err);
    set->weight = params_real(&params, "weight");
    params_release(&params);
    if (rc == 0)
        rc = yaml_need_kind(list, YAML_LIST, "clusters", err);
    if (rc == 0 && list->items == 0)
        rc = yaml_error(list, err, "clusters: expected at least one");
    if (rc)
        return rc;
    cluster = arena_zalloc(&s->arena, (size_t)list->items, sizeof *cluster);
    for (int i = 0; rc == 0 && i < list->items; i++)
        rc = scenario_read_cluster_name(s, list->item[i], "clusters", &cluster[i], err);
    if (rc)
        return rc;
    qsort(cluster, (size_t)list->items, sizeof *cluster, order_int32);
    for (int i = 0; i < list->items; i++) {
        if (i > 0 && cluster[i] == cluster[i - 1])
            return yaml_error(list, err, "clusters: \"%s\" is there twice",
                              s->catalog.cluster[cluster[i]].name);
        set->reach.bits |= (uint64_t)1 << (cluster[i] & 63);
    }
    set->reach.cluster = cluster;
    set->reach.count = list->items;
    return 0;
}

static int read_sets(struct scenario *s, const struct yaml_node *list, struct err *err)
{
    struct reach_set *set;
    double weights = 0;
    int rc = yaml_need_kind(list, YAML_LIST, "sets", err);

    if (rc)
        return rc;
    set = arena_zalloc(&s->arena, (size_t)list->items, sizeof *set);
    for (int i = 0; rc == 0 && i < list->items; i++) {
        rc = read_set(s, list->item[i], &set[i], err);
        weights += set[i].weight;
    }
    if (rc == 0 && !(weights > 0))
        rc = yaml_error(list, err, "sets: expected at least one with a weight above 0");
    s->reach.set = set;
    s->reach.sets = list->items;
    return rc;
}

static int check_reach(struct scenario *s, const struct yaml_node *map, const struct params *params,
                       struct err *err)
{
    struct reach_rule *rule = &s->reach;

    rule->kind = (enum reach_kind)params_choice(params, "kind");
    rule->size = s->catalog.clusters;
    rule->within_km = params_real(params, "within");
    if (params_given(params, "size"))
        rule->size = (int32_t)params_int(params, "size");
    if (rule->size > s->catalog.clusters)
        return yaml_error(map, err, "reach: size %d, but there are %d clusters", rule->size,
                          s->catalog.clusters);
    if (rule->kind == REACH_FIXED && !params_given(params, "size"))
        return yaml_error(map, err, "reach: missing size");
    if (rule->kind == REACH_DISTANCE && !params_given(params, "within"))
        return yaml_error(map, err, "reach: missing within");
    if (rule->kind == REACH_LISTED && !params_given(params, "sets"))
        return yaml_error(map, err, "reach: missing sets");
    return 0;
}

int scenario_read_reach(struct scenario *s, const struct yaml_node *root, struct err *err)
{
    const struct yaml_node *map = yaml_find(root, "reach");
    struct params params;
    int rc;

    if (!map)
        return 0;
    params_init(&params, reach_options);
    rc = yaml_read_map(map, "reach", &params, err);
    if (rc == 0)
        rc = check_reach(s, map, &params, err);
    params_release(&params);
    if (rc == 0 && s->reach.kind == REACH_LISTED)
        rc = read_sets(s, yaml_find(map, "sets"), err);
    return rc;
}

static int read_stretch(struct sharing *sharing, const struct yaml_node *list, struct err *err)
{
    int rc = yaml_need_kind(list, YAML_LIST, "stretch", err);

    if (rc)
        return rc;
    if (list->items > MAX_COMPANY - 1)
        return yaml_error(list, err, "stretch: expected at most %d factors, for 2 to %d tasks",
                          MAX_COMPANY - 1, MAX_COMPANY);
    for (int i = 0; rc == 0 && i < list->items; i++)
        rc = yaml_real(list->item[i], "stretch", 1, 1e6, &sharing->stretch[i + 1], err);
    return rc;
}

int scenario_read_sharing(struct scenario *s, const struct yaml_node *root, struct err *err)
{
    const struct yaml_node *map = yaml_find(root, "sharing"), *stretch = yaml_find(map, "stretch");
    struct sharing *sharing = &s->catalog.sharing;
    struct params params;
    int rc = 0;

    *sharing = (struct sharing){MAX_COMPANY, {1, 1, 1, 1}};
    if (!map)
        return 0;
    params_init(&params, sharing_options);
    rc = yaml_read_map(map, "sharing", &params, err);
    if (rc == 0) {
        sharing->most = (int)params_int(&params, "most");
        rc = stretch ? read_stretch(sharing, stretch, err) : 0;
    }
    params_release(&params);
    return rc;
}
