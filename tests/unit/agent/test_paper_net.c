/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch=paper against a second implementation (paper_reference.h) on random decision points, alone
 * and in batches, with packed weights and without, on every kernel table; its faults; and its
 * agents' decisions.
 */
#include "harness.h"

#include "agent/conflict.h"
#include "agent/paper_act.h"
#include "agent/paper_ppo.h"
#include "paper_reference.h"

enum { SCENES = 12, ALL_SLOTS = REFERENCE_AGENTS * REFERENCE_SLOTS };

static const double BOUND = 2e-5;

struct fixture {
    struct arena memory;
    struct paper_net net;
    struct reference_scene scene[SCENES];
    struct paper_observation observation[SCENES];
};

static void start(struct fixture *f)
{
    struct rng rng;

    *f = (struct fixture){0};
    arena_init(&f->memory);
    paper_net_init(&f->net, &REFERENCE_CONFIG, 0);
    reference_draw_weights(&f->net, 1);
    rng_stream(&rng, 1, "scenes");
    for (int i = 0; i < SCENES; i++) {
        reference_scene_draw(&f->scene[i], &f->memory, &rng);
        f->observation[i] = f->scene[i].observation;
    }
}

static void end(struct fixture *f)
{
    paper_net_release(&f->net);
    arena_release(&f->memory);
}

struct run {
    struct pass pass;
    struct paper_graph *graph;
    struct paper_state state;
    struct paper_output out;
};

static struct run forward(struct fixture *f, int from, int count, unsigned faults,
                          const struct ops *ops, bool packed)
{
    struct run run = {
        .pass = {.ops = ops, .weights = &f->net.weights, .memory = &f->memory, .packed = packed}};

    run.graph = paper_graph_build(&f->memory, &f->net.config, f->observation + from, count, faults);
    paper_net_forward(&run.pass, &run.state, &f->net, run.graph, faults, true, &run.out);
    return run;
}

static void compare(const real *got, const double *want, int count)
{
    for (int i = 0; i < count; i++) {
        if (want[i] == -HUGE_VAL ? got[i] == -REAL_INF
                                 : fabs((double)got[i] - want[i]) <= BOUND * (1 + fabs(want[i])))
            continue;
        printf("number %d is %.9g, expected %.9g\n", i, (double)got[i], want[i]);
        fail();
    }
}

static int actions(const struct fixture *f)
{
    return paper_actions(&f->net.config);
}

/* Observation i of the fixture, number `at` of the run. */
static void compare_observation(struct fixture *f, const struct run *run, int i, int at,
                                bool own_message)
{
    struct reference reference = {&f->net, &f->memory, own_message};
    struct reference_output want = reference_run(&reference, &f->observation[i]);

    compare(run->out.pointer + at * ALL_SLOTS, want.pointer, ALL_SLOTS);
    compare(run->out.allocation + at * ALL_SLOTS * actions(f), want.allocation,
            ALL_SLOTS * actions(f));
    compare(run->out.value + at * REFERENCE_AGENTS, want.value, REFERENCE_AGENTS);
    for (int node = 0; node < PAPER_NODES && run->graph->observations == 1; node++)
        compare(paper_net_rows(&run->pass, &run->state, &f->net, f->net.config.layers - 1,
                               (enum paper_node)node),
                want.rows[node], f->observation[i].rows[node] * f->net.config.hidden);
}

static void one_at_a_time(void **state)
{
    struct fixture f;
    int idle = 0, without_running = 0;
    (void)state;

    start(&f);
    for (int i = 0; i < SCENES; i++) {
        struct run run = forward(&f, i, 1, 0, ops_best(), false);

        compare_observation(&f, &run, i, 0, false);
        without_running += f.observation[i].rows[PAPER_RUNNING] == 0;
        for (int a = 0; a < REFERENCE_AGENTS; a++)
            idle += run.graph->agent[a].segments == 0;
    }
    assert_true(idle > 0 && without_running > 0); /* such cases are among them */
    end(&f);
}

static void as_one_batch(void **state)
{
    struct fixture f;
    struct run run;
    (void)state;

    start(&f);
    run = forward(&f, 0, SCENES, 0, ops_best(), false);
    for (int i = 0; i < SCENES; i++)
        compare_observation(&f, &run, i, i, false);
    end(&f);
}

/* Every table within the bound of the reference, and all of them with the same bits. */
static void by_inference_kernels(void **state)
{
    (void)state;
    for (int form = PACKED_LONG; form <= PACKED_SHORT; form++) {
        struct fixture f;
        struct run first;

        start(&f);
        weights_pack(&f.net.weights, (enum packed_form)form);
        first = forward(&f, 0, SCENES, 0, &ops_ref, true);
        for (int i = 0; i < SCENES; i++)
            compare_observation(&f, &first, i, i, false);
        for (const struct ops *const *ops = ops_all(); *ops; ops++) {
            struct run run = forward(&f, 0, SCENES, 0, *ops, true);

            assert_memory_equal(run.out.pointer, first.out.pointer,
                                SCENES * ALL_SLOTS * sizeof(real));
            assert_memory_equal(run.out.allocation, first.out.allocation,
                                (size_t)(SCENES * ALL_SLOTS * actions(&f)) * sizeof(real));
            assert_memory_equal(run.out.value, first.out.value,
                                SCENES * REFERENCE_AGENTS * sizeof(real));
        }
        end(&f);
    }
}

static void equal_rows_are_merged(void **state)
{
    struct fixture f;
    struct run run;
    (void)state;

    start(&f);
    run = forward(&f, 0, SCENES, 0, ops_best(), false);
    assert_true(run.graph->rows[1][PAPER_WAITING] < run.graph->raw_rows[PAPER_WAITING]);
    assert_true(run.graph->rows[1][PAPER_RUNNING] < run.graph->raw_rows[PAPER_RUNNING]);
    assert_int_equal(run.graph->rows[0][PAPER_RUNNING], run.graph->raw_rows[PAPER_RUNNING]);
    end(&f);
}

static void fault_own_message(void **state)
{
    struct fixture f;
    (void)state;

    start(&f);
    for (int i = 0; i < SCENES; i++) {
        struct run run = forward(&f, i, 1, PAPER_FAULT_OWN_MESSAGE, ops_best(), false);

        compare_observation(&f, &run, i, 0, true);
    }
    end(&f);
}

static void fault_critic_relu(void **state)
{
    struct fixture f;
    struct run right, wrong;
    int clipped = 0;
    (void)state;

    start(&f);
    right = forward(&f, 0, SCENES, 0, ops_best(), false);
    wrong = forward(&f, 0, SCENES, PAPER_FAULT_CRITIC_RELU, ops_best(), false);
    for (int i = 0; i < SCENES * REFERENCE_AGENTS; i++) {
        assert_true(wrong.out.value[i] == (right.out.value[i] > 0 ? right.out.value[i] : 0));
        clipped += right.out.value[i] < 0;
    }
    assert_true(clipped > 0 && clipped < SCENES * REFERENCE_AGENTS);
    end(&f);
}

/* Slot k of observation b shows the row of observation (b P + k) mod B, slot (b P + k) div B. */
static void fault_scrambled_rows(void **state)
{
    struct reference_output want[SCENES];
    struct fixture f;
    struct run run;
    (void)state;

    start(&f);
    run = forward(&f, 0, SCENES, PAPER_FAULT_SCRAMBLED_ROWS, ops_best(), false);
    for (int b = 0; b < SCENES; b++)
        want[b] = reference_run(&(struct reference){&f.net, &f.memory, false}, &f.observation[b]);
    for (int i = 0; i < SCENES * ALL_SLOTS * actions(&f); i++) {
        int slot = i / actions(&f), b = slot / ALL_SLOTS, k = slot % REFERENCE_SLOTS;
        int agent = slot % ALL_SLOTS / REFERENCE_SLOTS, number = b * REFERENCE_SLOTS + k;
        int from = agent * REFERENCE_SLOTS + number / SCENES;
        double masked = want[b].allocation[i % (ALL_SLOTS * actions(&f))];
        double raw = want[number % SCENES].raw_allocation[from * actions(&f) + i % actions(&f)];
        bool idle = run.graph->slot_type[(b * REFERENCE_AGENTS + agent) * REFERENCE_SLOTS] < 0;

        if (masked == -HUGE_VAL || idle)
            assert_true(run.out.allocation[i] == (idle ? 0 : -REAL_INF));
        else
            compare(run.out.allocation + i, &raw, 1);
    }
    end(&f);
}

/* A batch of equal observations has the statistics of one; different ones disturb each other. */
static void fault_batch_statistics(void **state)
{
    const unsigned fault = PAPER_FAULT_BATCH_STATISTICS;
    struct fixture f;
    struct run run, right;
    double off = 0;
    (void)state;

    start(&f);
    right = forward(&f, 0, SCENES, 0, ops_best(), false);
    run = forward(&f, 0, SCENES, fault, ops_best(), false);
    for (int i = 0; i < SCENES * REFERENCE_AGENTS; i++)
        off = fmax(off, fabs((double)(run.out.value[i] - right.out.value[i])));
    assert_true(off > 1e-3);
    for (int i = 1; i < SCENES; i++)
        f.observation[i] = f.observation[0];
    run = forward(&f, 0, SCENES, fault, ops_best(), false);
    for (int i = 0; i < SCENES; i++)
        compare_observation(&f, &run, 0, i, false);
    end(&f);
}

/* The best choice by the full output, as the golden README says agents act. */
static void check_decisions(struct fixture *f, int i, const struct paper_decision *decision)
{
    const struct paper_config *config = &f->net.config;
    struct run run = forward(f, i, 1, 0, ops_best(), true);
    struct claim claim[REFERENCE_AGENTS];
    bool lost[REFERENCE_AGENTS];

    for (int a = 0; a < REFERENCE_AGENTS; a++) {
        const real *pointer = run.out.pointer + a * REFERENCE_SLOTS;
        int slot = 0, best = 0, allowed = 0;
        const real *row;

        claim[a] = (struct claim){.task = -1};
        if (run.graph->agent[a].segments == 0) {
            assert_true(decision[a].skipped && decision[a].slot == -1);
            continue;
        }
        for (int k = 1; k < REFERENCE_SLOTS; k++)
            slot = pointer[k] > pointer[slot] ? k : slot;
        assert_int_equal(decision[a].slot, slot);
        row = run.out.allocation + (a * REFERENCE_SLOTS + slot) * actions(f);
        for (int k = 0; k < actions(f); k++) {
            best = row[k] > row[best] ? k : best;
            allowed += row[k] > -REAL_INF;
        }
        assert_int_equal(decision[a].skipped, allowed == 1);
        if (decision[a].skipped)
            continue;
        assert_int_equal(decision[a].allocation, best);
        claim[a].task = f->observation[i].slot_row[a * REFERENCE_SLOTS + slot];
        claim[a].probability = decision[a].probability;
        claim[a].room =
            claim_room(f->observation[i].free + a * PAPER_RESOURCES,
                       config->minimum[f->observation[i].slot_type[a * REFERENCE_SLOTS + slot]],
                       PAPER_RESOURCES);
    }
    conflict_resolve(lost, claim, REFERENCE_AGENTS, NULL);
    for (int a = 0; a < REFERENCE_AGENTS; a++)
        assert_int_equal(decision[a].conflict, lost[a]);
}

static void agents_take_the_best(void **state)
{
    struct fixture f;
    int skipped = 0, conflicts = 0;
    (void)state;

    start(&f);
    weights_pack(&f.net.weights, PACKED_LONG);
    for (int i = 0; i < SCENES; i++) {
        struct paper_decision decision[REFERENCE_AGENTS];
        struct pass pass = {
            .ops = ops_best(), .weights = &f.net.weights, .memory = &f.memory, .packed = true};

        paper_act(&pass, decision, &f.net, &f.observation[i], 0, NULL);
        check_decisions(&f, i, decision);
        for (int a = 0; a < REFERENCE_AGENTS; a++) {
            skipped += decision[a].skipped;
            conflicts += decision[a].conflict;
        }
    }
    assert_true(skipped > 0 && conflicts > 0); /* such cases are among them */
    end(&f);
}

/* The log-probability that acting reports is the one that learning computes. */
static void acting_and_learning_agree(void **state)
{
    struct fixture f;
    struct rng rng;
    (void)state;

    start(&f);
    weights_pack(&f.net.weights, PACKED_LONG);
    rng_stream(&rng, 1, "act");
    for (int i = 0; i < SCENES; i++) {
        struct paper_decision decision[REFERENCE_AGENTS];
        int32_t slot[REFERENCE_AGENTS], allocation[REFERENCE_AGENTS];
        uint8_t skipped[REFERENCE_AGENTS], conflict[REFERENCE_AGENTS];
        struct paper_choices choices = {slot, allocation, skipped, conflict, NULL, NULL, NULL};
        real logp[REFERENCE_AGENTS], entropy[REFERENCE_AGENTS];
        struct run run = forward(&f, i, 1, 0, ops_best(), true);

        paper_act(&run.pass, decision, &f.net, &f.observation[i], 0, &rng);
        for (int a = 0; a < REFERENCE_AGENTS; a++) {
            slot[a] = decision[a].slot;
            allocation[a] = decision[a].allocation;
            skipped[a] = decision[a].skipped;
            conflict[a] = decision[a].conflict;
        }
        paper_log_probs(&run.pass, logp, entropy, &f.net, run.graph, &run.out, &choices);
        for (int a = 0; a < REFERENCE_AGENTS; a++)
            assert_true(fabs((double)(logp[a] - decision[a].logp)) < 1e-5);
    }
    end(&f);
}

/* log p of the choice in *logp, the entropy returned, from logits in double. */
static double decide_by_hand(double *logp, const double *logits, int n, int chosen)
{
    double sum = 0, entropy = 0;

    for (int i = 0; i < n; i++)
        sum += exp(logits[i]);
    for (int i = 0; i < n; i++)
        if (logits[i] > -HUGE_VAL)
            entropy -= exp(logits[i]) / sum * (logits[i] - log(sum));
    *logp = logits[chosen] - log(sum);
    return entropy;
}

enum { PPO_SCENES = 2, WINDOWS = PPO_SCENES * REFERENCE_AGENTS };

/* Everything that an agent chose is its first slot, and nothing for it; by turns with a conflict,
 * skipped, and neither. */
static void ppo_follows_its_formulas(void **state)
{
    static const int32_t slot[WINDOWS] = {0}, allocation[WINDOWS] = {0};
    uint8_t skipped[WINDOWS] = {0}, conflict[WINDOWS] = {0};
    real old[WINDOWS], advantage[WINDOWS], returns[WINDOWS], logp[WINDOWS], entropy[WINDOWS];
    struct paper_choices choices = {slot, allocation, skipped, conflict, old, advantage, returns};
    double clip = 0, value = 0, spread = 0;
    struct paper_ppo_loss loss;
    struct paper_output dout;
    struct fixture f;
    struct run run;
    int live = 0;
    (void)state;

    start(&f);
    run = forward(&f, 0, PPO_SCENES, 0, ops_best(), false);
    for (int w = 0; w < WINDOWS; w++) {
        skipped[w] =
            w % 3 == 1 ||
            f.scene[w / REFERENCE_AGENTS].slot_type[w % REFERENCE_AGENTS * REFERENCE_SLOTS] < 0;
        conflict[w] = w % 3 == 0;
        old[w] = (real)(-1.2 - 0.1 * w), advantage[w] = (real)(w - 2), returns[w] = (real)(w * 0.3);
        live += !skipped[w];
    }
    paper_log_probs(&run.pass, logp, entropy, &f.net, run.graph, &run.out, &choices);
    for (int w = 0; w < WINDOWS; w++) {
        struct reference reference = {&f.net, &f.memory, false};
        int o = w / REFERENCE_AGENTS, a = w % REFERENCE_AGENTS;
        struct reference_output want = reference_run(&reference, &f.observation[o]);
        double p[2] = {0}, h = 0, ratio;

        value += pow((double)returns[w] - want.value[a], 2) / WINDOWS;
        if (!skipped[w])
            h = decide_by_hand(&p[0], want.pointer + a * REFERENCE_SLOTS, REFERENCE_SLOTS, 0);
        if (!skipped[w] && !conflict[w])
            h += decide_by_hand(&p[1], want.allocation + a * REFERENCE_SLOTS * actions(&f),
                                actions(&f), 0);
        assert_true(fabs((double)logp[w] - p[0] - p[1]) < BOUND);
        assert_true(fabs((double)entropy[w] - h) < BOUND);
        if (skipped[w])
            continue;
        ratio = exp(p[0] + p[1] - (double)old[w]);
        clip -=
            fmin(ratio * (double)advantage[w], fmin(fmax(ratio, 0.8), 1.2) * (double)advantage[w]) /
            live;
        spread += h / live;
    }
    paper_output_zeros(&run.pass, &f.net, run.graph, &dout);
    loss =
        paper_ppo_loss(&run.pass, &dout, &f.net, run.graph, &run.out, &choices, &PAPER_PPO_USUAL);
    assert_true(fabs(loss.clip - clip) < BOUND && fabs(loss.value - value) < BOUND);
    assert_true(fabs(loss.entropy - spread) < BOUND);
    assert_true(fabs(loss.total - (clip + 0.5 * value - 0.01 * spread)) < BOUND);
    end(&f);
}

static void observing_gives_rows_and_edges(void **state)
{
    /* Agent 0 sees task 7 and nothing else; agent 1 tasks 9 and 7. */
    static const int32_t free[] = {3, 2, 1, 0}, behind[] = {0, 4};
    static const int32_t task[] = {7, -1, 9, 7}, type[] = {1, -1, 0, 1};
    static const struct paper_running running = {
        .agent = 1, .type = 1, .slots_run = 5, .given = {2, 1}};
    static const real waiting[] = {2, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0};
    struct paper_config config = REFERENCE_CONFIG;
    struct paper_scene scene = {free, behind, task, type, &running, 1};
    struct paper_observation o;
    struct arena memory;
    (void)state;

    config.agents = config.slots = 2;
    arena_init(&memory);
    o = paper_observe(&memory, &config, &scene);
    assert_memory_equal(o.x[PAPER_CLUSTER], ((real[]){3, 2, 0, 1, 0, 4}), 6 * sizeof(real));
    assert_int_equal(o.rows[PAPER_WAITING], 3);
    assert_memory_equal(o.x[PAPER_WAITING], waiting, sizeof waiting);
    assert_memory_equal(o.x[PAPER_RUNNING], ((real[]){2, 1, 0, 1, 5}), 5 * sizeof(real));
    assert_memory_equal(o.slot_row, ((int32_t[]){0, 1, 2, 0}), 4 * sizeof(int32_t));
    assert_memory_equal(o.edges[CLUSTER_TO_WAITING].source, ((int32_t[]){0, 0, 1, 1}),
                        4 * sizeof(int32_t));
    assert_memory_equal(o.edges[WAITING_TO_CLUSTER].source, ((int32_t[]){0, 1, 2, 0}),
                        4 * sizeof(int32_t));
    assert_int_equal(o.edges[RUNNING_TO_CLUSTER].target[0], 1);
    assert_int_equal(o.edges[CLUSTER_TO_HUB].count, 2);
    arena_release(&memory);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_at_a_time),
    cmocka_unit_test(as_one_batch),
    cmocka_unit_test(by_inference_kernels),
    cmocka_unit_test(equal_rows_are_merged),
    cmocka_unit_test(fault_own_message),
    cmocka_unit_test(fault_critic_relu),
    cmocka_unit_test(fault_scrambled_rows),
    cmocka_unit_test(fault_batch_statistics),
    cmocka_unit_test(agents_take_the_best),
    cmocka_unit_test(acting_and_learning_agree),
    cmocka_unit_test(ppo_follows_its_formulas),
    cmocka_unit_test(observing_gives_rows_and_edges),
};

RUN_TESTS(tests)
