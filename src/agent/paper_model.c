/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/paper_model.h"

#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/option.h"
#include "nn/checkpoint.h"

static const struct option_spec CONFIG_OPTIONS[] = {
    {.name = "agents",
     .type = OPTION_INT,
     .low = 1,
     .high = 4096,
     .flags = OPTION_REQUIRED,
     .help = "clusters, each with an actor and a critic of its own"},
    {.name = "slots",
     .type = OPTION_INT,
     .low = 1,
     .high = 4096,
     .flags = OPTION_REQUIRED,
     .help = "waiting tasks that an agent sees"},
    {.name = "levels",
     .type = OPTION_NODE,
     .flags = OPTION_REQUIRED,
     .help = "of each resource, how many quantities an allocation may have"},
    {.name = "minimum",
     .type = OPTION_NODE,
     .flags = OPTION_REQUIRED,
     .help = "of each type, the smallest allocation"},
    {.name = "hidden",
     .type = OPTION_INT,
     .low = 1,
     .high = 4096,
     .flags = OPTION_REQUIRED,
     .help = "width of a row"},
    {.name = "heads",
     .type = OPTION_INT,
     .low = 1,
     .high = 4096,
     .flags = OPTION_REQUIRED,
     .help = "of graph attention"},
    {.name = "layers",
     .type = OPTION_INT,
     .low = 2,
     .high = PAPER_LAYERS,
     .flags = OPTION_REQUIRED,
     .help = "of the graph encoder"},
    {.name = "pointer_layers",
     .type = OPTION_INT,
     .low = 0,
     .high = PAPER_POINTER_LAYERS,
     .flags = OPTION_REQUIRED,
     .help = "of each agent's pointer"},
    {.name = "pointer_heads",
     .type = OPTION_INT,
     .low = 1,
     .high = 4096,
     .flags = OPTION_REQUIRED,
     .help = "of the pointer's attention"},
    {.name = "pointer_feed",
     .type = OPTION_INT,
     .low = 1,
     .high = 65536,
     .flags = OPTION_REQUIRED,
     .help = "width between the pointer's two linear layers"},
    {.name = "slope",
     .type = OPTION_REAL,
     .low = 0,
     .high = 1,
     .flags = OPTION_REQUIRED,
     .help = "of the leaky rectifier in graph attention"},
    {.name = "epsilon",
     .type = OPTION_REAL,
     .low = 0,
     .high = 1,
     .flags = OPTION_REQUIRED,
     .help = "of layer norm"},
    {.name = NULL},
};

static void describe_minimum(struct emit *json, const struct paper_config *config)
{
    emit_key(json, "minimum");
    emit_open(json, '[');
    for (int t = 0; t < config->types; t++) {
        emit_open(json, '[');
        for (int r = 0; r < PAPER_RESOURCES; r++)
            emit_int(json, config->minimum[t][r]);
        emit_close(json);
    }
    emit_close(json);
}

void paper_model_describe(struct emit *json, const struct paper_config *config)
{
    emit_key_string(json, "arch", "paper");
    emit_key(json, "config");
    emit_open(json, '{');
    emit_key_int(json, "agents", config->agents);
    emit_key_int(json, "slots", config->slots);
    emit_key(json, "levels");
    emit_open(json, '[');
    for (int r = 0; r < PAPER_RESOURCES; r++)
        emit_int(json, config->levels[r]);
    emit_close(json);
    describe_minimum(json, config);
    emit_key_int(json, "hidden", config->hidden);
    emit_key_int(json, "heads", config->heads);
    emit_key_int(json, "layers", config->layers);
    emit_key_int(json, "pointer_layers", config->pointer_layers);
    emit_key_int(json, "pointer_heads", config->pointer_heads);
    emit_key_int(json, "pointer_feed", config->pointer_feed);
    emit_key_real(json, "slope", config->slope);
    emit_key_real(json, "epsilon", config->epsilon);
    emit_close(json);
}

/* A list of one whole number for each resource. */
static int read_quantities(int *out, const struct yaml_node *node, const char *what, int64_t high,
                           struct err *err)
{
    int rc = yaml_need_kind(node, YAML_LIST, what, err);

    if (rc)
        return rc;
    if (node->items != PAPER_RESOURCES)
        return yaml_error(node, err, "%s: expected %d numbers", what, PAPER_RESOURCES);
    for (int r = 0; r < PAPER_RESOURCES && rc == 0; r++) {
        int64_t value = 0;

        rc = yaml_int(node->item[r], what, 0, high, &value, err);
        out[r] = (int)value;
    }
    return rc;
}

static int read_lists(struct paper_config *config, const struct yaml_node *map, struct err *err)
{
    const struct yaml_node *minimum = yaml_find(map, "minimum");
    int rc = read_quantities(config->levels, yaml_find(map, "levels"), "levels", 256, err);

    if (rc == 0)
        rc = yaml_need_kind(minimum, YAML_LIST, "minimum", err);
    if (rc)
        return rc;
    if (minimum->items < 1 || minimum->items > PAPER_TYPES)
        return yaml_error(minimum, err, "minimum: expected 1 to %d types", PAPER_TYPES);
    config->types = minimum->items;
    for (int t = 0; t < config->types && rc == 0; t++)
        rc = read_quantities(config->minimum[t], minimum->item[t], "minimum", 65536, err);
    return rc;
}

static void take_numbers(struct paper_config *config, const struct params *params)
{
    config->agents = (int)params_int(params, "agents");
    config->slots = (int)params_int(params, "slots");
    config->hidden = (int)params_int(params, "hidden");
    config->heads = (int)params_int(params, "heads");
    config->layers = (int)params_int(params, "layers");
    config->pointer_layers = (int)params_int(params, "pointer_layers");
    config->pointer_heads = (int)params_int(params, "pointer_heads");
    config->pointer_feed = (int)params_int(params, "pointer_feed");
    config->slope = params_real(params, "slope");
    config->epsilon = params_real(params, "epsilon");
}

int paper_model_config(struct paper_config *config, const struct checkpoint *checkpoint,
                       struct err *err)
{
    const struct yaml_node *root = checkpoint->metadata.root, *map = yaml_find(root, "config");
    const struct yaml_node *arch = yaml_find(root, "arch");
    struct params params;
    int rc;

    *config = (struct paper_config){0};
    if (!arch || arch->kind != YAML_SCALAR || strcmp(arch->text, "paper") != 0)
        return yaml_error(root, err, "arch: expected \"paper\"");
    if (!map)
        return yaml_error(root, err, "config: missing");
    params_init(&params, CONFIG_OPTIONS);
    rc = yaml_read_map(map, "config", &params, err);
    if (rc == 0) {
        take_numbers(config, &params);
        rc = read_lists(config, map, err);
    }
    params_release(&params);
    if (rc == 0 && paper_config_check(config, err) != 0)
        rc = err_prefix(err, "%s: config", checkpoint->name);
    return rc;
}

int paper_model_load(struct paper_net *net, const struct checkpoint *checkpoint, unsigned uses,
                     struct err *err)
{
    struct paper_config config;
    int rc = paper_model_config(&config, checkpoint, err);

    if (rc)
        return rc;
    if (config.agents > checkpoint->entries)
        return err_set(err, ERR_CORRUPT, "%s: has no tensors for %d agents", checkpoint->name,
                       config.agents);
    paper_net_register(net, &config);
    rc = checkpoint_check_weights(checkpoint, &net->weights, err); /* before memory is taken */
    if (rc == 0) {
        weights_commit(&net->weights, uses);
        rc = checkpoint_read_weights(checkpoint, &net->weights, err);
    }
    if (rc)
        paper_net_release(net);
    return rc;
}
