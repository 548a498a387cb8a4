/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With h_c, h_w, h_r, h_g the rows of clusters, waiting tasks, running tasks and hubs, one layer is
 *
 *     h_c += relu(norm(h_c + att(h_w -> c) + att(h_r -> c) + V h_g) M)      and likewise
 *     h_w += relu(norm(h_w + att(h_c -> w)) M'),   h_g += relu(norm(h_g + att(h_c -> g)) M'')
 *
 * where att is graph attention (nn/graph_attention.h); between clusters and waiting tasks the
 * edges' features, which are those of the options, join its score. An option's logit is additive
 * attention with one layer more than usual:
 *
 *     u = relu(query(h_c) + key(h_w or h_g) + option x),   logit = v . tanh(u M)
 *
 * and an amount's is the same over u of the option that was chosen and the amount's own features.
 */
#include "agent/actor.h"

#include "agent/allotment.h"
#include "agent/options.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

static const double SLOPE = 0.2, EPSILON = 1e-5;

static const struct initial XAVIER = {INITIAL_XAVIER_UNIFORM, 1};

struct actor_config actor_config_of(int hidden, int heads, int layers)
{
    return (struct actor_config){
        .hidden = hidden,
        .heads = heads,
        .layers = layers,
        .cluster_features = CLUSTER_FEATURES,
        .waiting_features = WAITING_FEATURES,
        .running_features = RUNNING_FEATURES,
        .hub_features = HUB_FEATURES,
        .option_features = OPTION_FEATURES,
        .amount_features = AMOUNT_FEATURES,
    };
}

int actor_config_check(const struct actor_config *config, struct err *err)
{
    struct actor_config now = actor_config_of(config->hidden, config->heads, config->layers);

    if (config->hidden < 1 || config->hidden > 1024 || config->heads < 1 ||
        config->hidden % config->heads != 0)
        return err_set(err, ERR_INVALID, "hidden %d does not divide among %d heads", config->hidden,
                       config->heads);
    if (config->layers < 0 || config->layers > ACTOR_LAYERS)
        return err_set(err, ERR_INVALID, "layers: expected 0 to %d, not %d", ACTOR_LAYERS,
                       config->layers);
    if (memcmp(config, &now, sizeof now) != 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "made for other features than this version's; train it again");
    return 0;
}

static void register_linear(struct actor *a, struct linear *layer, int in, unsigned flags,
                            const char *scope, const char *name)
{
    char full[64];

    snprintf(full, sizeof full, "%s%s", scope, name);
    linear_register(layer, &a->weights, in, a->config.hidden, flags, XAVIER, full);
}

static void register_attention(struct actor *a, struct graph_attention *layer, int features,
                               const char *scope, const char *name)
{
    char full[64];

    snprintf(full, sizeof full, "%s%s", scope, name);
    graph_attention_register(layer, &a->weights, a->config.heads,
                             a->config.hidden / a->config.heads, features, SLOPE, XAVIER, full);
}

static void register_norm(struct actor *a, struct norm *norm, const char *scope, const char *name)
{
    char full[64];

    snprintf(full, sizeof full, "%s%s", scope, name);
    norm_register(norm, &a->weights, a->config.hidden, EPSILON, full);
}

static void register_layer(struct actor *a, struct actor_layer *layer, int index)
{
    int hidden = a->config.hidden, edge = a->config.option_features;
    char scope[24];

    snprintf(scope, sizeof scope, "layer%d.", index);
    register_linear(a, &layer->waiting_value, hidden, 0, scope, "waiting_value");
    register_linear(a, &layer->running_value, hidden, 0, scope, "running_value");
    register_linear(a, &layer->hub_value, hidden, 0, scope, "hub_value");
    register_linear(a, &layer->cluster_value, hidden, 0, scope, "cluster_value");
    register_linear(a, &layer->cluster_to_hub, hidden, 0, scope, "cluster_to_hub");
    register_attention(a, &layer->from_waiting, edge, scope, "from_waiting");
    register_attention(a, &layer->from_running, 0, scope, "from_running");
    register_attention(a, &layer->to_waiting, edge, scope, "to_waiting");
    register_attention(a, &layer->to_hub, 0, scope, "to_hub");
    register_norm(a, &layer->cluster_norm, scope, "cluster_norm");
    register_norm(a, &layer->waiting_norm, scope, "waiting_norm");
    register_norm(a, &layer->hub_norm, scope, "hub_norm");
    register_linear(a, &layer->cluster_mix, hidden, LINEAR_BIAS, scope, "cluster_mix");
    register_linear(a, &layer->waiting_mix, hidden, LINEAR_BIAS, scope, "waiting_mix");
    register_linear(a, &layer->hub_mix, hidden, LINEAR_BIAS, scope, "hub_mix");
}

static void join_edges(struct actor *a)
{
    const struct linear *edge[2 * ACTOR_LAYERS];

    for (int l = 0; l < a->config.layers; l++) {
        edge[2 * l] = &a->layer[l].from_waiting.edge;
        edge[2 * l + 1] = &a->layer[l].to_waiting.edge;
    }
    if (a->config.layers > 0)
        a->edges = linear_join(&a->weights, edge, 2 * a->config.layers);
}

void actor_register(struct actor *a, const struct actor_config *config)
{
    const int score[] = {1, config->hidden};
    int hidden = config->hidden;

    *a = (struct actor){.config = *config};
    weights_init(&a->weights);
    register_linear(a, &a->cluster_in, config->cluster_features, LINEAR_BIAS, "", "cluster_in");
    register_linear(a, &a->waiting_in, config->waiting_features, LINEAR_BIAS, "", "waiting_in");
    register_linear(a, &a->running_in, config->running_features, LINEAR_BIAS, "", "running_in");
    register_linear(a, &a->hub_in, config->hub_features, LINEAR_BIAS, "", "hub_in");
    for (int l = 0; l < config->layers; l++)
        register_layer(a, &a->layer[l], l);
    join_edges(a);
    register_linear(a, &a->query, hidden, 0, "", "query");
    register_linear(a, &a->task_key, hidden, 0, "", "task_key");
    register_linear(a, &a->hub_key, hidden, 0, "", "hub_key");
    register_linear(a, &a->option_in, config->option_features, LINEAR_BIAS, "", "option_in");
    register_linear(a, &a->option_mix, hidden, LINEAR_BIAS, "", "option_mix");
    a->option_score = weights_add(&a->weights, XAVIER, 2, score, "option_score");
    register_linear(a, &a->amount_in, config->amount_features, LINEAR_BIAS, "", "amount_in");
    register_linear(a, &a->amount_context, hidden, 0, "", "amount_context");
    register_linear(a, &a->amount_mix, hidden, LINEAR_BIAS, "", "amount_mix");
    a->amount_score = weights_add(&a->weights, XAVIER, 2, score, "amount_score");
}

void actor_release(struct actor *a)
{
    weights_release(&a->weights);
}

/* Forward */

static real *rectified(const struct pass *pass, const real *x, size_t rows, size_t width,
                       enum activation kind)
{
    real *out = pass_new(pass, rows, width);

    pass->ops->activate(out, x, rows * width, kind);
    return out;
}

static real *linear_new(const struct pass *pass, const real *x, const struct linear *layer,
                        int32_t rows)
{
    real *out = pass_new(pass, (size_t)rows, (size_t)layer->out);

    linear_forward(pass, out, x, layer, rows);
    return out;
}

static real *copy_rows(const struct pass *pass, const real *x, int32_t rows, int width)
{
    size_t count = (size_t)rows * (size_t)width;
    real *out = pass_new(pass, (size_t)rows, (size_t)width);

    if (count > 0)
        memcpy(out, x, count * sizeof *out);
    return out;
}

static void add_message(const struct pass *pass, struct graph_attention_state *state,
                        const struct graph_attention *layer, real *sum, const real *source,
                        const real *target, const real *features, const real *edge_score,
                        const struct edges *edges)
{
    size_t width = (size_t)(layer->heads * layer->width), rows = (size_t)edges->targets;
    real *out = pass_new(pass, rows, width);

    graph_attention_forward(pass, state, layer, out, source, target, features, edge_score, edges);
    pass->ops->add(sum, out, rows * width);
}

/* x + relu(norm(sum) M) */
static real *mix(const struct pass *pass, const struct norm *norm, struct norm_state *state,
                 const struct linear *layer, const real *x, const real *sum, real **normed,
                 real **mixed, real **act, int32_t rows)
{
    size_t width = (size_t)layer->out;
    real *out = copy_rows(pass, x, rows, layer->out);

    *normed = norm_forward(pass, state, norm, sum, rows);
    *mixed = linear_new(pass, *normed, layer, rows);
    *act = rectified(pass, *mixed, (size_t)rows, width, ACT_RELU);
    pass->ops->add(out, *act, (size_t)rows * width);
    return out;
}

/* Of what the pairs' features add to all scores the part of one relation, in the order of `pair`.
 */
static real *pick_scores(const struct pass *pass, const struct actor *actor,
                         const struct actor_encoding *code, int relation, const int32_t *pair)
{
    int heads = actor->config.heads, stride = actor->edges.out;
    int32_t pairs = code->graph->to_cluster.count;
    real *score = pass_new(pass, (size_t)pairs, (size_t)heads);

    for (int32_t i = 0; i < pairs; i++) {
        const real *from = code->edge_scores + (pair ? pair[i] : i) * stride + relation * heads;

        /* The usual number is known to the compiler. */
        if (heads == 4)
            memcpy(score + i * 4, from, 4 * sizeof *score);
        else
            memcpy(score + i * heads, from, (size_t)heads * sizeof *score);
    }
    return score;
}

static void exchange_messages(const struct pass *pass, struct actor_encoding *code,
                              const struct actor *actor, int l)
{
    const struct actor_layer *layer = &actor->layer[l];
    const struct actor_graph *g = code->graph;
    __typeof__(&code->layer[0]) at = &code->layer[l];
    const real *to_cluster = NULL, *to_waiting = NULL;

    if (g->pair_of) {
        to_cluster = pick_scores(pass, actor, code, 2 * l, NULL);
        to_waiting = pick_scores(pass, actor, code, 2 * l + 1, g->pair_of);
    }
    add_message(pass, &at->from_waiting, &layer->from_waiting, at->cluster_sum, at->waiting_value,
                at->cluster, g->pair_of ? NULL : g->pair_x, to_cluster, &g->to_cluster);
    add_message(pass, &at->from_running, &layer->from_running, at->cluster_sum, at->running_value,
                at->cluster, NULL, NULL, &g->ran_by);
    add_message(pass, &at->to_waiting, &layer->to_waiting, at->waiting_sum, at->cluster_value,
                at->waiting, g->pair_by_task, to_waiting, &g->to_waiting);
    add_message(pass, &at->to_hub, &layer->to_hub, at->hub_sum, at->cluster_to_hub, at->hub, NULL,
                NULL, &g->to_hub);
}

static void encode_layer(const struct pass *pass, struct actor_encoding *code,
                         const struct actor *actor, int l)
{
    const struct actor_layer *layer = &actor->layer[l];
    const struct actor_graph *g = code->graph;
    __typeof__(&code->layer[0]) at = &code->layer[l];
    int hidden = actor->config.hidden;

    at->cluster = code->cluster;
    at->waiting = code->waiting;
    at->hub = code->hub;
    at->waiting_value = linear_new(pass, at->waiting, &layer->waiting_value, g->waiting);
    at->running_value = linear_new(pass, code->running, &layer->running_value, g->running);
    at->hub_value = linear_new(pass, at->hub, &layer->hub_value, g->graphs);
    at->cluster_value = linear_new(pass, at->cluster, &layer->cluster_value, g->clusters);
    at->cluster_to_hub = linear_new(pass, at->cluster, &layer->cluster_to_hub, g->clusters);
    at->cluster_sum = copy_rows(pass, at->cluster, g->clusters, hidden);
    at->waiting_sum = copy_rows(pass, at->waiting, g->waiting, hidden);
    at->hub_sum = copy_rows(pass, at->hub, g->graphs, hidden);
    pass->ops->gather_add(at->cluster_sum, at->hub_value, g->hub_of, g->clusters, hidden);
    exchange_messages(pass, code, actor, l);
    code->cluster = mix(pass, &layer->cluster_norm, &at->cluster_norm, &layer->cluster_mix,
                        at->cluster, at->cluster_sum, &at->cluster_normed, &at->cluster_mixed,
                        &at->cluster_act, g->clusters);
    code->waiting =
        mix(pass, &layer->waiting_norm, &at->waiting_norm, &layer->waiting_mix, at->waiting,
            at->waiting_sum, &at->waiting_normed, &at->waiting_mixed, &at->waiting_act, g->waiting);
    code->hub = mix(pass, &layer->hub_norm, &at->hub_norm, &layer->hub_mix, at->hub, at->hub_sum,
                    &at->hub_normed, &at->hub_mixed, &at->hub_act, g->graphs);
}

void actor_encode(const struct pass *pass, struct actor_encoding *code, const struct actor *actor,
                  const struct actor_graph *g)
{
    size_t hidden = (size_t)actor->config.hidden;

    *code = (struct actor_encoding){.graph = g};
    code->cluster_raw = linear_new(pass, g->cluster_x, &actor->cluster_in, g->clusters);
    code->waiting_raw = linear_new(pass, g->waiting_x, &actor->waiting_in, g->waiting);
    code->running_raw = linear_new(pass, g->running_x, &actor->running_in, g->running);
    code->hub_raw = linear_new(pass, g->hub_x, &actor->hub_in, g->graphs);
    code->cluster = rectified(pass, code->cluster_raw, (size_t)g->clusters, hidden, ACT_RELU);
    code->waiting = rectified(pass, code->waiting_raw, (size_t)g->waiting, hidden, ACT_RELU);
    code->running = rectified(pass, code->running_raw, (size_t)g->running, hidden, ACT_RELU);
    code->hub = rectified(pass, code->hub_raw, (size_t)g->graphs, hidden, ACT_RELU);
    if (g->pair_of && actor->config.layers > 0)
        code->edge_scores = linear_new(pass, g->pair_x, &actor->edges, g->to_cluster.count);
    for (int l = 0; l < actor->config.layers; l++)
        encode_layer(pass, code, actor, l);
    code->query = linear_new(pass, code->cluster, &actor->query, g->clusters);
    code->key = pass_new(pass, (size_t)(g->waiting + g->graphs), hidden);
    linear_forward(pass, code->key, code->waiting, &actor->task_key, g->waiting);
    linear_forward(pass, code->key + (size_t)g->waiting * hidden, code->hub, &actor->hub_key,
                   g->graphs);
}

/* Logits of rows whose first hidden layer sums up to `sum`. */
static void score_rows(const struct pass *pass, real *sum, const struct linear *mix_layer,
                       size_t score, int32_t rows, real **hidden, real **mixed, real **act,
                       real **logit)
{
    size_t width = (size_t)mix_layer->in;

    *hidden = rectified(pass, sum, (size_t)rows, width, ACT_RELU);
    *mixed = linear_new(pass, *hidden, mix_layer, rows);
    *act = rectified(pass, *mixed, (size_t)rows, width, ACT_TANH);
    *logit = pass_new(pass, (size_t)rows, 1);
    pass->ops->head_dot(*logit, *act, pass_value(pass, score), rows, 1, mix_layer->in);
}

void actor_score(const struct pass *pass, struct actor_scores *s, const struct actor *actor,
                 const struct actor_encoding *code, const struct actor_options *options)
{
    int hidden = actor->config.hidden;

    s->options = options;
    s->sum = linear_new(pass, options->x, &actor->option_in, options->rows);
    pass->ops->gather_add(s->sum, code->query, options->query, options->rows, hidden);
    pass->ops->gather_add(s->sum, code->key, options->key, options->rows, hidden);
    score_rows(pass, s->sum, &actor->option_mix, actor->option_score, options->rows, &s->hidden,
               &s->mixed, &s->act, &s->logit);
}

void actor_score_amounts(const struct pass *pass, struct actor_amount_scores *s,
                         const struct actor *actor, const struct actor_scores *options,
                         const struct actor_amounts *amounts)
{
    int hidden = actor->config.hidden;

    s->amounts = amounts;
    s->picked = pass_new(pass, (size_t)amounts->rows, (size_t)hidden);
    pass->ops->gather(s->picked, options->hidden, amounts->option, amounts->rows, hidden);
    s->sum = linear_new(pass, amounts->x, &actor->amount_in, amounts->rows);
    pass->ops->add(s->sum, linear_new(pass, s->picked, &actor->amount_context, amounts->rows),
                   (size_t)amounts->rows * (size_t)hidden);
    score_rows(pass, s->sum, &actor->amount_mix, actor->amount_score, amounts->rows, &s->hidden,
               &s->mixed, &s->act, &s->logit);
}

/* Backward */

void actor_gradient_zero(const struct pass *pass, struct actor_gradient *d,
                         const struct actor *actor, const struct actor_graph *g, int32_t options)
{
    size_t hidden = (size_t)actor->config.hidden;

    d->cluster = pass_zeros(pass, (size_t)g->clusters, hidden);
    d->waiting = pass_zeros(pass, (size_t)g->waiting, hidden);
    d->hub = pass_zeros(pass, (size_t)g->graphs, hidden);
    d->query = pass_zeros(pass, (size_t)g->clusters, hidden);
    d->key = pass_zeros(pass, (size_t)(g->waiting + g->graphs), hidden);
    d->option_hidden = pass_zeros(pass, (size_t)options, hidden);
}

/* Back through score_rows: from dlogit, and what dhidden has already, to the sum. */
static real *score_rows_backward(const struct pass *pass, real *dhidden, const real *dlogit,
                                 const real *sum, const real *hidden, const real *mixed,
                                 const real *act, const struct linear *mix_layer, size_t score,
                                 int32_t rows)
{
    size_t width = (size_t)mix_layer->in, count = (size_t)rows * width;
    real *dact = pass_zeros(pass, (size_t)rows, width),
         *dmixed = pass_zeros(pass, (size_t)rows, width);
    real *dsum = pass_zeros(pass, (size_t)rows, width);

    pass->ops->head_dot_backward(dact, pass_grad(pass, score), dlogit, act, pass_value(pass, score),
                                 rows, 1, mix_layer->in);
    pass->ops->activate_backward(dmixed, dact, act, mixed, count, ACT_TANH);
    linear_backward(pass, dhidden, dmixed, hidden, mix_layer, rows);
    pass->ops->activate_backward(dsum, dhidden, hidden, sum, count, ACT_RELU);
    return dsum;
}

void actor_score_amounts_backward(const struct pass *pass, struct actor_gradient *d,
                                  const struct actor_amount_scores *s, const struct actor *actor,
                                  const real *dlogit)
{
    int32_t rows = s->amounts->rows;
    size_t hidden = (size_t)actor->config.hidden;
    real *dhidden = pass_zeros(pass, (size_t)rows, hidden);
    real *dpicked = pass_zeros(pass, (size_t)rows, hidden);
    real *dsum = score_rows_backward(pass, dhidden, dlogit, s->sum, s->hidden, s->mixed, s->act,
                                     &actor->amount_mix, actor->amount_score, rows);

    linear_backward(pass, NULL, dsum, s->amounts->x, &actor->amount_in, rows);
    linear_backward(pass, dpicked, dsum, s->picked, &actor->amount_context, rows);
    pass->ops->gather_backward(d->option_hidden, dpicked, s->amounts->option, rows, (int)hidden);
}

void actor_score_backward(const struct pass *pass, struct actor_gradient *d,
                          const struct actor_scores *s, const struct actor *actor,
                          const struct actor_encoding *code, const real *dlogit)
{
    const struct actor_options *options = s->options;
    const struct actor_graph *g = code->graph;
    int hidden = actor->config.hidden;
    real *dsum =
        score_rows_backward(pass, d->option_hidden, dlogit, s->sum, s->hidden, s->mixed, s->act,
                            &actor->option_mix, actor->option_score, options->rows);

    linear_backward(pass, NULL, dsum, options->x, &actor->option_in, options->rows);
    pass->ops->gather_backward(d->query, dsum, options->query, options->rows, hidden);
    pass->ops->gather_backward(d->key, dsum, options->key, options->rows, hidden);
    linear_backward(pass, d->cluster, d->query, code->cluster, &actor->query, g->clusters);
    linear_backward(pass, d->waiting, d->key, code->waiting, &actor->task_key, g->waiting);
    linear_backward(pass, d->hub, d->key + (size_t)g->waiting * (size_t)hidden, code->hub,
                    &actor->hub_key, g->graphs);
}

/* Back through mix(): d (of the output) stays that of x; returns that of the sum. */
static real *mix_backward(const struct pass *pass, const real *d, const struct norm *norm,
                          const struct norm_state *state, const struct linear *layer,
                          const real *normed, const real *mixed, const real *act, int32_t rows)
{
    size_t width = (size_t)layer->out;
    real *dmixed = pass_zeros(pass, (size_t)rows, width);
    real *dnormed = pass_zeros(pass, (size_t)rows, width);
    real *dsum = pass_zeros(pass, (size_t)rows, width);

    pass->ops->activate_backward(dmixed, d, act, mixed, (size_t)rows * width, ACT_RELU);
    linear_backward(pass, dnormed, dmixed, normed, layer, rows);
    norm_backward(pass, state, norm, dsum, dnormed);
    return dsum;
}

/* Back through add_message() and the layer that made its source rows. */
static void message_backward(const struct pass *pass, const struct graph_attention_state *state,
                             const struct graph_attention *layer, const struct linear *value,
                             const real *source_x, real *dsource_x, real *dtarget, const real *dsum)
{
    int32_t rows = state->edges->sources;
    real *dvalue = pass_zeros(pass, (size_t)rows, (size_t)value->out);

    graph_attention_backward(pass, state, layer, dvalue, dtarget, NULL, dsum);
    linear_backward(pass, dsource_x, dvalue, source_x, value, rows);
}

static void encode_layer_backward(const struct pass *pass, struct actor_gradient *d, real *drunning,
                                  const struct actor_encoding *code, const struct actor *actor,
                                  int l)
{
    const struct actor_layer *layer = &actor->layer[l];
    const struct actor_graph *g = code->graph;
    const __typeof__(code->layer[0]) *at = &code->layer[l];
    size_t hidden = (size_t)actor->config.hidden;
    real *dhubs = pass_zeros(pass, (size_t)g->graphs, hidden);
    real *dcluster =
        mix_backward(pass, d->cluster, &layer->cluster_norm, &at->cluster_norm, &layer->cluster_mix,
                     at->cluster_normed, at->cluster_mixed, at->cluster_act, g->clusters);
    real *dwaiting =
        mix_backward(pass, d->waiting, &layer->waiting_norm, &at->waiting_norm, &layer->waiting_mix,
                     at->waiting_normed, at->waiting_mixed, at->waiting_act, g->waiting);
    real *dhub = mix_backward(pass, d->hub, &layer->hub_norm, &at->hub_norm, &layer->hub_mix,
                              at->hub_normed, at->hub_mixed, at->hub_act, g->graphs);

    pass->ops->add(d->cluster, dcluster, (size_t)g->clusters * hidden);
    pass->ops->add(d->waiting, dwaiting, (size_t)g->waiting * hidden);
    pass->ops->add(d->hub, dhub, (size_t)g->graphs * hidden);
    pass->ops->gather_backward(dhubs, dcluster, g->hub_of, g->clusters, (int)hidden);
    linear_backward(pass, d->hub, dhubs, at->hub, &layer->hub_value, g->graphs);
    message_backward(pass, &at->from_waiting, &layer->from_waiting, &layer->waiting_value,
                     at->waiting, d->waiting, d->cluster, dcluster);
    message_backward(pass, &at->from_running, &layer->from_running, &layer->running_value,
                     code->running, drunning, d->cluster, dcluster);
    message_backward(pass, &at->to_waiting, &layer->to_waiting, &layer->cluster_value, at->cluster,
                     d->cluster, d->waiting, dwaiting);
    message_backward(pass, &at->to_hub, &layer->to_hub, &layer->cluster_to_hub, at->cluster,
                     d->cluster, d->hub, dhub);
}

static void input_backward(const struct pass *pass, const real *d, const real *act, const real *raw,
                           const real *x, const struct linear *layer, int32_t rows)
{
    real *draw = pass_zeros(pass, (size_t)rows, (size_t)layer->out);

    pass->ops->activate_backward(draw, d, act, raw, (size_t)rows * (size_t)layer->out, ACT_RELU);
    linear_backward(pass, NULL, draw, x, layer, rows);
}

void actor_encode_backward(const struct pass *pass, struct actor_gradient *d,
                           const struct actor_encoding *code, const struct actor *actor)
{
    const struct actor_graph *g = code->graph;
    int layers = actor->config.layers;
    real *drunning = pass_zeros(pass, (size_t)g->running, (size_t)actor->config.hidden);

    for (int l = layers - 1; l >= 0; l--)
        encode_layer_backward(pass, d, drunning, code, actor, l);
    input_backward(pass, d->cluster, layers > 0 ? code->layer[0].cluster : code->cluster,
                   code->cluster_raw, g->cluster_x, &actor->cluster_in, g->clusters);
    input_backward(pass, d->waiting, layers > 0 ? code->layer[0].waiting : code->waiting,
                   code->waiting_raw, g->waiting_x, &actor->waiting_in, g->waiting);
    input_backward(pass, drunning, code->running, code->running_raw, g->running_x,
                   &actor->running_in, g->running);
    input_backward(pass, d->hub, layers > 0 ? code->layer[0].hub : code->hub, code->hub_raw,
                   g->hub_x, &actor->hub_in, g->graphs);
}
