/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients of arch=paper in double: for each tensor, the slope of the loss in a random direction
 * by central differences against the gradient's product with that direction; and the loss itself
 * against the second implementation's numbers.
 */
#include "harness.h"

#include "agent/paper_ppo.h"
#include "nn/loss.h"
#include "paper_reference.h"

enum {
    SCENES = 4,
    WINDOWS = SCENES * REFERENCE_AGENTS,
    SLOTS = WINDOWS * REFERENCE_SLOTS,
};

struct fixture {
    struct arena memory, pass_memory;
    struct paper_net net;
    struct reference_scene scene[SCENES];
    struct paper_observation observation[SCENES];
    unsigned faults;
    bool ppo;
    int32_t slot[WINDOWS], allocation[WINDOWS];
    uint8_t skipped[WINDOWS], conflict[WINDOWS];
    real logp_old[WINDOWS], advantage[WINDOWS], returns[WINDOWS];
};

/* What the agents did: mostly the first allowed thing, with some conflicts and skips. */
static void draw_choices(struct fixture *f, struct rng *rng)
{
    for (int w = 0; w < WINDOWS; w++) {
        const struct paper_observation *o = &f->observation[w / REFERENCE_AGENTS];
        int agent = w % REFERENCE_AGENTS, type = o->slot_type[agent * REFERENCE_SLOTS];

        f->skipped[w] = type < 0;
        f->conflict[w] = rng_below(rng, 4) == 0;
        for (int i = 0; i < paper_actions(&f->net.config); i++)
            if (reference_allowed(&f->net.config, type, o->free + agent * PAPER_RESOURCES, i))
                f->allocation[w] = i;
        f->logp_old[w] = (real)(-2 + 0.3 * rng_normal(rng));
        f->advantage[w] = (real)rng_normal(rng);
        f->returns[w] = (real)rng_normal(rng);
    }
    loss_normalise(f->advantage, WINDOWS);
}

static void start(struct fixture *f, unsigned faults, bool ppo)
{
    struct rng rng;

    *f = (struct fixture){.faults = faults, .ppo = ppo};
    arena_init(&f->memory);
    arena_init(&f->pass_memory);
    paper_net_init(&f->net, &REFERENCE_CONFIG, WEIGHTS_GRAD);
    reference_draw_weights(&f->net, 2);
    rng_stream(&rng, 3, "scenes");
    for (int i = 0; i < SCENES; i++) {
        reference_scene_draw(&f->scene[i], &f->memory, &rng);
        f->observation[i] = f->scene[i].observation;
    }
    draw_choices(f, &rng);
}

static void end(struct fixture *f)
{
    paper_net_release(&f->net);
    arena_release(&f->memory);
    arena_release(&f->pass_memory);
}

/* A fixed number for output i. */
static double coefficient(size_t i)
{
    return rng_bits_unit(rng_hash(1, i, 0)) - 0.5;
}

static double weigh(real *dx, const real *x, size_t count, size_t first)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        if (x[i] > -REAL_INF) {
            sum += coefficient(first + i) * (double)x[i];
            dx[i] += (real)coefficient(first + i);
        }
    return sum;
}

static double weigh_all(const struct fixture *f, const struct pass *pass,
                        const struct paper_state *state, const struct paper_output *out,
                        struct paper_output *dout, real **drows)
{
    size_t actions = (size_t)paper_actions(&f->net.config);
    double loss = weigh(dout->pointer, out->pointer, SLOTS, 0) +
                  weigh(dout->allocation, out->allocation, SLOTS * actions, 10000) +
                  weigh(dout->value, out->value, WINDOWS, 20000);

    for (int node = 0; node < PAPER_NODES; node++) {
        size_t count = (size_t)state->graph->raw_rows[node] * (size_t)f->net.config.hidden;

        drows[node] = pass_zeros(pass, count, 1);
        loss += weigh(drows[node],
                      paper_net_rows(pass, state, &f->net, f->net.config.layers - 1,
                                     (enum paper_node)node),
                      count, 30000 + 10000 * (size_t)node);
    }
    return loss;
}

static double loss_of(struct fixture *f, bool backward)
{
    struct pass pass = {.ops = &ops_ref,
                        .weights = &f->net.weights,
                        .grad = f->net.weights.grad,
                        .memory = &f->pass_memory};
    struct paper_choices choices = {f->slot,     f->allocation, f->skipped, f->conflict,
                                    f->logp_old, f->advantage,  f->returns};
    struct paper_graph *graph =
        paper_graph_build(&f->pass_memory, &f->net.config, f->observation, SCENES, f->faults);
    struct paper_output out, dout;
    struct paper_state state;
    real *drows[PAPER_NODES];
    double loss;

    paper_net_forward(&pass, &state, &f->net, graph, f->faults, !f->ppo, &out);
    paper_output_zeros(&pass, &f->net, graph, &dout);
    loss =
        f->ppo
            ? paper_ppo_loss(&pass, &dout, &f->net, graph, &out, &choices, &PAPER_PPO_USUAL).total
            : weigh_all(f, &pass, &state, &out, &dout, drows);
    if (backward)
        paper_net_backward(&pass, &state, &f->net, &dout,
                           f->ppo ? NULL : (const real *const *)drows);
    arena_reset(&f->pass_memory);
    return loss;
}

/* Moves a tensor by step times the direction of its name. */
static void move(struct fixture *f, const struct tensor *tensor, double step)
{
    struct rng rng;

    rng_stream(&rng, 5, tensor->name);
    for (size_t i = 0; i < tensor->count; i++)
        f->net.weights.value[tensor->offset + i] += (real)(step * rng_normal(&rng));
}

static void check_tensor(struct fixture *f, const struct tensor *tensor)
{
    const double step = 1e-6;
    real *kept = arena_alloc(&f->memory, tensor->count * sizeof *kept);
    double up, down, slope, product = 0;
    struct rng rng;

    memcpy(kept, f->net.weights.value + tensor->offset, tensor->count * sizeof *kept);
    move(f, tensor, step);
    up = loss_of(f, false);
    memcpy(f->net.weights.value + tensor->offset, kept, tensor->count * sizeof *kept);
    move(f, tensor, -step);
    down = loss_of(f, false);
    memcpy(f->net.weights.value + tensor->offset, kept, tensor->count * sizeof *kept);
    slope = (up - down) / (2 * step);
    rng_stream(&rng, 5, tensor->name);
    for (size_t i = 0; i < tensor->count; i++)
        product += (double)f->net.weights.grad[tensor->offset + i] * rng_normal(&rng);
    if (!(fabs(slope - product) < 1e-7 * (1 + fabs(slope)))) {
        printf("%s: slope %.9g, gradient gives %.9g\n", tensor->name, slope, product);
        fail();
    }
}

static void check(unsigned faults, bool ppo)
{
    struct fixture f;
    int moved = 0;

    start(&f, faults, ppo);
    loss_of(&f, true);
    for (size_t i = 0; i < f.net.weights.tensors.count; i++) {
        const struct tensor *tensor = &f.net.weights.tensors.item[i];

        check_tensor(&f, tensor);
        for (size_t k = 0; k < tensor->count; k++)
            if (f.net.weights.grad[tensor->offset + k] != 0) {
                moved++;
                break;
            }
    }
    /* Nearly every tensor matters to the loss; only a few attention vectors do not. */
    assert_true(moved > (int)f.net.weights.tensors.count * 3 / 4);
    end(&f);
}

static void of_all_outputs(void **state)
{
    (void)state;
    check(0, false);
}

static void of_the_ppo_loss(void **state)
{
    (void)state;
    check(0, true);
}

static void with_faults(void **state)
{
    (void)state;
    check(PAPER_FAULT_CRITIC_RELU | PAPER_FAULT_BATCH_STATISTICS | PAPER_FAULT_SCRAMBLED_ROWS,
          false);
}

/* Here attention has no effect, so that half of the attention vectors and the hub's weights get no
 * gradient; the other tensors are checked all the same. */
static void with_own_message(void **state)
{
    struct fixture f;
    (void)state;

    start(&f, PAPER_FAULT_OWN_MESSAGE, false);
    loss_of(&f, true);
    for (size_t i = 0; i < f.net.weights.tensors.count; i++)
        check_tensor(&f, &f.net.weights.tensors.item[i]);
    end(&f);
}

static void outputs_equal_the_reference(void **state)
{
    struct fixture f;
    (void)state;

    start(&f, 0, false);
    for (int i = 0; i < SCENES; i++) {
        struct reference reference = {&f.net, &f.memory, false};
        struct reference_output want = reference_run(&reference, &f.observation[i]);
        struct pass pass = {.ops = &ops_ref, .weights = &f.net.weights, .memory = &f.memory};
        struct paper_graph *graph =
            paper_graph_build(&f.memory, &f.net.config, &f.observation[i], 1, 0);
        struct paper_output out;
        struct paper_state net_state;

        paper_net_forward(&pass, &net_state, &f.net, graph, 0, false, &out);
        for (int k = 0; k < REFERENCE_AGENTS * REFERENCE_SLOTS; k++)
            assert_true(out.pointer[k] == want.pointer[k] ||
                        fabs(out.pointer[k] - want.pointer[k]) < 1e-12);
        for (int k = 0; k < REFERENCE_AGENTS; k++)
            assert_true(fabs(out.value[k] - want.value[k]) < 1e-12);
    }
    end(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(of_all_outputs),
    cmocka_unit_test(of_the_ppo_loss),
    cmocka_unit_test(with_faults),
    cmocka_unit_test(with_own_message),
    cmocka_unit_test(outputs_equal_the_reference),
};

RUN_TESTS(tests)
