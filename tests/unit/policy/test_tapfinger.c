/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The learned policy, with drawn weights: what it decides does not depend on the order of clusters,
 * nor on resources that nobody uses, nor on true speeds that it was not told of; large systems and
 * bad model files. (That it keeps the rules of every policy is tested in test_conformance.c.)
 */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/actor_model.h"
#include "agent/paper_model.h"
#include "agent/paper_team.h"
#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "core/estimator.h"
#include "core/policy.h"
#include "core/scenario.h"
#include "nn/checkpoint.h"
#include "policy/spec.h"
#include "sim/arrivals.h"
#include "sim/world.h"

/* more: further entries of every maximum. */
#define TYPES_WITH(more)                                                                         \
    "types:\n"                                                                                   \
    "  short: {min: {cpu: 1, gpu: 1}, max: {cpu: 8, gpu: 8" more                                 \
    "}, speed: {model: constant, value: 0.3}}\n"                                                 \
    "  wide: {min: {cpu: 2, gpu: 1}, max: {cpu: 16, gpu: 16" more                                \
    "}, speed: {model: saturating, form: tanh, scales: {gpu: 16}, curve: sqrt, ceiling: 1.2}}\n" \
    "  deep: {min: {cpu: 1, gpu: 1}, max: {cpu: 16, gpu: 4" more                                 \
    "}, speed: {model: power, scale: 0.05, exponents: {cpu: 0.7}}}\n"

#define TYPES TYPES_WITH("")

static const char plain[] =
    "slot: 1\nrounds: many\nwindow: 8\nresources: [cpu, gpu]\nclusters:\n"
    "  - {name: a, capacity: {cpu: 7, gpu: 5}}\n  - {name: b, capacity: {cpu: 11, gpu: 12}}\n"
    "  - {name: c, capacity: {cpu: 23, gpu: 16}}\n  - {name: d, capacity: {cpu: 37, gpu: 29}}\n"
    "arrivals: {process: poisson-slot, rate: 3, tasks: 150}\nreach: {kind: random}\n" TYPES;

/* Event-driven, where what runs is resized. */
static const char flowing[] =
    "resources: [cpu, gpu]\nclusters:\n"
    "  - {name: a, capacity: {cpu: 7, gpu: 5}}\n  - {name: b, capacity: {cpu: 11, gpu: 12}}\n"
    "  - {name: c, capacity: {cpu: 23, gpu: 16}}\n"
    "arrivals: {process: poisson, rate: 2, tasks: 150}\nreach: {kind: random}\n"
    "switching: none\n" TYPES;

/* The same with the clusters the other way round. */
static const char reversed[] =
    "slot: 1\nrounds: many\nwindow: 8\nresources: [cpu, gpu]\nclusters:\n"
    "  - {name: d, capacity: {cpu: 37, gpu: 29}}\n  - {name: c, capacity: {cpu: 23, gpu: 16}}\n"
    "  - {name: b, capacity: {cpu: 11, gpu: 12}}\n  - {name: a, capacity: {cpu: 7, gpu: 5}}\n"
    "arrivals: {process: poisson-slot, rate: 3, tasks: 150}\nreach: {kind: random}\n" TYPES;

/* The same with resources that no task can hold. */
static const char padded[] =
    "slot: 1\nrounds: many\nwindow: 8\nresources: [pad, cpu, gpu, tape]\nclusters:\n"
    "  - {name: a, capacity: {cpu: 7, gpu: 5, pad: 3, tape: 100}}\n"
    "  - {name: b, capacity: {cpu: 11, gpu: 12, tape: 1}}\n"
    "  - {name: c, capacity: {cpu: 23, gpu: 16, pad: 9}}\n"
    "  - {name: d, capacity: {cpu: 37, gpu: 29, pad: 1, tape: 7}}\n"
    "arrivals: {process: poisson-slot, rate: 3, tasks: 150}\nreach: {kind: random}\n" TYPES_WITH(
        ", pad: 0, tape: 0");

/* A world with the policy in it. */
struct side {
    struct scenario *scenario;
    struct arrivals arrivals;
    struct world *world;
    struct estimator estimator;
    struct policy_spec spec;
    struct policy policy;
    struct plan plan;
};

static void open_side(struct side *side, const char *yaml, const char *spec)
{
    struct policy_setup setup;
    struct err err;

    *side = (struct side){0};
    if (scenario_parse(&side->scenario, "test", "", yaml, NULL, 0, &err) ||
        policy_spec_parse(&side->spec, spec, &err) ||
        estimator_open(&side->estimator, side->scenario, 1, side->spec.model, &err))
        fail_msg("%s", err.message);
    setup = (struct policy_setup){.catalog = &side->scenario->catalog,
                                  .params = &side->spec.params,
                                  .estimator = &side->estimator,
                                  .seed = 1};
    if (policy_open(&side->policy, side->spec.ops, &setup, &err))
        fail_msg("%s", err.message);
    arrivals_init(&side->arrivals);
    assert_int_equal(arrivals_make(&side->arrivals, side->scenario, 1, &err), 0);
    side->world = world_new(side->scenario);
    world_be_strict(side->world, true);
    world_show(side->world, side->estimator.ops->info, &side->estimator);
    plan_init(&side->plan, side->scenario->catalog.clusters);
}

static void start_side(struct side *side)
{
    struct err err;

    assert_int_equal(world_reset(side->world, 1, &side->arrivals, &err), 0);
}

static void close_side(struct side *side)
{
    policy_close(&side->policy);
    estimator_close(&side->estimator);
    policy_spec_release(&side->spec);
    plan_release(&side->plan);
    world_free(side->world);
    arrivals_release(&side->arrivals);
    scenario_free(side->scenario);
}

static void decide_on(struct side *side, const struct view *view)
{
    plan_reset(&side->plan, view);
    side->policy.ops->decide(side->policy.state, view, &side->plan);
}

static void decide(struct side *side)
{
    decide_on(side, world_view(side->world));
}

static const struct action *find_start(const struct plan *plan, int32_t task)
{
    for (int32_t i = 0; i < plan->actions; i++)
        if (plan->action[i].task == task)
            return &plan->action[i];
    return NULL;
}

/* Every start of one plan is in the other: same cluster by name, same amounts by resource name. */
static void compare(const struct side *one, const struct side *other)
{
    const struct catalog *own = &one->scenario->catalog, *others = &other->scenario->catalog;

    assert_int_equal(one->plan.actions, other->plan.actions);
    for (int32_t i = 0; i < one->plan.actions; i++) {
        const struct action *action = &one->plan.action[i];
        const struct action *same = find_start(&other->plan, action->task);

        assert_non_null(same);
        assert_string_equal(own->cluster[action->cluster].name,
                            others->cluster[same->cluster].name);
        for (int r = 0; r < own->resources; r++)
            assert_int_equal(
                action->allocation.amount[r],
                same->allocation.amount[catalog_find_resource(others, own->resource[r].name)]);
    }
}

/* Plays both worlds decision by decision; the plans must always be the same. */
static void play_both(struct side *one, struct side *other)
{
    int started = 0;

    start_side(one);
    start_side(other);
    while (!world_is_over(one->world)) {
        assert_false(world_is_over(other->world));
        decide(one);
        decide(other);
        compare(one, other);
        started += one->plan.actions;
        world_apply(one->world, &one->plan);
        world_apply(other->world, &other->plan);
    }
    assert_true(started == one->arrivals.count);
}

/* Reaches of the arrivals, turned to the clusters in reverse order. */
static void reverse_reaches(struct arrivals *arrivals, int clusters)
{
    for (int32_t i = 0; i < arrivals->count; i++) {
        struct reach *reach = &arrivals->item[i].reach;
        int32_t *cluster = arena_alloc(&arrivals->arena, (size_t)reach->count * sizeof *cluster);

        reach->bits = 0;
        for (int32_t k = 0; k < reach->count; k++) {
            cluster[k] = clusters - 1 - reach->cluster[reach->count - 1 - k];
            reach->bits |= (uint64_t)1 << cluster[k];
        }
        reach->cluster = cluster;
        arrivals->item[i].home = clusters - 1 - arrivals->item[i].home;
    }
}

static void clusters_may_be_renamed(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 4; seed++) {
        struct side one, other;
        char spec[64];

        snprintf(spec, sizeof spec, "tapfinger:model=untrained:%d,speeds=true", seed);
        open_side(&one, plain, spec);
        open_side(&other, reversed, spec);
        arrivals_release(&other.arrivals);
        arrivals_init(&other.arrivals);
        assert_int_equal(arrivals_make(&other.arrivals, one.scenario, 1, &(struct err){0}), 0);
        reverse_reaches(&other.arrivals, 4);
        play_both(&one, &other);
        close_side(&one);
        close_side(&other);
    }
}

static void unused_resources_do_not_matter(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 4; seed++) {
        struct side one, other;
        char spec[64];

        snprintf(spec, sizeof spec, "tapfinger:model=untrained:%d,speeds=true", seed);
        open_side(&one, plain, spec);
        open_side(&other, padded, spec);
        play_both(&one, &other);
        close_side(&one);
        close_side(&other);
    }
}

/* Progress as it was when somebody asked for all of it. */
static double noted_progress(const void *world, int32_t task)
{
    const double *noted = world;

    return noted[task];
}

static struct view note_progress(const struct view *view, double *noted)
{
    struct view copy = *view;

    for (int32_t i = 0; i < view->tasks; i++)
        noted[i] = view->task[i].state == TASK_RUNNING ? view_progress(view, i) : 0;
    copy.progress = noted_progress;
    copy.world = noted;
    return copy;
}

/* While it decides, the scenario's truth is rubbish; the plans must be those of a twin that decides
 * in peace. (A world of continuous time needs the truth to tell progress, so that is noted before.)
 */
static void try_without_truth(const char *yaml, const char *spec)
{
    struct side one, other;
    size_t bytes;
    void *truth, *kept, *rubbish;
    double *noted;

    open_side(&one, yaml, spec);
    open_side(&other, yaml, spec);
    bytes = (size_t)other.scenario->catalog.types * sizeof *other.scenario->truth;
    memcpy(&truth, &other.scenario->truth, sizeof truth); /* casts const away */
    kept = xcalloc(1, bytes);
    rubbish = xcalloc(1, bytes); /* speed models without functions: asking one is a crash */
    memcpy(kept, truth, bytes);
    start_side(&one);
    start_side(&other);
    noted = xcalloc((size_t)other.arrivals.count, sizeof *noted);
    while (!world_is_over(one.world)) {
        struct view view = note_progress(world_view(other.world), noted);

        decide(&one);
        memcpy(truth, rubbish, bytes);
        decide_on(&other, &view);
        memcpy(truth, kept, bytes);
        compare(&one, &other);
        world_apply(one.world, &one.plan);
        world_apply(other.world, &other.plan);
    }
    free(noted);
    free(kept);
    free(rubbish);
    close_side(&one);
    close_side(&other);
}

static void no_true_speed_reaches_it(void **state)
{
    (void)state;
    try_without_truth(plain, "tapfinger:speeds=online");
    try_without_truth(plain, "tapfinger:speeds=fitted:8");
    try_without_truth(flowing, "tapfinger:speeds=online");
    try_without_truth(flowing, "tapfinger:speeds=fitted:8");
}

/* The mean completion time of a run, and how often tasks were resized. */
static double play(const char *yaml, const char *spec, int32_t *resizes)
{
    struct side side;
    const struct view *view;
    double sum_s = 0;

    open_side(&side, yaml, spec);
    start_side(&side);
    *resizes = 0;
    while (!world_is_over(side.world)) {
        decide(&side);
        world_apply(side.world, &side.plan);
    }
    view = world_view(side.world);
    assert_int_equal(world_totals(side.world)->finished, side.arrivals.count);
    for (int32_t i = 0; i < view->tasks; i++) {
        sum_s += view->task[i].finish_s - view->task[i].arrival_s;
        *resizes += view->task[i].resizes;
    }
    sum_s /= side.arrivals.count;
    close_side(&side);
    return sum_s;
}

/* Resizing pays where it is free, can be switched off, and is left alone where it costs, or time
 * goes in slots. */
static void what_runs_is_resized_where_that_is_free(void **state)
{
    static const char at[] = "switching: none\n";
    char costly[sizeof flowing + 64];
    const char *rest = strstr(flowing, at);
    int32_t resizes;
    double with_s, without_s;
    (void)state;

    with_s = play(flowing, "tapfinger:speeds=fitted:8", &resizes);
    assert_true(resizes > 150);
    without_s = play(flowing, "tapfinger:speeds=fitted:8,resize=false", &resizes);
    assert_int_equal(resizes, 0);
    assert_true(with_s < without_s);
    assert_non_null(rest);
    snprintf(costly, sizeof costly, "%.*s%s%s", (int)(rest - flowing), flowing,
             "switching: stall-30\n", rest + sizeof at - 1);
    play(costly, "tapfinger:speeds=fitted:8", &resizes);
    assert_int_equal(resizes, 0);
    play(plain, "tapfinger:speeds=fitted:8", &resizes);
    assert_int_equal(resizes, 0);
}

/* Who is alone need not hear of anybody. */
static void one_cluster_decides_alone(void **state)
{
    static const char single[] =
        "slot: 1\nrounds: many\nwindow: 8\nresources: [cpu, gpu]\nclusters:\n"
        "  - {name: a, capacity: {cpu: 37, gpu: 29}}\n"
        "arrivals: {process: poisson-slot, rate: 2, tasks: 150}\n" TYPES;
    struct side one, other;
    (void)state;

    open_side(&one, single, "tapfinger:speeds=true");
    open_side(&other, single, "tapfinger:speeds=true,central=false");
    play_both(&one, &other);
    close_side(&one);
    close_side(&other);
}

/* Nothing that an agent says arrives, claims neither: one task at a time is started all the same,
 * when nothing runs. With hardly anything arriving they go on side by side. */
static void lost_messages_do_not_stop_the_system(void **state)
{
    static const char *const spec[] = {"tapfinger:speeds=true,central=false,loss=1",
                                       "tapfinger:speeds=true,central=false,loss=0.7,staleness=9"};
    double end_s[2];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(spec); i++) {
        struct side side;

        open_side(&side, plain, spec[i]);
        start_side(&side);
        while (!world_is_over(side.world)) {
            decide(&side);
            world_apply(side.world, &side.plan);
        }
        assert_int_equal(world_totals(side.world)->finished, 150);
        end_s[i] = world_totals(side.world)->end_s;
        close_side(&side);
    }
    assert_true(end_s[1] < 0.5 * end_s[0]);
}

static void more_clusters_than_decide_at_once(void **state)
{
    struct side side;
    (void)state;

    open_side(&side,
              "slot: 1\nrounds: many\nwindow: 4\nresources: [cpu, gpu]\n"
              "clusters: [{name: e, count: 150, capacity: {cpu: 9, gpu: 6}}]\n"
              "arrivals: {process: poisson-slot, rate: 60, tasks: 600}\n"
              "reach: {kind: fixed, size: 3}\n" TYPES,
              "tapfinger:speeds=true");
    start_side(&side);
    while (!world_is_over(side.world)) {
        decide(&side);
        world_apply(side.world, &side.plan);
    }
    assert_int_equal(world_totals(side.world)->finished, 600);
    close_side(&side);
}

/* Model files */

static void write_model(const char *path, int features)
{
    struct actor_config config = actor_config_of(16, 4, 1);
    struct actor actor;
    struct text text;
    struct emit json;
    struct err err;

    actor_register(&actor, &config);
    weights_commit(&actor.weights, 0);
    weights_draw(&actor.weights, 1);
    config.option_features += features;
    text_init(&text, 0);
    emit_init(&json, &text);
    emit_open(&json, '{');
    actor_model_describe(&json, &config);
    emit_close(&json);
    assert_int_equal(checkpoint_write(path, text.bytes, &actor.weights, false, NULL, 0, &err), 0);
    text_release(&text);
    actor_release(&actor);
}

static void write_paper_model(const char *path, const struct catalog *catalog)
{
    struct paper_config config;
    struct paper_net net;
    struct text text;
    struct emit json;
    struct err err;

    assert_int_equal(paper_team_config(&config, catalog, &err), 0);
    config.hidden = config.pointer_feed = 16;
    config.layers = 2;
    paper_net_init(&net, &config, 0);
    weights_draw(&net.weights, 1);
    text_init(&text, 0);
    emit_init(&json, &text);
    emit_open(&json, '{');
    paper_model_describe(&json, &config);
    emit_close(&json);
    assert_int_equal(checkpoint_write(path, text.bytes, &net.weights, false, NULL, 0, &err), 0);
    text_release(&text);
    paper_net_release(&net);
}

/* The paper's network, small and with drawn weights, keeps the rules (the world is strict) where it
 * was made for; elsewhere it is refused. */
static void the_papers_network_plays(void **state)
{
    char path[] = "/tmp/tap-paper-XXXXXX", spec[128];
    struct paper_config config;
    struct side side, other;
    struct err err;
    int fd = mkstemp(path);
    (void)state;

    assert_true(fd >= 0);
    close(fd);
    open_side(&side, plain, "fifo-min");
    write_paper_model(path, &side.scenario->catalog);
    close_side(&side);
    snprintf(spec, sizeof spec, "tapfinger:arch=paper,model=%s,sample=true", path);
    open_side(&side, plain, spec);
    start_side(&side);
    while (!world_is_over(side.world)) {
        decide(&side);
        world_apply(side.world, &side.plan);
    }
    assert_int_equal(world_totals(side.world)->finished, 150);
    open_side(&other, padded, "fifo-min");
    assert_int_equal(paper_team_config(&config, &side.scenario->catalog, &err), 0);
    assert_int_equal(paper_team_suits(&config, &side.scenario->catalog, &err), 0);
    assert_int_not_equal(paper_team_suits(&config, &other.scenario->catalog, &err), 0);
    config.agents++;
    assert_int_not_equal(paper_team_suits(&config, &side.scenario->catalog, &err), 0);
    close_side(&other);
    close_side(&side);
    unlink(path);
}

static int try_model(const char *path, struct err *err)
{
    struct checkpoint *checkpoint;
    struct actor actor;
    int rc = checkpoint_open(&checkpoint, path, err);

    if (rc)
        return rc;
    rc = actor_model_load(&actor, checkpoint, 0, err);
    if (rc == 0)
        actor_release(&actor);
    checkpoint_close(checkpoint);
    return rc;
}

static void damaged_models_are_refused(void **state)
{
    char path[] = "/tmp/tap-model-XXXXXX";
    int fd = mkstemp(path);
    struct err err;
    FILE *file;
    long size;
    (void)state;

    assert_true(fd >= 0);
    close(fd);
    write_model(path, 1);
    assert_int_not_equal(try_model(path, &err), 0);
    assert_non_null(strstr(err.message, "train it again"));
    write_model(path, 0);
    assert_int_equal(try_model(path, &err), 0);
    file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    for (long at = 0; at < size; at += size / 37) {
        int byte;

        fseek(file, at, SEEK_SET);
        byte = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(byte ^ 0x10, file);
        fflush(file);
        assert_int_not_equal(try_model(path, &err), 0);
        fseek(file, at, SEEK_SET);
        fputc(byte, file);
        fflush(file);
    }
    assert_int_equal(try_model(path, &err), 0);
    assert_int_equal(truncate(path, size / 2), 0);
    assert_int_not_equal(try_model(path, &err), 0);
    fclose(file);
    unlink(path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(clusters_may_be_renamed),
    cmocka_unit_test(unused_resources_do_not_matter),
    cmocka_unit_test(no_true_speed_reaches_it),
    cmocka_unit_test(what_runs_is_resized_where_that_is_free),
    cmocka_unit_test(one_cluster_decides_alone),
    cmocka_unit_test(lost_messages_do_not_stop_the_system),
    cmocka_unit_test(more_clusters_than_decide_at_once),
    cmocka_unit_test(the_papers_network_plays),
    cmocka_unit_test(damaged_models_are_refused),
};

RUN_TESTS(tests)
