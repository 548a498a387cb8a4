/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the types of a scenario: what everybody may know into the catalog, the rest into the truth.
 */
#include "core/scenario_read.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "core/amounts.h"
#include "core/placements.h"
#include "core/tuned.h"

enum { MOST_EPOCHS = 10000 };

const struct option_spec type_options[] = {
    {"odds", OPTION_REAL, "1", .low = 0, .high = 1e9,
     .help = "how often tasks of this type arrive, relative to the others"},
    {"min", OPTION_NODE, .flags = OPTION_REQUIRED, .help = "per resource: smallest allocation"},
    {"max", OPTION_NODE, .help = "per resource: largest; default: what the largest cluster has"},
    {"speed", OPTION_NODE, .flags = OPTION_REQUIRED, .help = "the speed model"},
    {"placements", OPTION_NODE,
     .help = "factors on the speed by what each node of a split cluster gives, as in {1+3: 0.9}; "
             "default: nodes make no difference"},
    {"work", OPTION_NODE, .help = "runs of the speed model that a task needs; default: exactly 1"},
    {"epochs", OPTION_NODE,
     .help = "for policies that count what is left in epochs: their number, or a list of the "
             "progress at the end of each, up to 1"},
    {"noise", OPTION_NODE, .help = "randomness of the speed; default: none"},
    {"switching", OPTION_NODE, .help = "what a changed allocation costs; default: nothing"},
    {"startup", OPTION_REAL, "0", .low = 0, .high = 1e9, .unit = "s",
     .help = "holds its allocation so long before the first progress of every start"},
    {"data", OPTION_REAL, "0", .low = 0, .high = 1e12, .unit = "MB",
     .help = "input that lies at the home cluster and must move when the task runs elsewhere"},
    {"state", OPTION_REAL, "0", .low = 0, .high = 1e12, .unit = "MB",
     .help = "checkpoint that moves with a migration"},
    {"preemption", OPTION_CHOICE, "keep", .choices = "keep|lose",
     .help = "what preemption and migration do to progress"},
    {"stages", OPTION_NODE,
     .help = "stages of an iteration; default: never shares an allocation with another task"},
    {"failures", OPTION_NODE, .help = "how often a running task fails, and then what"},
    {"suffers", OPTION_REAL, "0", .low = 0, .high = 1e6,
     .help = "interference: speed is divided by 1 + suffers * the others' pressure"},
    {"pressure", OPTION_REAL, "1", .low = 0, .high = 1e6,
     .help = "interference: what it exerts on every other task of its cluster"},
    {"aliases", OPTION_NODE, .help = "list of other names that arrival files may use"},
    {0},
};

const struct option_spec work_options[] = {
    {"draw", OPTION_CHOICE, "fixed",
     .choices = "fixed|exponential|uniform|lognormal|pareto|hyperexponential",
     .help = "distribution"},
    {"mean", OPTION_REAL, "1", .low = 0, .high = 1e12, .flags = OPTION_EXCLUSIVE, .help = "mean"},
    {"spread", OPTION_REAL, .low = 0, .high = 1e6, .flags = OPTION_EXCLUSIVE,
     .help = "uniform: half width over mean; lognormal: sigma; Pareto: shape, above 1; "
             "hyperexponential: squared coefficient of variation, above 1"},
    {0},
};

const struct option_spec noise_options[] = {
    {"kind", OPTION_CHOICE, .choices = "none|additive|lognormal", .flags = OPTION_REQUIRED,
     .help = "added to a slot's progress, or multiplied with the speed"},
    {"width", OPTION_REAL, .low = 0, .high = 100, .flags = OPTION_REQUIRED,
     .help = "additive: width of the uniform interval around 0; lognormal: sigma"},
    {"per", OPTION_CHOICE, "start", .choices = "start|slot",
     .help = "lognormal: drawn once per start, or in every slot"},
    {0},
};

const struct option_spec switching_options[] = {
    {"factor", OPTION_REAL, "0", .low = 0, .high = 1,
     .help = "part of its speed that a task keeps after a change of its allocation"},
    {"seconds", OPTION_REAL, "0", .low = 0, .high = 1e9, .unit = "s",
     .help = "for how long; in slotted mode 0 means one slot"},
    {0},
};

const struct option_spec stage_options[] = {
    {"storage", OPTION_REAL, .low = 0, .high = 1e12,
     .help = "loading; without it cpu is for loading and preparing in one"},
    {"cpu", OPTION_REAL, "0", .low = 0, .high = 1e12, .help = "preparing"},
    {"gpu", OPTION_REAL, "0", .low = 0, .high = 1e12, .help = "computing"},
    {"network", OPTION_REAL, "0", .low = 0, .high = 1e12, .help = "synchronising"},
    {"period", OPTION_REAL, .low = 0, .high = 1e12, .flags = OPTION_EXCLUSIVE,
     .help = "a whole iteration of a task that has its allocation to itself; default: the sum"},
    {0},
};

const struct option_spec failure_options[] = {
    {"mtbf", OPTION_REAL, .low = 0, .high = 1e12, .unit = "s",
     .flags = OPTION_REQUIRED | OPTION_EXCLUSIVE,
     .help = "mean running time between failures, exponential"},
    {"retries", OPTION_INT, "-1", .low = -1, .high = 1000000,
     .help = "failures after which a task is given up; -1: never"},
    {"progress", OPTION_CHOICE, "keep", .choices = "keep|lose",
     .help = "what a failure or an outage does to progress"},
    {0},
};

static int read_work(const struct yaml_node *node, struct draw *work, struct err *err)
{
    struct params params;
    int rc;

    *work = (struct draw){DRAW_FIXED, 1, 0};
    if (!node)
        return 0;
    if (node->kind == YAML_SCALAR)
        return yaml_real(node, "work", 1e-12, 1e12, &work->mean, err);
    params_init(&params, work_options);
    rc = yaml_read_map(node, "work", &params, err);
    if (rc == 0) {
        *work = (struct draw){(enum draw_kind)params_choice(&params, "draw"),
                              params_real(&params, "mean"), params_real(&params, "spread")};
        if (work->kind >= DRAW_UNIFORM && !params_given(&params, "spread"))
            rc = yaml_error(node, err, "work: missing spread");
        else if (work->kind == DRAW_UNIFORM && work->spread >= 1)
            rc = yaml_error(node, err, "work: a uniform spread must be below 1");
        else if (work->kind >= DRAW_PARETO && work->spread <= 1)
            rc = yaml_error(node, err, "work: this draw needs a spread above 1");
    }
    params_release(&params);
    return rc;
}

static int read_noise(const struct scenario *s, const struct yaml_node *node, struct noise *noise,
                      struct err *err)
{
    struct params params;
    int rc;

    if (!node)
        return 0;
    params_init(&params, noise_options);
    rc = yaml_read_map(node, "noise", &params, err);
    if (rc == 0) {
        noise->kind = (enum noise_kind)params_choice(&params, "kind");
        noise->width = params_real(&params, "width");
        noise->per_slot = params_choice(&params, "per") == 1;
        if (s->catalog.slot_s == 0 &&
            (noise->kind == NOISE_ADDITIVE || (noise->kind == NOISE_LOGNORMAL && noise->per_slot)))
            rc = yaml_error(node, err, "noise: per slot, but the scenario has no slot");
    }
    params_release(&params);
    return rc;
}

static int read_switching(const struct scenario *s, const struct yaml_node *node,
                          struct switching_cost *cost, struct err *err)
{
    struct params params;
    int rc;

    *cost = (struct switching_cost){.factor = 1};
    if (!node)
        return 0;
    params_init(&params, switching_options);
    rc = yaml_read_map(node, "switching", &params, err);
    if (rc == 0) {
        cost->factor = params_real(&params, "factor");
        cost->seconds = params_real(&params, "seconds");
        if (cost->seconds == 0)
            cost->seconds = s->catalog.slot_s;
    }
    params_release(&params);
    return rc;
}

static void set_switching(const struct scenario *s, struct type_info *info)
{
    static const double stall_s[] = {[SWITCHING_STALL_5] = 5,
                                     [SWITCHING_STALL_30] = 30,
                                     [SWITCHING_STALL_60] = 60,
                                     [SWITCHING_STALL_120] = 120,
                                     [SWITCHING_HALF_SLOT] = 0};

    if (s->switching == SWITCHING_OWN)
        return;
    info->startup_s = stall_s[s->switching];
    info->switching = (struct switching_cost){.factor = 1};
    if (s->switching == SWITCHING_HALF_SLOT)
        info->switching = (struct switching_cost){.factor = 0.5, .seconds = s->catalog.slot_s};
    else if (info->startup_s > 0)
        info->switching = (struct switching_cost){.factor = 0, .seconds = info->startup_s};
}

static int read_stages(struct scenario *s, const struct yaml_node *node, struct type_info *info,
                       struct err *err)
{
    struct stages *stages;
    struct params params;
    double sum = 0;
    int rc;

    if (!node)
        return 0;
    stages = arena_zalloc(&s->arena, 1, sizeof *stages);
    info->stages = stages;
    params_init(&params, stage_options);
    rc = yaml_read_map(node, "stages", &params, err);
    stages->loads = !params_given(&params, "storage");
    for (int k = stages->loads; rc == 0 && k < STAGES; k++) {
        stages->time[k] = params_real(&params, stage_options[k].name);
        sum += stages->time[k];
    }
    stages->period =
        rc == 0 && params_given(&params, "period") ? params_real(&params, "period") : sum;
    params_release(&params);
    if (rc == 0 && !(sum > 0))
        rc = yaml_error(node, err, "stages: all are 0");
    return rc;
}

static int read_failures(const struct yaml_node *node, struct type_info *info,
                         struct type_truth *truth, struct err *err)
{
    struct params params;
    int rc;

    truth->retries = -1;
    info->failure_keeps = true;
    if (!node)
        return 0;
    params_init(&params, failure_options);
    rc = yaml_read_map(node, "failures", &params, err);
    if (rc == 0) {
        truth->mtbf_s = params_real(&params, "mtbf");
        truth->retries = (int32_t)params_int(&params, "retries");
        info->failure_keeps = params_choice(&params, "progress") == 0;
    }
    params_release(&params);
    return rc;
}

static int read_placements(struct scenario *s, const struct yaml_node *map,
                           struct type_truth *truth, struct err *err)
{
    if (!map)
        return 0;
    if (truth->speed.curve == CURVE_LEVEL)
        return yaml_error(map, err, "placements: not with a speed of the level curve");
    return placements_read(&truth->placements, map, &s->arena, err);
}

static int read_epoch_ends(const struct yaml_node *list, double *epoch, struct err *err)
{
    double least = 0;
    int rc = 0;

    for (int i = 0; rc == 0 && i < list->items; i++) {
        rc = yaml_real(list->item[i], "epochs", 0, 1, &epoch[i], err);
        if (rc == 0 && !(epoch[i] > least))
            rc = yaml_error(list->item[i], err, "epochs: expected ends that ascend from above 0");
        least = epoch[i];
    }
    if (rc == 0 && least != 1)
        rc = yaml_error(list, err, "epochs: expected 1 as the end of the last");
    return rc;
}

static int read_epochs(struct scenario *s, const struct yaml_node *node, struct type_info *info,
                       struct err *err)
{
    bool is_list = node && node->kind == YAML_LIST;
    int64_t epochs = is_list ? node->items : 0;
    double *epoch;
    int rc = 0;

    if (!node)
        return 0;
    if (!is_list)
        rc = yaml_int(node, "epochs", 1, MOST_EPOCHS, &epochs, err);
    if (rc)
        return rc;
    epoch = arena_zalloc(&s->arena, (size_t)epochs + 1, sizeof *epoch);
    info->epochs = (int32_t)epochs;
    info->epoch = epoch;
    if (is_list)
        return read_epoch_ends(node, epoch, err);
    for (int64_t i = 0; i < epochs; i++)
        epoch[i] = (double)(i + 1) / (double)epochs;
    return 0;
}

static int read_aliases(struct scenario *s, const struct yaml_node *list, struct type_truth *truth,
                        struct err *err)
{
    const char **alias;
    int rc;

    if (!list)
        return 0;
    rc = yaml_need_kind(list, YAML_LIST, "aliases", err);
    if (rc)
        return rc;
    alias = arena_zalloc(&s->arena, (size_t)list->items + 1, sizeof *alias);
    truth->alias = alias;
    for (int i = 0; rc == 0 && i < list->items; i++) {
        rc = yaml_string(list->item[i], "aliases", &alias[i], err);
        if (rc == 0)
            alias[i] = arena_strdup(&s->arena, alias[i]);
    }
    return rc;
}

static int read_limits(const struct scenario *s, const struct yaml_node *node,
                       struct type_info *info, struct err *err)
{
    const struct yaml_node *max = yaml_find(node, "max");
    int rc = amounts_read(yaml_find(node, "min"), "min", &s->catalog, &info->min, err);

    info->max = s->catalog.largest;
    if (rc == 0 && max)
        rc = amounts_read(max, "max", &s->catalog, &info->max, err);
    for (int r = 0; rc == 0 && max && r < s->catalog.resources; r++)
        if (info->max.amount[r] < info->min.amount[r])
            rc = yaml_error(max, err, "max: less %s than the minimum of %d",
                            s->catalog.resource[r].name, info->min.amount[r]);
    if (rc == 0 && allocation_is_zero(&info->min))
        rc = yaml_error(node, err, "min: expected at least one unit of some resource");
    /* A minimum that no cluster has makes tasks that can run nowhere; `check` reports them. */
    info->max = allocation_most(&info->max, &info->min);
    return rc;
}

static int read_type(struct scenario *s, const struct yaml_node *node, struct type_info *info,
                     struct type_truth *truth, struct err *err)
{
    struct params params;
    int rc;

    params_init(&params, type_options);
    rc = yaml_read_map(node, NULL, &params, err);
    if (rc == 0) {
        truth->odds = params_real(&params, "odds");
        truth->suffers = params_real(&params, "suffers");
        truth->pressure = params_real(&params, "pressure");
        info->startup_s = params_real(&params, "startup");
        info->data_mb = params_real(&params, "data");
        info->state_mb = params_real(&params, "state");
        info->preempt_keeps = params_choice(&params, "preemption") == 0;
        s->has_interference |= truth->suffers > 0;
    }
    params_release(&params);
    if (rc == 0)
        rc = read_limits(s, node, info, err);
    if (rc == 0)
        rc = yaml_need_kind(yaml_find(node, "speed"), YAML_MAP, "speed", err);
    if (rc == 0)
        rc = speed_read(&truth->speed, yaml_find(node, "speed"), &s->catalog, &s->arena, err);
    if (rc == 0)
        rc = read_epochs(s, yaml_find(node, "epochs"), info, err);
    if (rc == 0)
        rc = read_placements(s, yaml_find(node, "placements"), truth, err);
    if (rc == 0)
        rc = read_work(yaml_find(node, "work"), &truth->work, err);
    if (rc == 0)
        rc = read_noise(s, yaml_find(node, "noise"), &truth->noise, err);
    if (rc == 0)
        rc = read_switching(s, yaml_find(node, "switching"), &info->switching, err);
    if (rc == 0)
        rc = read_stages(s, yaml_find(node, "stages"), info, err);
    set_switching(s, info);
    if (rc == 0)
        rc = read_failures(yaml_find(node, "failures"), info, truth, err);
    return rc ? rc : read_aliases(s, yaml_find(node, "aliases"), truth, err);
}

int scenario_read_types(struct scenario *s, const struct yaml_node *root, struct err *err)
{
    const struct yaml_node *map = yaml_find(root, "types");
    struct type_truth *truth;
    struct type_info *info;
    double odds = 0;
    int rc = yaml_need_kind(map, YAML_MAP, "types", err);

    if (rc)
        return rc;
    if (map->items == 0 || map->items > MAX_TYPES)
        return yaml_error(map, err, "types: expected 1 to %d, not %d", MAX_TYPES, map->items);
    info = arena_zalloc(&s->arena, (size_t)map->items, sizeof *info);
    truth = arena_zalloc(&s->arena, (size_t)map->items, sizeof *truth);
    s->catalog.type = info;
    s->truth = truth;
    for (int i = 0; rc == 0 && i < map->items; i++) {
        info[i].name = arena_strdup(&s->arena, map->key[i]);
        rc = yaml_check_name(map->item[i], info[i].name, err);
        if (rc == 0)
            rc = read_type(s, map->item[i], &info[i], &truth[i], err);
        if (rc)
            err_inside(err, "type %s", info[i].name);
        else
            tuned_make(&info[i], &truth[i], &s->arena);
        odds += truth[i].odds;
        s->catalog.types++;
    }
    if (rc == 0 && !(odds > 0))
        rc = yaml_error(map, err, "types: all odds are 0");
    return rc;
}
