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
#include "agent/gossip.h"
#include "agent/loan.h"
#include "agent/paper_model.h"
#include "agent/paper_team.h"
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
    struct gossip gossip;
    struct loan loan;
    struct estimator remembered; /* before the setup's, if the model has experience */
    bool has_actor, has_team, has_gossip, has_loan;
    struct paper_net paper_net; /* arch=paper: in place of actor and team */
    struct paper_team paper_team;
    bool has_paper_net, has_paper_team;
};

static const struct option_spec options[] = {
    {"arch", OPTION_CHOICE, "tapfinger", .choices = "tapfinger|paper",
     .help =
         "our network, or the one of the paper as its authors published it (slotted worlds, two "
         "resources)"},
    {"model", OPTION_STRING, "general", .choices = "FILE",
     .help = "a model that \"tapfinger train\" wrote, or one that ships, by its scenario's name; "
             "general is built in, untrained:SEED draws weights"},
    {"sample", OPTION_FLAG, "false",
     .help = "draw from the probabilities in place of taking the most likely"},
    {"patience", OPTION_REAL, "0", .low = -20, .high = 20, .help = "added to the logit of waiting"},
    {"overdue", OPTION_REAL, "4", .low = 0, .high = 1e9,
     .help = "no agent waits while it could start a task that has waited for more than so many "
             "typical durations; 0: it may"},
    {"bayes", OPTION_FLAG, "true",
     .help = "settle conflicts by Bayes' theorem; else the first cluster wins"},
    {"pointer", OPTION_FLAG, "true", .help = "choose among tasks; else the oldest that fits"},
    {"resize", OPTION_FLAG, "true",
     .help = "in event-driven time, resize running tasks of types whose changes cost nothing; else "
             "a task keeps what it was started with"},
    {"central", OPTION_FLAG, "true",
     .help = "all agents know everything; else each its own cluster, and what it heard of others"},
    {"staleness", OPTION_REAL, "0", .low = 0, .high = 1e9, .unit = "s",
     .help = "with central=false: how old is what agents hear of each other"},
    {"loss", OPTION_REAL, "0", .low = 0, .high = 1,
     .help = "with central=false: part of the messages that are lost"},
    {"own-message", OPTION_FLAG, "false",
     .help = "arch=paper: nodes are sent their own features in place of their neighbours', a fault "
             "of the authors' library"},
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

/* The seed of "untrained:SEED". */
static bool read_untrained(const char *model, uint64_t *seed, struct err *err, int *rc)
{
    char *end;

    *rc = 0;
    if (strncmp(model, "untrained:", 10) != 0)
        return false;
    *seed = strtoull(model + 10, &end, 10);
    if (end == model + 10 || *end)
        *rc = err_set(err, ERR_INVALID, "model: expected untrained:SEED, not \"%.60s\"", model);
    return true;
}

static int load_paper(struct tapfinger *s, const struct policy_setup *setup, struct err *err)
{
    const char *model = params_string(setup->params, "model");
    struct paper_config config;
    struct checkpoint *checkpoint = NULL;
    uint64_t seed;
    int rc;

    if (read_untrained(model, &seed, err, &rc)) {
        rc = rc ? rc : paper_team_config(&config, setup->catalog, err);
        rc = rc ? rc : paper_team_suits(&config, setup->catalog, err);
        if (rc)
            return rc;
        paper_net_init(&s->paper_net, &config, 0);
        weights_draw(&s->paper_net.weights, seed);
        s->has_paper_net = true;
        return 0;
    }
    rc = open_file(&checkpoint, model, err);
    if (!checkpoint)
        return rc;
    rc = paper_model_load(&s->paper_net, checkpoint, 0, err);
    s->has_paper_net = rc == 0;
    if (rc == 0)
        rc = paper_team_suits(&s->paper_net.config, setup->catalog, err);
    checkpoint_close(checkpoint);
    return rc;
}

static int load(struct tapfinger *s, const struct policy_setup *setup, struct err *err)
{
    const char *model = params_string(setup->params, "model");
    struct experience experience = {0};
    struct checkpoint *checkpoint = NULL;
    uint64_t seed;
    int rc;

    if (read_untrained(model, &seed, err, &rc)) {
        if (rc)
            return rc;
        actor_model_draw(&s->actor, seed, 0);
        s->has_actor = true;
        return 0;
    }
    rc = open_file(&checkpoint, model, err);
    if (!checkpoint)
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

/* Messages are for those who do not know everything anyway. */
static int open_gossip(struct tapfinger *s, const struct policy_setup *setup, struct err *err)
{
    double staleness_s = params_real(setup->params, "staleness");
    double loss = params_real(setup->params, "loss");

    if (params_flag(setup->params, "central"))
        return staleness_s > 0 || loss > 0
                   ? err_set(err, ERR_INVALID, "staleness and loss need central=false")
                   : 0;
    gossip_init(&s->gossip, setup->catalog->clusters, staleness_s, loss, setup->seed);
    s->has_gossip = true;
    return 0;
}

static int init_paper(struct tapfinger *s, const struct policy_setup *setup, struct err *err)
{
    int rc = load_paper(s, setup, err);

    if (rc)
        return rc;
    weights_pack(&s->paper_net.weights, PACKED_LONG);
    paper_team_init(&s->paper_team, &s->paper_net);
    s->has_paper_team = true;
    s->paper_team.rng = params_flag(setup->params, "sample") ? &s->rng : NULL;
    if (params_flag(setup->params, "own-message"))
        s->paper_team.faults |= PAPER_FAULT_OWN_MESSAGE;
    return 0;
}

static int init_own(struct tapfinger *s, const struct policy_setup *setup, struct err *err)
{
    struct policy_setup known = *setup;
    int rc = open_gossip(s, setup, err);

    if (rc == 0)
        rc = load(s, setup, err);
    if (rc)
        return rc;
    if (s->remembered.ops)
        known.estimator = &s->remembered;
    estimator_keep_watching(setup->estimator);
    weights_pack(&s->actor.weights, PACKED_LONG);
    team_init(&s->team, &s->actor, &known);
    s->has_team = true;
    if (params_flag(setup->params, "resize") && setup->catalog->slot_s <= 0) {
        loan_init(&s->loan, &s->team.outlook, setup->catalog->clusters);
        s->loan.alone = s->has_gossip;
        s->has_loan = true;
        s->team.loan = &s->loan;
    }
    s->team.gossip = s->has_gossip ? &s->gossip : NULL;
    s->team.rng = params_flag(setup->params, "sample") ? &s->rng : NULL;
    s->team.patience = params_real(setup->params, "patience");
    s->team.overdue = params_real(setup->params, "overdue");
    s->team.no_bayes = !params_flag(setup->params, "bayes");
    s->team.first_only = !params_flag(setup->params, "pointer");
    return 0;
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct tapfinger *s = state;

    rng_stream(&s->rng, setup->seed, "policy");
    return strcmp(params_string(setup->params, "arch"), "paper") == 0 ? init_paper(s, setup, err)
                                                                      : init_own(s, setup, err);
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct tapfinger *s = state;

    if (s->has_paper_team)
        paper_team_decide(&s->paper_team, view, plan);
    else
        team_decide(&s->team, view, plan);
}

static void release(void *state)
{
    struct tapfinger *s = state;

    if (s->has_loan)
        loan_release(&s->loan);
    if (s->has_team)
        team_release(&s->team);
    if (s->has_paper_team)
        paper_team_release(&s->paper_team);
    if (s->has_paper_net)
        paper_net_release(&s->paper_net);
    if (s->has_gossip)
        gossip_release(&s->gossip);
    estimator_close(&s->remembered);
    if (s->has_actor)
        actor_release(&s->actor);
}

const struct policy_ops policy_tapfinger = {
    .name = "tapfinger",
    .summary = "the learned policy: graph attention, a pointer, allocation per resource",
    .source = "Li et al., \"TapFinger\", INFOCOM 2023",
    .info = INFO_PROGRESS,
    .traits = POLICY_MODEL | POLICY_LEARNED | POLICY_ELASTIC,
    .options = options,
    .state_size = sizeof(struct tapfinger),
    .init = init,
    .decide = decide,
    .release = release,
};
