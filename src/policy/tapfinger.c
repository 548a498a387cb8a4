/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapfinger: the learned policy. A graph network looks at clusters, waiting and running tasks and a
 * hub; for every cluster an agent picks a task, or waits; agents that picked the same task are
 * sorted out by Bayes' theorem; the winner chooses how much of each resource the task gets
 * (agent/team.h). All agents have the same weights, and all numbers they see are ratios, so one
 * model serves any number of clusters, resources and types.
 *
 * Good where the load, the clusters and the types resemble what the model was trained on
 * (`tapfinger train`); the general model was trained on many kinds. Bad where the estimator is.
 *
 * Source: Li et al., "TapFinger: Task Placement and Fine-Grained Resource Allocation for Edge
 * Machine Learning", INFOCOM 2023, whose idea it follows and whose network it does not.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/actor_model.h"
#include "agent/experience.h"
#include "agent/team.h"
#include "base/data_folders.h"
#include "base/err.h"
#include "core/estimator.h"
#include "core/policy.h"
#include "nn/checkpoint.h"
#include "policy/general_model.h"
#include "policy/registry.h"

struct tapfinger {
    struct actor actor;
    struct team team;
    struct rng rng;
    struct estimator remembered; /* before the setup's, if the model has experience */
    bool has_actor, has_team;
};

static const struct option_spec options[] = {
    {"model", OPTION_STRING, "general", .choices = "FILE",
     .help = "a model that \"tapfinger train\" wrote, or one that ships, by its scenario's name; "
             "general is built in, untrained:SEED draws weights"},
    {"sample", OPTION_FLAG, "false",
     .help = "draw from the probabilities in place of taking the most likely"},
    {"patience", OPTION_REAL, "0", .low = -20, .high = 20, .help = "added to the logit of waiting"},
    {"bayes", OPTION_FLAG, "true",
     .help = "settle conflicts by Bayes' theorem; else the first cluster wins"},
    {"pointer", OPTION_FLAG, "true", .help = "choose among tasks; else the oldest that fits"},
    {0},
};

static int open_file(struct checkpoint **out, const char *model, struct err *err)
{
    const void *bytes;
    size_t count;
    char *shipped;
    int rc;

    if (strcmp(model, "general") == 0) {
        bytes = general_model_bytes(&count);
        return checkpoint_parse(out, "general", bytes, count, err);
    }
    if (access(model, F_OK) == 0)
        return checkpoint_open(out, model, err);
    shipped = data_folders_find("models", model, "tap");
    rc = shipped ? checkpoint_open(out, shipped, err)
                 : err_set(err, ERR_NOT_FOUND,
                           "model \"%.200s\" is neither a file nor one that ships", model);
    free(shipped);
    return rc;
}

static int load(struct tapfinger *s, const struct policy_setup *setup, struct err *err)
{
    const char *model = params_string(setup->params, "model");
    struct experience experience = {0};
    struct checkpoint *checkpoint;
    char *end;
    int rc;

    if (strncmp(model, "untrained:", 10) == 0) {
        uint64_t seed = strtoull(model + 10, &end, 10);

        if (end == model + 10 || *end)
            return err_set(err, ERR_INVALID, "model: expected untrained:SEED, not \"%.60s\"",
                           model);
        actor_model_draw(&s->actor, seed, 0);
        s->has_actor = true;
        return 0;
    }
    rc = open_file(&checkpoint, model, err);
    if (rc)
        return rc;
    rc = actor_model_load(&s->actor, checkpoint, 0, err);
    s->has_actor = rc == 0;
    if (rc == 0)
        rc = experience_read(&experience, yaml_find(checkpoint->metadata.root, "experience"), err);
    if (rc == 0 && experience_suits(setup->estimator))
        experience_estimator_open(&s->remembered, &experience, setup->catalog, setup->estimator);
    experience_release(&experience);
    checkpoint_close(checkpoint);
    return rc;
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct tapfinger *s = state;
    struct policy_setup known = *setup;
    int rc = load(s, setup, err);

    if (rc)
        return rc;
    if (s->remembered.ops)
        known.estimator = &s->remembered;
    estimator_keep_watching(setup->estimator);
    weights_pack(&s->actor.weights, PACKED_LONG);
    team_init(&s->team, &s->actor, &known);
    s->has_team = true;
    rng_stream(&s->rng, setup->seed, "policy");
    s->team.rng = params_flag(setup->params, "sample") ? &s->rng : NULL;
    s->team.patience = params_real(setup->params, "patience");
    s->team.no_bayes = !params_flag(setup->params, "bayes");
    s->team.first_only = !params_flag(setup->params, "pointer");
    return 0;
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct tapfinger *s = state;

    team_decide(&s->team, view, plan);
}

static void release(void *state)
{
    struct tapfinger *s = state;

    if (s->has_team)
        team_release(&s->team);
    estimator_close(&s->remembered);
    if (s->has_actor)
        actor_release(&s->actor);
}

const struct policy_ops policy_tapfinger = {
    .name = "tapfinger",
    .summary = "the learned policy: graph attention, a pointer, allocation per resource",
    .source = "Li et al., \"TapFinger\", INFOCOM 2023",
    .info = INFO_PROGRESS,
    .traits = POLICY_MODEL | POLICY_LEARNED,
    .options = options,
    .state_size = sizeof(struct tapfinger),
    .init = init,
    .decide = decide,
    .release = release,
};
