/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients of arch=tapfinger in double, through batches of random records: for each tensor, the
 * slope of the loss in a random direction by central differences against the gradient's product
 * with that direction. Also that a batch's logits are those of its decisions one by one.
 */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "agent/actor.h"
#include "agent/record.h"
#include "base/rng.h"
#include "nn/categorical.h"
#include "nn/loss.h"

enum { DECISIONS = 5, MOST = 6 };

struct fixture {
    struct arena memory;
    struct actor actor;
    struct record_book book;
    struct record_place place[DECISIONS];
    bool reinforce;
};

static void push_row(struct record_reals *to, struct rng *rng, int width)
{
    for (int i = 0; i < width; i++)
        vector_push(to, (real)(0.7 * rng_normal(rng)));
}

/* Tasks that some agents see: at least one each, so that every task has a row. */
static void draw_pairs(struct record_book *b, struct record *r, struct rng *rng)
{
    bool sees[MOST][MOST] = {{false}};
    int32_t at[MOST * MOST], count = 0;

    for (int t = 0; t < r->tasks; t++)
        sees[rng_below(rng, (uint32_t)r->agents)][t] = true;
    for (int a = 0; a < r->agents; a++)
        for (int t = 0; t < r->tasks; t++)
            if (sees[a][t] || rng_below(rng, 3) == 0) {
                sees[a][t] = true;
                vector_push(&b->pair_agent, a);
                vector_push(&b->pair_task, t);
                push_row(&b->pair_x, rng, OPTION_FEATURES);
                at[count++] = t;
            }
    for (int t = 0; t < r->tasks; t++)
        for (int32_t i = 0; i < count; i++)
            if (at[i] == t)
                vector_push(&b->seer, i);
    r->pairs = count;
}

static void draw_sets(struct record_book *b, struct record *r, struct rng *rng, bool reinforce)
{
    for (int a = 0; a < r->agents; a++) {
        int rows = 2 + (int)rng_below(rng, 3);

        for (int i = 0; i < rows; i++) {
            push_row(&b->option_x, rng, OPTION_FEATURES);
            vector_push(&b->option_agent, a);
            vector_push(&b->option_task,
                        i == rows - 1 ? -1 : (int32_t)rng_below(rng, (uint32_t)r->tasks));
            vector_push(&b->option_target, i == 0 ? 1 : 0);
        }
        for (int i = 0; i < 3; i++) {
            push_row(&b->amount_x, rng, AMOUNT_FEATURES);
            vector_push(&b->amount_option, r->options + 1);
            vector_push(&b->amount_target, i == 2 ? 1 : 0);
        }
        vector_push(&b->option_sets,
                    ((struct choice_set){rows, reinforce ? 1 : -1, (real)-1.1, 1}));
        vector_push(&b->amount_sets, ((struct choice_set){3, reinforce ? 2 : -1, (real)-1.0, 1}));
        r->options += rows;
        r->amounts += 3;
        r->option_sets++;
        r->amount_sets++;
    }
}

static void draw_record(struct record_book *b, struct rng *rng, bool reinforce)
{
    struct record r = {
        .agents = 1 + (int32_t)rng_below(rng, 4),
        .tasks = 1 + (int32_t)rng_below(rng, MOST),
        .runnings = MOST,
        .from_agents = (int32_t)(b->cluster_x.count / CLUSTER_FEATURES),
        .from_tasks = (int32_t)(b->waiting_x.count / WAITING_FEATURES),
        .from_runnings = (int32_t)b->running_agent.count,
        .from_pairs = (int32_t)b->pair_agent.count,
        .from_options = (int32_t)b->option_agent.count,
        .from_option_sets = (int32_t)b->option_sets.count,
        .from_amounts = (int32_t)b->amount_option.count,
        .from_amount_sets = (int32_t)b->amount_sets.count,
        .advantage = (real)rng_normal(rng),
    };

    push_row(&b->cluster_x, rng, r.agents * CLUSTER_FEATURES);
    push_row(&b->waiting_x, rng, r.tasks * WAITING_FEATURES);
    push_row(&b->running_x, rng, r.runnings * RUNNING_FEATURES);
    push_row(&b->hub_x, rng, HUB_FEATURES);
    for (int32_t i = 0; i < r.runnings; i++)
        vector_push(&b->running_agent, i * r.agents / r.runnings);
    draw_pairs(b, &r, rng);
    draw_sets(b, &r, rng, reinforce);
    vector_push(&b->decisions, r);
}

static void start(struct fixture *f, int layers, bool reinforce)
{
    struct actor_config config = actor_config_of(8, 2, layers);
    struct rng rng;

    *f = (struct fixture){.reinforce = reinforce};
    arena_init(&f->memory);
    actor_register(&f->actor, &config);
    weights_commit(&f->actor.weights, WEIGHTS_GRAD);
    weights_draw(&f->actor.weights, 1);
    rng_stream(&rng, 2, "records");
    for (size_t i = 0; i < f->actor.weights.numbers; i++) /* biases, too, are not zero */
        f->actor.weights.value[i] += (real)(0.05 * rng_normal(&rng));
    for (int i = 0; i < DECISIONS; i++) {
        draw_record(&f->book, &rng, reinforce);
        f->place[i] = (struct record_place){&f->book, i};
    }
}

static void end(struct fixture *f)
{
    record_release(&f->book);
    actor_release(&f->actor);
    arena_release(&f->memory);
}

static double learn_set(const struct fixture *f, real *dlogit, const real *logit,
                        const real *target, const struct choice_set *set, real advantage)
{
    real logp[16], dlogp = 0;
    double loss;

    categorical_log_probs(logp, logit, NULL, set->rows);
    if (!f->reinforce)
        return loss_cross_entropy(dlogit, logp, target, set->rows, 1);
    loss = loss_ppo_clip(&dlogp, &logp[set->chosen], &set->logp, &advantage, NULL, 1, 0.2, 1);
    categorical_backward(dlogit, logp, set->rows, set->chosen, (double)dlogp, -0.1);
    return loss - 0.1 * categorical_entropy(logp, set->rows);
}

static double loss_of(struct fixture *f, bool backward)
{
    struct pass pass = {.ops = &ops_ref,
                        .weights = &f->actor.weights,
                        .grad = f->actor.weights.grad,
                        .memory = &f->memory};
    struct actor_amount_scores amounts;
    struct actor_gradient gradient;
    struct actor_encoding code;
    struct actor_scores scores;
    struct record_batch batch;
    real *doption, *damount;
    double loss = 0;

    record_gather(&batch, pass.memory, f->place, DECISIONS);
    actor_encode(&pass, &code, &f->actor, &batch.graph);
    actor_score(&pass, &scores, &f->actor, &code, &batch.options);
    actor_score_amounts(&pass, &amounts, &f->actor, &scores, &batch.amounts);
    doption = pass_zeros(&pass, (size_t)batch.options.rows, 1);
    damount = pass_zeros(&pass, (size_t)batch.amounts.rows, 1);
    for (int i = 0; i < batch.option_sets; i++) {
        int at = batch.option_first[i];

        loss += learn_set(f, doption + at, scores.logit + at, batch.option_target + at,
                          batch.option_set[i], batch.decision[batch.set_decision[i]]->advantage);
    }
    for (int i = 0; i < batch.amount_sets; i++) {
        int at = batch.amount_first[i];

        loss += learn_set(f, damount + at, amounts.logit + at, batch.amount_target + at,
                          batch.amount_set[i], batch.decision[batch.amount_decision[i]]->advantage);
    }
    if (backward) {
        actor_gradient_zero(&pass, &gradient, &f->actor, &batch.graph, batch.options.rows);
        actor_score_amounts_backward(&pass, &gradient, &amounts, &f->actor, damount);
        actor_score_backward(&pass, &gradient, &scores, &f->actor, &code, doption);
        actor_encode_backward(&pass, &gradient, &code, &f->actor);
    }
    arena_reset(&f->memory);
    return loss;
}

/* The loss with a tensor moved by step times the direction of its name. */
static double loss_beside(struct fixture *f, const struct tensor *tensor, double step)
{
    real *value = f->actor.weights.value + tensor->offset;
    real *kept = xcalloc(tensor->count, sizeof *kept);
    double loss;
    struct rng rng;

    memcpy(kept, value, tensor->count * sizeof *kept);
    rng_stream(&rng, 5, tensor->name);
    for (size_t i = 0; i < tensor->count; i++)
        value[i] += (real)(step * rng_normal(&rng));
    loss = loss_of(f, false);
    memcpy(value, kept, tensor->count * sizeof *kept);
    free(kept);
    return loss;
}

static void check_tensor(struct fixture *f, const struct tensor *tensor)
{
    const double step = 1e-6;
    double product = 0, length = 0;
    double slope = (loss_beside(f, tensor, step) - loss_beside(f, tensor, -step)) / (2 * step);
    struct rng rng;

    rng_stream(&rng, 5, tensor->name);
    for (size_t i = 0; i < tensor->count; i++) {
        double gradient = (double)f->actor.weights.grad[tensor->offset + i];

        product += gradient * rng_normal(&rng);
        length += gradient * gradient;
    }
    if (!(fabs(slope - product) < 1e-6 * (1 + fabs(slope)))) {
        printf("%s: slope %.9g, gradient gives %.9g\n", tensor->name, slope, product);
        fail();
    }
    if (!(length > 0) && !strstr(tensor->name, ".target")) {
        printf("%s: has no gradient\n", tensor->name);
        fail();
    }
}

static void check(int layers, bool reinforce)
{
    struct fixture f;

    start(&f, layers, reinforce);
    loss_of(&f, true);
    for (size_t i = 0; i < f.actor.weights.tensors.count; i++) {
        const struct tensor *tensor = &f.actor.weights.tensors.item[i];

        if (layers > 0 || strcmp(tensor->name, "running_in.weight") > 0 ||
            strncmp(tensor->name, "running_in", 10) != 0)
            check_tensor(&f, tensor);
    }
    end(&f);
}

static void of_imitation(void **state)
{
    (void)state;
    check(2, false);
}

static void of_reinforcement(void **state)
{
    (void)state;
    check(2, true);
}

static void without_graph_attention(void **state)
{
    (void)state;
    check(0, false);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(of_imitation),
    cmocka_unit_test(of_reinforcement),
    cmocka_unit_test(without_graph_attention),
};

RUN_TESTS(tests)
