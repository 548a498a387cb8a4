/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our network, arch=tapfinger: heterogeneous graph attention over clusters, waiting tasks, running
 * tasks and a hub; a pointer that scores an agent's options, one of which is to wait; and a head
 * that scores amounts of one resource for the task that the pointer selected. The weights are the
 * same for all agents, so a model runs on any number of clusters, window lengths and resources.
 *
 * Everything works on batches: graphs beside each other whose edges do not cross.
 */
#ifndef AGENT_ACTOR_H
#define AGENT_ACTOR_H

#include "nn/graph_attention.h"
#include "nn/linear.h"
#include "nn/norm.h"

struct err;

enum { ACTOR_LAYERS = 4 };

struct actor_config {
    int hidden, heads, layers; /* layers: of graph attention */
    /* How many features of each kind a model was made for. */
    int cluster_features, waiting_features, running_features, hub_features, option_features,
        amount_features;
};

struct actor_layer {
    struct norm cluster_norm, waiting_norm, hub_norm;
    struct linear cluster_mix, waiting_mix, hub_mix; /* behind the norms */
    struct linear waiting_value, running_value, hub_value, cluster_value, cluster_to_hub;
    struct graph_attention from_waiting, from_running, to_waiting, to_hub;
};

struct actor {
    struct actor_config config;
    struct weights weights;
    struct linear cluster_in, waiting_in, running_in, hub_in;
    struct actor_layer layer[ACTOR_LAYERS];
    struct linear query, task_key, hub_key, option_in, option_mix;
    struct linear
        edges; /* what pairs' features add to scores: by layer, to clusters and to tasks */
    size_t option_score; /* (1, hidden) */
    struct linear amount_in, amount_context, amount_mix;
    size_t amount_score; /* (1, hidden) */
};

/* Graphs; all arrays are borrowed. Rows of a graph lie together, graphs in the same order
 * everywhere. */
struct actor_graph {
    int32_t graphs, clusters, waiting, running;
    const real *cluster_x, *waiting_x, *running_x, *hub_x; /* rows of features */
    const real *pair_x;                                    /* (pairs, option_features) by cluster */
    const real *pair_by_task; /* the same by waiting task; or in its place, */
    const int32_t *pair_of;   /* with packed weights, which pairs those are */
    const int32_t *hub_of;    /* by cluster: its graph */
    struct edges to_cluster;  /* from waiting; edge e is pair e */
    struct edges to_waiting;  /* from clusters */
    struct edges ran_by;      /* from running to clusters */
    struct edges to_hub;      /* from clusters */
};

/* What the graph attention leaves, and what its backward needs. */
struct actor_encoding {
    const struct actor_graph *graph;
    struct {
        const real *cluster, *waiting, *hub; /* inputs of the layer */
        real *waiting_value, *running_value, *hub_value, *cluster_value, *cluster_to_hub;
        struct graph_attention_state from_waiting, from_running, to_waiting, to_hub;
        real *cluster_sum, *waiting_sum, *hub_sum;       /* of input and messages */
        real *cluster_mixed, *waiting_mixed, *hub_mixed; /* before the rectifier */
        real *cluster_act, *waiting_act, *hub_act;
        real *cluster_normed, *waiting_normed, *hub_normed;
        struct norm_state cluster_norm, waiting_norm, hub_norm;
    } layer[ACTOR_LAYERS];
    real *edge_scores; /* of all layers, where they are joined */
    real *cluster_raw, *waiting_raw, *running_raw, *hub_raw; /* before the first rectifier */
    real *running;
    real *cluster, *waiting, *hub; /* the last layer's */
    real *query, *key;             /* key: waiting tasks, then hubs */
};

/* Options of some agents: row i is an option of cluster query[i] and stands for key[i], a waiting
 * task or, behind those, the hub of its graph. */
struct actor_options {
    int32_t rows;
    const int32_t *query, *key;
    const real *x; /* (rows, option_features) */
};

struct actor_scores {
    const struct actor_options *options;
    real *sum, *hidden, *mixed, *act; /* (rows, hidden) */
    real *logit;                      /* (rows) */
};

/* Amounts for some chosen options. */
struct actor_amounts {
    int32_t rows;
    const int32_t *option; /* by row: row among the options */
    const real *x;         /* (rows, amount_features) */
};

struct actor_amount_scores {
    const struct actor_amounts *amounts;
    real *picked, *sum, *hidden, *mixed, *act, *logit;
};

int actor_config_check(const struct actor_config *config, struct err *err);
/* Of the features as they are now. */
struct actor_config actor_config_of(int hidden, int heads, int layers);

void actor_register(struct actor *actor, const struct actor_config *config);
void actor_release(struct actor *actor);

/* All results lie in the pass's memory. */
void actor_encode(const struct pass *pass, struct actor_encoding *code, const struct actor *actor,
                  const struct actor_graph *graph);
void actor_score(const struct pass *pass, struct actor_scores *scores, const struct actor *actor,
                 const struct actor_encoding *code, const struct actor_options *options);
void actor_score_amounts(const struct pass *pass, struct actor_amount_scores *scores,
                         const struct actor *actor, const struct actor_scores *options,
                         const struct actor_amounts *amounts);

/* Gradients on the way back; what a backward function adds to. */
struct actor_gradient {
    real *cluster, *waiting, *hub, *query, *key;
    real *option_hidden; /* by option row */
};

void actor_gradient_zero(const struct pass *pass, struct actor_gradient *gradient,
                         const struct actor *actor, const struct actor_graph *graph,
                         int32_t options);
void actor_score_amounts_backward(const struct pass *pass, struct actor_gradient *gradient,
                                  const struct actor_amount_scores *scores,
                                  const struct actor *actor, const real *dlogit);
/* After the amounts'. */
void actor_score_backward(const struct pass *pass, struct actor_gradient *gradient,
                          const struct actor_scores *scores, const struct actor *actor,
                          const struct actor_encoding *code, const real *dlogit);
/* Last. */
void actor_encode_backward(const struct pass *pass, struct actor_gradient *gradient,
                           const struct actor_encoding *code, const struct actor *actor);

#endif
