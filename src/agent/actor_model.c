/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/actor_model.h"

#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/option.h"
#include "nn/checkpoint.h"

enum { USUAL_HIDDEN = 32, USUAL_HEADS = 4, USUAL_LAYERS = 2 };

#define SIZE_ROW(key, most, meaning)                                                       \
    {                                                                                      \
        .name = key, .type = OPTION_INT, .low = 0, .high = most, .flags = OPTION_REQUIRED, \
        .help = meaning                                                                    \
    }

static const struct option_spec CONFIG_OPTIONS[] = {
    SIZE_ROW("hidden", 1024, "width of a row"),
    SIZE_ROW("heads", 64, "of graph attention"),
    SIZE_ROW("layers", ACTOR_LAYERS, "of graph attention"),
    SIZE_ROW("cluster_features", 1024, "of a cluster"),
    SIZE_ROW("waiting_features", 1024, "of a waiting task"),
    SIZE_ROW("running_features", 1024, "of a running task"),
    SIZE_ROW("hub_features", 1024, "of the hub"),
    SIZE_ROW("option_features", 1024, "of an option"),
    SIZE_ROW("amount_features", 1024, "of an amount"),
    {.name = NULL},
};

void actor_model_describe(struct emit *json, const struct actor_config *config)
{
    emit_key_string(json, "arch", "tapfinger");
    emit_key(json, "config");
    emit_open(json, '{');
    emit_key_int(json, "hidden", config->hidden);
    emit_key_int(json, "heads", config->heads);
    emit_key_int(json, "layers", config->layers);
    emit_key_int(json, "cluster_features", config->cluster_features);
    emit_key_int(json, "waiting_features", config->waiting_features);
    emit_key_int(json, "running_features", config->running_features);
    emit_key_int(json, "hub_features", config->hub_features);
    emit_key_int(json, "option_features", config->option_features);
    emit_key_int(json, "amount_features", config->amount_features);
    emit_close(json);
}

static struct actor_config take_config(const struct params *params)
{
    return (struct actor_config){
        .hidden = (int)params_int(params, "hidden"),
        .heads = (int)params_int(params, "heads"),
        .layers = (int)params_int(params, "layers"),
        .cluster_features = (int)params_int(params, "cluster_features"),
        .waiting_features = (int)params_int(params, "waiting_features"),
        .running_features = (int)params_int(params, "running_features"),
        .hub_features = (int)params_int(params, "hub_features"),
        .option_features = (int)params_int(params, "option_features"),
        .amount_features = (int)params_int(params, "amount_features"),
    };
}

static int read_config(struct actor_config *config, const struct checkpoint *checkpoint,
                       struct err *err)
{
    const struct yaml_node *root = checkpoint->metadata.root, *map = yaml_find(root, "config");
    const struct yaml_node *arch = yaml_find(root, "arch");
    struct params params;
    int rc;

    if (!arch || arch->kind != YAML_SCALAR || strcmp(arch->text, "tapfinger") != 0)
        return yaml_error(root, err, "arch: expected \"tapfinger\"");
    if (!map)
        return yaml_error(root, err, "config: missing");
    params_init(&params, CONFIG_OPTIONS);
    rc = yaml_read_map(map, "config", &params, err);
    if (rc == 0)
        *config = take_config(&params);
    params_release(&params);
    if (rc == 0 && actor_config_check(config, err) != 0)
        rc = err_prefix(err, "%s: config", checkpoint->name);
    return rc;
}

int actor_model_load(struct actor *actor, const struct checkpoint *checkpoint, unsigned uses,
                     struct err *err)
{
    struct actor_config config;
    int rc = read_config(&config, checkpoint, err);

    if (rc)
        return rc;
    actor_register(actor, &config);
    rc = checkpoint_check_weights(checkpoint, &actor->weights, err); /* before memory is taken */
    if (rc == 0) {
        weights_commit(&actor->weights, uses);
        rc = checkpoint_read_weights(checkpoint, &actor->weights, err);
    }
    if (rc)
        actor_release(actor);
    return rc;
}

void actor_model_draw(struct actor *actor, uint64_t seed, unsigned uses)
{
    struct actor_config config = actor_config_of(USUAL_HIDDEN, USUAL_HEADS, USUAL_LAYERS);

    actor_register(actor, &config);
    weights_commit(&actor->weights, uses);
    weights_draw(&actor->weights, seed);
}
